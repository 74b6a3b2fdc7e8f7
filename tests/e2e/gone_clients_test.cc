// Clients of HTTP/1 that end their side of the connection while their request runs: they are gone,
// wherever the request is, or they are served a little longer (half_closed_clients: serve).
#include <gtest/gtest.h>

#include <deque>
#include <fstream>

#include "tests/support/e2e_certificates.h"
#include "tests/support/e2e_peer.h"
#include "tests/support/e2e_release.h"
#include "tests/support/e2e_tunnel.h"

namespace teal::e2e {
namespace {

class GoneClientsTest : public testing::Test {
 protected:
  /// `listener`: further keys of the listener; `more`: of the service.
  void start(const std::string& listener = {}, const std::string& more = {},
             const std::string& target = {}) {
    ConfigText config = shop({target.empty() ? target_.address() : target}, more);
    config.workers = workers_;
    config.listeners = "public: { address: '127.0.0.1:0'" + listener + " }";
    config.access_log = "{ format: json, path: \"$DIR/access.log\" }";
    teal_ = std::make_unique<Teal>(config);
  }
  /// Requests whose path is not /fast get no answer. Their connections are counted when they end.
  void hang() {
    target_.on_request([this](TargetConnection& connection, const SeenRequest& request) {
      if (request.path == "/fast") {
        connection.send(response(200, "fast"));
        return;
      }
      connection.await_end();
      ++told_;
    });
  }
  double metric(const std::string& name, const std::string& labels = {}) const {
    return teal_->admin().metric(name, labels);
  }
  bool counts(const std::string& name, double value, const std::string& labels = {}) const {
    return eventually([&] { return metric(name, labels) == value; });
  }
  /// So many clients have gone; nothing of them is left, and nobody is blamed.
  void expect_gone(double clients) {
    EXPECT_TRUE(counts("teal_client_aborts_total", clients));
    EXPECT_TRUE(counts("teal_downstream_requests_active", 0));
    EXPECT_TRUE(counts("teal_upstream_connections_active", 0));
    EXPECT_EQ(metric("teal_requests_total", "origin=\"client\""), clients);
    EXPECT_EQ(metric("teal_request_given_up_seconds_count"), clients);
    EXPECT_EQ(metric("teal_requests_total", "code=\"5xx\",origin=\"target\""), 0);
    EXPECT_EQ(metric("teal_requests_total", "origin=\"teal\""), 0);
    EXPECT_EQ(metric("teal_timeouts_total"), 0);
    EXPECT_TRUE(logs(*teal_, "\"termination\":\"client_gone\",\"origin\":\"client\""));
  }

