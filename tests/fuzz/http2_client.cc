// Whatever a target sends over HTTP/2, each of its three requests hears of its end once at most,
// and nothing after that.
#include <array>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/gtest_throws.h"
#include "tests/support/http2_driver.h"

using namespace teal;

namespace {

class Stream final : public net::Http2ClientStream {
 public:
  explicit Stream(net::Http2Session& session) : session_(session) {}
  void on_response(net::ResponseHead& head) override {
    fuzz::expect(!is_over_ && !has_head_, "a head comes once, and first");
    has_head_ = !head.is_interim();
  }
  void on_body(std::string_view bytes) override {
    fuzz::expect(has_head_ && !is_over_, "a body stands between head and end");
    session_.consume(*this, bytes.size());
  }
  void on_end(const net::Fields& /*trailers*/) override {
    fuzz::expect(has_head_ && !is_over_, "an end follows a head, once");
    is_over_ = true;
  }
  void on_refused(net::Refusal rule) override {
    fuzz::expect(!is_over_ && rule != net::Refusal::none, "a refusal says why, once");
    is_over_ = true;
  }

 private:
  net::Http2Session& session_;
  bool has_head_ = false;
  bool is_over_ = false;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Chosen input(data, size);
  const auto session = net::Http2Session::make_client({}, input.bit(0));
  net::testing::TextOutput output;
  Mono now{std::chrono::seconds{1}};
  session->feed(h2::settings() + h2::frame(h2::kSettings, h2::kAck, 0), now);
  std::array<Stream, 3> streams{Stream(*session), Stream(*session), Stream(*session)};
  const net::Http2FieldSection no_fields;
  session->send_request(streams[0], {"GET", "a", "/"}, no_fields, true);
  session->send_request(streams[1], {"HEAD", "a", "/"}, no_fields, true);
  session->send_request(streams[2], {"POST", "a", "/"}, no_fields, false);
  session->write(output);
  for (const std::string_view piece : fuzz::in_pieces(input.rest, input.choice)) {
    if (session->is_over()) break;
    session->feed(piece, now);
    output.text.clear();
    session->write(output);
    now += Millis{1};
  }
  session->stop();
  session->write(output);
  return 0;
}
