// Limits that are one number for all workers: what one worker does not need is there for another,
// and all of them together never have more (docs/adr/0020-limits-by-need.md).
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

constexpr int kWorkers = 4;

/// Counts how many requests its target has at once, and holds them until it is told to go.
class Gate {
 public:
  void hold(Target& target) {
    target.on_request([this](TargetConnection& connection, const SeenRequest&) {
      const int now = ++inside_;
      int most = most_;
      while (most < now && !most_.compare_exchange_weak(most, now)) {
      }
      connection.wait(go_);
      --inside_;
      connection.send(response(200, "served"));
    });
  }
  void open() { go_.fire(); }
  int inside() const { return inside_; }
  int most() const { return most_; }

 private:
  Trigger go_;
  std::atomic<int> inside_{0}, most_{0};
};

class SharedLimits : public ::testing::Test {
 protected:
  SharedLimits() { gate_.hold(target_); }

  ConfigText config(const std::string& limits, std::vector<std::string> more_targets = {}) const {
    more_targets.insert(more_targets.begin(), target_.address());
    ConfigText config = shop(more_targets, "limits: { " + limits + " }\ntimeouts: { queue: 60s }");
    config.workers = kWorkers;
    return config;
  }
  /// A new connection is placed on a worker that has the fewest: the first four on one each.
  HttpClient& ask(Teal& teal) {
    clients_.push_back(std::make_unique<HttpClient>(teal.listener()));
    clients_.back()->send(request("GET", "/"));
    return *clients_.back();
  }
  /// Those that the limit keeps back, besides what is at the targets.
  static bool await_waiting(Teal& teal, int requests) {
    return eventually([&] {
      return teal.admin().metric("teal_requests_waiting", "service=\"shop\"") == requests;
    });
  }
  void expect_served() {
    for (const auto& client : clients_) {
      const Response response = client->read();
      EXPECT_EQ(response.status, 200) << describe(response);
    }
  }

  Gate gate_;
  Target target_;
  std::vector<std::unique_ptr<HttpClient>> clients_;
};

TEST_F(SharedLimits, OneConnectionMayUseAllPlacesOfATarget) {
  Teal teal(config("in_flight_per_target: 4"));
  Http2Client client(teal.listener());
  for (std::uint32_t stream = 1; stream < 13; stream += 2)
    client.send(h2::headers(stream, h2::get("/")));
  ASSERT_TRUE(target_.await_requests(4)) << target_.requests();
  ASSERT_TRUE(await_waiting(teal, 2));
  EXPECT_EQ(target_.requests(), 4U);
  gate_.open();
  // Answers come interleaved: each stream's end is counted.
  int ended = 0;
  while (ended < 6) {
    const auto frame = client.next();
    ASSERT_TRUE(frame) << ended;
    if (frame->stream != 0 && frame->ends()) ++ended;
  }
  EXPECT_EQ(gate_.most(), 4);
}

TEST_F(SharedLimits, APlaceThatComesFreeIsForWhoWaitsOnAnotherWorker) {
  Teal teal(config("in_flight_per_target: 1"));
  ask(teal);
  ASSERT_TRUE(target_.await_requests(1));
  ask(teal);
  ASSERT_TRUE(await_waiting(teal, 1));
  EXPECT_EQ(target_.requests(), 1U);
  gate_.open();
  expect_served();
  EXPECT_EQ(gate_.most(), 1);
}

TEST_F(SharedLimits, AllThatWaitAreServedInTheEndWhereverTheyWait) {
  Teal teal(config("in_flight_per_target: 1"));
  for (int i = 0; i < 5 * kWorkers; ++i) ask(teal);
  ASSERT_TRUE(target_.await_requests(1));
  ASSERT_TRUE(await_waiting(teal, 5 * kWorkers - 1));
  EXPECT_EQ(target_.requests(), 1U);
  gate_.open();
  expect_served();
  EXPECT_EQ(gate_.most(), 1);
}

TEST_F(SharedLimits, AGroupHasOneNumberOverItsTargetsAndAllWorkers) {
  Target other;
  gate_.hold(other);
  Teal teal(config("in_flight_per_group: 3", {other.address()}));
  for (int i = 0; i < 2 * kWorkers; ++i) ask(teal);
  ASSERT_TRUE(eventually([&] { return gate_.inside() == 3; })) << gate_.inside();
  ASSERT_TRUE(await_waiting(teal, 2 * kWorkers - 3));
  EXPECT_EQ(target_.requests() + other.requests(), 3U);
  gate_.open();
  expect_served();
  EXPECT_EQ(gate_.most(), 3);
}

