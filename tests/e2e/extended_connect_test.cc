// RFC 8441 frame by frame: CONNECT with a protocol on a stream of HTTP/2, an upgrade to the target.
#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_tunnel.h"

#include <gtest/gtest.h>

namespace teal::e2e {
namespace {

constexpr int kEnableConnectProtocol = 8;

class ExtendedConnectTest : public testing::Test {
 protected:
  void start(const std::string& more_service = {}) {
    ConfigText config = shop({target_.address()}, more_service);
    config.access_log = "\n  format: json\n  path: $DIR/access.log";
    teal_ = std::make_unique<Teal>(config.render("$DIR"));
  }
  /// The target answers the key, with further lines, and echoes; behind an end it says bye.
  void agree(const std::string& lines = {}) {
    target_.on_connection([this, lines](TargetConnection& connection) {
      const auto request = connection.next();
      if (!request) return;
      {
        const std::scoped_lock lock(mutex_);
        seen_ = *request;
      }
      connection.send(agreement_with(*request, lines));
      std::string bytes;
      while (connection.read(bytes) == Arrival::bytes) {
        connection.send(bytes);
        bytes.clear();
      }
      connection.send("bye");
    });
  }
  SeenRequest seen() {
    const std::scoped_lock lock(mutex_);
    return seen_;
  }
  static std::optional<h2::Frame> answer(Http2Client& client, std::uint32_t stream = 1) {
    return client.await([stream](const h2::Frame& frame) {
      return frame.stream == stream && (frame.type == h2::kHeaders || frame.type == h2::kReset);
    });
  }
  static std::string data(Http2Client& client, std::size_t size, std::uint32_t stream = 1) {
    std::string all;
    while (all.size() < size) {
      const auto frame = client.await(
          [stream](const h2::Frame& f) { return f.type == h2::kData && f.stream == stream; });
      if (!frame) break;
      all += frame->payload;
    }
    return all;
  }
  double metric(const std::string& name, const std::string& labels = {}) {
    return teal_->admin().metric(name, labels);
  }

  Target target_;
  std::mutex mutex_;
  SeenRequest seen_;
  std::unique_ptr<Teal> teal_;
};

TEST_F(ExtendedConnectTest, IsAnnouncedInTheSettings) {
  start();
  Http2Client client(teal_->listener());
  const auto settings = client.await(h2::kSettings);
  ASSERT_TRUE(settings);
  bool is_there = false;
  for (std::size_t at = 0; at + 6 <= settings->payload.size(); at += 6)
    is_there = is_there || settings->payload.substr(at, 6) ==
                               h2::number(kEnableConnectProtocol, 2) + h2::number(1, 4);
  EXPECT_TRUE(is_there);
}

TEST_F(ExtendedConnectTest, AStreamIsATunnelAfterTheTargets101) {
  agree("set-cookie: a=b\r\n");
  start();
  Http2Client client(teal_->listener());
  client.send(h2::headers(
      1, h2::connect({{"sec-websocket-key", "not-for-the-target"}, {"origin", "http://a.example"}}),
      false));
  const auto head = answer(client);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->field(":status"), "200");
  EXPECT_FALSE(head->ends());
  EXPECT_EQ(head->field("set-cookie"), "a=b");
  for (const char* name : {"sec-websocket-accept", "upgrade", "connection", "content-length"})
    EXPECT_EQ(head->field(name), "") << name;
  const SeenRequest request = seen();
  EXPECT_EQ(request.start_line, "GET /chat HTTP/1.1");
  EXPECT_EQ(request.headers.get("connection"), "upgrade");
  EXPECT_EQ(request.headers.get("upgrade"), "websocket");
  EXPECT_EQ(request.headers.get("sec-websocket-version"), "13");
  EXPECT_EQ(request.headers.get("sec-websocket-key").size(), 24U);
  EXPECT_EQ(request.headers.get("origin"), "http://a.example");
  EXPECT_FALSE(request.headers.has("content-length") || request.headers.has("transfer-encoding"));
  client.send(h2::frame(h2::kData, 0, 1, "hello"));
  EXPECT_EQ(data(client, 5), "hello");
  EXPECT_EQ(metric("teal_tunnels_active"), 1);
  // The end of one direction leaves the other its word.
  client.send(h2::frame(h2::kData, h2::kEndStream, 1, "last"));
  const auto rest = client.answer(1);
  EXPECT_EQ(rest.body, "lastbye");
  EXPECT_TRUE(rest.complete);
  EXPECT_TRUE(eventually([&] { return metric("teal_tunnels_active") == 0; }));
  EXPECT_TRUE(eventually([&] {
    return read_file(teal_->dir() / "access.log").find("\"status\":200,\"termination\":\"ok\"") !=
           std::string::npos;
  }));
}

TEST_F(ExtendedConnectTest, BytesThatComeEarlyWait) {
  agree();
  start();
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::connect(), false) + h2::frame(h2::kData, 0, 1, "early") +
              h2::frame(h2::kData, h2::kEndStream, 1, "bird"));
  const auto got = client.answer(1);
  EXPECT_EQ(got.status, "200");
  EXPECT_EQ(got.body, "earlybirdbye");
}

