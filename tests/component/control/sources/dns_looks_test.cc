#include "control/sources/dns_looks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include <boost/asio/io_context.hpp>

#include "base/clock.h"
#include "tests/support/component_scripted_server.h"
#include "tests/support/dns_server.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;
using net::dns::AskedQuestion;
using net::dns::DnsServer;
using net::dns::ReplyText;
using net::dns::Type;
using Messages = DnsServer::Messages;
using Records = config::DiscoverSource::Records;
using Texts = std::vector<std::string>;

/// One service with one source, "app.internal:80", and a resolver that plays a script.
class DnsLooksTest : public testing::Test {
 protected:
  DnsLooksTest() {
    source.name = "app.internal";
    source.port = 80;
    source.revision = "v1";
    source.records = Records::a;
    rules.resolvers = {server.address()};
    rules.timeout = 150ms;
    rules.min_refresh = 20ms;
  }

  void watch() { looks.watch(rules, {{"shop", source}}); }
  /// The first finding that is like this.
  bool await(const std::function<bool(const Finding&)>& is_it) {
    return test::run_until(io, [&] { return std::ranges::any_of(findings, is_it); });
  }
  bool await_entries(const Texts& texts) {
    return await([&](const Finding& finding) { return entries(finding) == texts; });
  }
  bool await_problem(LookFault fault) {
    return await([&](const Finding& finding) {
      return std::ranges::any_of(
          finding.problems, [&](const LookProblem& problem) { return problem.fault == fault; });
    });
  }
  static Texts entries(const Finding& finding) {
    Texts texts;
    if (!finding.entries) return {"none"};
    for (const FoundTargetPlace& each : *finding.entries) texts.push_back(to_string(each.address));
    return texts;
  }
  static ReplyText text(const AskedQuestion& asked) {
    return ReplyText(asked.name, asked.type, asked.id);
  }

  boost::asio::io_context io{1};
  SystemClock clock;
  DnsServer server{[](const AskedQuestion&, bool) { return Messages{}; }};
  config::Discovery rules;
  config::DiscoverSource source;
  std::vector<Finding> findings;
  DnsLooks looks{io, clock, 7, [this](Finding finding) { findings.push_back(std::move(finding)); }};
};

TEST_F(DnsLooksTest, FindsTheAddressesOfANameAndAsksAgain) {
  server.have({"10.0.0.2", "10.0.0.1"}, 0);
  watch();
  EXPECT_TRUE(await_entries({"10.0.0.1:80", "10.0.0.2:80"}));
  server.have({"10.0.0.2", "10.0.0.3"}, 0);
  EXPECT_TRUE(await_entries({"10.0.0.2:80", "10.0.0.3:80"}));
}

TEST_F(DnsLooksTest, ANameThatManyAskForIsAskedForOnce) {
  server.have({"10.0.0.1"}, 3600);
  std::vector<WatchedSource> sources;
  for (int i = 0; i < 50; ++i) sources.push_back({"s" + std::to_string(i), source});
  looks.watch(rules, sources);
  EXPECT_TRUE(test::run_until(io, [&] { return findings.size() == 50; }));
  EXPECT_EQ(server.asked("app.internal", Type::a), 1U);
  // Another one that comes later knows it at once.
  sources.push_back({"later", source});
  looks.watch(rules, sources);
  ASSERT_EQ(findings.size(), 51U);
  EXPECT_EQ(findings.back().service, "later");
  EXPECT_EQ(server.asked("app.internal", Type::a), 1U);
}

TEST_F(DnsLooksTest, KnowsWhatIsNotThere) {
  server.answer(
      [](const AskedQuestion& asked, bool) { return Messages{text(asked).code(3).soa(60, 60)}; });
  watch();
  EXPECT_TRUE(await([](const Finding& finding) {
    return entries(finding).empty() &&
           finding.empty_because == "app.internal does not exist (NXDOMAIN)";
  }));
  server.have({}, 60);
  source.name = "other.internal";
  watch();
  EXPECT_TRUE(await([](const Finding& finding) {
    return entries(finding).empty() && finding.source == "dns:other.internal:80" &&
           finding.empty_because.find("no records") != std::string::npos;
  }));
}

