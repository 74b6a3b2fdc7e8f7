#include "health/probe/probe_loop.h"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "tests/support/manual_clock.h"

namespace teal::health {
namespace {

namespace asio = boost::asio;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Targets that say nothing: the system takes their connections. And one that is not there.
class ProbeLoopTest : public testing::Test {
 protected:
  /// The loop's thread works until that holds; false if that takes longer than a test may.
  bool turn_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + seconds{20};
    for (loop_.turn(Millis{0}); !condition(); loop_.turn(Millis{1}))
      if (std::chrono::steady_clock::now() >= deadline) return false;
    return true;
  }
  std::size_t begun() const { return loop_.figures().begun; }
  std::size_t running() const { return loop_.figures().running; }
  std::size_t late() const { return loop_.figures().late; }

  void watch(TargetId first, TargetId count, const Address& address,
             const config::HealthCheck& check) {
    std::vector<ProbedTarget> targets;
    for (TargetId id = first; id < first + count; ++id) targets.push_back({id, address});
    loop_.watch(first, std::make_shared<const ProbePlan>(check), std::move(targets));
  }

  static config::HealthCheck check() {
    config::HealthCheck check;
    check.kind = config::HealthCheck::Kind::http;
    check.interval = check.fast_interval = hours{1};
    check.timeout = seconds{1};
    return check;
  }

  Address address_of(const asio::ip::tcp::acceptor& acceptor) const {
    return {Address::Kind::ip4, "127.0.0.1", acceptor.local_endpoint().port()};
  }

