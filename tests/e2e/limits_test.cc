// Timeouts and limits towards clients and targets: each has its defined answer and its counter.
#include <csignal>

#include <gtest/gtest.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

ConfigText with_listener(const Target& target, const std::string& keys) {
  ConfigText config = shop({target.address()});
  config.listeners = "public: { address: '127.0.0.1:0', " + keys + " }";
  return config;
}

TEST(Timeouts, AHeadThatDoesNotComeIsAnswered408) {
  Target target;
  Teal teal(with_listener(target, "timeouts: { request_header: 150ms }"));
  HttpClient client(teal.listener());
  client.send("GET / HTTP/1.1\r\nhost: shop");
  const Response response = client.read();
  EXPECT_EQ(response.status, 408) << describe(response);
  EXPECT_EQ(client.await_end(), Arrival::closed);
  EXPECT_EQ(teal.admin().metric("teal_timeouts_total", "request_header"), 1);
  EXPECT_EQ(target.requests(), 0U);
}

TEST(Timeouts, AHeadThatDripsIsTimedAsAWhole) {
  Target target;
  Teal teal(with_listener(target, "timeouts: { request_header: 200ms }"));
  HttpClient client(teal.listener());
  ASSERT_EQ(client.get("/").status, 200);
  // Each byte comes well in time; together they do not.
  std::string answer;
  const std::string head = "GET / HTTP/1.1\r\nx: " + std::string(10'000, 'y');
  std::size_t sent = 0;
  while (answer.empty() && sent < head.size()) {
    client.send(head.substr(sent++, 1));
    client.wire().read(answer, Deadline{Millis{10} / kPatience});
  }
  EXPECT_LT(sent, head.size());
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 408");
}

TEST(Timeouts, AConnectionThatAsksNothingIsClosed) {
  Target target;
  Teal teal(with_listener(target, "timeouts: { request_header: 100ms, keep_alive: 100ms }"));
  HttpClient silent(teal.listener());
  EXPECT_EQ(silent.await_end(), Arrival::closed);
  HttpClient idle(teal.listener());
  ASSERT_EQ(idle.get("/").status, 200);
  EXPECT_EQ(idle.await_end(), Arrival::closed);
  EXPECT_EQ(teal.admin().metric("teal_timeouts_total", "keep_alive"), 1);
}

TEST(Timeouts, ABodyThatStopsComingIsAnswered408) {
  Target target;
  Teal teal(shop({target.address()}, "timeouts: { request_body_idle: 150ms }"));
  HttpClient client(teal.listener());
  client.send(request("POST", "/", "content-length: 100\r\n") + "only this");
  const Response response = client.read();
  EXPECT_EQ(response.status, 408) << describe(response);
  EXPECT_EQ(client.await_end(), Arrival::closed);
  EXPECT_EQ(teal.admin().metric("teal_timeouts_total", "request_body"), 1);
  EXPECT_EQ(target.requests(), 0U);
}

TEST(Timeouts, ARequestThatTakesTooLongAsAWholeIsAnswered504) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) { connection.stall(); });
  Teal teal(shop({target.address()}, "timeouts: { request: 150ms }"));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/").status, 504);
  EXPECT_EQ(teal.admin().metric("teal_timeouts_total", "\"request\""), 1);
}

TEST(Timeouts, WhatCameWhileTealDidNotRunHasComeInTime) {
  constexpr Millis kLimit{200};
  Target target;
  Trigger asked, stopped, is_late;
  target.on_request([&](TargetConnection& connection, const SeenRequest&) {
    asked.fire();
    connection.wait(stopped);
    connection.send(response(200, "ok"));
    connection.linger(3 * kLimit);
    is_late.fire();
  });
  Teal teal(shop({target.address()}, "timeouts: { response_header: 200ms }"));
  HttpClient client(teal.listener());
  client.send(request("GET", "/"));
  ASSERT_TRUE(asked.wait());
  teal.signal(SIGSTOP);
  stopped.fire();
  ASSERT_TRUE(is_late.wait());
  teal.signal(SIGCONT);
  EXPECT_EQ(client.read().status, 200);
  EXPECT_EQ(teal.admin().metric("teal_timeouts_total", "response_header"), 0);
}