TEST_F(DnsLooksTest, TellsFailuresApart) {
  for (const auto& [code, fault] :
       {std::pair{2U, LookFault::server_failure}, std::pair{5U, LookFault::refused}}) {
    findings.clear();
    source.name = "n" + std::to_string(code) + ".internal";
    server.answer([answered = code](const AskedQuestion& asked, bool) {
      return Messages{text(asked).code(answered)};
    });
    watch();
    EXPECT_TRUE(await_problem(fault)) << code;
    EXPECT_FALSE(findings.back().entries);
  }
}

TEST_F(DnsLooksTest, SilenceIsATimeout) {
  watch();
  EXPECT_TRUE(await_problem(LookFault::timeout));
  EXPECT_GE(server.asked("app.internal", Type::a), 2U) << "there are two tries";
}

TEST_F(DnsLooksTest, AResolverThatIsNotThereIsToldApart) {
  rules.resolvers = {{Address::Kind::ip4, "127.0.0.1", 1}};
  watch();
  EXPECT_TRUE(await([](const Finding& finding) { return !finding.problems.empty(); }));
  const LookFault fault = findings.back().problems.front().fault;
  EXPECT_TRUE(fault == LookFault::unreachable || fault == LookFault::timeout) << to_string(fault);
}

TEST_F(DnsLooksTest, WhatDoesNotFitIsAskedForByTcp) {
  server.answer([](const AskedQuestion& asked, bool by_tcp) {
    ReplyText reply = text(asked);
    reply.ip4(asked.name, "10.0.0.1");
    if (by_tcp)
      reply.ip4(asked.name, "10.0.0.2");
    else
      reply.truncated();
    return Messages{reply};
  });
  watch();
  EXPECT_TRUE(await_entries({"10.0.0.1:80", "10.0.0.2:80"}));
  EXPECT_FALSE(findings.back().is_partial);
  EXPECT_EQ(server.asked_by_tcp(), 1U);
}

TEST_F(DnsLooksTest, WhatDoesNotFitByTcpEitherOnlyAdds) {
  server.answer([](const AskedQuestion& asked, bool by_tcp) {
    return Messages{text(asked).ip4(asked.name, by_tcp ? "10.0.0.2" : "10.0.0.1").truncated()};
  });
  watch();
  EXPECT_TRUE(await_entries({"10.0.0.2:80"}));
  EXPECT_TRUE(findings.back().is_partial);
}

TEST_F(DnsLooksTest, WhatDoesNotFitCountsWhereTcpIsDead) {
  server.answer([](const AskedQuestion& asked, bool by_tcp) {
    if (by_tcp) return Messages{};
    return Messages{text(asked).ip4(asked.name, "10.0.0.1").truncated()};
  });
  watch();
  EXPECT_TRUE(await_entries({"10.0.0.1:80"}));
  EXPECT_TRUE(findings.back().is_partial);
  EXPECT_TRUE(await_problem(LookFault::truncated));
}

TEST_F(DnsLooksTest, AHalfThatFailsTakesNothingAway) {
  source.records = Records::both;
  server.answer([](const AskedQuestion& asked, bool) {
    if (asked.type == Type::a) return Messages{text(asked).ip4(asked.name, "10.0.0.1", 3600)};
    return Messages{text(asked).code(2)};
  });
  watch();
  EXPECT_TRUE(await_entries({"10.0.0.1:80"}));
  EXPECT_TRUE(findings.back().is_partial);
  EXPECT_EQ(findings.back().problems.at(0).fault, LookFault::server_failure);
}

TEST_F(DnsLooksTest, StrangersRepliesAreNotBelieved) {
  server.answer([](const AskedQuestion& asked, bool) {
    const auto lie = [&](const std::string& name, Type type, int id) {
      return ReplyText(name, type, static_cast<std::uint16_t>(id)).ip4(asked.name, "10.6.6.6");
    };
    return Messages{lie(asked.name, asked.type, asked.id + 1),
                    lie("other.internal", asked.type, asked.id),
                    text(asked).ip4(asked.name, "10.0.0.1", 3600)};
  });
  watch();
  EXPECT_TRUE(await_entries({"10.0.0.1:80"}));
  for (const Finding& finding : findings) EXPECT_EQ(entries(finding), (Texts{"10.0.0.1:80"}));
}

TEST_F(DnsLooksTest, ALoopOfAliasesIsMalformed) {
  server.answer([](const AskedQuestion& asked, bool) {
    return Messages{text(asked).alias(asked.name, "b.internal").alias("b.internal", asked.name)};
  });
  watch();
  EXPECT_TRUE(await_problem(LookFault::malformed));
}

