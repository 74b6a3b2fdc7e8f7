// RateLimiter: one rate limit, exact over all workers: a token bucket for each client, kept as the
// time at which it would be full again (the generic cell rate algorithm, ITU-T I.371), so that a
// bucket is one number and taking a token one compare-and-swap. Only requests of a route with a
// limit come here; others touch nothing that is shared.
//
// Any thread. The table has a fixed size: a client that is new takes the place of the one whose
// bucket is fullest among the eight that it may sit in; nothing is lost where that is full. What is
// lost otherwise is counted by who asks: that client begins with a full bucket again. Two workers
// that see a new client at the very same time may let it have one token more.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "base/time.h"
#include "config/route.h"

namespace teal::proxy {

class RateLimiter {
 public:
  /// Clients that are remembered, and among how many places one is looked for.
  static constexpr std::size_t kClients = 32'768;
  static constexpr std::size_t kWays = 8;

  /// `seed`: random, so that nobody can choose clients that share their places.
  RateLimiter(const config::RateLimit& spec, std::uint64_t seed);
  /// Goes on with the clients of `before`, whose key was the same: nobody gets a burst for free,
  /// nor waits longer than the new limit can ask.
  RateLimiter(const config::RateLimit& spec, const RateLimiter& before);

  struct Verdict {
    bool is_allowed = true;
    bool has_evicted = false;      ///< Somebody's bucket that was not full.
    std::chrono::seconds wait{0};  ///< Until there is a token, rounded up; at least 1 if refused.
  };
  Verdict take(std::uint64_t client, Mono now);

 private:
  struct Bucket {
    std::atomic<std::uint64_t> client{0};
    std::atomic<std::int64_t> full_at{0};  ///< In ns of Mono; earlier than now: full.
  };
  using Set = std::array<Bucket, kWays>;

  /// False: another thread was faster, look again.
  bool take_from(Bucket& bucket, std::uint64_t client, std::int64_t now, Verdict& verdict) const;
  bool take_from_new(Set& set, std::uint64_t client, std::int64_t now, Verdict& verdict) const;

  const std::uint64_t seed_;
  const std::int64_t token_;  ///< How long one takes to grow.
  const std::int64_t spare_;  ///< How far from full a bucket with a token may be.
  std::shared_ptr<Set[]> sets_;
};

}  // namespace teal::proxy
