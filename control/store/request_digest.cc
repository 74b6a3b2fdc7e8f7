#include "control/store/request_digest.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "base/hex.h"
#include "base/rng.h"
#include "net/tls/sha256.h"

namespace teal::control {
namespace {

/// 128 bits of FNV-1a, mixed: two numbers in hexadecimal without leading zeros, a dash between.
std::string older_digest(std::string_view request) {
  std::string out;
  for (std::uint64_t hash : {0xcbf29ce484222325U, 0x84222325cbf29ce4U}) {
    for (const char c : request) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    std::array<char, 16> hex{};
    const auto [end, status] = std::to_chars(hex.data(), hex.data() + hex.size(), mix64(hash), 16);
    out += '-';
    out.append(hex.data(), end);
  }
  return out.substr(1);
}

}  // namespace

std::string request_digest(std::string_view request) {
  return "sha256:" + to_hex(net::sha256(request));
}

bool is_digest_of(std::string_view stored, std::string_view request) {
  const bool names_its_hash = stored.find(':') != std::string_view::npos;
  return stored == (names_its_hash ? request_digest(request) : older_digest(request));
}

}  // namespace teal::control