  asio::io_context io_;
  asio::ip::tcp::acceptor silent_{io_, {asio::ip::address_v4::loopback(), 0}};
  ManualClock clock_;
  std::vector<std::string> reports_;
  ProbeLoop loop_{clock_, 1,
                  [this](ProbeLoop::Owner, TargetId id, Health health, const std::string& reason) {
                    reports_.push_back(std::to_string(id) + " " + std::string(to_string(health)) +
                                       " " + reason);
                  },
                  [] {}};
};

TEST_F(ProbeLoopTest, CountsAsLateWhatFindsNoPlaceInTimeAndLeavesNothingOut) {
  loop_.limit(4);
  watch(1, 10, address_of(silent_), check());
  clock_.advance(milliseconds{600});  // All are due.
  ASSERT_TRUE(turn_until([&] { return running() == 4; }));
  const std::size_t at_first = late();
  clock_.advance(milliseconds{1001});
  ASSERT_TRUE(turn_until([&] { return begun() == 8; }));
  EXPECT_EQ(late() - at_first, 4U);
  clock_.advance(milliseconds{1001});
  ASSERT_TRUE(turn_until([&] { return begun() == 10; }));
  EXPECT_EQ(late() - at_first, 6U);
  clock_.advance(milliseconds{1001});
  ASSERT_TRUE(turn_until([&] { return running() == 0; }));
  EXPECT_EQ(reports_.size(), 10U);
  EXPECT_EQ(reports_.back(), "10 unhealthy probe: timed out after 1s");
}

TEST_F(ProbeLoopTest, AProbeThatTookLongerThanItsIntervalMakesTheNextOneDueAndNotLate) {
  config::HealthCheck often = check();
  often.interval = often.fast_interval = milliseconds{200};
  watch(1, 1, address_of(silent_), often);
  for (std::size_t probe = 1; probe <= 4; ++probe) {
    clock_.advance(milliseconds{50});
    ASSERT_TRUE(turn_until([&] { return begun() == probe; }));
    clock_.advance(milliseconds{1001});
  }
  EXPECT_EQ(late(), 0U);
}

TEST_F(ProbeLoopTest, BeginsOnlySoManyProbesBetweenTwoLooksAtAnswers) {
  loop_.limit(1000);
  watch(1, 100, address_of(silent_), check());
  clock_.advance(milliseconds{600});
  loop_.turn(Millis{0});
  EXPECT_EQ(begun(), ProbeLoop::kBurst);
  loop_.turn(Millis{0});
  EXPECT_EQ(begun(), 2 * ProbeLoop::kBurst);
}

TEST_F(ProbeLoopTest, AsksNewTargetsBeforeThoseItKnows) {
  loop_.limit(1);
  watch(1, 3, address_of(silent_), check());
  clock_.advance(milliseconds{600});
  for (std::size_t known = 1; known <= 3; ++known) {
    ASSERT_TRUE(turn_until([&] { return begun() == known; }));
    clock_.advance(milliseconds{1001});
  }
  ASSERT_TRUE(turn_until([&] { return reports_.size() == 3; }));
  // All of them are due again, and one is new.
  clock_.advance(hours{2});
  watch(100, 1, address_of(silent_), check());
  ASSERT_TRUE(turn_until([&] { return running() == 1; }));
  clock_.advance(milliseconds{1001});
  ASSERT_TRUE(turn_until([&] { return reports_.size() == 4; }));
  EXPECT_EQ(reports_.back(), "100 unhealthy probe: timed out after 1s");
}

TEST_F(ProbeLoopTest, WaitsForDescriptorsWithoutBlamingTheTargets) {
  loop_.limit(1000);
  watch(1, 5, address_of(silent_), check());
  clock_.advance(milliseconds{600});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{3, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  for (int i = 0; i < 10; ++i) loop_.turn(Millis{0});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(begun(), 0U);
  clock_.advance(milliseconds{100});
  ASSERT_TRUE(turn_until([&] { return running() == 5; }));
  EXPECT_TRUE(reports_.empty());
  EXPECT_EQ(late(), 5U);
}

TEST_F(ProbeLoopTest, SpreadsTargetsThatCameTogetherOverTheWholeInterval) {
  constexpr std::size_t kTargets = 1000;
  const Address deserted = address_of(silent_);
  silent_.close();
  config::HealthCheck often = check();
  often.interval = often.fast_interval = seconds{2};
  loop_.limit(1000);
  watch(1, kTargets, deserted, often);
  clock_.advance(milliseconds{600});
  ASSERT_TRUE(turn_until([&] { return reports_.size() == kTargets && running() == 0; }));
  // By now each second probe has its time, at any of the next two seconds.
  std::vector<std::size_t> begun_in;
  for (int step = 0; step < 10; ++step) {
    const std::size_t before = begun();
    clock_.advance(milliseconds{180});
    std::size_t seen = 0;
    ASSERT_TRUE(
        turn_until([&] { return std::exchange(seen, begun()) == begun() && running() == 0; }));
    begun_in.push_back(begun() - before);
  }
  EXPECT_GT(std::ranges::min(begun_in), 50U);
  EXPECT_LT(std::ranges::max(begun_in), 150U);
}

TEST_F(ProbeLoopTest, TakesUpAnotherPreambleWithTheNextProbe) {
  loop_.limit(1);
  const Address address = address_of(silent_);
  watch(1, 1, address, check());
  ASSERT_TRUE(turn_until([&] { return running() == 1; }));
  loop_.watch(1,
              std::make_shared<const ProbePlan>(
                  check(), ProbePreamble{.proxy_protocol = config::ProxyVersion::v1}),
              {{1, address}});
  EXPECT_EQ(running(), 1U);
  clock_.advance(milliseconds{1001});
  ASSERT_TRUE(turn_until([&] { return running() == 0; }));
  clock_.advance(hours{2});
  ASSERT_TRUE(turn_until([&] { return running() == 1; }));
  asio::ip::tcp::socket first = silent_.accept();
  asio::ip::tcp::socket second = silent_.accept();
  ASSERT_TRUE(turn_until([&] { return second.available() > 0; }));
  std::string head(5, '\0');
  second.receive(asio::buffer(head));
  EXPECT_EQ(head, "PROXY");
}

}  // namespace
}  // namespace teal::health
