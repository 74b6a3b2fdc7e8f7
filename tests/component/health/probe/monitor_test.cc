#include "health/probe/monitor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "base/rng.h"
#include "tests/support/component_scripted_server.h"

namespace teal::health {
namespace {

namespace asio = boost::asio;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::http_reply;
using test::Reply;
using test::ScriptedServer;

config::HealthCheck quick() {
  config::HealthCheck check;
  check.kind = config::HealthCheck::Kind::http;
  check.path = "/healthz";
  check.interval = milliseconds{4};
  check.fast_interval = milliseconds{2};
  check.timeout = seconds{15};
  return check;
}

/// Probed once, and not again within a test.
config::HealthCheck once() {
  config::HealthCheck check = quick();
  check.interval = check.fast_interval = hours{1};
  return check;
}

std::shared_ptr<const ProbePlan> plan(const config::HealthCheck& check) {
  return std::make_shared<const ProbePlan>(check);
}

class MonitorTest : public testing::Test {
 protected:
  MonitorTest() { EXPECT_TRUE(monitor_.start()); }

  bool wait_for(const std::function<bool()>& condition) { return test::run_until(io_, condition); }
  bool wait_for_reports(std::size_t count) {
    return wait_for([&] { return reports_.size() >= count; });
  }
  /// Lets everything happen that is due within `time`.
  void let_pass(milliseconds time) {
    asio::steady_timer timer(io_, time);
    bool passed = false;
    timer.async_wait([&passed](const boost::system::error_code&) { passed = true; });
    EXPECT_TRUE(wait_for([&passed] { return passed; }));
  }

  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  SystemClock clock_;
  std::vector<std::string> reports_;
  Monitor monitor_{io_, clock_, 1, [this](TargetId id, Health health, const std::string& reason) {
                     reports_.push_back(std::to_string(id) + " " + std::string(to_string(health)) +
                                        " " + reason);
                   }};
};

TEST_F(MonitorTest, KnowsANewTargetAfterItsFirstAnswer) {
  const ScriptedServer well(io_, [](std::size_t) { return http_reply(200); });
  const ScriptedServer ill(io_, [](std::size_t) { return http_reply(503); });
  monitor_.watch(0, plan(once()), {{1, well.address()}, {2, ill.address()}});
  EXPECT_TRUE(reports_.empty());
  ASSERT_TRUE(wait_for_reports(2));
  std::sort(reports_.begin(), reports_.end());
  EXPECT_EQ(reports_,
            (std::vector<std::string>{"1 healthy probe: status 200",
                                      "2 unhealthy probe: status 503, expected 200-299"}));
}

TEST_F(MonitorTest, ReportsChangesAndNothingElse) {
  const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); });
  monitor_.watch(0, plan(quick()), {{1, server.address()}});
  ASSERT_TRUE(wait_for([&] { return server.connections() >= 10; }));
  EXPECT_EQ(reports_.size(), 1U);
}

TEST_F(MonitorTest, IsNotMovedByFlappingButByResultsInARow) {
  //                                 rise 2, fall 3: down after #8, up after #11.
  const std::string script = "+--+--+---+-++";
  std::vector<std::size_t> seen_at;
  const ScriptedServer server(io_, [&](std::size_t connection) {
    seen_at.push_back(reports_.size());
    const bool well = connection >= script.size() || script[connection] == '+';
    return http_reply(well ? 200 : 500);
  });
  monitor_.watch(0, plan(quick()), {{1, server.address()}});
  ASSERT_TRUE(wait_for([&] { return seen_at.size() >= 20 && reports_.size() >= 3; }));
  EXPECT_EQ(reports_, (std::vector<std::string>{"1 healthy probe: status 200",
                                                "1 unhealthy probe: status 500, expected 200-299",
                                                "1 healthy probe: status 200"}));
  // How many reports were out when each probe came: never more than those before it can have
  // caused, and fewer where it was quicker than the way of a report to control.
  const std::vector<std::size_t> at_most = {0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3};
  for (std::size_t probe = 0; probe < at_most.size(); ++probe)
    EXPECT_LE(seen_at[probe], at_most[probe]) << "probe " << probe;
}

