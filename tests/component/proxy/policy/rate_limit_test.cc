#include "proxy/policy/rate_limit.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

using std::chrono::seconds;

config::RateLimit limit(std::uint32_t requests, Millis period, std::uint32_t burst) {
  config::RateLimit spec;
  spec.requests = requests;
  spec.period = period;
  spec.burst = burst;
  return spec;
}

/// How many of `tries` are allowed.
int allowed(RateLimiter& limiter, std::uint64_t client, Mono at, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += limiter.take(client, at).is_allowed ? 1 : 0;
  return count;
}

const Mono kStart{std::chrono::hours{1}};

TEST(RateLimiter, GivesABurstAndThenTheRate) {
  RateLimiter limiter(limit(10, seconds{1}, 5), 1);
  EXPECT_EQ(allowed(limiter, 7, kStart, 20), 5);
  EXPECT_EQ(allowed(limiter, 7, kStart + Millis{99}, 5), 0);
  EXPECT_EQ(allowed(limiter, 7, kStart + Millis{100}, 5), 1);
  EXPECT_EQ(allowed(limiter, 7, kStart + Millis{400}, 5), 3);
  EXPECT_EQ(allowed(limiter, 7, kStart + seconds{60}, 20), 5) << "a full bucket holds the burst";
}

TEST(RateLimiter, IsTheRateOverALongTime) {
  RateLimiter limiter(limit(600, std::chrono::minutes{1}, 1), 1);
  int count = 0;
  for (int i = 0; i < 60'000; ++i) count += allowed(limiter, 7, kStart + Millis{i}, 1);
  EXPECT_EQ(count, 600);
}

TEST(RateLimiter, SaysHowLongToWait) {
  RateLimiter limiter(limit(2, std::chrono::minutes{1}, 1), 1);
  EXPECT_TRUE(limiter.take(7, kStart).is_allowed);
  RateLimiter::Verdict refused = limiter.take(7, kStart);
  EXPECT_FALSE(refused.is_allowed);
  EXPECT_EQ(refused.wait, seconds{30});
  EXPECT_EQ(limiter.take(7, kStart + Millis{29'999}).wait, seconds{1}) << "never 0";
  EXPECT_TRUE(limiter.take(7, kStart + refused.wait).is_allowed);
}

TEST(RateLimiter, KeepsClientsApart) {
  RateLimiter limiter(limit(1, seconds{1}, 1), 1);
  for (std::uint64_t client = 0; client < 1000; ++client) {
    EXPECT_EQ(allowed(limiter, client, kStart, 3), 1) << client;
  }
}

TEST(RateLimiter, ForgetsAnotherWhoHasLeastToLoseAndSaysSo) {
  RateLimiter limiter(limit(1, seconds{1}, 2), 1);
  std::uint64_t evicted = 0;
  for (std::uint64_t client = 1; client <= 3 * RateLimiter::kClients; ++client)
    evicted += limiter.take(client, kStart).has_evicted ? 1 : 0;
  EXPECT_GE(evicted, RateLimiter::kClients) << "each one's bucket lacks a token";
  EXPECT_LE(evicted, 3 * RateLimiter::kClients);
  // When all are full again nothing is lost.
  for (std::uint64_t client = 1; client <= 100; ++client)
    EXPECT_FALSE(limiter.take(client << 32U, kStart + seconds{5}).has_evicted);
}

TEST(RateLimiter, DoesNotForgetOneWhoIsOverWhileOthersAreFull) {
  RateLimiter limiter(limit(1, seconds{10}, 10), 1);
  EXPECT_EQ(allowed(limiter, 1, kStart, 20), 10);
  // Ten seconds later strangers come and go; their buckets fill, this one's does not.
  for (std::uint64_t i = 0; i < RateLimiter::kClients / 2; ++i)
    limiter.take((i + 1) << 32U, kStart + Millis{1});
  EXPECT_EQ(allowed(limiter, 1, kStart + seconds{10}, 20), 1);
}

TEST(RateLimiter, IsExactOverThreads) {
  RateLimiter limiter(limit(1, std::chrono::hours{1}, 10'000), 1);
  limiter.take(7, kStart);
  std::atomic<int> count{1};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] { count += allowed(limiter, 7, kStart, 5'000); });
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(count, 10'000);
}

}  // namespace
}  // namespace teal::proxy
