// What the start of a request is made of, whatever protocol carries it: methods, and the bytes of a
// target.
//
// Pure; for the codecs in net/.
#pragma once

#include <cstring>
#include <string_view>

#include "net/http/message.h"
#include "net/http/token.h"

namespace teal::net {

/// What a request target may be made of. RFC 3986 would also refuse "<>\^`{|}, but real clients put
/// them into queries, and no reader takes them for anything else. A fragment is never sent.
inline constexpr ByteTable kTarget = [] {
  ByteTable table{};
  for (unsigned c = 0x21; c <= 0x7e; ++c) table[c] = c != '#';
  return table;
}();

/// RFC 9110, section 9.1: methods are case-sensitive.
inline Method method_of(std::string_view text) {
  const auto is = [text](std::string_view literal) {
    return std::memcmp(text.data(), literal.data(), literal.size()) == 0;
  };
  switch (text.size()) {
    case 3:
      if (is("GET")) return Method::get;
      if (is("PUT")) return Method::put;
      break;
    case 4:
      if (is("POST")) return Method::post;
      if (is("HEAD")) return Method::head;
      break;
    case 5:
      if (is("PATCH")) return Method::patch;
      if (is("TRACE")) return Method::trace;
      break;
    case 6:
      if (is("DELETE")) return Method::delete_;
      break;
    case 7:
      if (is("OPTIONS")) return Method::options;
      if (is("CONNECT")) return Method::connect;
      break;
    default: break;
  }
  return Method::other;
}

}  // namespace teal::net