TEST(Timeouts, AResponseThatDripsIsCutByTheWholeRequestsTime) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
    while (connection.linger(Millis{10}) && connection.send("."));
  });
  Teal teal(shop({target.address()}, "timeouts: { request: 200ms, stream_idle: 5s }"));
  HttpClient client(teal.listener());
  const Response response = client.get("/");
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.complete);
  EXPECT_NE(response.ended, Arrival::timeout);
}

TEST(Limits, ALongRequestLineIs414AndABigHead431) {
  Target target;
  Teal teal(with_listener(
      target, "limits: { request_line_bytes: 256, header_bytes: 1024, header_count: 8 }"));
  const auto status = [&](const std::string& bytes) {
    HttpClient client(teal.listener());
    return client.exchange(bytes).status;
  };
  EXPECT_EQ(status(request("GET", "/" + std::string(200, 'a'))), 200);
  EXPECT_EQ(status(request("GET", "/" + std::string(300, 'a'))), 414);
  EXPECT_EQ(status(request("GET", "/", "x: " + std::string(800, 'b') + "\r\n")), 200);
  EXPECT_EQ(status(request("GET", "/", "x: " + std::string(1100, 'b') + "\r\n")), 431);
  std::string lines;
  for (int i = 0; i < 7; ++i) lines += "x: y\r\n";
  EXPECT_EQ(status(request("GET", "/", lines)), 200);
  EXPECT_EQ(status(request("GET", "/", lines + "x: y\r\n")), 431);
}

TEST(Limits, ConnectionsOverTheLimitAreClosedAtOnce) {
  Target target;
  Teal teal(with_listener(target, "limits: { connections: 2 }"));
  HttpClient first(teal.listener());
  ASSERT_EQ(first.get("/").status, 200);
  {
    HttpClient second(teal.listener());
    ASSERT_EQ(second.get("/").status, 200);
    HttpClient third(teal.listener());
    EXPECT_NE(third.await_end(), Arrival::timeout);
    EXPECT_EQ(first.get("/").status, 200);
    EXPECT_EQ(teal.admin().metric("teal_downstream_connections_refused_total"), 1);
  }
  EXPECT_TRUE(
      eventually([&] { return teal.admin().metric("teal_downstream_connections_active") == 1; }));
  HttpClient fourth(teal.listener());
  EXPECT_EQ(fourth.get("/").status, 200);
}

TEST(Limits, AConnectionServesSoManyRequestsAndNoMore) {
  Target target;
  Teal teal(with_listener(target, "limits: { requests_per_connection: 3 }"));
  HttpClient client(teal.listener());
  EXPECT_FALSE(client.get("/").headers.has("connection"));
  EXPECT_FALSE(client.get("/").headers.has("connection"));
  const Response last = client.get("/");
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(last.headers.get("connection"), "close");
  EXPECT_EQ(client.await_end(), Arrival::closed);
}

class QueueTest : public ::testing::Test {
 protected:
  QueueTest() {
    target_.on_request([this](TargetConnection& connection, const SeenRequest&) {
      connection.wait(go_);
      connection.send(response(200, "served"));
    });
  }

  /// One request at a time, one more may wait.
  ConfigText config(const std::string& timeout) {
    ConfigText config = shop({target_.address()},
                             "limits: { in_flight_per_target: 1, pending: 1 }\n"
                             "timeouts: { queue: " +
                                 timeout + " }");
    config.workers = 1;
    return config;
  }

  Target target_;
  Trigger go_;
};

TEST_F(QueueTest, ARequestWaitsForATargetWithRoomAndTheNextOneIsTurnedAway) {
  Teal teal(config("10s"));
  HttpClient first(teal.listener()), second(teal.listener()), third(teal.listener());
  first.send(request("GET", "/1"));
  ASSERT_TRUE(target_.await_requests(1));
  second.send(request("GET", "/2"));
  ASSERT_TRUE(
      eventually([&] { return teal.admin().metric("teal_downstream_requests_active") == 2; }));
  const Response full = third.get("/3");
  EXPECT_EQ(full.status, 503) << describe(full);
  EXPECT_EQ(teal.admin().metric("teal_requests_unserved_total", "queue_full"), 1);
  go_.fire();
  EXPECT_EQ(first.read().body, "served");
  EXPECT_EQ(second.read().body, "served");
  EXPECT_EQ(third.get("/3").body, "served");
}

