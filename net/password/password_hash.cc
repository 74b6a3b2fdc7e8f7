#include "net/password/password_hash.h"

#include <argon2.h>
#include <crypt.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/parse_number.h"
#include "net/tls/mac.h"

namespace teal::net {
namespace {

constexpr const char* kRemedy = "make it anew: htpasswd -B FILE USER";

constexpr std::size_t kBcryptHead = 7;  // "$2b$10$"
constexpr std::size_t kBcryptSize = 60;
constexpr std::uint32_t kMaxBcryptCost = 15;

constexpr std::uint32_t kMaxMemoryKib = 262'144;
constexpr std::uint32_t kMaxLanes = 16;
/// Memory in KiB times passes.
constexpr std::uint64_t kMaxArgonWork = 4'194'304;

HashFault refuse(std::string message) {
  return {std::move(message), kRemedy};
}

bool is_of_radix64(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '.' || c == '/'; });
}

std::optional<HashFault> why_not_bcrypt(std::string_view hash) {
  const std::string_view kind = hash.substr(0, 4);
  if (kind != "$2a$" && kind != "$2b$" && kind != "$2y$")
    return refuse("is a kind of bcrypt with a known fault");
  const auto cost =
      hash.size() == kBcryptSize ? parse_whole<std::uint32_t>(hash.substr(4, 2)) : std::nullopt;
  if (!cost || hash[kBcryptHead - 1] != '$' || !is_of_radix64(hash.substr(kBcryptHead)))
    return refuse("is not a whole hash of bcrypt");
  if (*cost < 4 || *cost > kMaxBcryptCost)
    return refuse("has a cost of " + std::to_string(*cost) + ", and 4 to 15 is what is taken");
  return std::nullopt;
}

/// The parts between "$".
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = std::min(text.find('$'), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

/// The number of "m=65536,t=3,p=4" under the name; 0: there is none.
std::uint32_t parameter(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view one = list.substr(0, end);
    if (one.starts_with(name)) return parse_whole<std::uint32_t>(one.substr(2)).value_or(0);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return 0;
}

std::optional<HashFault> why_not_argon2(std::string_view hash) {
  const std::vector<std::string_view> parts = split(hash.substr(1));
  if (parts[0] != "argon2id" && parts[0] != "argon2i")
    return refuse("is a kind of Argon2 that is not for passwords");
  // Without "v=19" it is of an early version.
  if (parts.size() != 5 || parts[1] != "v=19" || parts[3].empty() || parts[4].empty())
    return refuse("is not a whole hash of Argon2, version 1.3");
  const std::uint32_t memory = parameter(parts[2], "m=");
  const std::uint32_t passes = parameter(parts[2], "t=");
  const std::uint32_t lanes = parameter(parts[2], "p=");
  if (memory == 0 || passes == 0 || lanes == 0)
    return refuse("does not say m, t and p as hashes of Argon2 do");
  if (memory > kMaxMemoryKib || lanes > kMaxLanes || std::uint64_t{memory} * passes > kMaxArgonWork)
    return refuse("costs more than is taken: m at most 262144, p 16, m times t 4194304");
  return std::nullopt;
}

bool is_password_of_bcrypt(const std::string& hash, std::string_view password) {
  const auto data = std::make_unique<crypt_data>();
  std::string copy(password);
  const char* const made = ::crypt_r(copy.c_str(), hash.c_str(), data.get());
  const bool is_same =
      made != nullptr && std::strlen(made) == hash.size() &&
      are_equal_secretly({reinterpret_cast<const std::uint8_t*>(made), hash.size()},
                         {reinterpret_cast<const std::uint8_t*>(hash.data()), hash.size()});
  ::explicit_bzero(copy.data(), copy.size());
  ::explicit_bzero(data.get(), sizeof(crypt_data));
  return is_same;
}

bool is_password_of_argon2(const std::string& hash, std::string_view password) {
  const auto kind = hash.starts_with("$argon2id$") ? Argon2_id : Argon2_i;
  return ::argon2_verify(hash.c_str(), password.data(), password.size(), kind) == ARGON2_OK;
}

}  // namespace

std::optional<HashFault> why_not_hash(std::string_view hash) {
  if (hash.starts_with("$2")) return why_not_bcrypt(hash);
  if (hash.starts_with("$argon2")) return why_not_argon2(hash);
  if (hash.empty()) return refuse("is empty");
  if (hash.starts_with("$apr1$") || hash.starts_with("$1$"))
    return refuse("is MD5 (apr1), which is tried out by the million a second");
  if (hash.starts_with("{SHA}") || hash.starts_with("{SSHA}"))
    return refuse("is SHA-1, which is tried out by the million a second");
  if (hash.starts_with("$"))
    return refuse("is of kind " + std::string(hash.substr(0, hash.find('$', 1))) +
                  "$, and bcrypt ($2y$) and Argon2 ($argon2id$) are what is taken");
  return refuse("is plain text or the crypt of old");
}

bool is_password_of(const std::string& hash, std::string_view password) {
  return hash.starts_with("$2") ? is_password_of_bcrypt(hash, password)
                                : is_password_of_argon2(hash, password);
}

}  // namespace teal::net