TEST_F(MonitorTest, ProbesFastWhileATargetIsBetweenStates) {
  const ScriptedServer server(io_, [](std::size_t n) { return http_reply(n == 0 ? 503 : 200); });
  config::HealthCheck check = quick();
  check.rise = 21;
  check.jitter_percent = 0;
  check.interval = milliseconds{300};
  check.fast_interval = milliseconds{2};
  const Mono begin = clock_.mono();
  monitor_.watch(0, plan(check), {{1, server.address()}});
  ASSERT_TRUE(wait_for_reports(2));
  // One regular interval and twenty fast ones; at the regular pace it would be six seconds.
  EXPECT_GE(clock_.mono() - begin, milliseconds{340});
  EXPECT_LT(clock_.mono() - begin, seconds{5});
  EXPECT_EQ(server.connections(), 22U);
}

TEST_F(MonitorTest, KeepsTheStateOfTargetsThatStay) {
  const ScriptedServer first(io_, [](std::size_t) { return http_reply(200); });
  const ScriptedServer second(io_, [](std::size_t) { return http_reply(200); });
  monitor_.watch(0, plan(once()), {{1, first.address()}});
  ASSERT_TRUE(wait_for_reports(1));
  monitor_.watch(0, plan(once()), {{1, first.address()}, {2, second.address()}});
  ASSERT_TRUE(wait_for_reports(2));
  EXPECT_EQ(reports_.back(), "2 healthy probe: status 200");
  EXPECT_EQ(first.connections(), 1U);
}

TEST_F(MonitorTest, TakesUpANewCheckWithoutWaitingForTheOldInterval) {
  bool well = true;
  const ScriptedServer server(io_, [&](std::size_t) { return http_reply(well ? 200 : 500); });
  monitor_.watch(0, plan(once()), {{1, server.address()}});
  ASSERT_TRUE(wait_for_reports(1));
  well = false;
  monitor_.watch(0, plan(quick()), {{1, server.address()}});
  ASSERT_TRUE(wait_for_reports(2));
  EXPECT_EQ(reports_.back(), "1 unhealthy probe: status 500, expected 200-299");
}

TEST_F(MonitorTest, TreatsAnIdWithAnotherAddressAsANewTarget) {
  const ScriptedServer first(io_, [](std::size_t) { return http_reply(200); });
  const ScriptedServer second(io_, [](std::size_t) { return http_reply(500); });
  monitor_.watch(0, plan(quick()), {{1, first.address()}});
  ASSERT_TRUE(wait_for_reports(1));
  monitor_.watch(0, plan(quick()), {{1, second.address()}});
  ASSERT_TRUE(wait_for_reports(2));
  EXPECT_EQ(second.connections(), 1U);
  EXPECT_EQ(reports_.back(), "1 unhealthy probe: status 500, expected 200-299");
}

TEST_F(MonitorTest, NeverReportsATargetThatLeftWhileItWasProbed) {
  ScriptedServer server(io_, [](std::size_t) { return test::stall(); });
  const ScriptedServer other(io_, [](std::size_t) { return http_reply(200); });
  monitor_.watch(0, plan(once()), {{1, server.address()}});
  ASSERT_TRUE(wait_for([&] { return server.requests().size() == 1; }));
  monitor_.watch(0, plan(once()), {{2, other.address()}});
  server.release(http_reply(200).bytes);
  ASSERT_TRUE(wait_for_reports(1));
  let_pass(milliseconds{20});
  EXPECT_EQ(reports_, std::vector<std::string>{"2 healthy probe: status 200"});
}

TEST_F(MonitorTest, RunsOnlySoManyProbesAtATime) {
  constexpr std::size_t kLimit = 20;
  bool is_released = false;
  ScriptedServer server(io_,
                        [&](std::size_t) { return is_released ? http_reply(200) : test::stall(); });
  config::HealthCheck check = once();
  check.fast_interval = milliseconds{10};  // Spreads the first probes over 5 ms.
  check.interval = hours{1};
  std::vector<ProbedTarget> targets;
  for (TargetId id = 1; id <= 100; ++id) targets.push_back({id, server.address()});
  monitor_.limit(kLimit);
  monitor_.watch(0, plan(check), targets);
  ASSERT_TRUE(wait_for([&] { return server.requests().size() == kLimit; }));
  let_pass(milliseconds{50});
  EXPECT_EQ(server.connections(), kLimit);
  EXPECT_EQ(monitor_.figures().running, kLimit);
  EXPECT_TRUE(reports_.empty());
  // Whoever leaves makes room.
  targets.erase(targets.begin(), targets.begin() + 10);
  monitor_.watch(0, plan(check), targets);
  ASSERT_TRUE(wait_for([&] { return server.requests().size() == kLimit + 10; }));
  is_released = true;
  server.release(http_reply(200).bytes);
  ASSERT_TRUE(wait_for_reports(90));
  EXPECT_EQ(reports_.size(), 90U);
}

