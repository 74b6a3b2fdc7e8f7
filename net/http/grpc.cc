#include "net/http/grpc.h"

#include <cstdint>

namespace teal::net {

std::optional<Millis> parse_grpc_timeout(std::string_view value) {
  constexpr std::size_t kMaxDigits = 8;
  if (value.size() < 2 || value.size() > kMaxDigits + 1) return std::nullopt;
  const char unit = value.back();
  value.remove_suffix(1);
  std::int64_t number = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  constexpr std::int64_t kMicros = 1000;
  constexpr std::int64_t kNanos = 1'000'000;
  switch (unit) {
    case 'H': return Millis{number * 3'600'000};
    case 'M': return Millis{number * 60'000};
    case 'S': return Millis{number * 1000};
    case 'm': return Millis{number};
    case 'u': return Millis{(number + kMicros - 1) / kMicros};
    case 'n': return Millis{(number + kNanos - 1) / kNanos};
    default: return std::nullopt;
  }
}

BufferWriter put_grpc_message(BufferWriter writer, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '%') {
      writer += c;
      continue;
    }
    writer += '%';
    writer += kHex[byte >> 4U];
    writer += kHex[byte & 0xfU];
  }
  return writer;
}

}  // namespace teal::net
