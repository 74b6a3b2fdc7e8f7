// Upgrades with targets that speak HTTP/2 (RFC 8441), frame by frame and by real WebSocket clients:
// what a client of HTTP/1 asks by Upgrade and one of HTTP/2 by extended CONNECT is a stream there.
#include <boost/json.hpp>

#include "tests/support/e2e_http2_targets.h"
#include "tests/support/e2e_peer.h"
#include "tests/support/e2e_tunnel.h"

namespace teal::e2e {
namespace {

constexpr int kEnableConnectProtocol = 8;

class Http2TunnelTest : public Http2TargetsTest {
 protected:
  /// The target agrees, echoes, and behind an end it says bye.
  void agree(const std::string& status = "200", const h2::Lines& more = {}) {
    target_.on_head([status, more](const Http2Target::Send& send, const SeenStream& request) {
      h2::Lines fields{{":status", status}};
      fields.insert(fields.end(), more.begin(), more.end());
      send(h2::headers(request.stream, fields, false));
    });
    target_.on_piece([](const Http2Target::Send& send, const SeenStream& piece) {
      send(h2::frame(h2::kData, 0, piece.stream, piece.body));
    });
    target_.on_request([](const Http2Target::Send& send, const SeenStream& request) {
      send(h2::frame(h2::kData, h2::kEndStream, request.stream, "bye"));
    });
  }
  void start_alone(const std::string& more = {}) {
    ConfigText config = shop({target_.address()}, kHttp2 + more);
    config.workers = 1;
    config.access_log = "\n  format: json\n  path: $DIR/access.log";
    teal_ = std::make_unique<Teal>(config.render("$DIR"));
  }
  bool logs(const std::string& part) { return e2e::logs(*teal_, part); }
  bool counts(const std::string& name, double value) {
    return eventually([&] { return metric(name) == value; });
  }
  /// A client of HTTP/2 whose stream 1 is a tunnel.
  std::unique_ptr<Http2Client> open_stream() {
    auto client = std::make_unique<Http2Client>(teal_->listener());
    client->send(h2::headers(1, h2::connect(), false));
    const auto head = client->await(h2::kHeaders);
    EXPECT_TRUE(head && head->field(":status") == "200");
    return client;
  }

