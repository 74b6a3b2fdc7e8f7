// StickyCookies: the cookies that keep the clients of one service on their side of the split. A
// cookie is a random id with a MAC: whoever has one can neither read which group it leads to nor
// make another (docs/adr/0019).
//
// Promise "monotone": the bucket of a client, a keyed hash of its id, is compared with the
// release's weight, so whoever saw the release keeps seeing it while its weight grows, and everyone
// returns when it falls to zero. Each deployment draws the buckets anew: cookies that were found to
// lead to one release say nothing of the next.
//
// Immutable; made on the control thread, read by all workers. Does not know requests, clocks, or
// where the secrets come from.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/rng.h"
#include "base/siphash.h"
#include "base/sticky_secrets.h"
#include "base/weight.h"
#include "net/tls/mac.h"

namespace teal::proxy {

/// What is in a cookie besides its MAC.
struct StickyClient {
  std::uint64_t serial = 0;  ///< Random; 0: nobody.
  /// Added to the hash of the serial: that way a new client can be put into any bucket, and says
  /// nothing about which one it is.
  std::uint16_t offset = 0;

  bool operator==(const StickyClient&) const = default;
};

class StickyCookies {
 public:
  static constexpr std::uint32_t kBuckets = Weight::kWhole;
  static constexpr std::size_t kIdBytes = 10;
  static constexpr std::size_t kMacBytes = 16;
  static constexpr std::size_t kSize = 2 * (kIdBytes + kMacBytes);  ///< In hex digits.

  StickyCookies(const StickySecrets& secrets, std::string_view service);

  /// A new client on that side of the split in this deployment. It cannot be predicted by who has
  /// seen what else the generator gave.
  /// Requires: the side's share is not zero.
  StickyClient draw(bool release_side, Weight release, std::uint64_t deployment, Rng& rng) const;
  bool is_release(const StickyClient& client, Weight release, std::uint64_t deployment) const {
    return bucket(client, deployment) < release.basis_points();
  }

  /// Appends the cookie's value.
  void write(const StickyClient& client, std::string& out) const;
  /// Nothing: it is none of ours, or of another service, or its key is no longer taken.
  std::optional<StickyClient> read(std::string_view cookie) const;

  /// One number for each place that clients come from: an IPv4 address, the /56 of an IPv6 one, or
  /// everything that has no address. Not 0, and not the address.
  std::uint64_t place_of(std::string_view address) const;

 private:
  std::uint32_t bucket(const StickyClient& client, std::uint64_t deployment) const;

  net::Mac mac_;
  std::optional<net::Mac> previous_;
  SipKey buckets_, draws_, places_;
};

}  // namespace teal::proxy