TEST_F(DnsLooksTest, ALoopOfPointersIsMalformed) {
  server.answer([](const AskedQuestion& asked, bool) {
    const std::string self{'\xc0', static_cast<char>(text(asked).size())};
    return Messages{text(asked).raw(self, 1, "1234")};
  });
  watch();
  EXPECT_TRUE(await_problem(LookFault::malformed));
}

TEST_F(DnsLooksTest, FollowsAliases) {
  server.answer([](const AskedQuestion& asked, bool) {
    return Messages{text(asked)
                        .alias(asked.name, "b.internal")
                        .alias("b.internal", "c.internal")
                        .ip4("c.internal", "10.0.0.1", 3600)};
  });
  watch();
  EXPECT_TRUE(await_entries({"10.0.0.1:80"}));
}

TEST_F(DnsLooksTest, AThousandAddressesComeByTcp) {
  server.answer([](const AskedQuestion& asked, bool by_tcp) {
    ReplyText reply = text(asked);
    for (int i = 0; i < (by_tcp ? 1000 : 10); ++i)
      reply.ip4(asked.name, "10.0." + std::to_string(i / 250) + '.' + std::to_string(i % 250));
    if (!by_tcp) reply.truncated();
    return Messages{reply};
  });
  watch();
  EXPECT_TRUE(await([](const Finding& finding) { return entries(finding).size() == 1000; }));
}

TEST_F(DnsLooksTest, ServicesBringTheirPorts) {
  source.records = Records::srv;
  source.port = 0;
  server.answer([](const AskedQuestion& asked, bool) {
    ReplyText reply = text(asked);
    if (asked.type == Type::srv)
      reply.service(asked.name, {1, 0, 8001, "a.internal"})
          .service(asked.name, {1, 0, 8002, "b.internal"})
          .service(asked.name, {2, 0, 8003, "c.internal"});
    else if (asked.name == "a.internal" && asked.type == Type::a)
      reply.ip4(asked.name, "10.0.0.1");
    else if (asked.name == "b.internal" && asked.type == Type::aaaa)
      reply.ip6(asked.name, "2001:db8::2");
    return Messages{reply};
  });
  watch();
  EXPECT_TRUE(await_entries({"10.0.0.1:8001", "[2001:db8::2]:8002"}));
  EXPECT_EQ(server.asked("c.internal", Type::a), 0U);
}

TEST_F(DnsLooksTest, AReloadAsksOthers) {
  server.have({"10.0.0.1"}, 0);
  watch();
  EXPECT_TRUE(await_entries({"10.0.0.1:80"}));
  DnsServer other{[](const AskedQuestion& asked, bool) {
    return Messages{text(asked).ip4(asked.name, "10.0.0.9", 0)};
  }};
  rules.resolvers = {other.address()};
  watch();
  EXPECT_TRUE(await_entries({"10.0.0.9:80"}));
}

TEST_F(DnsLooksTest, TheSecondResolverIsAskedWhereTheFirstIsSilent) {
  DnsServer dead{[](const AskedQuestion&, bool) { return Messages{}; }};
  server.have({"10.0.0.1"}, 60);
  rules.resolvers = {dead.address(), server.address()};
  watch();
  EXPECT_TRUE(await_entries({"10.0.0.1:80"}));
  EXPECT_EQ(dead.asked("app.internal", Type::a), 1U);
}

TEST(DnsAskerTest, ReadsItsResolversAnewWhenTheirFileChanges) {
  boost::asio::io_context io{1};
  const std::string path = testing::TempDir() + "/resolv.conf." + std::to_string(::getpid());
  std::ofstream(path) << "nameserver 127.0.0.1\n";
  DnsAsker asker(io, config::Discovery{}, path);
  // Nobody is asked: what matters is that a channel is replaced while a question is under way.
  int answers = 0;
  const auto ask = [&] {
    asker.ask({"app.internal", Type::a}, [&](const AskResult&) { ++answers; });
  };
  ask();
  std::ofstream(path, std::ios::app) << "nameserver 127.0.0.2\n";
  ask();
  EXPECT_TRUE(test::run_until(io, [&] { return answers == 2; }));
  ask();
  EXPECT_TRUE(test::run_until(io, [&] { return answers == 3; }));
  std::remove(path.c_str());
}

}  // namespace
}  // namespace teal::control
