// Whatever a client sends over HTTP/2, its connection stays within its limits, and every stream
// hears of its end once.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/gtest_throws.h"
#include "tests/support/http2_driver.h"

using namespace teal;

namespace {

constexpr std::size_t kMaxStreams = 100;

void answer(net::testing::Http2ServerDriver& driver) {
  for (const auto& stream : driver.streams) {
    if (!stream->has_ended || stream->is_over || stream->is_sent()) continue;
    driver.session->send_head(*stream, 200, net::testing::section_of("x-said: yes\r\n"), false);
    driver.session->send_body(*stream, "body", driver.output);
    driver.session->send_end(*stream);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Chosen input(data, size);
  net::Http2Limits limits;
  limits.concurrent_streams = kMaxStreams;
  net::testing::Http2ServerDriver driver(limits);
  driver.consumes = input.bit(0);
  driver.feed(h2::kPreface);
  for (const std::string_view piece : fuzz::in_pieces(input.rest, input.choice)) {
    if (driver.session->is_over()) break;
    driver.feed(piece);
    if (input.bit(1)) answer(driver);
    driver.write();
    driver.output.text.clear();
    std::size_t open = 0;
    for (const auto& stream : driver.streams) open += stream->is_over ? 0U : 1U;
    fuzz::expect(open <= kMaxStreams, "streams have a limit");
    driver.now += Millis{1};
  }
  driver.session->stop();
  driver.write();
  return 0;
}
