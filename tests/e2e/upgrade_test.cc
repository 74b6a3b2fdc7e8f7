// Upgrades over HTTP/1.1, byte by byte: what is asked of the target, and when a connection becomes
// a tunnel.
#include "tests/support/e2e_tunnel.h"

namespace teal::e2e {
namespace {

TEST_F(UpgradeTest, BytesGoBothWaysAfterThe101) {
  agree();
  start();
  Caller caller(teal_->listener());
  const std::string head = caller.upgrade();
  EXPECT_TRUE(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << head;
  for (const char* line : {"\r\nconnection: upgrade\r\n", "\r\nupgrade: websocket\r\n",
                           "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"})
    EXPECT_TRUE(has(head, line)) << head;
  for (const char* header : {"content-length", "transfer-encoding", "Transfer-Encoding"})
    EXPECT_FALSE(has(head, header)) << head;
  EXPECT_EQ(seen().headers.get("connection"), "upgrade");
  EXPECT_EQ(seen().headers.get("upgrade"), "websocket");
  EXPECT_EQ(seen().headers.get("sec-websocket-key"), "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(seen().headers.count("connection"), 1U);
  EXPECT_EQ(metric("teal_tunnels_active"), 1);
  EXPECT_EQ(metric("teal_downstream_requests_active"), 0);
  for (const char* words : {"hello", "GET / HTTP/1.1\r\n\r\n", "0\r\n\r\n"}) {
    caller.send(words);
    EXPECT_TRUE(caller.hears(words)) << caller.heard();
  }
  caller.wire().finish_sending();
  EXPECT_EQ(caller.end(), Arrival::closed);
  EXPECT_TRUE(caller.heard().ends_with("bye"));
  EXPECT_TRUE(logs("\"status\":101,\"termination\":\"ok\",\"origin\":\"target\""));
  EXPECT_TRUE(logs("\"bytes_received\":28,\"bytes_sent\":31"));
  EXPECT_TRUE(counts("teal_tunnels_active", 0));
  EXPECT_EQ(metric("teal_tunnels_total"), 1);
  EXPECT_EQ(metric("teal_requests_total", "code=\"1xx\""), 1);
  EXPECT_EQ(metric("teal_upstream_connections_idle"), 0);
}

TEST_F(UpgradeTest, WhatComesBehindTheRequestIsForTheTunnelAndWaits) {
  Trigger may_agree;
  Trigger asked;
  std::string early;
  target_.on_connection([&](TargetConnection& connection) {
    if (!connection.next_head()) return;
    asked.fire();
    connection.wait(may_agree);
    connection.send(kSwitch);
    connection.await(early, "early");
    connection.send("heard");
    echo(connection);
  });
  start();
  Caller caller(teal_->listener());
  caller.send(kAsk + "early");
  ASSERT_TRUE(asked.wait());
  may_agree.fire();
  EXPECT_TRUE(caller.hears("heard"));
  EXPECT_EQ(early, "early");
}

TEST_F(UpgradeTest, AnotherAnswerThan101IsAnOrdinaryOne) {
  target_.on_request([](TargetConnection& connection, const SeenRequest& request) {
    connection.send(request.headers.has("upgrade") ? response(426, "no") : response(200, "plain"));
  });
  start();
  HttpClient client(teal_->listener());
  // What stands behind the request is the next one then.
  client.send(kAsk + kAsk + request("GET", "/"));
  EXPECT_EQ(client.read().status, 426);
  EXPECT_EQ(client.read().status, 426);
  EXPECT_EQ(client.read().body, "plain");
  EXPECT_EQ(metric("teal_tunnels_total"), 0);
  EXPECT_EQ(target_.connections(), 1U);  // And the connection is kept.
}

TEST_F(UpgradeTest, WhatIsNotAllowedGoesNoFurther) {
  start();
  HttpClient client(teal_->listener());
  for (const std::string lines :
       {"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n",
        "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n", "Upgrade: websocket\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket/13\r\n", "Connection: Upgrade\r\n"}) {
    EXPECT_EQ(client.get("/", lines).status, 200) << lines;
    EXPECT_FALSE(target_.last().headers.has("upgrade")) << lines;
    EXPECT_FALSE(target_.last().headers.has("connection")) << lines;
  }
  const std::string old = "GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  EXPECT_EQ(HttpClient(teal_->listener()).exchange(old).status, 200);
  EXPECT_FALSE(target_.last().headers.has("upgrade"));
  // Of several the first that is allowed.
  EXPECT_EQ(client.get("/", "Connection: upgrade\r\nUpgrade: h2c, WebSocket\r\n").status, 200);
  EXPECT_EQ(target_.last().headers.get("upgrade"), "WebSocket");
}

TEST_F(UpgradeTest, ProtocolsAreTheServicesToChoose) {
  target_.on_connection([](TargetConnection& connection) {
    while (const auto request = connection.next()) {
      if (!request->headers.has("upgrade")) {
        connection.send(response(200, "plain"));
        continue;
      }
      connection.send("HTTP/1.1 101 OK\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n");
      echo(connection);
      return;
    }
  });
  start("upgrades: [ Chat ]\n");
  EXPECT_EQ(HttpClient(teal_->listener()).exchange(kAsk).body, "plain");
  Caller caller(teal_->listener());
  caller.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\nhello");
  EXPECT_TRUE(caller.hears("hello"));
}

TEST_F(UpgradeTest, A101ForAnotherProtocolIsNoAnswer) {
  for (const std::string lines : {"upgrade: chat\r\n", "upgrade: websocket, chat\r\n", ""}) {
    Target target;
    target.on_connection([&](TargetConnection& connection) {
      while (connection.next())
        connection.send("HTTP/1.1 101 OK\r\nconnection: upgrade\r\n" + lines + "\r\nabc");
    });
    ConfigText config = shop({target.address()}, "retry: off\n");
    const Teal teal(config);
    HttpClient client(teal.listener());
    EXPECT_EQ(client.exchange(kAsk).status, 502) << lines;
    EXPECT_TRUE(eventually([&] { return target.open_connections() == 0; })) << lines;
  }
}

TEST_F(UpgradeTest, ARequestWithABodySwitchesBehindIt) {
  std::string body;
  target_.on_connection([&](TargetConnection& connection) {
    auto request = connection.next();
    if (!request) return;
    body = request->body;
    connection.send(kSwitch);
    echo(connection);
  });
  start();
  Caller caller(teal_->listener());
  const std::string head =
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";
  caller.send(head + "Content-Length: 4\r\n\r\nbodytunnel");
  EXPECT_TRUE(caller.hears("tunnel"));
  EXPECT_EQ(body, "body");
  Caller chunked(teal_->listener());
  chunked.send(head + "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\ntunnel");
  EXPECT_TRUE(chunked.hears("tunnel"));
}

TEST_F(UpgradeTest, A101BeforeTheRequestIsWholeIsRefused) {
  target_.on_connection([](TargetConnection& connection) {
    if (connection.next_head()) connection.send(kSwitch);
    connection.await_end();
  });
  start("retry: off\n");
  Caller caller(teal_->listener());
  caller.send(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
      "Content-Length: 9\r\n\r\nbo");
  EXPECT_NE(caller.end(), Arrival::timeout);
  EXPECT_TRUE(caller.heard().starts_with("HTTP/1.1 502 ")) << caller.heard();
}

}  // namespace
}  // namespace teal::e2e
