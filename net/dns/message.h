// A reply of a DNS resolver (RFC 1035, 4) as what was asked for: addresses or services, for how
// long they hold, or why there are none. Read strictly: a name that points forwards, a length that
// goes over the end or a reply to another question is malformed, and nothing of it is taken.
//
// Pure: bytes in, values out. Does not ask (control/sources/), nor decide what an empty reply
// means.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace teal::net::dns {

/// Of records, by their numbers.
enum class Type : std::uint16_t { a = 1, cname = 5, soa = 6, aaaa = 28, srv = 33 };

std::string_view to_string(Type type);

enum class Outcome : std::uint8_t {
  found,           ///< There are records.
  no_data,         ///< The name exists and has none of this type.
  no_name,         ///< NXDOMAIN.
  server_failure,  ///< SERVFAIL.
  refused,         ///< REFUSED.
  malformed,       ///< No reply to what was asked, or not one at all.
  other,           ///< Another code, as `fault` says.
};

/// RFC 2782.
struct ServicePlace {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string
      host;  ///< Lower case, without the last dot; empty: there is decidedly no such service.

  auto operator<=>(const ServicePlace&) const = default;
};

struct Reply {
  Outcome outcome = Outcome::malformed;
  /// The resolver had more to say than fitted in.
  bool is_truncated = false;
  std::vector<std::array<std::uint8_t, 16>> addresses;  ///< Each once; IPv4 in its mapped form.
  std::vector<ServicePlace> services;                   ///< Each once.
  /// The least of the records that it stands on, CNAMEs included; of an empty reply by its SOA (RFC
  /// 2308, 5). Nothing: it does not say.
  std::optional<std::chrono::seconds> ttl;
  std::string fault;  ///< Malformed, other: what is wrong.

  bool operator==(const Reply&) const = default;
};

/// What `message` says to the question for `type` of `name`, which is written without a last dot;
/// case does not matter.
Reply read_reply(std::span<const std::uint8_t> message, std::string_view name, Type type);

}  // namespace teal::net::dns
