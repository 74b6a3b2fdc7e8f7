#include "proxy/policy/rate_limit.h"

#include <algorithm>
#include <chrono>

#include "base/rng.h"

namespace teal::proxy {
namespace {

constexpr std::size_t kSets = RateLimiter::kClients / RateLimiter::kWays;
constexpr auto kRelaxed = std::memory_order_relaxed;

using std::chrono::nanoseconds;

/// By so much the clocks of two workers differ at most: each has the time at which its turn began.
constexpr std::int64_t kSkew = nanoseconds(std::chrono::milliseconds(100)).count();

}  // namespace

RateLimiter::RateLimiter(const config::RateLimit& spec, std::uint64_t seed)
    : seed_(seed),
      token_(std::max<std::int64_t>(nanoseconds(spec.period).count() / spec.requests, 1)),
      spare_(token_ * (spec.burst - 1)),
      sets_(std::make_unique<Set[]>(kSets)) {}

RateLimiter::RateLimiter(const config::RateLimit& spec, const RateLimiter& before)
    : seed_(before.seed_),
      token_(std::max<std::int64_t>(nanoseconds(spec.period).count() / spec.requests, 1)),
      spare_(token_ * (spec.burst - 1)),
      sets_(before.sets_) {}

RateLimiter::Verdict RateLimiter::take(std::uint64_t client, Mono now) {
  // 0 is nobody.
  const std::uint64_t mixed = std::max<std::uint64_t>(mix64(client ^ seed_), 1);
  const std::int64_t at = nanoseconds(now.time_since_epoch()).count();
  Set& set = sets_.get()[mixed % kSets];
  Verdict verdict;
  while (true) {
    const auto found = std::find_if(set.begin(), set.end(), [mixed](const Bucket& bucket) {
      return bucket.client.load(kRelaxed) == mixed;
    });
    const bool is_done = found != set.end() ? take_from(*found, mixed, at, verdict)
                                            : take_from_new(set, mixed, at, verdict);
    if (is_done) return verdict;
  }
}

bool RateLimiter::take_from(Bucket& bucket, std::uint64_t client, std::int64_t now,
                            Verdict& verdict) const {
  std::int64_t full_at = bucket.full_at.load(kRelaxed);
  while (bucket.client.load(kRelaxed) == client) {
    const std::int64_t from = std::max(full_at, now);
    const std::int64_t missing = from - now - spare_;
    if (missing > token_ + kSkew) {
      // No limit of ours leaves it so: an earlier one did, whose tokens grew more slowly.
      static_cast<void>(
          bucket.full_at.compare_exchange_strong(full_at, now + spare_ + token_, kRelaxed));
      full_at = bucket.full_at.load(kRelaxed);
      continue;
    }
    if (missing > 0) {
      verdict.is_allowed = false;
      verdict.wait = std::chrono::ceil<std::chrono::seconds>(nanoseconds(missing));
      return true;
    }
    if (bucket.full_at.compare_exchange_weak(full_at, from + token_, kRelaxed)) return true;
  }
  return false;
}

bool RateLimiter::take_from_new(Set& set, std::uint64_t client, std::int64_t now,
                                Verdict& verdict) const {
  const auto fullest =
      std::min_element(set.begin(), set.end(), [](const Bucket& a, const Bucket& b) {
        return a.full_at.load(kRelaxed) < b.full_at.load(kRelaxed);
      });
  std::uint64_t before = fullest->client.load(kRelaxed);
  const std::int64_t full_at = fullest->full_at.load(kRelaxed);
  if (!fullest->client.compare_exchange_strong(before, client, kRelaxed)) return false;
  fullest->full_at.store(now + token_, kRelaxed);
  verdict.has_evicted = full_at > now;
  return true;
}

}  // namespace teal::proxy
