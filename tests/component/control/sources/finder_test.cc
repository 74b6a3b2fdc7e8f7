#include "control/sources/finder.h"

#include <unistd.h>

#include <gtest/gtest.h>

#include <memory>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "tests/support/component_scripted_server.h"
#include "tests/support/dns_server.h"

namespace teal::control {
namespace {

using net::dns::AskedQuestion;
using net::dns::DnsServer;

class FinderTest : public testing::Test {
 protected:
  FinderTest() {
    config::Service shop;
    shop.name = "shop";
    config::DiscoverSource source;
    source.name = "app.internal";
    source.port = 80;
    source.records = config::DiscoverSource::Records::a;
    shop.discover = {source};
    config.services = {shop};
    config.discovery.resolvers = {server.address()};
    config.discovery.min_refresh = Millis{20};
    server.have({"10.0.0.1"}, 0);
  }

  Result<void> watch() {
    if (const Result<void> started = finder->start(); !started) return started.error();
    finder->watch(config.discovery, sources_in(config));
    return {};
  }
  bool await(std::size_t count) {
    return test::run_until(io, [&] { return findings.size() >= count; });
  }

  DnsServer server{[](const AskedQuestion&, bool) { return DnsServer::Messages{}; }};
  config::Config config;
  SystemClock clock;
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
      boost::asio::make_work_guard(io);
  std::vector<Finding> findings;
  std::unique_ptr<Finder> finder = std::make_unique<Finder>(
      io, clock, 7, ::geteuid(), [this](const Finding& finding) { findings.push_back(finding); });
};

TEST_F(FinderTest, TellsControlWhatIsFound) {
  ASSERT_TRUE(watch());
  ASSERT_TRUE(await(2));
  EXPECT_EQ(findings[1].service, "shop");
  EXPECT_EQ(findings[1].source, "dns:app.internal:80");
  ASSERT_TRUE(findings[1].entries);
  EXPECT_EQ(findings[1].entries->size(), 1U);
}

TEST_F(FinderTest, TellsNothingOnceItHasStopped) {
  ASSERT_TRUE(watch());
  ASSERT_TRUE(await(1));
  finder->stop();
  findings.clear();
  io.poll();
  EXPECT_TRUE(findings.empty());
}

TEST_F(FinderTest, MayGoWhileSomethingIsUnderWay) {
  server.die();
  config.discovery.timeout = std::chrono::seconds{30};
  ASSERT_TRUE(watch());
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (server.asked("app.internal", net::dns::Type::a) == 0 &&
         std::chrono::steady_clock::now() < patience)
    io.poll();
  EXPECT_EQ(server.asked("app.internal", net::dns::Type::a), 1U);
  finder.reset();
  io.poll();
  EXPECT_TRUE(findings.empty());
}

TEST_F(FinderTest, WithoutSourcesItHasNoThread) {
  config.services.clear();
  ASSERT_TRUE(watch());
  finder.reset();
}

TEST_F(FinderTest, AReloadTakesSourcesAwayAndBringsOthers) {
  ASSERT_TRUE(watch());
  ASSERT_TRUE(await(1));
  config.services[0].name = "news";
  ASSERT_TRUE(watch());
  EXPECT_TRUE(
      test::run_until(io, [&] { return !findings.empty() && findings.back().service == "news"; }));
}

}  // namespace
}  // namespace teal::control