TEST_F(MonitorTest, ReportsEveryOneOfManyTargetsOnceAndInSlices) {
  const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); });
  constexpr TargetId kTargets = 2000;
  constexpr TargetId kEach = 40;
  monitor_.limit(256);
  for (TargetId first = 1; first <= kTargets; first += kEach) {
    std::vector<ProbedTarget> targets;
    for (TargetId id = first; id < first + kEach; ++id) targets.push_back({id, server.address()});
    monitor_.watch(first, plan(once()), targets);
  }
  EXPECT_EQ(monitor_.watched(), kTargets);
  std::size_t most = 0;
  while (reports_.size() < kTargets) {
    const std::size_t before = reports_.size();
    io_.restart();
    ASSERT_EQ(io_.run_one_for(seconds{20}), 1U);
    most = std::max(most, reports_.size() - before);
  }
  EXPECT_LE(most, Monitor::kSlice);
  std::ranges::sort(reports_);
  EXPECT_EQ(std::ranges::unique(reports_).begin(), reports_.end());
  EXPECT_EQ(monitor_.figures().begun, kTargets);
}

TEST_F(MonitorTest, DropsWhatWasFoundOfATargetThatHasLeft) {
  const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); });
  std::vector<ProbedTarget> targets;
  for (TargetId id = 1; id <= 200; ++id) targets.push_back({id, server.address()});
  monitor_.watch(0, plan(once()), targets);
  ASSERT_TRUE(wait_for([&] { return !reports_.empty(); }));
  targets.resize(100);
  monitor_.watch(0, plan(once()), targets);
  reports_.clear();
  ASSERT_TRUE(
      wait_for([&] { return server.connections() >= 100 && monitor_.figures().running == 0; }));
  let_pass(milliseconds{20});
  for (const std::string& report : reports_) EXPECT_LE(std::stoul(report), 100U);
}

TEST_F(MonitorTest, SurvivesWhateverIsWatchedWhileResultsCome) {
  constexpr std::uint64_t kSeed = 17;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  Rng rng(kSeed);
  // A flood of changes: up and down with each probe.
  const ScriptedServer flapping(io_, [](std::size_t n) { return http_reply(n % 2 ? 200 : 500); });
  const ScriptedServer silent(io_, [](std::size_t) { return test::stall(); });
  config::HealthCheck check = quick();
  check.rise = check.fall = 1;
  check.timeout = milliseconds{20};
  monitor_.limit(50);
  TargetId next = 1;
  std::vector<std::vector<ProbedTarget>> owned(8);
  for (int round = 0; round < 300; ++round) {
    const Monitor::Owner owner = rng.below(8);
    std::vector<ProbedTarget>& targets = owned[owner];
    std::erase_if(targets, [&](const ProbedTarget&) { return rng.below(3) == 0; });
    for (std::uint32_t more = rng.below(8); more > 0; --more)
      targets.push_back({next++, rng.below(4) == 0 ? silent.address() : flapping.address()});
    check.interval = milliseconds{2 + rng.below(4)};
    monitor_.watch(owner, plan(check), targets);
    io_.restart();
    io_.run_for(milliseconds{1});
  }
  ASSERT_TRUE(wait_for_reports(200));
  for (Monitor::Owner owner = 0; owner < 8; ++owner) monitor_.watch(owner, plan(check), {});
  reports_.clear();
  ASSERT_TRUE(wait_for([&] { return monitor_.figures().running == 0; }));
  let_pass(milliseconds{20});
  EXPECT_TRUE(reports_.empty());
  EXPECT_EQ(monitor_.watched(), 0U);
}