TEST_F(SharedLimits, TheQueueHasOneLengthOverAllWorkers) {
  Teal teal(config("in_flight_per_target: 1, pending: 2"));
  for (int i = 0; i < 3; ++i) ask(teal);
  ASSERT_TRUE(await_waiting(teal, 2));
  for (int i = 0; i < kWorkers; ++i) {
    HttpClient over(teal.listener());
    const Response response = over.get("/");
    EXPECT_EQ(response.status, 503) << describe(response);
  }
  EXPECT_EQ(teal.admin().metric("teal_requests_unserved_total", "queue_full"), kWorkers);
  gate_.open();
  expect_served();
}

TEST_F(SharedLimits, OneConnectionMayUseTheWholeQueue) {
  Teal teal(config("in_flight_per_target: 1, pending: 5"));
  Http2Client client(teal.listener());
  for (std::uint32_t stream = 1; stream < 13; stream += 2)
    client.send(h2::headers(stream, h2::get("/")));
  ASSERT_TRUE(await_waiting(teal, 5));
  EXPECT_EQ(teal.admin().metric("teal_requests_unserved_total", "queue_full"), 0);
  gate_.open();
}

TEST_F(SharedLimits, WhoLeavesTheQueueGivesItsPlaceThere) {
  Teal teal(config("in_flight_per_target: 1, pending: 1"));
  ask(teal);
  ASSERT_TRUE(target_.await_requests(1));
  {
    Http2Client impatient(teal.listener());
    impatient.send(h2::headers(1, h2::get("/")));
    ASSERT_TRUE(await_waiting(teal, 1));
    impatient.send(h2::reset(1));
    ASSERT_TRUE(await_waiting(teal, 0));
  }
  ask(teal);
  ASSERT_TRUE(await_waiting(teal, 1));
  EXPECT_EQ(teal.admin().metric("teal_requests_unserved_total", "queue_full"), 0);
  gate_.open();
  expect_served();
}

TEST_F(SharedLimits, ALimitHoldsOverPublicationsAndATargetThatComesBack) {
  Target other;
  Teal teal(config("in_flight_per_target: 1, pending: 1"));
  ask(teal);
  ASSERT_TRUE(target_.await_requests(1));
  const std::string path = "/v1/services/shop/groups/blue/targets/" + target_.address();
  // Nobody else serves, or the target could not go.
  const std::string second = "/v1/services/shop/groups/blue/targets/" + other.address();
  ASSERT_EQ(teal.admin().call("PUT", second).status / 100, 2);
  ASSERT_EQ(teal.admin().call("DELETE", path).status / 100, 2);
  ASSERT_EQ(teal.admin().call("PUT", path).status / 100, 2);
  ASSERT_EQ(teal.admin().call("DELETE", second).status / 100, 2);
  ask(teal);
  ASSERT_TRUE(await_waiting(teal, 1));
  HttpClient over(teal.listener());
  EXPECT_EQ(over.get("/").status, 503) << "the first registration's request still runs";
  gate_.open();
  expect_served();
  EXPECT_EQ(gate_.most(), 1);
}

/// Closed loops on all workers against few places, while publications come: never more than the
/// limit, and everybody is served.
TEST(SharedLimitsUnderLoad, NeverMoreThanTheLimitIsAtTheTarget) {
  constexpr int kLimit = 3;
  constexpr int kRequests = 60;
  std::atomic<int> inside{0}, most{0}, failed{0};
  Target target;
  target.on_request([&](TargetConnection& connection, const SeenRequest&) {
    const int now = ++inside;
    int before = most;
    while (before < now && !most.compare_exchange_weak(before, now)) {
    }
    std::this_thread::yield();
    --inside;
    connection.send(response(200, "served"));
  });
  ConfigText config =
      shop({target.address()}, "limits: { in_flight_per_target: " + std::to_string(kLimit) +
                                   " }\ntimeouts: { queue: 60s }");
  config.workers = kWorkers;
  Teal teal(config);
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 3 * kWorkers; ++i)
      clients.emplace_back([&] {
        HttpClient client(teal.listener());
        for (int n = 0; n < kRequests; ++n)
          if (client.get("/").status != 200) ++failed;
      });
    std::jthread publisher([&](const std::stop_token& stop) {
      const std::string path = "/v1/services/shop/groups/green/targets/" + target.address();
      while (!stop.stop_requested()) {
        teal.admin().call("PUT", path);
        teal.admin().call("DELETE", path);
      }
    });
    clients.clear();
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(target.requests(), static_cast<std::size_t>(3 * kWorkers * kRequests));
  EXPECT_LE(most, kLimit);
}

}  // namespace
}  // namespace teal::e2e
