// The name and the password of an Authorization header (RFC 7617).
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace teal::proxy {

struct BasicCredentials {
  std::string user;
  std::string password;  ///< May have a colon in it, and may be empty.
};

/// Longer ones are nobody's.
inline constexpr std::size_t kMaxBasicBytes = 1024;

/// Nothing: it is of another scheme, or not what RFC 7617 says.
std::optional<BasicCredentials> parse_basic_credentials(std::string_view authorization);

}  // namespace teal::proxy
