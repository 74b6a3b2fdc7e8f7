// What Prometheus sees of the real binary: series that are there before they count, whose they are,
// single targets where somebody wants them, and what is said when there are too many.
#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "tests/support/e2e_certificates.h"
#include "tests/support/e2e_release.h"
#include "tests/support/metric_docs.h"

namespace teal::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// ---- from the start -----------------------------------------------------------------------------

class MetricSeriesTest : public ReleaseTest {};

TEST_F(MetricSeriesTest, OfRollbacksAreThereBeforeTheFirstOneOfTheProcess) {
  start();
  const std::string rollbacks = R"(teal_rollbacks_total{service="shop",reason="MANUAL_STOP"})";
  const std::string stopped =
      R"(teal_deployments_total{service="shop",kind="deploy",status="Stopped"})";
  const auto before = admin().metrics();
  ASSERT_TRUE(before.contains(rollbacks)) << "increase() would miss the first one";
  ASSERT_TRUE(before.contains(stopped));
  EXPECT_EQ(before.at(rollbacks), 0);
  EXPECT_EQ(before.at(stopped), 0);
  const std::string id = ship(kLongCanary);
  ASSERT_TRUE(await_bake(id));
  EXPECT_EQ(admin().command(id, "stop").status, 200);
  expect_rolled_back(id, "Stopped", "MANUAL_STOP");
  const auto after = admin().metrics();
  EXPECT_EQ(after.at(rollbacks), 1);
  EXPECT_EQ(after.at(stopped), 1);
  EXPECT_EQ(
      after.at(R"(teal_deployments_total{service="shop",kind="rollback",status="Succeeded"})"), 1);
  EXPECT_EQ(admin().metric("teal_rollbacks_total"), 1);
}

TEST_F(MetricSeriesTest, OfStreamsAreThereOnceTheyHaveHadARequest) {
  start();
  const std::string before = admin().get("/metrics").text;
  EXPECT_THAT(before, Not(HasSubstr("teal_requests_total")));
  EXPECT_THAT(before, Not(HasSubstr("audience=")));
  ask(teal_->listener(), 3);
  const std::string after = admin().get("/metrics").text;
  EXPECT_THAT(after, HasSubstr("group=\"blue\",revision=\"v1\",audience=\"split\""));
  EXPECT_THAT(after, Not(HasSubstr("audience=\"preview\"")));
  for (const char* border : {"le=\"0.25\"", "le=\"0.3\"", "le=\"0.4\"", "le=\"0.5\""})
    EXPECT_THAT(after, HasSubstr(border));
}

ServiceText service(const std::string& name, const std::string& match, const std::string& target,
                    const std::string& more = {}) {
  ServiceText service;
  service.name = name;
  service.match = match;
  service.blue = {target};
  service.more = more;
  return service;
}

// ---- whose they are -----------------------------------------------------------------------------