  int workers_ = 2;
  std::atomic<std::size_t> told_{0};  ///< Requests of which the target has seen the end.
  Target target_;
  std::unique_ptr<Teal> teal_;
};

TEST_F(GoneClientsTest, AClientThatClosesIsGoneAndItsTargetIsTold) {
  hang();
  start();
  {
    HttpClient client(teal_->listener());
    client.send(request("GET", "/"));
    ASSERT_TRUE(target_.await_requests(1));
  }
  EXPECT_TRUE(eventually([&] { return told_ == 1; }));
  expect_gone(1);
  EXPECT_TRUE(counts("teal_downstream_connections_active", 0));
}

TEST_F(GoneClientsTest, AClientThatHasFinishedSendingIsGone) {
  hang();
  start();
  HttpClient client(teal_->listener());
  client.send(request("GET", "/"));
  ASSERT_TRUE(target_.await_requests(1));
  client.wire().finish_sending();
  EXPECT_EQ(client.await_end(), Arrival::closed);
  EXPECT_TRUE(eventually([&] { return told_ == 1; }));
  expect_gone(1);
}

TEST_F(GoneClientsTest, HundredsThatSendAndCloseHoldNothing) {
  constexpr std::size_t kWaiting = 200;
  constexpr std::size_t kAtOnce = 500;
  hang();
  start();
  {
    std::deque<HttpClient> clients;
    for (std::size_t i = 0; i < kWaiting; ++i) {
      clients.emplace_back(teal_->listener());
      clients.back().send(request("GET", "/"));
    }
    ASSERT_TRUE(target_.await_requests(kWaiting));
  }
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    HttpClient client(teal_->listener());
    client.send(request("GET", "/"));
  }
  expect_gone(kWaiting + kAtOnce);
  EXPECT_TRUE(counts("teal_downstream_connections_active", 0));
  EXPECT_TRUE(eventually([&] { return told_ >= kWaiting && told_ == target_.requests(); }));
  EXPECT_EQ(HttpClient(teal_->listener()).get("/fast").body, "fast");
}

TEST_F(GoneClientsTest, AClientInTheQueueIsGone) {
  hang();
  workers_ = 1;
  start({}, "limits: { in_flight_per_target: 1 }\n");
  HttpClient first(teal_->listener());
  first.send(request("GET", "/first"));
  ASSERT_TRUE(target_.await_requests(1));
  {
    HttpClient second(teal_->listener());
    second.send(request("GET", "/second"));
    ASSERT_TRUE(counts("teal_downstream_requests_active", 2));
  }
  EXPECT_TRUE(counts("teal_client_aborts_total", 1));
  EXPECT_TRUE(counts("teal_downstream_requests_active", 1));
  first.wire().close();
  expect_gone(2);
  EXPECT_EQ(HttpClient(teal_->listener()).get("/fast").body, "fast");
  EXPECT_EQ(target_.requests(), 2U) << "nobody waited for the second request any more";
}

TEST_F(GoneClientsTest, AClientIsGoneWhileItsTargetIsBeingConnected) {
  SilentAddress silent;
  start({}, "timeouts: { connect: 1m }\n", to_string(silent.address()));
  {
    HttpClient client(teal_->listener());
    client.send(request("GET", "/"));
    ASSERT_TRUE(counts("teal_downstream_requests_active", 1));
  }
  expect_gone(1);
}

TEST_F(GoneClientsTest, AClientThatWaitsForTheRestOfItsResponseIsGone) {
  target_.on_request([this](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    connection.await_end();
    ++told_;
  });
  start();
  {
    Caller caller(teal_->listener());
    caller.send(request("GET", "/"));
    ASSERT_TRUE(caller.hears("half"));
  }
  EXPECT_TRUE(eventually([&] { return told_ == 1; }));
  expect_gone(1);
}

TEST_F(GoneClientsTest, APipeliningClientThatHasFinishedSendingIsGoneWithAllItsRequests) {
  hang();
  start();
  HttpClient client(teal_->listener());
  client.send(request("GET", "/one") + request("GET", "/two"));
  ASSERT_TRUE(target_.await_requests(1));
  client.wire().finish_sending();
  EXPECT_EQ(client.await_end(), Arrival::closed);
  EXPECT_TRUE(eventually([&] { return told_ == 1; }));
  expect_gone(1);
  EXPECT_EQ(target_.requests(), 1U);
}

TEST_F(GoneClientsTest, AClientIsGoneBehindABodyThatItsTargetDoesNotTake) {
  Trigger head;
  target_.on_connection([&](TargetConnection& connection) {
    if (!connection.next_head()) return;
    head.fire();
    connection.stall();
  });
  ConfigText config = shop({target_.address()});
  // The end overtakes what is not read yet there; over TCP it waits behind a full window.
  config.listeners = "public: { address: \"unix:$DIR/public.sock\" }";
  config.access_log = "{ format: json, path: \"$DIR/access.log\" }";
  teal_ = std::make_unique<Teal>(config);
  Caller caller(*parse_address("unix:" + (teal_->dir() / "public.sock")));
  constexpr std::size_t kSize = std::size_t{256} * 1024 * 1024;
  caller.send(request("PUT", "/", "content-length: " + std::to_string(kSize) + "\r\n"));
  const std::string piece(1024 * 1024, 'x');
  std::size_t sent = 0;
  while (sent < kSize && caller.wire().send(piece, Deadline{Millis{300}})) sent += piece.size();
  ASSERT_LT(sent, kSize) << "the target took all of it";
  ASSERT_TRUE(head.wait());
  caller.wire().finish_sending();
  EXPECT_NE(caller.end(), Arrival::timeout);
  expect_gone(1);
}

TEST_F(GoneClientsTest, AWholeBodyReachesATargetThatTakesIt) {
  hang();
  start();
  {
    HttpClient client(teal_->listener());
    client.send(request("PUT", "/", "content-length: 100000\r\n") + std::string(100'000, 'x'));
    ASSERT_TRUE(target_.await_requests(1));
  }
  EXPECT_TRUE(eventually([&] { return told_ == 1; }));
  EXPECT_EQ(target_.last().body.size(), 100'000U);
  expect_gone(1);
}

TEST_F(GoneClientsTest, PlainOldClientsThatWaitAreServed) {
  start();
  HttpClient old(teal_->listener());
  EXPECT_EQ(old.exchange("GET /old HTTP/1.0\r\n\r\n").body, "blue-1 /old\n");
  HttpClient closing(teal_->listener());
  EXPECT_EQ(closing.get("/closing", "connection: close\r\n").body, "blue-1 /closing\n");
  EXPECT_EQ(metric("teal_client_aborts_total"), 0);
}

// ---- half_closed_clients: serve -----------------------------------------------------------------

TEST_F(GoneClientsTest, ServesAClientThatHasFinishedSending) {
  start(", half_closed_clients: serve");
  HttpClient client(teal_->listener());
  client.send(request("GET", "/half"));
  client.wire().finish_sending();
  const Response response = client.read();
  EXPECT_EQ(response.body, "blue-1 /half\n") << describe(response);
  EXPECT_EQ(client.await_end(), Arrival::closed);
  EXPECT_EQ(metric("teal_client_aborts_total"), 0);
}

TEST_F(GoneClientsTest, ServesAllRequestsOfAPipeliningClientThatHasFinishedSending) {
  start(", half_closed_clients: serve");
  HttpClient client(teal_->listener());
  client.send(request("GET", "/one") + request("POST", "/two", "content-length: 3\r\n") + "abc" +
              request("GET", "/three"));
  client.wire().finish_sending();
  for (const char* path : {"/one", "/two", "/three"})
    EXPECT_EQ(client.read().body, std::string("blue-1 ") + path + "\n");
  EXPECT_EQ(client.await_end(), Arrival::closed);
  EXPECT_TRUE(counts("teal_downstream_connections_active", 0));
  EXPECT_EQ(metric("teal_client_aborts_total"), 0);
}

TEST_F(GoneClientsTest, AClientThatHasFinishedSendingIsServedForItsTimeOnly) {
  hang();
  start(", half_closed_clients: serve, timeouts: { half_closed: 200ms }");
  HttpClient client(teal_->listener());
  client.send(request("GET", "/fast") + request("GET", "/") + request("GET", "/fast"));
  client.wire().finish_sending();
  EXPECT_EQ(client.read().body, "fast");
  EXPECT_EQ(client.await_end(), Arrival::closed);
  EXPECT_TRUE(eventually([&] { return told_ == 1; }));
  expect_gone(1);
  EXPECT_EQ(target_.requests(), 2U);
}

TEST_F(GoneClientsTest, AnUpgradeWaitsForItsAnswerForItsTimeOnly) {
  hang();
  start(", timeouts: { half_closed: 200ms }");
  Caller caller(teal_->listener());
  caller.send(kAsk);
  caller.wire().finish_sending();
  EXPECT_EQ(caller.end(), Arrival::closed);
  EXPECT_TRUE(eventually([&] { return told_ == 1; }));
  expect_gone(1);
}

// ---- over TLS -----------------------------------------------------------------------------------

class GoneTlsClientsTest : public GoneClientsTest {
 protected:
  GoneTlsClientsTest() { files_.make("shop", "DNS:shop.example.com"); }
  void start_tls(const std::string& listener = {}) {
    start(", tls: { certificates: [ " + files_.entry("shop") + " ] }" + listener);
  }
  std::string port() const { return std::to_string(teal_->listener().port); }
  static bool ends(PythonPeer& client) {
    return eventually([&] { return has(client.output(), "ended"); });
  }

  TempDir dir_;
  Certificates files_{dir_.path()};
};

TEST_F(GoneTlsClientsTest, ACloseNotifyEndsTheRequest) {
  hang();
  start_tls();
  PythonPeer client({"tls_half_close.py", port(), "shop.example.com", dir_ / "now"});
  ASSERT_TRUE(target_.await_requests(1));
  std::ofstream(dir_ / "now") << "now";
  EXPECT_TRUE(ends(client)) << client.output() << client.errors();
  EXPECT_TRUE(eventually([&] { return told_ == 1; }));
  expect_gone(1);
}

TEST_F(GoneTlsClientsTest, ACloseNotifyThatComesWithTheRequestEndsIt) {
  hang();
  start_tls();
  PythonPeer client({"tls_half_close.py", port(), "shop.example.com", "with-request"});
  EXPECT_TRUE(ends(client)) << client.output() << client.errors();
  expect_gone(1);
}

TEST_F(GoneTlsClientsTest, ACloseNotifyIsServedWhereTheListenerSaysSo) {
  target_.set_latency(Millis{50});
  start_tls(", half_closed_clients: serve");
  for (const std::string& when : {std::string("with-request"), dir_ / "now"}) {
    PythonPeer client({"tls_half_close.py", port(), "shop.example.com", when});
    std::ofstream(dir_ / "now") << "now";
    EXPECT_TRUE(ends(client)) << client.output() << client.errors();
    EXPECT_TRUE(has(client.output(), "blue-1 /")) << client.output() << client.errors();
  }
  EXPECT_EQ(metric("teal_client_aborts_total"), 0);
}

// ---- what the judge makes of it -----------------------------------------------------------------

class GivenUpReleaseTest : public ReleaseTest {
 protected:
  /// Clients ask one after the other and wait for 300 ms, until the rollback.
  void ask_impatiently(const std::string& id) {
    const Deadline deadline{std::chrono::seconds{60}};
    while (admin().deployment(id).at("/status") == "Baking" && !deadline.has_passed()) {
      HttpClient client(teal_->listener());
      client.send(request("GET", "/"));
      client.read(false, Deadline{Millis{300} / kPatience});
    }
  }
  void hang_green() {
    green_.on_request(
        [](TargetConnection& connection, const SeenRequest&) { connection.await_end(); });
  }
  void expect_no_errors() {
    EXPECT_EQ(admin().metric("teal_requests_total", "code=\"5xx\",origin=\"target\""), 0);
    EXPECT_EQ(admin().metric("teal_requests_total", "code=\"5xx\",origin=\"teal\""), 0);
    EXPECT_EQ(admin().metric("teal_timeouts_total", "phase=\"response_header\""), 0);
  }
};

TEST_F(GivenUpReleaseTest, ClientsAreGoneWhileTheLiveGroupIsAskedInTheReleasesPlace) {
  constexpr std::size_t kClients = 8;
  start("{ plan: [ { set_weight: 50% }, { bake: 1h } ] }", "shield: { on: 5xx }\n");
  std::atomic<std::size_t> told{0};
  green_.set_status(500);
  blue_.on_request([&](TargetConnection& connection, const SeenRequest&) {
    connection.await_end();
    ++told;
  });
  ASSERT_TRUE(await_bake(ship()));
  {
    std::deque<HttpClient> clients;
    for (std::size_t i = 0; i < kClients; ++i) {
      clients.emplace_back(teal_->listener());
      clients.back().send(request("GET", "/"));
    }
    ASSERT_TRUE(blue_.await_requests(kClients));
    EXPECT_GT(green_.requests(), 0U);
  }
  EXPECT_TRUE(eventually([&] { return told == kClients; }));
  EXPECT_TRUE(eventually([&] { return admin().metric("teal_client_aborts_total") == kClients; }));
  EXPECT_TRUE(eventually([&] { return admin().metric("teal_downstream_requests_active") == 0; }));
}

TEST_F(GivenUpReleaseTest, AHangWhoseClientsGiveUpIsTakenBackByTheLatencyQuantile) {
  start(
      "{ plan: [ { set_weight: 50% }, { bake: 1h } ], "
      "alarms: { slow: { latency_p90: '> 250ms', over: 1m, minimum_requests: 5 } } }");
  hang_green();
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  ask_impatiently(id);
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
  EXPECT_TRUE(has(admin().deployment(id).at("/reason"), "given up by clients"))
      << admin().deployment(id).text;
  expect_no_errors();
}

TEST_F(GivenUpReleaseTest, AHangWhoseClientsGiveUpIsTakenBackByTheComparison) {
  start(
      "{ plan: [ { set_weight: 10% }, { bake: 1h } ], "
      "alarms: { slower: { compare: latency, limit: 150ms } } }");
  hang_green();
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  ask_impatiently(id);
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
  expect_no_errors();
}

}  // namespace
}  // namespace teal::e2e
