// Balancer: which *target* of a group serves the next request. Three policies over the targets that
// accept requests; a target may be excluded because it has just failed this request or is full.
//
// Pure given its generator; one per worker and group, owned by the worker. The loads it compares
// are the worker's own (no shared counters on the request path). Ties never favour the first
// target: round robin starts at a random offset per worker, or all workers would start on the same
// one.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "config/config.h"

namespace teal::proxy {

/// What the balancer sees of a target.
struct Candidate {
  std::uint32_t in_flight = 0;
  bool usable = true;  ///< Accepts requests, has room, was not tried already.
};

inline constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

/// A consistent-hash ring (ketama's idea): each target stands at many points, a key goes to the
/// next point clockwise, so a target that leaves moves only its own keys. Immutable; part of a
/// TargetSet.
class HashRing {
 public:
  static constexpr std::uint32_t kPointsPerTarget = 160;

  HashRing() = default;
  /// `names` are stable names of the targets (their addresses), in the group's order.
  explicit HashRing(std::span<const std::string_view> names);

  /// The first usable target at or after the key's point; kNobody if none is usable.
  std::size_t pick(std::uint64_t key, std::span<const Candidate> candidates) const;
  bool empty() const { return points_.empty(); }

 private:
  struct Point {
    std::uint64_t at = 0;
    std::uint32_t target = 0;
  };
  std::vector<Point> points_;
};

/// A well-mixed 64-bit hash of a key (FNV-1a through mix64). Not for secrets.
std::uint64_t hash_key(std::string_view key);

/// Of a target's turns, so many of 10000 are taken `age` after it became healthy (Envoy's formula:
/// time factor to the power of 1/aggression, but the least at the least).
std::uint32_t slow_start_share(const config::SlowStart& slow, Millis age);

class Balancer {
 public:
  explicit Balancer(std::uint64_t seed) : rng_(seed), turn_(rng_.next()) {}

  /// Next usable target in turn.
  std::size_t round_robin(std::span<const Candidate> candidates);
  /// Power of two choices (Mitzenmacher): two different usable targets at random, the one with
  /// fewer requests in flight; of equals the first drawn.
  std::size_t least_request(std::span<const Candidate> candidates);

 private:
  Rng rng_;
  std::uint64_t turn_;
};

}  // namespace teal::proxy