TEST(MetricLabels, TellServicesAndListenersApart) {
  Target cart;
  // Nobody listens there.
  const std::string dead = [] {
    const Target gone;
    return gone.address();
  }();
  ConfigText config;
  config.listeners = "public: { address: '127.0.0.1:0' }\ninside: { address: '127.0.0.1:0' }";
  config.services = {service("shop", "{ listener: public }", dead, "outlier: off"),
                     service("cart", "{ listener: inside }", cart.address())};
  Teal teal(config);
  EXPECT_EQ(HttpClient(teal.listener("public")).get("/").status, 502);
  HttpClient client(teal.listener("inside"));
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(client.get("/").status, 200);
  const Admin& admin = teal.admin();
  const auto of = [&](const char* name, const char* whose) {
    return admin.metric(name, "service=\"" + std::string(whose) + '"');
  };
  EXPECT_GE(of("teal_upstream_connection_failures_total", "shop"), 1);
  EXPECT_EQ(of("teal_upstream_connection_failures_total", "cart"), 0);
  EXPECT_EQ(of("teal_upstream_connections_opened_total", "cart"), 1);
  EXPECT_EQ(of("teal_upstream_requests_on_kept_connections_total", "cart"), 1);
  EXPECT_EQ(of("teal_upstream_connections_idle", "cart"), 1);
  EXPECT_EQ(of("teal_upstream_connections_idle", "shop"), 0);
  EXPECT_EQ(admin.metric("teal_downstream_connections_total", "listener=\"inside\""), 1);
  EXPECT_EQ(admin.metric("teal_downstream_connections_active", "listener=\"inside\""), 1);
  EXPECT_EQ(admin.metric("teal_downstream_connections_total", "listener=\"public\""), 1);
  const auto samples = admin.metrics();
  for (const char* whose : {"shop", "cart"})
    for (const char* labels :
         {"teal_timeouts_total{service=\"SERVICE\",phase=\"connect\"}",
          "teal_requests_unserved_total{service=\"SERVICE\",reason=\"no_target\"}",
          "teal_requests_queued_total{service=\"SERVICE\"}",
          "teal_requests_waiting{service=\"SERVICE\"}",
          "teal_targets_ejected_total{service=\"SERVICE\",group=\"blue\"}"}) {
      std::string name = labels;
      name.replace(name.find("SERVICE"), 7, whose);
      EXPECT_TRUE(samples.contains(name)) << name;
    }
}

