// What an HTTP/1 test vector is: a message and the rule that a strict reader must refuse it by. The
// vectors themselves (http1_request_vectors.h, http1_response_vectors.h) are shared by the unit
// tests, which look at the rule, and the wire tests, which split them at every byte.
#pragma once

#include <string>
#include <string_view>

#include "net/http/message.h"
#include "net/http/refusal.h"

namespace teal::net::testing {

struct RequestVector {
  std::string_view sentence;
  std::string bytes;
  Refusal refusal = Refusal::none;
};

struct ResponseVector {
  std::string_view sentence;
  std::string bytes;
  Refusal refusal = Refusal::none;
  Method method = Method::get;
};

/// Keeps NUL bytes of a literal.
template <std::size_t kTerminated>
std::string raw(const char (&literal)[kTerminated]) {
  return {literal, kTerminated - 1};
}

/// A request with a valid Host and these further field lines, then whatever else is in `rest`.
inline std::string get_with(std::string_view lines) {
  return "GET / HTTP/1.1\r\nHost: a.example\r\n" + std::string(lines) + "\r\n";
}
inline std::string post_with(std::string_view lines, std::string_view body = {}) {
  return "POST / HTTP/1.1\r\nHost: a.example\r\n" + std::string(lines) + "\r\n" + std::string(body);
}
/// A chunked request with this body.
inline std::string chunked(std::string_view body) {
  return post_with("Transfer-Encoding: chunked\r\n", body);
}
inline std::string ok_with(std::string_view lines, std::string_view body = {}) {
  return "HTTP/1.1 200 OK\r\n" + std::string(lines) + "\r\n" + std::string(body);
}

}  // namespace teal::net::testing
