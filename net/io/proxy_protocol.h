// The PROXY protocol, versions 1 and 2 (haproxy.org, doc/proxy-protocol.txt): what a balancer of
// connections says of the client before the client's own bytes. Read strictly: a header that could
// be understood in two ways would let a client say who it is.
//
// Pure: bytes in, an answer out; ask again with the same bytes and more behind them. Does not know
// who may send one (proxy/downstream/proxy_header_reader.h). Of version 2's additions (TLVs) only
// the checksum is looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "config/config.h"

namespace teal::net {

/// The two ends of a client's connection; both IPv4 or both IPv6.
struct ProxyAddresses {
  Address source, destination;
  bool operator==(const ProxyAddresses&) const = default;
};

/// What was wrong with a header, by the name it is counted by.
enum class ProxyFault : std::uint8_t {
  none,
  missing,              ///< What came is no header of either version.
  line_too_long,        ///< No end within 107 bytes.
  line_malformed,       ///< Not the words and blanks of version 1, or a control character.
  address_malformed,    ///< An address or port that is not written as it has to be.
  version_unsupported,  ///< The signature of version 2 with another version.
  command_unsupported,  ///< Neither LOCAL nor PROXY.
  family_unsupported,   ///< A Unix socket, datagrams.
  block_too_long,       ///< Version 2 with more than kMaxProxyBlock behind its first 16 bytes.
  block_too_short,      ///< No room for the addresses that it announces.
  addition_malformed,   ///< The lengths of the TLVs do not add up.
  checksum_wrong,
  count_,
};
std::string_view to_string(ProxyFault fault);

struct ProxyStep {
  enum class Event : std::uint8_t { need_more, done, refused };

  Event event = Event::need_more;
  std::size_t consumed = 0;  ///< `done`: the header's bytes; the client's own follow.
  /// `done`: nothing where the header speaks of no client (LOCAL, UNKNOWN), whose connection is
  /// its peer's own then.
  std::optional<ProxyAddresses> addresses;
  ProxyFault fault = ProxyFault::none;
};

inline constexpr std::size_t kMaxProxyLine = 107;
/// Addresses and TLVs of version 2: enough for all that are in use, client certificates apart.
inline constexpr std::size_t kMaxProxyBlock = 4096;
inline constexpr std::size_t kMaxProxyHeader = 16 + kMaxProxyBlock;

ProxyStep read_proxy_header(std::string_view input);

/// The header for a connection of a client with these ends; nothing where they are not known.
std::string make_proxy_header(config::ProxyVersion version,
                              const std::optional<ProxyAddresses>& ends);
/// The header for a connection of our own.
std::string make_local_proxy_header(config::ProxyVersion version);

}  // namespace teal::net
