#include "health/probe/grpc_health.h"

#include <optional>

namespace teal::health {
namespace {

/// A byte for compression and four for the length.
constexpr std::size_t kPrefix = 5;

/// Wire types of protobuf.
constexpr std::uint64_t kVarint = 0;
constexpr std::uint64_t kFixed64 = 1;
constexpr std::uint64_t kBytes = 2;
constexpr std::uint64_t kFixed32 = 5;

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 128; value /= 128) out += static_cast<char>(value % 128 + 128);
  out += static_cast<char>(value);
}

std::optional<std::uint64_t> take_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 128) return value;
  }
  return std::nullopt;
}

/// False: there are not so many.
bool skip(std::string_view& in, std::uint64_t bytes) {
  if (bytes > in.size()) return false;
  in.remove_prefix(static_cast<std::size_t>(bytes));
  return true;
}

bool skip_field(std::string_view& in, std::uint64_t type) {
  switch (type) {
    case kVarint: return take_varint(in).has_value();
    case kFixed64: return skip(in, 8);
    case kBytes: {
      const std::optional<std::uint64_t> size = take_varint(in);
      return size && skip(in, *size);
    }
    case kFixed32: return skip(in, 4);
    default: return false;
  }
}

}  // namespace

std::string_view to_string(Serving serving) {
  switch (serving) {
    case Serving::unknown: return "UNKNOWN";
    case Serving::serving: return "SERVING";
    case Serving::not_serving: return "NOT_SERVING";
    case Serving::service_unknown: return "SERVICE_UNKNOWN";
    case Serving::malformed: break;
  }
  return "no HealthCheckResponse";
}

std::string grpc_health_request(std::string_view service) {
  std::string message;
  if (!service.empty()) {
    message += '\x0a';  // field 1, bytes
    put_varint(message, service.size());
    message += service;
  }
  std::string framed(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8)
    framed += static_cast<char>(message.size() >> static_cast<unsigned>(shift) & 0xffU);
  return framed + message;
}

Serving read_grpc_health(std::string_view body) {
  if (body.size() < kPrefix || body[0] != '\0') return Serving::malformed;
  std::size_t size = 0;
  for (std::size_t i = 1; i < kPrefix; ++i) size = size << 8U | static_cast<unsigned char>(body[i]);
  std::string_view message = body.substr(kPrefix);
  if (message.size() != size) return Serving::malformed;
  std::uint64_t status = 0;
  while (!message.empty()) {
    const std::optional<std::uint64_t> tag = take_varint(message);
    if (!tag) return Serving::malformed;
    if (*tag == (1U << 3U | kVarint)) {
      const std::optional<std::uint64_t> value = take_varint(message);
      if (!value) return Serving::malformed;
      status = *value;
    } else if (!skip_field(message, *tag & 7U)) {
      return Serving::malformed;
    }
  }
  return status <= 3 ? static_cast<Serving>(status) : Serving::unknown;
}

}  // namespace teal::health
