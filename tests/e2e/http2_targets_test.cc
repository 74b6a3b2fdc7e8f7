// Targets that speak HTTP/2: what they are asked, and both sides' protocols in all four
// combinations.
#include <algorithm>

#include "tests/support/e2e_certificates.h"
#include "tests/support/e2e_http2_targets.h"
#include "tests/support/e2e_tunnel.h"

namespace teal::e2e {
namespace {

std::string pattern(std::size_t size) {
  std::string body(size, 'x');
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + i * 7 % 26);
  return body;
}

TEST_F(Http2TargetsTest, AHttp1ClientIsServed) {
  Http2Target target;
  start({target.address()});
  HttpClient client(teal_->listener());
  const Response got = client.get("/hello?x=y");
  EXPECT_EQ(got.status, 200) << describe(got);
  EXPECT_EQ(got.body, "h2-1\n");
  ASSERT_EQ(target.seen().size(), 1U);
  const SeenStream seen = target.seen()[0];
  EXPECT_EQ(seen.field(":method"), "GET");
  EXPECT_EQ(seen.field(":path"), "/hello?x=y");
  EXPECT_EQ(seen.field(":scheme"), "http");
  EXPECT_TRUE(seen.field("via").starts_with("1.1 teal-"));
  EXPECT_FALSE(seen.field(":authority").empty());
  EXPECT_EQ(seen.field("host"), "");
  EXPECT_EQ(seen.field("connection"), "");
}

TEST_F(Http2TargetsTest, AHttp2ClientIsServed) {
  Http2Target target;
  start({target.address()});
  Http2Client client(teal_->listener());
  const auto got = client.get(1, "/", {{"te", "trailers"}});
  EXPECT_EQ(got.status, "200");
  EXPECT_EQ(got.body, "h2-1\n");
  ASSERT_EQ(target.seen().size(), 1U);
  EXPECT_EQ(target.seen()[0].field("te"), "trailers");
  EXPECT_EQ(target.seen()[0].field(":authority"), "a.example");
  EXPECT_TRUE(target.seen()[0].field("via").starts_with("2.0 teal-"));
}

TEST_F(Http2TargetsTest, RequestsShareAConnection) {
  Http2Target target;
  start({target.address()});
  Http2Client client(teal_->listener());
  for (std::uint32_t stream = 1; stream < 80; stream += 2)
    client.send(h2::headers(stream, h2::get("/" + std::to_string(stream))));
  std::size_t answered = 0;
  while (answered < 40) {
    const auto frame = client.await(h2::kData);
    ASSERT_TRUE(frame);
    answered += frame->ends() ? 1 : 0;
  }
  EXPECT_EQ(target.connections(), 1U);
  EXPECT_EQ(metric("teal_upstream_http2_connections_total"), 1);
  EXPECT_EQ(metric("teal_upstream_connections_idle"), 1);
  EXPECT_EQ(metric("teal_upstream_connections_active"), 0);
}

TEST_F(Http2TargetsTest, NoMoreStreamsAreOpenedThanTheTargetAllows) {
  Http2Target target("h2-1", {{3, 2}});
  Trigger go;
  target.on_request([&](const Http2Target::Send& send, const SeenStream& request) {
    if (request.connection == 1 && request.field(":path") == "/first") go.wait();
    send(Http2Target::answer(request.stream, "done"));
  });
  start({target.address()});
  Http2Client client(teal_->listener());
  for (std::uint32_t stream = 1; stream < 20; stream += 2)
    client.send(h2::headers(stream, h2::get("/")));
  std::size_t answered = 0;
  while (answered < 10) {
    const auto frame = client.await(h2::kData);
    ASSERT_TRUE(frame);
    answered += frame->ends() ? 1 : 0;
  }
  go.fire();
  EXPECT_GE(target.connections(), 2U) << "ten at once, two on a connection";
  EXPECT_EQ(metric("teal_upstream_streams_refused_total"), 0);
}

TEST_F(Http2TargetsTest, ATargetThatTakesNoStreamsIsNotConnected) {
  Http2Target closed("closed", {{3, 0}});
  Http2Target open;
  start({closed.address(), open.address()}, "balance: round_robin\n");
  HttpClient client(teal_->listener());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client.get("/").body, "h2-1\n");
  EXPECT_TRUE(closed.seen().empty());
}

