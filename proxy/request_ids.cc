// The ids of a request (proxy/rewrite.h): X-Request-Id and W3C Trace Context, level 1.
#include <algorithm>
#include <array>
#include <cstring>

#include "proxy/rewrite.h"

namespace teal::proxy {

namespace {

using net::HeaderId;

constexpr std::string_view kHex = "0123456789abcdef";

/// The lowest `digits` hexadecimal digits of `number`.
char* put_hex(char* at, std::uint64_t number, int digits) {
  for (int i = digits - 1; i >= 0; --i) *at++ = kHex[(number >> (4 * i)) & 0xfU];
  return at;
}

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool all_zero(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '0'; });
}

/// Where the parts of a traceparent stand: "00-<32 trace>-<16 span>-<2 flags>".
constexpr std::size_t kTraceAt = 3, kTraceSize = 32;
constexpr std::size_t kSpanAt = 36, kSpanSize = 16;
constexpr std::size_t kFlagsAt = 53, kSize = 55;

/// Trace Context, section 3.2.2: strict for version 00; a higher version may go on behind the part
/// that is known, after a dash.
bool is_valid_traceparent(std::string_view text) {
  if (text.size() < kSize) return false;
  if (text[2] != '-' || text[kSpanAt - 1] != '-' || text[kFlagsAt - 1] != '-') return false;
  const std::string_view version = text.substr(0, 2);
  const std::string_view trace = text.substr(kTraceAt, kTraceSize);
  const std::string_view span = text.substr(kSpanAt, kSpanSize);
  if (!is_lower_hex(version) || version == "ff") return false;
  if (text.size() > kSize && (version == "00" || text[kSize] != '-')) return false;
  return is_lower_hex(trace) && !all_zero(trace) && is_lower_hex(span) && !all_zero(span) &&
         is_lower_hex(text.substr(kFlagsAt, 2));
}

/// Safe to be written into a log or a header as it is.
bool is_safe_id(std::string_view id) {
  return !id.empty() && id.size() <= sizeof RequestIds::request_id &&
         std::ranges::all_of(id, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

/// UUID version 4 (RFC 9562, section 5.4).
void put_uuid(char* at, Rng& rng) {
  const std::uint64_t high = (rng.next() & ~std::uint64_t{0xf000}) | 0x4000U;
  const std::uint64_t low = (rng.next() & ~(std::uint64_t{0xc} << 60U)) | (std::uint64_t{8} << 60U);
  at = put_hex(at, high >> 32U, 8);
  *at++ = '-';
  at = put_hex(at, high >> 16U, 4);
  *at++ = '-';
  at = put_hex(at, high, 4);
  *at++ = '-';
  at = put_hex(at, low >> 48U, 4);
  *at++ = '-';
  put_hex(at, low, 12);
}

std::uint64_t not_zero(Rng& rng) {
  std::uint64_t number = rng.next();
  while (number == 0) number = rng.next();
  return number;
}

void put_traceparent(RequestIds& out, std::string_view continued, Rng& rng) {
  char* at = out.traceparent;
  at = std::copy_n("00-", 3, at);
  if (continued.empty()) {
    at = put_hex(at, not_zero(rng), 16);
    at = put_hex(at, rng.next(), 16);
  } else {
    at = std::copy_n(continued.data() + kTraceAt, kTraceSize, at);
  }
  *at++ = '-';
  at = put_hex(at, not_zero(rng), 16);
  *at++ = '-';
  *at++ = '0';
  // Level 1 knows one flag, `sampled`; others must be zero. A trace begun here is recorded by
  // nobody yet (section 3.2.2.5.1).
  const bool sampled = !continued.empty() && kHex.find(continued[kFlagsAt + 1]) % 2 == 1;
  *at = sampled ? '1' : '0';
}

}  // namespace

void make_request_ids(const net::RequestHead& head, const Peer& peer, Rng& rng, RequestIds& out) {
  std::string_view id;
  std::string_view parent;
  int parents = 0;
  for (const net::Field& field : head.fields) {
    if (field.id == HeaderId::x_request_id && id.empty()) id = head.fields.value(field);
    if (field.id == HeaderId::traceparent) {
      parent = head.fields.value(field);
      ++parents;
    }
  }

  if (peer.trusted && is_safe_id(id)) {
    std::memcpy(out.request_id, id.data(), id.size());
    out.request_id_size = static_cast<std::uint8_t>(id.size());
  } else {
    put_uuid(out.request_id, rng);
    out.request_id_size = sizeof out.request_id;
  }

  out.trace_continued = parents == 1 && is_valid_traceparent(parent);
  put_traceparent(out, out.trace_continued ? parent : std::string_view{}, rng);
}

}  // namespace teal::proxy
