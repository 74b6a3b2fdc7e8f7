// The reader of HTTP/1 responses says the same whatever pieces the bytes come in.
#include <array>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/gtest_throws.h"
#include "tests/support/http1_driver.h"

using namespace teal;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array kMethods{net::Method::get, net::Method::head, net::Method::post,
                                       net::Method::options};
  const fuzz::Chosen input(data, size);
  const net::Method method = kMethods[input.choice % kMethods.size()];
  const net::testing::Transcript whole = net::testing::read_response({input.rest}, method);
  const auto pieces = fuzz::in_pieces(input.rest, input.choice);
  fuzz::expect(whole == net::testing::read_response(pieces, method),
               "pieces say what the whole says", whole.text);
  return 0;
}