TEST_F(ExtendedConnectTest, AnotherAnswerIsThatOfTheTargetUnlessItLooksLikeATunnel) {
  target_.on_request([](TargetConnection& connection, const SeenRequest& request) {
    connection.send(request.path == "/chat" ? response(403, "no") : response(200, "a page"));
  });
  start("retry: off\n");
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::connect(), false));
  const auto refused = client.answer(1);
  EXPECT_EQ(refused.status, "403");
  EXPECT_EQ(refused.body, "no");
  h2::Lines page = h2::connect();
  page[3].second = "/page";
  client.send(h2::headers(3, page, false));
  EXPECT_EQ(client.answer(3).status, "502");
  EXPECT_EQ(client.get(5).status, "200");
}

TEST_F(ExtendedConnectTest, AWrongAnswerToTheKeyIsNone) {
  target_.on_connection([](TargetConnection& connection) {
    while (connection.next())
      connection.send(
          "HTTP/1.1 101 OK\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
          "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  });
  start("retry: off\n");
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::connect(), false));
  EXPECT_EQ(client.answer(1).status, "502");
  EXPECT_EQ(metric("teal_upstream_protocol_errors_total"), 1);
}

TEST_F(ExtendedConnectTest, WhatIsNotAllowedIsRefusedAndNobodysFault) {
  start();
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::connect({}, "chat"), false));
  EXPECT_EQ(client.answer(1).status, "501");
  // Plain CONNECT stays what it was.
  client.send(h2::headers(3, {{":method", "CONNECT"}, {":authority", "a:1"}}, false));
  EXPECT_EQ(client.answer(3).status, "501");
  EXPECT_EQ(metric("teal_requests_refused_total", "rule=\"protocol_unsupported\""), 1);
  EXPECT_EQ(metric("teal_requests_refused_total", "rule=\"method_unsupported\""), 1);
  EXPECT_EQ(metric("teal_requests_total"), 0);
  EXPECT_EQ(target_.requests(), 0U);
}

TEST_F(ExtendedConnectTest, WhatMakesNoSenseIsMalformed) {
  start();
  std::uint32_t stream = 1;
  Http2Client client(teal_->listener());
  h2::Lines without_path = h2::connect();
  without_path.erase(without_path.begin() + 3);
  h2::Lines twice = h2::connect();
  twice.insert(twice.begin(), {":protocol", "websocket"});
  h2::Lines get = h2::connect();
  get[0].second = "GET";
  for (const auto& [lines, ends] : {std::pair{h2::connect(), true},
                                    {without_path, false},
                                    {twice, false},
                                    {get, false},
                                    {h2::connect({}, "web socket"), false},
                                    {h2::connect({{"content-length", "5"}}), false},
                                    {h2::connect({{"upgrade", "websocket"}}), false}}) {
    client.send(h2::headers(stream, lines, ends));
    const auto got = client.answer(stream);
    EXPECT_EQ(got.reset, 1U) << stream << got.status;
    stream += 2;
  }
  EXPECT_EQ(client.get(stream).status, "200");
}

