// The reader of HTTP/1 requests says the same whatever pieces the bytes come in, and what it takes
// for a message it counts to the byte.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/gtest_throws.h"
#include "tests/support/http1_driver.h"

using namespace teal;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Chosen input(data, size);
  const net::testing::Transcript whole = net::testing::read_requests({input.rest});
  fuzz::expect(whole == net::testing::read_requests(fuzz::in_pieces(input.rest, input.choice)),
               "pieces say what the whole says", whole.text);
  fuzz::expect(whole.consumed <= input.rest.size(), "no more is consumed than came");
  return 0;
}