TEST_F(MonitorTest, ReportsTheChangesOfOneTargetInTheirOrder) {
  const ScriptedServer server(io_, [](std::size_t n) { return http_reply(n % 2 ? 500 : 200); });
  config::HealthCheck check = quick();
  check.rise = check.fall = 1;
  monitor_.watch(0, plan(check), {{1, server.address()}});
  ASSERT_TRUE(wait_for_reports(20));
  for (std::size_t i = 0; i < 20; ++i)
    EXPECT_TRUE(reports_[i].starts_with(i % 2 == 0 ? "1 healthy" : "1 unhealthy")) << i;
}

TEST_F(MonitorTest, WatchesNobodyAfterStop) {
  const ScriptedServer server(io_, [](std::size_t) { return test::stall(); });
  monitor_.watch(0, plan(once()), {{1, server.address()}, {2, server.address()}});
  ASSERT_TRUE(wait_for([&] { return server.requests().size() == 2; }));
  monitor_.stop();
  monitor_.watch(0, plan(once()), {{3, server.address()}});
  ASSERT_TRUE(wait_for([&] { return monitor_.figures().running == 0; }));
  let_pass(milliseconds{20});
  EXPECT_EQ(server.connections(), 2U);
  EXPECT_TRUE(reports_.empty());
}

TEST_F(MonitorTest, IsSafelyDestroyedWithProbesUnderWay) {
  const ScriptedServer server(io_, [](std::size_t) { return test::stall(); });
  auto monitor = std::make_unique<Monitor>(io_, clock_, 1,
                                           [](TargetId, Health, const std::string&) { FAIL(); });
  ASSERT_TRUE(monitor->start());
  std::vector<ProbedTarget> targets;
  for (TargetId id = 1; id <= 100; ++id) targets.push_back({id, server.address()});
  monitor->watch(0, plan(once()), targets);
  ASSERT_TRUE(wait_for([&] { return server.requests().size() >= 5; }));
  monitor.reset();
  let_pass(milliseconds{20});
}

TEST_F(MonitorTest, ReportsNothingAfterItsDestructionThoughItWasFound) {
  const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); });
  for (int round = 0; round < 20; ++round) {
    auto monitor = std::make_unique<Monitor>(io_, clock_, 1,
                                             [](TargetId, Health, const std::string&) { FAIL(); });
    ASSERT_TRUE(monitor->start());
    // Answered by the system, so that it is found while control's thread is here.
    config::HealthCheck check = once();
    check.kind = config::HealthCheck::Kind::tcp;
    monitor->watch(0, plan(check), {{1, server.address()}});
    while (monitor->figures().begun == 0 || monitor->figures().running > 0)
      std::this_thread::yield();
    monitor.reset();
    io_.restart();
    io_.poll();
  }
}

TEST_F(MonitorTest, DoesWhatItWasToldBeforeItsThreadBegan) {
  const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); });
  std::size_t told = 0;
  Monitor late(io_, clock_, 1, [&](TargetId, Health, const std::string&) { ++told; });
  late.watch(0, plan(once()), {{1, server.address()}});
  ASSERT_TRUE(late.start());
  EXPECT_TRUE(wait_for([&] { return told == 1; }));
  const Monitor never(io_, clock_, 1, [](TargetId, Health, const std::string&) { FAIL(); });
}

TEST_F(MonitorTest, LetsItsListenerWatchOthersAndEndIt) {
  const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); });
  std::unique_ptr<Monitor> monitor;
  std::vector<TargetId> reported;
  monitor = std::make_unique<Monitor>(io_, clock_, 1, [&](TargetId id, Health, const std::string&) {
    reported.push_back(id);
    if (id == 1)
      monitor->watch(0, plan(once()), {{2, server.address()}});
    else
      monitor.reset();
  });
  ASSERT_TRUE(monitor->start());
  monitor->watch(0, plan(once()), {{1, server.address()}});
  ASSERT_TRUE(wait_for([&] { return !monitor; }));
  EXPECT_EQ(reported, (std::vector<TargetId>{1, 2}));
}

TEST_F(MonitorTest, NamesTheReasonOfATargetThatIsNotThere) {
  asio::ip::tcp::acceptor taken(io_, {asio::ip::address_v4::loopback(), 0});
  const Address deserted{Address::Kind::ip4, "127.0.0.1", taken.local_endpoint().port()};
  taken.close();
  monitor_.watch(0, plan(once()), {{7, deserted}});
  ASSERT_TRUE(wait_for_reports(1));
  EXPECT_EQ(reports_.front(), "7 unhealthy probe: connection refused");
}

}  // namespace
}  // namespace teal::health
