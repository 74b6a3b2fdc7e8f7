// Heads for tests, made from the text of a message. Splits lines and nothing more: what is refused
// is the parser's business, so a test may build heads that no parser would let through.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http/message.h"

namespace teal::test {

/// A head with the bytes that it points into.
template <class Head>
struct OwnedHead {
  std::unique_ptr<std::string> bytes;
  Head head;
};

/// "GET /a HTTP/1.1" and field lines like "Host: x", without their CRLF. The authority is Host's
/// value; the framing is as the fields say.
OwnedHead<net::RequestHead> request_head(std::string_view start_line,
                                         const std::vector<std::string>& fields);
/// "HTTP/1.1 200 OK" and field lines. The framing is left to the test.
OwnedHead<net::ResponseHead> response_head(std::string_view start_line,
                                           const std::vector<std::string>& fields);

/// The lines of a head without their CRLF, without the empty one at the end. Fails the test where
/// the text does not end in exactly one empty line.
std::vector<std::string> lines_of(std::string_view head);
/// The values of all fields `name` (any case) among `lines`.
std::vector<std::string> values_of(const std::vector<std::string>& lines, std::string_view name);

}  // namespace teal::test
