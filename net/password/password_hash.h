// Hashes of passwords, as files of users have them: bcrypt ($2a$, $2b$, $2y$: what htpasswd -B
// makes) and Argon2 ($argon2id$, $argon2i$). Kinds that can be tried out by the million a second
// (MD5, SHA-1, crypt, plain text) are refused, and so are parameters by which one check would keep
// a processor busy for seconds.
//
// Pure, any thread. A check takes milliseconds to a second, and up to 256 MiB of memory for Argon2:
// never on a thread that somebody waits for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace teal::net {

struct HashFault {
  std::string message;  ///< Reads behind whose hash it is: "is MD5 (apr1), ...".
  std::string hint;
};

/// Why it is none that is checked here; nothing: it is one.
std::optional<HashFault> why_not_hash(std::string_view hash);

/// The longest password that bcrypt and crypt(3) take.
inline constexpr std::size_t kMaxPassword = 511;

/// Takes as long wherever the difference is. Requires: why_not_hash() says nothing.
bool is_password_of(const std::string& hash, std::string_view password);

}  // namespace teal::net