TEST_F(Http2TargetsTest, WhatATargetOfHttp1IsAskedGoesToAnotherWhateverItsMethod) {
  Target old("old");
  old.on_connection([](TargetConnection& connection) {
    connection.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    connection.await_end();
  });
  Http2Target fresh("fresh");
  start({old.address(), fresh.address()}, "balance: round_robin\n");
  HttpClient client(teal_->listener());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client.post("/", "hi").body, "fresh\n");
}

TEST_F(Http2TargetsTest, LargeBodiesGoBothWaysUnharmed) {
  const std::string body = pattern(3'000'000);
  Http2Target target;
  target.on_request([](const Http2Target::Send& send, const SeenStream& request) {
    std::string out = h2::headers(request.stream, {{":status", "200"}}, false);
    // Its window is 128 KiB, so that much at a time is all that an honest target sends unasked.
    for (std::size_t at = 0; at < 120'000; at += 16'000)
      out += h2::frame(h2::kData, 0, request.stream,
                       std::string_view(request.body).substr(at, 16'000));
    out += h2::frame(h2::kData, h2::kEndStream, request.stream);
    send(out);
  });
  start({target.address()});
  HttpClient client(teal_->listener());
  client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body);
  const Response got = client.read();
  EXPECT_EQ(got.status, 200) << describe(got);
  EXPECT_TRUE(got.body == body.substr(0, 128'000)) << got.body.size();
  EXPECT_EQ(got.kind, BodyKind::chunked);
  ASSERT_EQ(target.seen().size(), 1U);
  EXPECT_TRUE(target.seen()[0].body == body);
  EXPECT_EQ(target.seen()[0].field("content-length"), std::to_string(body.size()));
  EXPECT_EQ(target.seen()[0].field("transfer-encoding"), "");
}

void answer_with_trailers(const Http2Target::Send& send, const SeenStream& request) {
  send(h2::headers(request.stream, {{":status", "200"}}, false) +
       h2::frame(h2::kData, 0, request.stream, "hello") +
       h2::headers(request.stream, {{"x-sum", "42"}}));
}

TEST_F(Http2TargetsTest, TrailersGoBothWaysToAHttp2Client) {
  Http2Target target;
  target.on_request(answer_with_trailers);
  start({target.address()}, "request_trailers: pass\n");
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::post(), false) + h2::frame(h2::kData, 0, 1, "abc") +
              h2::headers(1, {{"x-check", "7"}}));
  const auto got = client.answer(1);
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.trailers, (h2::Lines{{"x-sum", "42"}}));
  ASSERT_EQ(target.seen().size(), 1U);
  EXPECT_EQ(target.seen()[0].trailers, (h2::Lines{{"x-check", "7"}}));
}

TEST_F(Http2TargetsTest, TrailersGoBothWaysToAHttp1Client) {
  Http2Target target;
  target.on_request(answer_with_trailers);
  start({target.address()}, "request_trailers: pass\n");
  HttpClient client(teal_->listener());
  client.send(
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
      "x-check: 7\r\n\r\n");
  const Response got = client.read();
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.trailers.get("x-sum"), "42");
  ASSERT_EQ(target.seen().size(), 1U);
  EXPECT_EQ(target.seen()[0].body, "abc");
  EXPECT_EQ(target.seen()[0].trailers, (h2::Lines{{"x-check", "7"}}));
}

TEST_F(Http2TargetsTest, InterimResponsesArePassedOn) {
  Http2Target target;
  target.on_request([](const Http2Target::Send& send, const SeenStream& request) {
    send(h2::headers(request.stream, {{":status", "103"}, {"link", "</a>"}}, false) +
         Http2Target::answer(request.stream, "final"));
  });
  start({target.address()});
  HttpClient client(teal_->listener());
  const Response got = client.get("/");
  ASSERT_EQ(got.interim.size(), 1U);
  EXPECT_EQ(got.interim[0].status, 103);
  EXPECT_EQ(got.body, "final");
}

