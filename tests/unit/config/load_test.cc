#include "config/load.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_services.h"

namespace teal::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Load, ReportsEveryProblemAtOnceInTheOrderOfTheFile) {
  const std::string folder = TEAL_SOURCE_DIR "/tests/unit/config/golden/";
  const std::string report =
      report_of(load_text(contents(folder + "mistakes.yaml"), "mistakes.yaml"));
  EXPECT_EQ(report, contents(folder + "mistakes.txt"));
}

TEST(Load, GivesTheDefaultsWhereNothingIsSaid) {
  const Loaded<Config> config = load_service("");
  ASSERT_TRUE(config) << report_of(config);
  Config expected;
  Listener listener;
  listener.name = "public";
  listener.address = Address{Address::Kind::ip4, "0.0.0.0", 8080};
  expected.listeners = {listener};
  Service service;
  service.name = "shop";
  service.match = {Match{"public", "", "/"}};
  service.groups[Colour::blue] = Group{"v1", {Address{Address::Kind::ip4, "10.0.0.1", 80}}};
  expected.services = {service};
  EXPECT_EQ(*config, expected);
}

TEST(Load, KeepsTheOrderOfServicesAndAlarms) {
  const Loaded<Config> config = load_text(
      "listeners: { z: { address: 1.2.3.4:1 }, a: { address: 1.2.3.4:2 } }\n"
      "services:\n"
      "  z: { match: { listener: z }, blue: { revision: '1.10', targets: [ '[::1]:80' ] },\n"
      "       deploy: { alarms: { y: { external: true }, b: { error_rate: '>0.5%' } } } }\n"
      "  b: { match: { listener: a }, blue: { revision: 1.10, targets: [ 'unix:/s' ] } }\n",
      "t.yaml");
  ASSERT_TRUE(config) << report_of(config);
  EXPECT_EQ(config->listeners[0].name, "z");
  EXPECT_EQ(config->services[0].name, "z");
  EXPECT_EQ(config->services[0].deploy.alarms[0].name, "y");
  EXPECT_EQ(config->services[0].deploy.alarms[1].name, "b");
  EXPECT_EQ(config->services[1].groups[Colour::blue].revision, "1.10");
}

TEST(Load, AsksForAListenerAndAService) {
  const std::string report = report_of(load_text("", "t.yaml"));
  EXPECT_THAT(report, HasSubstr("t.yaml: listeners: there must be at least one listener"));
  EXPECT_THAT(report, HasSubstr("t.yaml: services: there must be at least one service"));
  EXPECT_THAT(report_of(load_text("- a\n", "t.yaml")), HasSubstr("must be a mapping"));
}

TEST(Load, SaysWhyAFileCannotBeRead) {
  EXPECT_THAT(report_of(load_file("/no/such.yaml")),
              HasSubstr("/no/such.yaml: cannot be opened: No such file or directory"));
  EXPECT_THAT(report_of(load_file(TEAL_SOURCE_DIR)), HasSubstr("is a directory"));
}

TEST(Load, RefusesWhatIsNoFile) {
  EXPECT_THAT(report_of(load_file("/dev/zero")), HasSubstr("/dev/zero: is a device"));
}

TEST(Load, NamesNothingInAReportThatATerminalWouldActOn) {
  for (const std::string bytes : {"\xc2\x9b", "\xe2\x80\xae", "\xe2\x80\xa8"}) {
    const std::string report = report_of(load_text("\"a" + bytes + "b\": 1\n", "t.yaml"));
    EXPECT_EQ(report.find(bytes), std::string::npos) << report;
    EXPECT_THAT(report, HasSubstr("a\\u"));
  }
}

