// What the fields of an HTTP/1 head say about its body and its connection (RFC 9112, sections 6 and
// 9.3), private to net/http1_*.cc. Whatever could be understood in two ways is refused, for that is
// what request smuggling is made of.
//
// Pure. Does not know start lines; requests and responses draw their own conclusions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "net/http/message.h"
#include "net/http/refusal.h"

namespace teal::net::http1 {

struct FramingFields {
  bool has_length = false;
  bool chunked = false;
  bool close = false;         ///< Connection names it.
  bool keep_alive = false;    ///< Connection names it.
  bool names_others = false;  ///< Connection says something else, too.
  bool continue_expected = false;
  bool more_expected = false;  ///< Anything else, or that twice.
  std::uint32_t hosts = 0;
  std::uint64_t length = 0;
  std::string_view host;  ///< The last Host.
};

/// A Content-Length, whatever the protocol: digits only, so no sign, no white space, no base
/// prefix, no list; at most 63 bits.
std::optional<std::uint64_t> parse_length(std::string_view value);

/// Requires: fields.bytes() is set.
Refusal read_framing(const Fields& fields, std::uint8_t minor_version, FramingFields& out);

/// RFC 9112, section 9.3.
constexpr bool is_kept_alive(const FramingFields& fields, std::uint8_t minor_version) {
  return !fields.close && (minor_version >= 1 || fields.keep_alive);
}

/// Fields that may not stand in a trailer section: framing, routing, request modifiers,
/// authentication, response control and what is needed to process the content (RFC 7230, section
/// 4.1.2 lists the classes that RFC 9110, section 6.5.1 describes), and all that is hop by hop.
bool is_forbidden_trailer(const Field& field, std::string_view name);

}  // namespace teal::net::http1