TEST_F(Http2TargetsTest, ResponsesWithoutABodyEndForAHttp1Client) {
  Http2Target target;
  target.on_request([](const Http2Target::Send& send, const SeenStream& request) {
    const std::string path = request.field(":path");
    if (request.field(":method") == "HEAD")
      send(h2::headers(request.stream, {{":status", "200"}, {"content-length", "12"}}));
    else
      send(h2::headers(request.stream, {{":status", path.substr(1)}}));
  });
  start({target.address()});
  HttpClient client(teal_->listener());
  for (const std::string status : {"200", "204", "304", "404"}) {
    const Response got = client.get("/" + status);
    EXPECT_EQ(std::to_string(got.status), status);
    EXPECT_TRUE(got.complete) << status;
    EXPECT_EQ(got.body, "");
  }
  client.send("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n");
  const Response head = client.read(true);
  EXPECT_EQ(head.headers.get("content-length"), "12");
  EXPECT_EQ(client.get("/200").status, 200) << "the connection goes on";
}

TEST_F(Http2TargetsTest, AClientThatDoesNotReadStopsItsTargetOnly) {
  Http2Target target;
  target.on_request([](const Http2Target::Send& send, const SeenStream& request) {
    if (request.field(":path") == "/small") {
      send(Http2Target::answer(request.stream, "small"));
      return;
    }
    // As much as the windows allow, without an end.
    std::string out = h2::headers(request.stream, {{":status", "200"}}, false);
    for (int i = 0; i < 8; ++i)
      out += h2::frame(h2::kData, 0, request.stream, std::string(16 * 1024, 'x'));
    send(out);
  });
  start({target.address()});
  std::vector<std::unique_ptr<Http2Client>> sleepers;
  for (int i = 0; i < 40; ++i) {  // more than the connection's window in all
    sleepers.push_back(std::make_unique<Http2Client>(
        teal_->listener(), std::vector<std::pair<int, std::uint32_t>>{{4, 0}}));
    sleepers.back()->send(h2::headers(1, h2::get("/large")));
    ASSERT_TRUE(sleepers.back()->await(h2::kHeaders));
  }
  HttpClient client(teal_->listener());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.get("/small").body, "small");
  EXPECT_EQ(target.connections(), 1U);
}

