#include "health/probe/monitor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
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

class MonitorTest : public testing::Test {
 protected:
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
  monitor_.watch(0, {{1, well.address(), once()}, {2, ill.address(), once()}});
  EXPECT_TRUE(reports_.empty());
  ASSERT_TRUE(wait_for_reports(2));
  std::sort(reports_.begin(), reports_.end());
  EXPECT_EQ(reports_,
            (std::vector<std::string>{"1 healthy probe: status 200",
                                      "2 unhealthy probe: status 503, expected 200-299"}));
}

TEST_F(MonitorTest, ReportsChangesAndNothingElse) {
  const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); });
  monitor_.watch(0, {{1, server.address(), quick()}});
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
  monitor_.watch(0, {{1, server.address(), quick()}});
  ASSERT_TRUE(wait_for([&] { return seen_at.size() >= 20; }));
  EXPECT_EQ(reports_, (std::vector<std::string>{"1 healthy probe: status 200",
                                                "1 unhealthy probe: status 500, expected 200-299",
                                                "1 healthy probe: status 200"}));
  // How many reports were out when each probe came.
  seen_at.resize(16);
  EXPECT_EQ(seen_at, (std::vector<std::size_t>{0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3}));
}

TEST_F(MonitorTest, ProbesFastWhileATargetIsBetweenStates) {
  const ScriptedServer server(io_, [](std::size_t n) { return http_reply(n == 0 ? 503 : 200); });
  config::HealthCheck check = quick();
  check.rise = 21;
  check.jitter_percent = 0;
  check.interval = milliseconds{300};
  check.fast_interval = milliseconds{2};
  const Mono begin = clock_.mono();
  monitor_.watch(0, {{1, server.address(), check}});
  ASSERT_TRUE(wait_for_reports(2));
  // One regular interval and twenty fast ones; at the regular pace it would be six seconds.
  EXPECT_GE(clock_.mono() - begin, milliseconds{340});
  EXPECT_LT(clock_.mono() - begin, seconds{5});
  EXPECT_EQ(server.connections(), 22U);
}

TEST_F(MonitorTest, KeepsTheStateOfTargetsThatStay) {
  const ScriptedServer first(io_, [](std::size_t) { return http_reply(200); });
  const ScriptedServer second(io_, [](std::size_t) { return http_reply(200); });
  monitor_.watch(0, {{1, first.address(), once()}});
  ASSERT_TRUE(wait_for_reports(1));
  monitor_.watch(0, {{1, first.address(), once()}, {2, second.address(), once()}});
  ASSERT_TRUE(wait_for_reports(2));
  EXPECT_EQ(reports_.back(), "2 healthy probe: status 200");
  EXPECT_EQ(first.connections(), 1U);
}

TEST_F(MonitorTest, TakesUpANewCheckWithoutWaitingForTheOldInterval) {
  bool well = true;
  const ScriptedServer server(io_, [&](std::size_t) { return http_reply(well ? 200 : 500); });
  monitor_.watch(0, {{1, server.address(), once()}});
  ASSERT_TRUE(wait_for_reports(1));
  well = false;
  monitor_.watch(0, {{1, server.address(), quick()}});
  ASSERT_TRUE(wait_for_reports(2));
  EXPECT_EQ(reports_.back(), "1 unhealthy probe: status 500, expected 200-299");
}

TEST_F(MonitorTest, TreatsAnIdWithAnotherAddressAsANewTarget) {
  const ScriptedServer first(io_, [](std::size_t) { return http_reply(200); });
  const ScriptedServer second(io_, [](std::size_t) { return http_reply(500); });
  monitor_.watch(0, {{1, first.address(), quick()}});
  ASSERT_TRUE(wait_for_reports(1));
  monitor_.watch(0, {{1, second.address(), quick()}});
  ASSERT_TRUE(wait_for_reports(2));
  EXPECT_EQ(second.connections(), 1U);
  EXPECT_EQ(reports_.back(), "1 unhealthy probe: status 500, expected 200-299");
}