  Http2Target target_{"h2-1", {{kEnableConnectProtocol, 1}}};
};

TEST_F(Http2TunnelTest, AnUpgradeOfHttp1IsAStreamOfTheTarget) {
  agree("200", {{"content-length", "17"}, {"sec-websocket-protocol", "chat"}});
  start_alone();
  Caller caller(teal_->listener());
  const std::string head = caller.upgrade();
  EXPECT_TRUE(has(head, "HTTP/1.1 101 Switching Protocols\r\n")) << head;
  EXPECT_TRUE(has(head, "upgrade: websocket\r\n")) << head;
  EXPECT_TRUE(has(head, "connection: upgrade\r\n")) << head;
  EXPECT_TRUE(has(head, "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")) << head;
  EXPECT_TRUE(has(head, "sec-websocket-protocol: chat\r\n")) << head;
  EXPECT_FALSE(has(head, "content-length")) << head;
  caller.forget();
  EXPECT_TRUE(caller.send("hello") && caller.hears("hello"));
  EXPECT_EQ(metric("teal_tunnels_active"), 1);
  caller.wire().finish_sending();
  EXPECT_TRUE(caller.hears("bye"));
  EXPECT_EQ(caller.end(), Arrival::closed);
  EXPECT_TRUE(counts("teal_tunnels_active", 0));
  EXPECT_TRUE(logs("\"status\":101,\"termination\":\"ok\""));
  ASSERT_TRUE(target_.await_requests(1));
  const SeenStream seen = target_.seen()[0];
  EXPECT_EQ(seen.field(":method"), "CONNECT");
  EXPECT_EQ(seen.field(":protocol"), "websocket");
  EXPECT_EQ(seen.field(":scheme"), "http");
  EXPECT_EQ(seen.field(":path"), "/chat");
  EXPECT_EQ(seen.field(":authority"), "shop.example.com");
  EXPECT_EQ(seen.field("sec-websocket-version"), "13");
  for (const char* name : {"sec-websocket-key", "upgrade", "connection", "content-length"})
    EXPECT_EQ(seen.field(name), "") << name;
}

TEST_F(Http2TunnelTest, AStreamOfTheClientIsAStreamOfTheTarget) {
  agree();
  start_alone();
  const auto client = open_stream();
  client->send(h2::frame(h2::kData, 0, 1, "hello"));
  const auto echo = client->await(h2::kData);
  ASSERT_TRUE(echo);
  EXPECT_EQ(echo->payload, "hello");
  client->send(h2::frame(h2::kData, h2::kEndStream, 1));
  const auto rest = client->answer(1);
  EXPECT_EQ(rest.body, "bye");
  EXPECT_TRUE(rest.complete);
  EXPECT_TRUE(logs("\"status\":200,\"termination\":\"ok\""));
  const SeenStream seen = target_.seen()[0];
  EXPECT_EQ(seen.field("sec-websocket-version"), "13");
  EXPECT_EQ(seen.field("sec-websocket-key"), "");
  EXPECT_TRUE(counts("teal_upstream_connections_idle", 1)) << "and its connection serves others";
}

TEST_F(Http2TunnelTest, ATargetThatEndsFirstLeavesTheClientItsWord) {
  agree();
  target_.on_piece([](const Http2Target::Send& send, const SeenStream& piece) {
    if (piece.body == "hello") send(h2::frame(h2::kData, h2::kEndStream, piece.stream, "enough"));
  });
  target_.on_request({});
  start_alone();
  Caller caller(teal_->listener());
  caller.upgrade();
  caller.send("hello");
  EXPECT_TRUE(caller.hears("enough"));
  EXPECT_EQ(caller.end(), Arrival::closed);
  EXPECT_EQ(metric("teal_tunnels_active"), 1);
  caller.send("last words");
  caller.wire().finish_sending();
  ASSERT_TRUE(target_.await_requests(1)) << "the stream was ended and not reset";
  EXPECT_EQ(target_.seen()[0].body, "hellolast words");
  EXPECT_TRUE(logs("\"status\":101,\"termination\":\"ok\""));
}

TEST_F(Http2TunnelTest, AResetOfTheClientsStreamResetsTheTargets) {
  agree();
  start_alone();
  const auto client = open_stream();
  client->send(h2::reset(1));
  EXPECT_EQ(target_.await_reset(), 8U);
  EXPECT_TRUE(counts("teal_tunnels_active", 0));
}

TEST_F(Http2TunnelTest, AResetOfTheTargetsStreamCutsTheTunnel) {
  agree();
  target_.on_piece([](const Http2Target::Send& send, const SeenStream& piece) {
    send(h2::reset(piece.stream));
  });
  start_alone();
  const auto client = open_stream();
  client->send(h2::frame(h2::kData, 0, 1, "hello"));
  EXPECT_TRUE(client->await(h2::kReset));
  EXPECT_TRUE(logs("\"termination\":\"upstream_truncated\""));
}

TEST_F(Http2TunnelTest, AResetBehindTheTargetsEndCutsTheOtherHalf) {
  agree();
  target_.on_piece([](const Http2Target::Send& send, const SeenStream& piece) {
    send(h2::frame(h2::kData, h2::kEndStream, piece.stream, "enough") + h2::reset(piece.stream, 0));
  });
  start_alone();
  Caller caller(teal_->listener());
  caller.upgrade();
  caller.send("hello");
  EXPECT_TRUE(caller.hears("enough"));
  EXPECT_TRUE(counts("teal_tunnels_active", 0));
  EXPECT_TRUE(logs("\"termination\":\"upstream_truncated\""));
}

TEST_F(Http2TunnelTest, ARefusalIsAnAnswerLikeAnyOther) {
  target_.on_head([](const Http2Target::Send& send, const SeenStream& request) {
    send(Http2Target::answer(request.stream, "not you", {}, "403"));
  });
  start_alone();
  HttpClient client(teal_->listener());
  const Response got = client.exchange(kAsk);
  EXPECT_EQ(got.status, 403);
  EXPECT_EQ(got.body, "not you");
  Http2Client other(teal_->listener());
  other.send(h2::headers(1, h2::connect(), false));
  EXPECT_EQ(other.answer(1).status, "403");
  EXPECT_EQ(metric("teal_tunnels_total"), 0);
  EXPECT_EQ(target_.await_reset(), 8U) << "nobody needs what is left of the stream";
}

TEST_F(Http2TunnelTest, WhatTheTargetDoesNotAnnounceIsNotAskedAndNobodysFault) {
  Http2Target plain;
  start({plain.address()});
  HttpClient client(teal_->listener());
  EXPECT_EQ(client.exchange(kAsk).status, 200) << "an ordinary request";
  ASSERT_EQ(plain.seen().size(), 1U);
  EXPECT_EQ(plain.seen()[0].field(":method"), "GET");
  EXPECT_EQ(plain.seen()[0].field(":protocol"), "");
  Http2Client other(teal_->listener());
  other.send(h2::headers(1, h2::connect(), false));
  EXPECT_EQ(other.answer(1).status, "501");
  EXPECT_EQ(other.get(3).status, "200");
  EXPECT_EQ(plain.seen().size(), 2U);
  EXPECT_EQ(teal_->admin().metric("teal_requests_total", "code=\"5xx\""), 0);
  EXPECT_EQ(metric("teal_requests_active"), 0);
}

TEST_F(Http2TunnelTest, WhatExtendedConnectCannotSayIsAnOrdinaryRequest) {
  start({target_.address()});
  HttpClient client(teal_->listener());
  const std::string asks = "host: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n";
  EXPECT_EQ(client.exchange("GET / HTTP/1.1\r\n" + asks + "\r\n").status, 200) << "without a key";
  const std::string key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  EXPECT_EQ(
      client.exchange("POST / HTTP/1.1\r\n" + asks + key + "content-length: 2\r\n\r\nhi").status,
      200);
  ASSERT_EQ(target_.seen().size(), 2U);
  EXPECT_EQ(target_.seen()[0].field(":method"), "GET");
  EXPECT_EQ(target_.seen()[1].field(":method"), "POST");
  EXPECT_EQ(target_.seen()[1].body, "hi");
}

TEST_F(Http2TunnelTest, AShiftLeavesTunnelsAndADrainEndsThem) {
  agree();
  ConfigText config;
  ServiceText service;
  service.blue = {target_.address()};
  Http2Target green("green", {{kEnableConnectProtocol, 1}});
  service.green = {green.address()};
  service.more = kHttp2 + std::string("timeouts: { tunnel_drain: 100ms }\n");
  config.services = {service};
  config.workers = 1;
  teal_ = std::make_unique<Teal>(config);
  Caller caller(teal_->listener());
  caller.upgrade();
  ASSERT_EQ(teal_->admin().split("100%").status, 200);
  EXPECT_TRUE(caller.send("still here") && caller.hears("still here"));
  const std::string path = "/v1/services/shop/groups/blue/targets/" + target_.address();
  EXPECT_LT(teal_->admin().call("DELETE", path).status, 300);
  EXPECT_EQ(caller.end(), Arrival::closed);
  EXPECT_EQ(metric("teal_tunnels_drained_total"), 1);
}

/// Teal before Teal before a real WebSocket server: the way between the two is HTTP/2.
TEST(Http2TunnelByRealPeers, ConversationsGoBothWaysByBothProtocols) {
  PythonPeer server({"websocket_peer.py", "serve", "blue"});
  Teal far(shop({server.address()}));
  Teal near(shop({to_string(far.listener())}, "upstream: { protocol: http2 }\n"));
  const std::string front = "127.0.0.1:" + std::to_string(near.listener().port);
  PythonPeer streams({"websocket_over_http2.py", front, "10", "40"});
  EXPECT_EQ(streams.wait(Deadline{std::chrono::seconds{30}}), 0) << streams.errors();
  EXPECT_TRUE(has(streams.output(), "\"echoes\": 400")) << streams.output();
  PythonPeer talk({"websocket_peer.py", "talk", "ws://" + front + "/chat", "8"});
  ASSERT_TRUE(eventually([&] { return near.admin().metric("teal_tunnels_total") >= 40; },
                         Deadline{std::chrono::seconds{60}}))
      << talk.errors();
  talk.signal(SIGTERM);
  EXPECT_EQ(talk.wait(Deadline{std::chrono::seconds{30}}), 0) << talk.errors();
  EXPECT_TRUE(has(talk.output(), "\"errors\": []")) << talk.output();
  EXPECT_GE(near.admin().metric("teal_upstream_http2_connections_total"), 1);
  EXPECT_TRUE(eventually([&] { return near.admin().metric("teal_tunnels_active") == 0; }));
}

}  // namespace
}  // namespace teal::e2e