TEST_F(ExtendedConnectTest, AResetEndsTheTargetsSide) {
  Trigger over;
  target_.on_connection([&](TargetConnection& connection) {
    const auto request = connection.next();
    if (!request) return;
    connection.send(agreement_with(*request));
    connection.await_end();
    over.fire();
  });
  start();
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::connect(), false));
  ASSERT_EQ(answer(client)->field(":status"), "200");
  client.send(h2::reset(1));
  EXPECT_TRUE(over.wait());
  EXPECT_TRUE(eventually([&] { return metric("teal_tunnels_active") == 0; }));
}

/// How a client may leave once it has its target's last word.
class LeavingTest : public ExtendedConnectTest {
 protected:
  /// The client's tunnel, whose target says "bye" and ends, at once or behind the client's end.
  std::unique_ptr<Http2Client> tunnel(bool target_ends_first) {
    target_.on_connection([target_ends_first](TargetConnection& connection) {
      const auto request = connection.next();
      if (!request) return;
      connection.send(agreement_with(*request));
      if (target_ends_first) {
        connection.send("bye");
        connection.finish_sending();
      }
      connection.await_end();
    });
    start();
    auto client = std::make_unique<Http2Client>(teal_->listener());
    client->send(h2::headers(1, h2::connect(), false));
    EXPECT_EQ(answer(*client)->field(":status"), "200");
    return client;
  }
  bool is_logged(const std::string& termination) const {
    return eventually([&] {
      return read_file(teal_->dir() / "access.log")
                 .find("\"termination\":\"" + termination + "\"") != std::string::npos;
    });
  }
};

TEST_F(LeavingTest, AResetBehindTheTargetsEndIsNoAbort) {
  const auto client = tunnel(true);
  EXPECT_TRUE(client->answer(1).complete);
  client->send(h2::reset(1));
  EXPECT_TRUE(is_logged("ok"));
  EXPECT_EQ(metric("teal_client_aborts_total"), 0);
}

TEST_F(LeavingTest, TheEndOfTheConnectionBehindTheClientsOwnIsNoAbort) {
  const auto client = tunnel(false);
  client->send(h2::frame(h2::kData, h2::kEndStream, 1, "last"));
  client->wire().finish_sending();
  EXPECT_TRUE(is_logged("ok"));
  EXPECT_EQ(metric("teal_client_aborts_total"), 0);
}

TEST_F(LeavingTest, AResetWithoutAnErrorIsNoAbort) {
  const auto client = tunnel(false);
  client->send(h2::frame(h2::kReset, 0, 1, h2::number(0, 4)));
  EXPECT_TRUE(is_logged("ok"));
  EXPECT_EQ(metric("teal_client_aborts_total"), 0);
}

TEST_F(LeavingTest, AResetInMidTalkIsOneAndCounted) {
  const auto client = tunnel(false);
  client->send(h2::reset(1));
  EXPECT_TRUE(is_logged("client_gone"));
  EXPECT_TRUE(eventually([&] { return metric("teal_client_aborts_total") == 1; }));
}

TEST_F(ExtendedConnectTest, AStreamWithoutRoomStopsItsTargetAndItsSilenceEndsIt) {
  constexpr std::size_t kBytes = 32 * 1024 * 1024;
  std::atomic<std::size_t> sent{0};
  target_.on_connection([&](TargetConnection& connection) {
    const auto request = connection.next();
    if (!request) return;
    connection.send(agreement_with(*request));
    const std::string block(64 * 1024, 'x');
    for (; sent < kBytes; sent += block.size())
      if (!connection.send(block)) return;
  });
  start("timeouts: { tunnel_idle: 500ms }\n");
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::connect(), false));
  const auto got = client.answer(1, false);  // No window is given back.
  EXPECT_EQ(got.body.size(), 65535U);
  EXPECT_LT(sent, kBytes);
  EXPECT_LT(teal_->resident_kilobytes(), (kSanitized ? 400 : 60) * 1024);
  EXPECT_EQ(metric("teal_timeouts_total", "phase=\"tunnel_idle\""), 1);
  EXPECT_EQ(got.reset, 2U);
}

}  // namespace
}  // namespace teal::e2e