TEST_F(Http2TargetsTest, ATargetThatDoesNotReadStopsItsClientOnly) {
  Http2Target target;
  target.be_stingy();
  start({target.address()});
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::post("/up"), false));
  // Its window is 64 KiB here and there; with what waits in between there is an end to what is
  // taken.
  std::size_t taken = 0;
  bool is_stopped = false;
  for (int i = 0; i < 8; ++i) {
    client.send(h2::frame(h2::kData, 0, 1, std::string(8 * 1024, 'x')));
    taken += 8 * 1024;
  }
  while (!is_stopped && taken < 400'000) {
    const auto update = client.await(
        [](const h2::Frame& f) { return f.type == h2::kWindowUpdate && f.stream == 1; },
        Deadline(Millis{300}));
    is_stopped = !update;
    if (!update) break;
    std::uint32_t by = 0;
    for (const char c : update->payload) by = by << 8U | static_cast<unsigned char>(c);
    client.send(h2::frame(h2::kData, 0, 1, std::string(std::min<std::size_t>(by, 16'000), 'x')));
    taken += std::min<std::size_t>(by, 16'000);
  }
  EXPECT_TRUE(is_stopped) << taken;
  EXPECT_EQ(Http2Client(teal_->listener()).get(1).body, "h2-1\n");
}

TEST_F(Http2TargetsTest, ShiftsLoseNothing) {
  Http2Target blue("blue"), green("green");
  ConfigText config = shop({blue.address()}, kHttp2);
  config.services[0].green = {green.address()};
  teal_ = std::make_unique<Teal>(config);
  Load load(teal_->listener(), 6);
  for (int i = 0; i < 15; ++i) {
    for (const std::string share : {"100%", "50%", "0%"}) {
      ASSERT_EQ(teal_->admin().split(share).status, 200);
      ASSERT_TRUE(load.await(10));
    }
  }
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
  EXPECT_GT(report.by_target.at("green"), 0U);
}

/// The target is another Teal that serves TLS.
class Http2TlsTargetsTest : public testing::Test {
 protected:
  Http2TlsTargetsTest() { files_.make("shop", "DNS:shop.example.com,IP:127.0.0.1"); }

  void start(const std::string& protocol, bool far_has_http2 = true) {
    ConfigText far = shop({target_.address()});
    far.workers = 1;
    far.listeners = "public:\n  address: '127.0.0.1:0'\n  http2: " +
                    std::string(far_has_http2 ? "true" : "false") + "\n  tls: { certificates: [ " +
                    files_.entry("shop") + " ] }\n";
    far_ = std::make_unique<Teal>(far);
    ConfigText near =
        shop({to_string(far_->listener())}, "upstream: { protocol: " + protocol +
                                                " }\ntls: { ca: \"" + files_ / "ca.crt" + "\" }\n");
    near.workers = 1;
    near_ = std::make_unique<Teal>(near);
  }
  double http2_connections() {
    return near_->admin().metric("teal_upstream_http2_connections_total");
  }

  TempDir dir_;
  Certificates files_{dir_.path()};
  Target target_;
  std::unique_ptr<Teal> far_, near_;
};

TEST_F(Http2TlsTargetsTest, AlpnChoosesHttp2WhereItMay) {
  start("auto");
  const std::string body = pattern(1'000'000);
  HttpClient client(near_->listener());
  EXPECT_EQ(client.get("/").status, 200);
  target_.on_request([&](TargetConnection& connection, const SeenRequest& request) {
    connection.send(response(200, request.body));
  });
  const Response echo = client.post("/", body);
  EXPECT_EQ(echo.status, 200) << describe(echo);
  EXPECT_TRUE(echo.body == body);
  EXPECT_EQ(http2_connections(), 1);
  const std::string via = target_.last().headers.get("via");
  EXPECT_TRUE(via.starts_with("1.1 teal-") && via.find(", 2.0 teal-") != via.npos) << via;
}

TEST_F(Http2TlsTargetsTest, AlpnChoosesHttp1WhereTheTargetHasNoOther) {
  start("auto", false);
  HttpClient client(near_->listener());
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(http2_connections(), 0);
}

TEST_F(Http2TlsTargetsTest, UpgradesGoByHttp1WhereTlsChooses) {
  start("auto");
  target_.on_connection([](TargetConnection& connection) {
    const auto request = connection.next();
    if (!request) return;
    const bool asks = request->headers.has("upgrade");
    connection.send(asks ? agreement_with(*request) : response(200, "", "connection: close\r\n"));
    if (asks) echo(connection);
  });
  HttpClient first(near_->listener());
  EXPECT_EQ(first.get("/").status, 200);
  EXPECT_EQ(http2_connections(), 1);
  Caller caller(near_->listener());
  EXPECT_TRUE(has(caller.upgrade(), " 101 "));
  EXPECT_TRUE(caller.send("hello") && caller.hears("hello"));
  EXPECT_EQ(http2_connections(), 1);
  Http2Client other(near_->listener());
  other.send(h2::headers(1, h2::connect(), false));
  const auto head = other.await(h2::kHeaders);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->field(":status"), "200");
}

TEST_F(Http2TlsTargetsTest, Http2MayBeInsistedOn) {
  start("http2");
  Http2Client client(near_->listener());
  EXPECT_EQ(client.get(1).status, "200");
  EXPECT_EQ(http2_connections(), 1);
  start("http2", false);
  HttpClient other(near_->listener());
  EXPECT_EQ(other.get("/").status, 502) << "it has only HTTP/1";
  EXPECT_EQ(target_.requests(), 1U);
}

TEST_F(Http2TargetsTest, ProbesSpeakHttp2Too) {
  Http2Target steady("steady"), dying("dying");
  start({steady.address(), dying.address()}, fast_health());
  ASSERT_TRUE(teal_->admin().await_accepting(2));
  dying.stop();
  EXPECT_TRUE(teal_->admin().await_accepting(1));
  EXPECT_EQ(ask(teal_->listener(), 20).at("steady"), 20U);
}

}  // namespace
}  // namespace teal::e2e