TEST_F(QueueTest, ARequestDoesNotWaitForEver) {
  Teal teal(config("100ms"));
  HttpClient first(teal.listener()), second(teal.listener());
  first.send(request("GET", "/1"));
  ASSERT_TRUE(target_.await_requests(1));
  const Response late = second.get("/2");
  EXPECT_EQ(late.status, 503) << describe(late);
  EXPECT_EQ(teal.admin().metric("teal_requests_unserved_total", "queue_timeout"), 1);
  go_.fire();
  EXPECT_EQ(first.read().body, "served");
}

TEST_F(QueueTest, AClientIsNotLateWithABodyThatNobodyTakesWhileItsRequestWaits) {
  Target dying("dying");
  Trigger died;
  dying.on_connection([&](TargetConnection& connection) {
    while (const auto head = connection.next_head()) {
      if (head->method == "PUT") {
        connection.reset();
        died.fire();
        return;
      }
      connection.send(response(200, "quick"));
    }
  });
  target_.on_request([this](TargetConnection& connection, const SeenRequest& request) {
    if (request.method == "GET") connection.wait(go_);
    connection.send(response(200, "served " + request.body));
  });
  ConfigText busy = config("60s");
  busy.services[0].blue.push_back(dying.address());
  busy.services[0].more += "\nretry: { on: [ reset ] }\noutlier: off\nbalance: round_robin\n";
  const std::string timeouts = "timeouts: { ";
  std::string& keys = busy.services[0].more;
  keys.insert(keys.find(timeouts) + timeouts.size(), "request_body_idle: 200ms, ");
  Teal teal(busy);
  HttpClient first(teal.listener()), waiting(teal.listener());
  first.send(request("GET", "/1") + request("GET", "/2"));  // One of them stays.
  ASSERT_TRUE(target_.await_requests(1));
  waiting.send(request("PUT", "/3", "transfer-encoding: chunked\r\n") + "4\r\nbody\r\n");
  ASSERT_TRUE(died.wait());
  ASSERT_TRUE(
      eventually([&] { return teal.admin().metric("teal_upstream_connections_active") == 1; }));
  EXPECT_EQ(teal.admin().metric("teal_upstream_retries_total", "failed"), 0) << "it waits";
  std::string early;
  EXPECT_EQ(waiting.wire().read(early, Deadline{Millis{1000} / kPatience}), Arrival::timeout)
      << early;
  go_.fire();
  waiting.send("0\r\n\r\n");
  const Response answer = waiting.read();
  EXPECT_EQ(answer.body, "served body") << describe(answer);
  EXPECT_EQ(teal.admin().metric("teal_upstream_retries_total", "failed"), 1);
  EXPECT_EQ(first.get("/4").status, 200);
}

TEST_F(QueueTest, ARequestThatHasToWaitAgainWaitsNoLongerThanItMayEither) {
  Target other("other");
  Trigger soon;
  const auto script = [&](TargetConnection& connection, const SeenRequest& request) {
    if (request.path == "/hang") return connection.stall();
    connection.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    connection.wait(request.path == "/soon" ? soon : go_);
    connection.send("ended");
  };
  target_.on_request(script);
  other.on_request(script);
  ConfigText busy = config("300ms, response_header: 200ms");
  busy.services[0].blue.push_back(other.address());
  busy.services[0].more += "\nretry: { on: [ timeout ] }\noutlier: off\n";
  Teal teal(busy);
  HttpClient one(teal.listener()), two(teal.listener()), waiting(teal.listener());
  one.send(request("GET", "/long"));
  two.send(request("GET", "/soon"));
  ASSERT_TRUE(eventually([&] { return target_.requests() + other.requests() == 2; }));
  waiting.send(request("GET", "/hang"));
  ASSERT_TRUE(
      eventually([&] { return teal.admin().metric("teal_downstream_requests_active") == 3; }));
  soon.fire();  // It gets that place, its target does not answer, and the other one is taken still.
  EXPECT_EQ(two.read().body, "ended");
  const Response late = waiting.read();
  EXPECT_EQ(late.status, 503) << describe(late);
  EXPECT_EQ(teal.admin().metric("teal_timeouts_total", "response_header"), 1);
  EXPECT_EQ(teal.admin().metric("teal_requests_unserved_total", "queue_timeout"), 1);
  go_.fire();
  EXPECT_EQ(one.read().body, "ended");
}

}  // namespace
}  // namespace teal::e2e