TEST(Load, ShowsAHundredProblemsAndCountsTheRest) {
  std::string text(kListeners);
  for (int i = 0; i < 250; ++i) text += "key" + std::to_string(i) + ": 1\n";
  const Loaded<Config> config = load_text(text, "t.yaml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().list.size(), 101U);
  EXPECT_EQ(to_string(config.error().list.back()),
            "t.yaml: has 151 more problems; solve these first");
}

TEST(Load, FallsOverNoDamagedFile) {
  const std::string whole = contents(TEAL_SOURCE_DIR "/config/teal.yaml");
  ASSERT_GT(whole.size(), 1000U);
  for (std::size_t at = 0; at < whole.size(); at += 151) {
    std::string damaged = whole;
    damaged[at] = "{}[]:'\"&*>|%@\n\x01"[(at / 151) % 16];
    for (const std::string& text : {damaged, whole.substr(0, at)}) {
      const Loaded<Config> config = load_text(text, "t.yaml");
      EXPECT_TRUE(config.has_value() || !config.error().list.empty());
    }
  }
}

TEST(LoadMatch, TakesHostsInLowerCaseAndOneMappingForAList) {
  const std::string head =
      std::string(kListeners) +
      "services: { s: { blue: { revision: v, targets: [ 1.1.1.1:1 ] }, match: ";
  const Loaded<Config> config =
      load_text(head +
                    "[ { listener: public, host: Shop.Example.COM }, { listener: public, host: "
                    "'*.Example.com', path: /a }, { listener: public, host: '[::1]' } ] } }",
                "t.yaml");
  ASSERT_TRUE(config) << report_of(config);
  EXPECT_THAT(config->services[0].match,
              ElementsAre(Match{"public", "shop.example.com", "/"},
                          Match{"public", "*.example.com", "/a"}, Match{"public", "[::1]", "/"}));
  const auto problem = [&](const std::string& match) {
    return report_of(load_text(head + match + " } }", "t.yaml"));
  };
  EXPECT_THAT(problem("{ listener: public, host: 'a.b:80' }"), HasSubstr("leave the port out"));
  EXPECT_THAT(problem("{ listener: public, host: '*' }"), HasSubstr("leave host out"));
  EXPECT_THAT(problem("{ listener: public, host: 'b\xc3\xbc.de' }"), HasSubstr("xn--"));
  EXPECT_THAT(problem("{ listener: public, host: a..b }"), HasSubstr("not a host name"));
  EXPECT_THAT(problem("{ listener: public, path: a }"), HasSubstr("begins with '/'"));
  EXPECT_THAT(problem("{ listener: public, path: '/a?b' }"), HasSubstr("without a query"));
  EXPECT_THAT(problem("{ host: a.b }"), HasSubstr("has no listener"));
  EXPECT_THAT(problem("{ listener: publik }"),
              HasSubstr("there is no listener 'publik'; did you mean 'public'?"));
  EXPECT_THAT(problem("[]"), HasSubstr("has no match"));
  EXPECT_THAT(problem("[ { listener: public }, { listener: public, path: / } ]"),
              HasSubstr("lead to service 's' already"));
}

TEST(LoadMatch, RefusesTheSameRouteInTwoServices) {
  const Loaded<Config> config =
      load_text(std::string(kListeners) +
                    "services:\n"
                    "  a: { match: { listener: public, host: X.y }, blue: { revision: v, targets: "
                    "[ 1.1.1.1:1 ] } }\n"
                    "  b: { match: { listener: public, host: x.Y }, blue: { revision: v, targets: "
                    "[ 1.1.1.1:1 ] } }\n",
                "t.yaml");
  EXPECT_EQ(report_of(config),
            "t.yaml:4:8: services.b.match: the same listener, host and path lead to service 'a' "
            "already; give one of the two another host or path\n");
}

TEST(LoadListener, NeedsAnAddressOfItsOwn) {
  const auto problem = [&](const std::string& listeners) {
    return report_of(load_text("listeners: " + listeners +
                                   "\nservices: { s: { match: { listener: a }, blue: { revision: "
                                   "v, targets: [ 1.1.1.1:1 ] } } }",
                               "t.yaml"));
  };
  EXPECT_EQ(problem("{ a: { address: 0.0.0.0:0 }, b: { address: 0.0.0.0:0 } }"), "");
  EXPECT_THAT(problem("{ a: { address: 127.0.0.1:9900 } }"), HasSubstr("the admin address"));
  EXPECT_THAT(problem("{ a: { address: 'unix:/a' }, b: { address: 'unix:/a' } }"),
              HasSubstr("taken by listener 'a'"));
  EXPECT_THAT(problem("{ a: }"), HasSubstr("has no address"));
  EXPECT_THAT(problem("{ a: { address: } }"), HasSubstr("listeners.a.address: has no value"));
  EXPECT_THAT(problem("{ a: { address: 1.1.1.1:80, trusted_proxies: [ 10.0.0.0/33 ] } }"),
              HasSubstr("the prefix length goes from 0 to 32"));
  EXPECT_THAT(problem("{ a: { address: 1.1.1.1:80, limits: { header_bytes: 4096 } } }"),
              HasSubstr("request_line_bytes (8192) must not be above header_bytes (4096)"));
  EXPECT_THAT(problem("{ a: { address: 1.1.1.1:80, proxy_protocol: true } }"),
              HasSubstr("a.proxy_protocol: does not say whose headers are believed"));
  EXPECT_THAT(problem("{ a: { address: 1.1.1.1:80, proxy_protocol: { } } }"),
              HasSubstr("a.proxy_protocol: has no from"));
  EXPECT_THAT(problem("{ a: { address: 1.1.1.1:80, proxy_protocol: { from: [ ] } } }"),
              HasSubstr("must name at least one block"));
  EXPECT_THAT(problem("{ a: { address: 1.1.1.1:80, proxy_protocol: { from: [ 10.0.0.0/33 ] } } }"),
              HasSubstr("the prefix length goes from 0 to 32"));
  EXPECT_THAT(problem("{ a: { address: 'unix:/a', proxy_protocol: { from: [ 10.0.0.0/8 ] } } }"),
              HasSubstr("means nothing on a Unix socket"));
  EXPECT_EQ(problem("{ a: { address: 'unix:/a', proxy_protocol: true } }"), "");
  EXPECT_EQ(problem("{ a: { address: 1.1.1.1:80, proxy_protocol: false } }"), "");
  EXPECT_THAT(problem("{ a: { address: 1.1.1.1:80, timeouts: { keep_alive: 0 } } }"),
              HasSubstr("must be from 1ms to 1d, not '0'"));
  EXPECT_THAT(problem("{ a: { address: 1.1.1.1:80, half_closed_clients: keep } }"),
              HasSubstr("a.half_closed_clients: "));
  EXPECT_THAT(problem("{ a: { address: 1.1.1.1:80, timeouts: { half_closed: 2h } } }"),
              HasSubstr("must be from 1ms to 1h, not '2h'"));
  EXPECT_EQ(problem("{ a: { address: 1.1.1.1:80, half_closed_clients: serve } }"), "");
}

TEST(LoadService, RefusesTargetsThatAreThisTealAsFarAsTheTextShows) {
  const auto problem = [&](const std::string& listener, const std::string& target,
                           const std::string& more = "") {
    return report_of(
        load_text("admin: { address: '[::1]:9900' }\nlisteners: { a: { address: '" + listener +
                      "' }, z: { address: 0.0.0.0:81 } }\n" +
                      "services: { s: { match: { listener: a }, blue: { revision: v, " +
                      "targets: [ 1.1.1.1:1, '" + target + "' ] }" + more + " } }",
                  "t.yaml"));
  };
  EXPECT_EQ(problem("127.0.0.1:80", "127.0.0.1:80"),
            "t.yaml:3:85: services.s.blue.targets[1]: 127.0.0.1:80 is listener 'a' of this Teal: "
            "requests would go round in a loop; name the address of the application, or set "
            "allow_own: true for a second hop that is meant\n");
  for (const char* target : {"127.0.0.1:81", "127.8.8.8:81", "localhost:81", "0.0.0.0:81"})
    EXPECT_THAT(problem("127.0.0.1:80", target), HasSubstr("is listener 'z'")) << target;
  EXPECT_THAT(problem("unix:/run/a", "unix:/run//a"), HasSubstr("unix:/run/a is listener 'a'"));
  EXPECT_THAT(problem("[::]:80", "[::1]:80"), HasSubstr("is listener 'a'"));
  for (const char* target : {"127.0.0.1:82", "10.0.0.1:81", "[::1]:81"})
    EXPECT_EQ(problem("127.0.0.1:80", target), "") << target;
  EXPECT_EQ(problem("127.0.0.1:0", "127.0.0.1:80"), "") << "chosen by the system later";
  EXPECT_EQ(problem("127.0.0.1:80", "127.0.0.1:80", ", allow_own: true"), "");
  for (const char* more : {"", ", allow_own: true"})
    EXPECT_THAT(problem("127.0.0.1:80", "[::1]:9900", more),
                HasSubstr("[::1]:9900 is the admin address of this Teal: clients would reach the "
                          "control API; name the address of the application\n"))
        << more;
}

TEST(LoadService, UpgradesAreTokensThatAreNotHttpsOwn) {
  EXPECT_EQ(problems_with("  upgrades: [ websocket, Chat ]\n"), "");
  EXPECT_EQ(problems_with("  upgrades: off\n"), "");
  EXPECT_THAT(problems_with("  upgrades: [ h2c ]\n"),
              HasSubstr("upgrades[0]: 'h2c' is not for requests to choose"));
  EXPECT_THAT(problems_with("  upgrades: [ TLS/1.2 ]\n"), HasSubstr("cannot be the name"));
  EXPECT_THAT(problems_with("  upgrades: [ tls ]\n"), HasSubstr("is not for requests to choose"));
  EXPECT_THAT(problems_with("  upstream: { proxy_protocol: v3 }\n"),
              HasSubstr("upstream.proxy_protocol"));
  EXPECT_EQ(problems_with("  upstream: { proxy_protocol: off }\n"), "");
}

TEST(LoadService, AHeaderForOneClientDoesNotGoWithAConnectionForMany) {
  EXPECT_EQ(problems_with("  upstream: { proxy_protocol: v2, protocol: http1 }\n"), "");
  for (const std::string protocol : {"http2", "auto"})
    EXPECT_THAT(problems_with("  upstream: { proxy_protocol: v2, protocol: " + protocol + " }\n"),
                HasSubstr("upstream.proxy_protocol: names one client"));
}

TEST(LoadGroup, NeedsTargetsWhereItIsLiveAndARevisionWhereItHasTargets) {
  EXPECT_EQ(problems_with("  green: { revision: v2 }\n"), "");
  EXPECT_THAT(problems_with("  live: green\n"),
              HasSubstr("services.shop.green: is the live group and has no targets"));
  EXPECT_THAT(problems_with("  green: { targets: [ 10.0.0.2:80 ] }\n"),
              HasSubstr("services.shop.green: has targets but no revision"));
  EXPECT_THAT(problems_with("  green: { revision: v2, targets: [ 10.0.0.2:0 ] }\n"),
              HasSubstr("a target needs a port from 1 to 65535"));
  EXPECT_THAT(problems_with("  green: { revision: 'v 2' }\n"), HasSubstr("letters, digits and"));
  EXPECT_THAT(problems_with("  green: { targets: 10.0.0.2:80 }\n"), HasSubstr("must be a list"));
}

TEST(LoadService, ReadsBalanceAndWhatItHashes) {
  using Kind = HashOn::Kind;
  const auto hash_on = [](const std::string& text) {
    return service_with("  balance: consistent_hash\n  hash_on: " + text + "\n").hash_on;
  };
  EXPECT_EQ(hash_on("client_address"), (HashOn{Kind::client_address, ""}));
  EXPECT_EQ(hash_on("path"), (HashOn{Kind::path, ""}));
  EXPECT_EQ(hash_on("header:X-Tenant"), (HashOn{Kind::header, "x-tenant"}));
  EXPECT_EQ(hash_on("cookie:Sid"), (HashOn{Kind::cookie, "Sid"}));
  EXPECT_THAT(problems_with("  balance: consistent_hash\n  hash_on: 'header:'\n"),
              HasSubstr("must be client_address, path, header:NAME or cookie:NAME"));
  EXPECT_THAT(problems_with("  hash_on: path\n"), HasSubstr("set balance: consistent_hash"));
}

TEST(LoadService, ReadsStickiness) {
  EXPECT_EQ(service_with("  sticky: true\n").sticky, (Sticky{"teal_shop", hours{24}, false}));
  EXPECT_EQ(service_with("  sticky: false\n").sticky, std::nullopt);
  EXPECT_EQ(service_with("  sticky: { cookie: side, max_age: 1h, secure: true }\n").sticky,
            (Sticky{"side", hours{1}, true}));
  EXPECT_THAT(problems_with("  sticky: { cookie: 'a;b' }\n"), HasSubstr("cannot be a cookie's"));
  EXPECT_THAT(problems_with("  sticky: { secure: yes }\n"), HasSubstr("must be true or false"));
  EXPECT_THAT(problems_with("  sticky: maybe\n"), HasSubstr("must be true, false or a mapping"));
}

TEST(LoadService, ReadsWhatTargetsSpeak) {
  EXPECT_EQ(service_with("").upstream,
            (UpstreamSettings{TargetProtocol::http1, 100, Millis{30'000}, Millis{10'000}, {}}));
  const auto spoken = [](const std::string& protocol) {
    return service_with("  upstream: { protocol: " + protocol + " }\n").upstream.protocol;
  };
  EXPECT_EQ(spoken("http1"), TargetProtocol::http1);
  EXPECT_EQ(spoken("http2"), TargetProtocol::http2);
  EXPECT_EQ(spoken("auto"), TargetProtocol::automatic);
  EXPECT_EQ(service_with("  upstream: { concurrent_streams: 7 }\n").upstream.concurrent_streams,
            7U);
  EXPECT_THAT(problems_with("  upstream: { protocol: h2 }\n"), HasSubstr("http1, http2 or auto"));
  EXPECT_THAT(problems_with("  upstream: { concurrent_streams: 0 }\n"),
              HasSubstr("concurrent_streams"));
  const auto pings = service_with("  upstream: { ping_after: 5s, ping_timeout: 1s }\n").upstream;
  EXPECT_EQ(pings.ping_after, Millis{5000});
  EXPECT_EQ(pings.ping_timeout, Millis{1000});
  EXPECT_THAT(problems_with("  upstream: { ping_after: 1ms }\n"), HasSubstr("ping_after"));
}

TEST(LoadService, ReadsHealthChecksOfGrpc) {
  const auto whole = service_with("  health: { grpc: true }\n");
  EXPECT_EQ(whole.health->kind, HealthCheck::Kind::grpc);
  EXPECT_EQ(whole.health->grpc_service, "");
  EXPECT_TRUE(whole.health->http2) << "whatever the targets speak";
  const auto one = service_with("  health: { grpc: shop.v1.Orders, host: a.b }\n");
  EXPECT_EQ(one.health->grpc_service, "shop.v1.Orders");
  EXPECT_THAT(problems_with("  health: { grpc: 'a b' }\n"), HasSubstr("name of a gRPC service"));
  EXPECT_THAT(problems_with("  health: { grpc: true, http: /h }\n"),
              HasSubstr("one of http, grpc and tcp"));
  EXPECT_THAT(problems_with("  health: { grpc: true, expect: 200 }\n"),
              HasSubstr("belongs to http checks"));
  EXPECT_TRUE(
      service_with("  health: { http: /h }\n  upstream: { protocol: http2 }\n").health->http2);
  EXPECT_FALSE(
      service_with("  health: { http: /h }\n  upstream: { protocol: auto }\n").health->http2);
}

TEST(LoadService, ReadsHealthChecks) {
  const auto http = service_with(
      "  health: { http: /h, host: 'A.b:80', expect: [ 200-399, 404 ], jitter: 0%, fall: 1 }\n");
  ASSERT_TRUE(http.health);
  EXPECT_EQ(http.health->kind, HealthCheck::Kind::http);
  EXPECT_EQ(http.health->host, "a.b:80");
  EXPECT_THAT(http.health->expect, ElementsAre(StatusRange{200, 399}, StatusRange{404, 404}));
  EXPECT_EQ(http.health->jitter_percent, 0U);
  EXPECT_EQ(service_with("  health: { tcp: true }\n").health->kind, HealthCheck::Kind::tcp);
  EXPECT_EQ(service_with("").health, std::nullopt);
  EXPECT_THAT(problems_with("  health: { }\n"), HasSubstr("must have one of http, grpc and tcp"));
  EXPECT_THAT(problems_with("  health:\n"), HasSubstr("must have one of http, grpc and tcp"));
  EXPECT_THAT(problems_with("  health: { http: /h, tcp: true }\n"),
              HasSubstr("one of http, grpc and tcp"));
  EXPECT_THAT(problems_with("  health: { tcp: false }\n"), HasSubstr("must be true"));
  EXPECT_THAT(problems_with("  health: { tcp: true, expect: 200 }\n"),
              HasSubstr("http checks only"));
  EXPECT_THAT(problems_with("  health: { http: /h, expect: [] }\n"), HasSubstr("at least one"));
  EXPECT_THAT(problems_with("  health: { http: /h, expect: 399-200 }\n"), HasSubstr("statuses"));
  EXPECT_THAT(problems_with("  health: { http: /h, expect: 999 }\n"), HasSubstr("100 to 599"));
}

TEST(LoadService, LetsDefaultsFollowAShortProbeInterval) {
  const Service fast = service_with("  health: { http: /h, interval: 200ms }\n");
  EXPECT_EQ(fast.health->timeout, Millis{200});
  EXPECT_EQ(fast.health->fast_interval, Millis{200});
  EXPECT_THAT(problems_with("  health: { http: /h, timeout: 3s }\n"),
              HasSubstr("services.shop.health.timeout: must not be longer than the interval (2s)"));
  EXPECT_THAT(problems_with("  health: { http: /h, fast_interval: 3s }\n"),
              HasSubstr("fast_interval: must not be longer than the interval (2s)"));
}

TEST(LoadService, ReadsOutliersAndHostHeaders) {
  EXPECT_EQ(service_with("  outlier: off\n").outlier.consecutive_failures, 0U);
  EXPECT_EQ(service_with("  outlier: { ejection: 10m }\n").outlier.max_ejection, minutes{10});
  EXPECT_THAT(problems_with("  outlier: { ejection: 2s, max_ejection: 1s }\n"),
              HasSubstr("must not be shorter than ejection (2s)"));
  EXPECT_THAT(problems_with("  outlier: { max_ejected: 50 }\n"), HasSubstr("whole percentage"));
  EXPECT_EQ(service_with("  host_header: target\n").host_header.kind, HostHeader::Kind::target);
  EXPECT_EQ(service_with("  host_header: literal:Shop.internal:8080\n").host_header,
            (HostHeader{HostHeader::Kind::literal, "shop.internal:8080"}));
  EXPECT_THAT(problems_with("  host_header: literal:a b\n"), HasSubstr("not a host name"));
  EXPECT_THAT(problems_with("  host_header: keep\n"), HasSubstr("preserve, target or literal"));
}

TEST(LoadService, ReadsTheShieldAndRetries) {
  const Service plain = service_with("");
  EXPECT_TRUE(plain.shield.enabled);
  EXPECT_TRUE(plain.shield.on.status_503);
  EXPECT_FALSE(plain.shield.on.any_5xx);
  EXPECT_EQ(plain.retry.on, RetryOn{.connect_failure = true});
  const Service given = service_with(
      "  shield: { on: 5xx, header: everybody }\n"
      "  retry: { on: [ reset, 503 ], attempts: 2, budget: 10%, budget_least: 1 }\n");
  EXPECT_EQ(given.shield.on, RetryOn{.any_5xx = true});
  EXPECT_EQ(given.shield.header, Shield::Header::everybody);
  EXPECT_EQ(given.retry.on, (RetryOn{.reset = true, .status_503 = true}));
  EXPECT_EQ(given.retry.budget_percent, 10U);
  EXPECT_FALSE(service_with("  shield: off\n").shield.enabled);
  EXPECT_EQ(service_with("  retry: off\n").retry.attempts, 1U);
  EXPECT_THAT(problems_with("  shield: { on: [ 503, 503 ] }\n"), HasSubstr("a second time"));
  EXPECT_THAT(problems_with("  retry: { on: sometimes }\n"), HasSubstr("connect_failure"));
}

TEST(LoadService, ReadsWhatKeepsAGroupWell) {
  const Service given = service_with(
      "  outlier: { success_rate: { factor: 2.5, targets: 3, requests: 50 }, interval: 5s,\n"
      "             consecutive_gateway_failures: 4 }\n"
      "  slow_start: { window: 30s, aggression: 1.5, least: 5% }\n"
      "  panic: { below: 40% }\n");
  EXPECT_EQ(given.outlier.success_rate_factor, 2.5);
  EXPECT_EQ(given.outlier.success_rate_targets, 3U);
  EXPECT_EQ(given.outlier.consecutive_gateway_failures, 4U);
  EXPECT_EQ(given.slow_start, (SlowStart{seconds{30}, 1.5, 5}));
  EXPECT_EQ(given.panic_percent, 40U);
  EXPECT_FALSE(service_with("  outlier: { success_rate: off }\n").outlier.success_rate);
  EXPECT_THAT(problems_with("  slow_start: { least: 5% }\n"), HasSubstr("has no window"));
  EXPECT_THAT(problems_with("  slow_start: { window: 5s, aggression: fast }\n"),
              HasSubstr("must be a number from 0.1 to 10"));
  EXPECT_THAT(problems_with("  panic: { above: 3% }\n"), HasSubstr("has no below"));
}

}  // namespace
}  // namespace teal::config