TEST_F(MonitorTest, NeverReportsATargetThatLeftWhileItWasProbed) {
  ScriptedServer server(io_, [](std::size_t) { return test::stall(); });
  const ScriptedServer other(io_, [](std::size_t) { return http_reply(200); });
  monitor_.watch(0, {{1, server.address(), once()}});
  ASSERT_TRUE(wait_for([&] { return server.requests().size() == 1; }));
  monitor_.watch(0, {{2, other.address(), once()}});
  server.release(http_reply(200).bytes);
  ASSERT_TRUE(wait_for_reports(1));
  let_pass(milliseconds{20});
  EXPECT_EQ(reports_, std::vector<std::string>{"2 healthy probe: status 200"});
}

TEST_F(MonitorTest, RunsOnlySoManyProbesAtATime) {
  bool is_released = false;
  ScriptedServer server(io_,
                        [&](std::size_t) { return is_released ? http_reply(200) : test::stall(); });
  config::HealthCheck check = once();
  check.timeout = seconds{15};
  std::vector<ProbedTarget> targets;
  for (TargetId id = 1; id <= 300; ++id) targets.push_back({id, server.address(), check});
  check.fast_interval = milliseconds{10};  // Spreads the first probes over 5 ms.
  for (ProbedTarget& target : targets) target.check = check;
  monitor_.watch(0, targets);
  ASSERT_TRUE(wait_for([&] { return server.requests().size() == Monitor::kMaxConcurrent; }));
  let_pass(milliseconds{50});
  EXPECT_EQ(server.connections(), Monitor::kMaxConcurrent);
  EXPECT_TRUE(reports_.empty());
  // Whoever leaves makes room.
  targets.erase(targets.begin(), targets.begin() + 10);
  monitor_.watch(0, targets);
  ASSERT_TRUE(wait_for([&] { return server.requests().size() == Monitor::kMaxConcurrent + 10; }));
  is_released = true;
  server.release(http_reply(200).bytes);
  ASSERT_TRUE(wait_for_reports(290));
  EXPECT_EQ(reports_.size(), 290U);
}

TEST_F(MonitorTest, LetsTheIoContextRunDryAfterStop) {
  const ScriptedServer server(io_, [](std::size_t) { return test::stall(); });
  asio::io_context own;
  Monitor monitor(own, clock_, 1, [](TargetId, Health, const std::string&) { FAIL(); });
  monitor.watch(0, {{1, server.address(), once()}, {2, server.address(), once()}});
  own.poll();
  monitor.stop();
  monitor.watch(0, {{3, server.address(), once()}});
  own.restart();
  own.run_for(seconds{20});
  EXPECT_TRUE(own.stopped());
}

TEST_F(MonitorTest, IsSafelyDestroyedWithProbesUnderWay) {
  const ScriptedServer server(io_, [](std::size_t) { return test::stall(); });
  auto monitor = std::make_unique<Monitor>(io_, clock_, 1,
                                           [](TargetId, Health, const std::string&) { FAIL(); });
  std::vector<ProbedTarget> targets;
  for (TargetId id = 1; id <= 100; ++id) targets.push_back({id, server.address(), once()});
  monitor->watch(0, targets);
  ASSERT_TRUE(wait_for([&] { return server.requests().size() >= 5; }));
  monitor.reset();
  let_pass(milliseconds{20});
}

TEST_F(MonitorTest, LetsItsListenerWatchOthersAndEndIt) {
  const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); });
  std::unique_ptr<Monitor> monitor;
  std::vector<TargetId> reported;
  monitor = std::make_unique<Monitor>(io_, clock_, 1, [&](TargetId id, Health, const std::string&) {
    reported.push_back(id);
    if (id == 1)
      monitor->watch(0, {{2, server.address(), once()}});
    else
      monitor.reset();
  });
  monitor->watch(0, {{1, server.address(), once()}});
  ASSERT_TRUE(wait_for([&] { return !monitor; }));
  EXPECT_EQ(reported, (std::vector<TargetId>{1, 2}));
}

TEST_F(MonitorTest, NamesTheReasonOfATargetThatIsNotThere) {
  asio::ip::tcp::acceptor taken(io_, {asio::ip::address_v4::loopback(), 0});
  const Address deserted{Address::Kind::ip4, "127.0.0.1", taken.local_endpoint().port()};
  taken.close();
  monitor_.watch(0, {{7, deserted, once()}});
  ASSERT_TRUE(wait_for_reports(1));
  EXPECT_EQ(reports_.front(), "7 unhealthy probe: connection refused");
}

}  // namespace
}  // namespace teal::health
