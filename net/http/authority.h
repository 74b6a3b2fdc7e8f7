// The authority of a request, host[:port], as RFC 3986, section 3.2 writes it but without user
// information: a stranger's part of it must never be mistaken for the host.
//
// Pure. Does not resolve, fold case or split (proxy/routing/route_index.h normalises hosts).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace teal::net {

/// How an authority is written, as far as whoever writes it on wants to know.
enum class AuthorityForm : std::uint8_t {
  refused,  ///< It is none.
  name,     ///< Letters, digits, dots and hyphens only: also a token of RFC 9110.
  name_and_port,
  other,  ///< Anything else that is one.
};

AuthorityForm authority_form(std::string_view text);

/// authority_form() with a memory of one: a client of a kept connection names one host again and
/// again, and to compare two texts is less work than to look at one. One for each connection.
class AuthorityCache {
 public:
  AuthorityForm form_of(std::string_view text) {
    if (text.size() == size_ && std::memcmp(text.data(), bytes_.data(), size_) == 0) return form_;
    return parse(text);
  }

 private:
  AuthorityForm parse(std::string_view text);

  std::array<char, 46> bytes_{};  ///< Longer ones are not remembered.
  std::uint8_t size_ = 0;         ///< 0: of the empty text, which is no authority.
  AuthorityForm form_ = AuthorityForm::refused;
};

/// A registered name or IPv4 address, or an IPv6 address in brackets, each with an optional port.
/// The host must not be empty; IPvFuture and zone identifiers are not accepted.
inline bool is_authority(std::string_view text) {
  return authority_form(text) != AuthorityForm::refused;
}

}  // namespace teal::net
