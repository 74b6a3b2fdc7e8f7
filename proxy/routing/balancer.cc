#include "proxy/routing/balancer.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/assert.h"

namespace teal::proxy {

namespace {

/// Draws of two before the usable targets are counted. Where half of the targets are usable, four
/// draws all fail in a third of the cases; the count is only slower, not less random.
constexpr int kDraws = 4;

bool any_usable(std::span<const Candidate> candidates) {
  return std::ranges::any_of(candidates, &Candidate::usable);
}

/// The usable target that has `rank` usable ones before it.
/// Requires: there are more than `rank`.
std::size_t usable_at(std::span<const Candidate> candidates, std::uint32_t rank) {
  std::size_t i = 0;
  for (;; ++i) {
    if (!candidates[i].usable) continue;
    if (rank == 0) return i;
    --rank;
  }
}

struct Pair {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
};

/// Two different numbers below `bound`, every ordered pair equally likely.
/// Requires: bound >= 2.
Pair draw_two(Rng& rng, std::uint32_t bound) {
  const std::uint32_t first = rng.below(bound);
  const std::uint32_t second = rng.below(bound - 1);
  return {first, second < first ? second : second + 1};
}

std::size_t less_busy(std::span<const Candidate> candidates, std::size_t a, std::size_t b) {
  return candidates[b].in_flight < candidates[a].in_flight ? b : a;
}

}  // namespace

std::uint64_t hash_key(std::string_view key) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  // FNV-1a leaves the last bytes of similar keys in the low bits only; the ring compares high ones.
  return mix64(hash);
}

HashRing::HashRing(std::span<const std::string_view> names) {
  points_.reserve(names.size() * kPointsPerTarget);
  for (std::uint32_t target = 0; target < names.size(); ++target) {
    const std::uint64_t name = hash_key(names[target]);
    for (std::uint32_t i = 0; i < kPointsPerTarget; ++i)
      points_.push_back({mix64(name ^ mix64(i)), target});
  }
  std::ranges::sort(points_, [](const Point& a, const Point& b) {
    return std::tie(a.at, a.target) < std::tie(b.at, b.target);
  });
}

std::size_t HashRing::pick(std::uint64_t key, std::span<const Candidate> candidates) const {
  TEAL_ASSERT(candidates.size() * kPointsPerTarget == points_.size());
  auto point = std::ranges::lower_bound(points_, key, {}, &Point::at);
  for (std::size_t walked = 0; walked < points_.size(); ++walked, ++point) {
    // Many unusable ones in a row: make sure that there is anybody before going all the way round.
    if (walked == kPointsPerTarget && !any_usable(candidates)) return kNobody;
    if (point == points_.end()) point = points_.begin();
    if (candidates[point->target].usable) return point->target;
  }
  return kNobody;
}

std::uint32_t slow_start_share(const config::SlowStart& slow, Millis age) {
  if (age >= slow.window) return 10'000;
  const double passed =
      std::max(0.0, static_cast<double>(age.count()) / static_cast<double>(slow.window.count()));
  const auto share = static_cast<std::uint32_t>(std::pow(passed, 1 / slow.aggression) * 10'000);
  return std::max(slow.min_percent * 100, share);
}

std::size_t Balancer::round_robin(std::span<const Candidate> candidates) {
  const std::size_t size = candidates.size();
  if (size == 0) return kNobody;
  std::size_t at = turn_ % size;
  for (std::size_t walked = 0; walked < size; ++walked) {
    const std::size_t next = at + 1 == size ? 0 : at + 1;
    if (candidates[at].usable) {
      // The turn goes on behind the chosen one, not behind the skipped: else the neighbour of an
      // unusable target would get its share as well.
      turn_ = next;
      return at;
    }
    at = next;
  }
  return kNobody;
}

std::size_t Balancer::least_request(std::span<const Candidate> candidates) {
  const auto size = static_cast<std::uint32_t>(candidates.size());
  if (size >= 2) {
    for (int draw = 0; draw < kDraws; ++draw) {
      const auto [a, b] = draw_two(rng_, size);
      if (candidates[a].usable && candidates[b].usable) return less_busy(candidates, a, b);
    }
  }
  const auto usable =
      static_cast<std::uint32_t>(std::ranges::count_if(candidates, &Candidate::usable));
  if (usable == 0) return kNobody;
  if (usable == 1) return usable_at(candidates, 0);
  const auto [a, b] = draw_two(rng_, usable);
  return less_busy(candidates, usable_at(candidates, a), usable_at(candidates, b));
}

}  // namespace teal::proxy