TEST(MetricLabels, SayWhoseQueueItIs) {
  Trigger go;
  Target target;
  target.on_request([&](TargetConnection& connection, const SeenRequest&) {
    connection.wait(go);
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  Teal teal(
      shop({target.address()}, "limits: { in_flight_per_target: 1 }\ntimeouts: { queue: 20s }\n"));
  HttpClient first(teal.listener());
  HttpClient second(teal.listener());
  ASSERT_TRUE(first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(
      eventually([&] { return teal.admin().metric("teal_downstream_requests_active") == 1; }));
  ASSERT_TRUE(second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(eventually(
      [&] { return teal.admin().metric("teal_requests_waiting", "service=\"shop\"") == 1; }));
  EXPECT_EQ(teal.admin().metric("teal_requests_queued_total", "service=\"shop\""), 1);
  go.fire();
  EXPECT_EQ(first.read().status, 200);
  EXPECT_EQ(second.read().status, 200);
  EXPECT_EQ(teal.admin().metric("teal_requests_waiting"), 0);
}

// ---- single targets -----------------------------------------------------------------------------

TEST(TargetMetrics, CountAttemptsOfEachTargetWhereTheServiceWantsThem) {
  Target good("good");
  Target bad("bad");
  bad.on_request([](TargetConnection& connection, const SeenRequest&) { connection.close(); });
  Teal teal(shop({good.address(), bad.address()},
                 "metrics: { per_target: true }\noutlier: off\nbalance: round_robin\n"
                 "retry: { attempts: 1, on: [ connect_failure, reset ] }\n"));
  constexpr int kRequests = 20;
  for (int i = 0; i < kRequests; ++i) HttpClient(teal.listener()).get("/");
  const auto count = [&](const char* name, const Target& of, const std::string& more) {
    return teal.admin().metric(
        name, "service=\"shop\",group=\"blue\",target=\"" + of.address() + "\"" + more);
  };
  const double answered = count("teal_target_requests_total", good, ",code=\"2xx\"");
  EXPECT_EQ(answered, teal.admin().metric("teal_requests_total", "code=\"2xx\""));
  EXPECT_GT(answered, 0);
  EXPECT_EQ(count("teal_target_requests_total", bad, ""), 0);
  EXPECT_GE(count("teal_target_failures_total", bad, ",reason=\"reset\""), 1);
  EXPECT_EQ(count("teal_target_failures_total", good, ""), 0);
  EXPECT_EQ(count("teal_target_first_byte_seconds_count", good, ""), answered);
  EXPECT_EQ(count("teal_target_first_byte_seconds_count", bad, ""), 0);
}

TEST(TargetMetrics, SeeATargetThatHangsWhoseClientsDoNotWait) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) { connection.stall(); });
  Teal teal(shop({target.address()}, "metrics: { per_target: true }\n"));
  {
    HttpClient client(teal.listener());
    ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_TRUE(eventually([&] { return target.requests() == 1; }));
  }
  EXPECT_TRUE(eventually([&] {
    return teal.admin().metric("teal_target_failures_total", "reason=\"client_gone\"") == 1;
  }));
  EXPECT_EQ(teal.admin().metric("teal_target_requests_total"), 0);
}

TEST(TargetMetrics, LeaveWithTheirTarget) {
  Target first;
  Target second;
  Teal teal(shop({first.address(), second.address()}, "metrics: { per_target: true }\n"));
  ask(teal.listener(), 10);
  const auto has = [&](const Target& target) {
    return teal.admin()
               .get("/metrics")
               .text.find(
                   "teal_target_requests_total{service=\"shop\","
                   "group=\"blue\",target=\"" +
                   target.address()) != std::string::npos;
  };
  EXPECT_TRUE(has(first));
  EXPECT_TRUE(has(second));
  const ApiAnswer gone =
      teal.admin().call("DELETE", "/v1/services/shop/groups/blue/targets/" + second.address());
  ASSERT_LT(gone.status, 300) << gone.text;
  EXPECT_TRUE(eventually([&] { return !has(second); }));
  EXPECT_TRUE(has(first));
}

TEST(TargetMetrics, AreNotThereUnlessAskedFor) {
  Target target;
  Teal teal(shop({target.address()}));
  ask(teal.listener(), 3);
  EXPECT_THAT(teal.admin().get("/metrics").text, Not(HasSubstr("teal_target_requests_total")));
}

// ---- too many -----------------------------------------------------------------------------------

TEST(MetricLimit, IsSaidInTheScrapeTheLogAndReadyz) {
  Target target;
  ConfigText config = shop({target.address()}, "metrics: { per_target: true }\n");
  config.more = "limits: { metric_samples: 260 }\n";
  Teal teal(config);
  ask(teal.listener(), 3);
  const std::string text = teal.admin().get("/metrics").text;
  EXPECT_GT(teal.admin().metric("teal_exporter_samples_dropped", "limit"), 0);
  EXPECT_EQ(teal.admin().metric("teal_exporter_samples_dropped", "conflict"), 0);
  EXPECT_EQ(teal.admin().metric("teal_exporter_samples_limit"), 260);
  EXPECT_THAT(text, HasSubstr("teal_requests_total{service=\"shop\"")) << "streams stay";
  EXPECT_THAT(text, Not(HasSubstr("teal_target_requests_total"))) << "single targets go first";
  const ApiAnswer ready = teal.admin().get("/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_THAT(ready.at("/warnings/0"), HasSubstr("over limits.metric_samples (260)"));
  const std::string log = teal.log();
  const std::size_t said = log.find("metrics are left out");
  ASSERT_NE(said, std::string::npos) << log;
  EXPECT_EQ(log.find("metrics are left out", said + 1), std::string::npos) << "once a minute";
}

TEST(MetricLimit, IsFarFromWhatHundredsOfServicesHave) {
  Target target;
  ConfigText config;
  config.listeners = "public: { address: '127.0.0.1:0' }";
  for (int i = 0; i < 400; ++i) {
    const std::string name = "s" + std::to_string(i);
    config.services.push_back(
        service(name, "{ listener: public, path: /" + name + " }", target.address()));
  }
  Teal teal(config);
  HttpClient client(teal.listener());
  for (int i = 0; i < 400; ++i) EXPECT_EQ(client.get("/s" + std::to_string(i) + "/").status, 200);
  const auto samples = teal.admin().metrics();
  double requests = 0;
  std::size_t streams = 0;
  for (const auto& [name, value] : samples)
    if (name.starts_with("teal_requests_total{") && value > 0) {
      ++streams;
      requests += value;
    }
  EXPECT_EQ(streams, 400U) << "none is dropped";
  EXPECT_EQ(requests, 400);
  EXPECT_EQ(teal.admin().metric("teal_exporter_samples_dropped"), 0);
  EXPECT_EQ(teal.admin().get("/readyz").at("/warnings"), "[]");
}

TEST(Scrapes, LetWhateverElseThereIsHaveItsTurn) {
  Target target;
  ConfigText config;
  config.listeners = "public: { address: '127.0.0.1:0' }";
  for (int i = 0; i < 400; ++i) {
    const std::string name = "s" + std::to_string(i);
    config.services.push_back(
        service(name, "{ listener: public, path: /" + name + " }", target.address()));
  }
  Teal teal(config);
  // Made in one go, a scrape lets at most the one or two calls come first that were there before.
  const auto answered_meanwhile = [&] {
    Wire scraper = Wire::connect(teal.admin().address());
    std::atomic<bool> has_begun = false;
    scraper.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::jthread reader([&] {
      std::string some;
      scraper.read(some, Deadline{std::chrono::seconds{30}});
      has_begun = true;
    });
    int answered = 0;
    while (!has_begun) answered += teal.admin().get("/livez").status == 200 ? 1 : 0;
    return answered;
  };
  int most = 0;
  for (int i = 0; i < 10 && most < 5; ++i) most = std::max(most, answered_meanwhile());
  EXPECT_GE(most, 5);
}

// ---- the documentation --------------------------------------------------------------------------

/// Those that the scene below need not bring about; tests/unit/control/metrics/exporter_test.cc
/// does.
const std::set<std::string> kElsewhere{"teal_grpc_calls_total", "teal_judge_ratio_low",
                                       "teal_judge_ratio_high", "teal_judge_more_requests_needed",
                                       "teal_request_given_up_seconds"};

TEST(MetricDocsOfTheBinary, HoldEachOther) {
  Target blue("blue-1");
  Target green("green-1");
  const TempDir files;
  const Certificates certificates(files.path());
  certificates.make("shop", "DNS:shop.example.com");
  write_file(files / "users",
             "anna:$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy\n");
  ConfigText config = shop(
      {blue.address()},
      fast_health() + "routes: { in: { match: { listener: public, path: /in },\n" +
          "  basic_auth: { file: " + (files / "users") +
          " } } }\n"
          "metrics: { per_target: true }\n"
          "discover: [ { file: $DIR/targets.json } ]\n"
          "deploy: { plan: [ { set_weight: 50% }, { bake: 1h } ], exposure_budget: 100, alarms: { "
          "worse: { compare: errors, errors: [ 5xx, 404 ] }, pager: { external: true } } }\n");
  config.listeners =
      "public: { address: '127.0.0.1:0' }\n"
      "proxied:\n  address: '127.0.0.1:0'\n"
      "  proxy_protocol: { from: [ 192.0.2.0/24 ] }\n"
      "plain: { address: '127.0.0.1:0', redirect_https: true }\n"
      "secure:\n  address: '127.0.0.1:0'\n  tls:\n    certificates:\n      - " +
      certificates.entry("shop");
  config.access_log = "\n  format: json\n  path: $DIR/access.log";
  config.more = "overload: { connections: 1000 }\n";
  Teal teal(config.render("$DIR"));
  const Admin& admin = teal.admin();
  ASSERT_TRUE(admin.await_accepting(1));
  const ApiAnswer shipped = admin.deploy("v2", green.address());
  ASSERT_EQ(shipped.status, 201) << shipped.text;
  ASSERT_TRUE(admin.await(shipped.at("/id"), "status", "Baking"));
  testing_metrics::Metrics exposed;
  EXPECT_TRUE(eventually([&] {
    ask(teal.listener(), 20);
    exposed = testing_metrics::exposed_metrics(admin.get("/metrics").text);
    return exposed.contains("teal_split_measured_ratio");
  }));
  EXPECT_EQ(testing_metrics::undocumented(exposed), "");
  for (const auto& [name, metric] : testing_metrics::documented_metrics())
    EXPECT_TRUE(exposed.contains(name) || kElsewhere.contains(name))
        << name << " is in docs/metrics.md and not in a scrape of a Teal that does everything";
}

}  // namespace
}  // namespace teal::e2e
