#include "net/http1/framing.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/ascii.h"
#include "net/http/literal.h"

namespace teal::net::http1 {
namespace {

/// Lengths beyond this are refused: most peers behind hold them in 63 bits.
constexpr std::uint64_t kMaxLength = std::numeric_limits<std::int64_t>::max();

/// Calls `visit` with each element of a comma-separated list, empty ones too.
template <class Visit>
void for_each_element(std::string_view list, Visit visit) {
  for (;;) {
    const std::size_t comma = list.find(',');
    visit(trim(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

Refusal read_length(std::string_view value, FramingFields& out) {
  if (out.has_length) return Refusal::content_length_repeated;
  const std::optional<std::uint64_t> length = parse_length(value);
  if (!length) [[unlikely]]
    return value.find(',') != std::string_view::npos ? Refusal::content_length_repeated
                                                     : Refusal::content_length_malformed;
  out.has_length = true;
  out.length = *length;
  return Refusal::none;
}

void read_connection_option(std::string_view option, FramingFields& out) {
  if (is<"close">(option)) {
    out.close = true;
  } else if (is<"keep-alive">(option)) {
    out.keep_alive = true;
  } else {
    out.names_others = out.names_others || !option.empty();
  }
}

void read_connection(std::string_view value, FramingFields& out) {
  if (is<"keep-alive">(value)) [[likely]] {
    out.keep_alive = true;
    return;
  }
  for_each_element(value, [&out](std::string_view option) { read_connection_option(option, out); });
}

/// The lines of Transfer-Encoding together are one list. That its last coding is not chunked, or
/// that chunked is applied twice, makes the length unknowable (RFC 9112, section 6.3, rule 4); any
/// other coding below chunked is merely not supported (section 6.1).
Refusal transfer_encoding_refusal(const Fields& fields) {
  bool has_empty = false;
  bool ends_in_chunked = false;
  std::size_t times_chunked = 0;
  std::size_t codings = 0;
  for (const Field& field : fields) {
    if (field.id != HeaderId::transfer_encoding) continue;
    for_each_element(fields.value(field), [&](std::string_view coding) {
      ++codings;
      has_empty = has_empty || coding.empty();
      ends_in_chunked = is<"chunked">(coding);
      if (ends_in_chunked) ++times_chunked;
    });
  }
  if (has_empty || !ends_in_chunked || times_chunked != 1)
    return Refusal::transfer_encoding_not_chunked;
  return codings == 1 ? Refusal::none : Refusal::transfer_encoding_unknown;
}

constexpr std::array<std::string_view, 30> kForbiddenTrailers = {
    "accept",
    "accept-encoding",
    "age",
    "authentication-info",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-location",
    "content-range",
    "content-type",
    "cookie2",
    "expires",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "location",
    "origin",
    "pragma",
    "proxy-authentication-info",
    "range",
    "retry-after",
    "set-cookie2",
    "strict-transport-security",
    "vary",
    "warning",
    "www-authenticate",
    "x-http-method-override",
};

}  // namespace

std::optional<std::uint64_t> parse_length(std::string_view value) {
  if (value.empty()) return std::nullopt;
  // Of leading zeros there may be any number, of the digits that count 19.
  std::uint64_t length = 0;
  for (const char c : value) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit > 9 || length > kMaxLength / 10) return std::nullopt;
    length = length * 10 + digit;
  }
  return length <= kMaxLength ? std::optional(length) : std::nullopt;
}

Refusal read_framing(const Fields& fields, std::uint8_t minor_version, FramingFields& out) {
  bool has_transfer_encoding = false;
  for (const Field& field : fields) {
    switch (field.id) {
      case HeaderId::content_length:
        if (const Refusal broken = read_length(fields.value(field), out); broken != Refusal::none)
          return broken;
        break;
      case HeaderId::transfer_encoding: has_transfer_encoding = true; break;
      case HeaderId::connection: read_connection(fields.value(field), out); break;
      case HeaderId::expect:
        // Also where it stands twice: readers who made more of it have been led to read a body as
        // a request.
        if (out.continue_expected || !is<"100-continue">(fields.value(field)))
          out.more_expected = true;
        out.continue_expected = true;
        break;
      case HeaderId::host:
        ++out.hosts;
        out.host = fields.value(field);
        break;
      default: break;
    }
  }
  if (!has_transfer_encoding) [[likely]]
    return Refusal::none;
  if (minor_version == 0) return Refusal::transfer_encoding_in_http10;
  if (out.has_length) return Refusal::length_and_transfer_encoding;
  out.chunked = true;
  return transfer_encoding_refusal(fields);
}

bool is_forbidden_trailer(const Field& field, std::string_view name) {
  switch (field.id) {
    case HeaderId::other:
      return std::any_of(kForbiddenTrailers.begin(), kForbiddenTrailers.end(),
                         [name](std::string_view forbidden) { return iequals(name, forbidden); });
    // Telling how a request went is what trailers are for.
    case HeaderId::traceparent:
    case HeaderId::tracestate:
    case HeaderId::x_request_id: return false;
    default: return true;
  }
}

}  // namespace teal::net::http1
