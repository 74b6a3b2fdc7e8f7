// HTTP/2 from clients: what real ones (curl, nghttp, h2load) and one that speaks frame by frame
// see.
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/e2e_certificates.h"
#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class Http2Test : public testing::Test {
 protected:
  void start(const std::string& more_listener = {}, const std::string& more_service = {}) {
    ConfigText config = shop({target_.address()}, more_service);
    config.listeners = "public:\n  address: '127.0.0.1:0'\n" + more_listener;
    config.access_log = "\n  format: json\n  path: $DIR/access.log";
    teal_ = std::make_unique<Teal>(config.render("$DIR"));
  }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(teal_->listener().port) + path;
  }
  Finished curl(std::vector<std::string> more, const std::string& path = "/") const {
    std::vector<std::string> all{"curl", "-sS", "-m", "20", "--http2-prior-knowledge"};
    all.insert(all.end(), more.begin(), more.end());
    all.push_back(url(path));
    return run(all);
  }
  /// What the log says of one request, when it has come.
  std::string log_line(const std::string& part) const {
    std::string line;
    eventually([&] {
      const std::string log = read_file(teal_->dir() / "access.log");
      const std::size_t at = log.find(part);
      if (at == std::string::npos) return false;
      const std::size_t begin = log.rfind('\n', at) + 1;
      line = log.substr(begin, log.find('\n', at) - begin);
      return true;
    });
    return line;
  }

  Target target_;
  std::unique_ptr<Teal> teal_;
};

TEST_F(Http2Test, CurlIsServedByItsPriorKnowledge) {
  start();
  const Finished got = curl({"-i", "-H", "Cookie: a=1"}, "/hello?x=y");
  EXPECT_TRUE(has(got.out, "HTTP/2 200")) << got.out << got.err;
  EXPECT_TRUE(has(got.out, "x-request-id: ")) << got.out;
  EXPECT_FALSE(has(got.out, "connection:")) << got.out;
  const SeenRequest seen = target_.last();
  EXPECT_EQ(seen.start_line, "GET /hello?x=y HTTP/1.1");
  EXPECT_TRUE(seen.headers.get("via").starts_with("2.0 teal-"));
  EXPECT_EQ(seen.headers.get("cookie"), "a=1");
  EXPECT_EQ(seen.headers.get("host"), "127.0.0.1:" + std::to_string(teal_->listener().port));
  const std::string line = log_line("/hello");
  EXPECT_TRUE(has(line, "\"HTTP/2.0\"")) << line;
  EXPECT_TRUE(has(line, "\"status\":200")) << line;
}

TEST_F(Http2Test, Http1IsServedAtTheSameAddress) {
  start();
  HttpClient client(teal_->listener());
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_TRUE(has(curl({"-i"}).out, "HTTP/2 200"));
}

TEST_F(Http2Test, CanBeSwitchedOff) {
  start("  http2: false\n");
  EXPECT_NE(curl({"-i"}).code, 0);
  EXPECT_EQ(teal_->admin().metric("teal_downstream_http2_connections_total"), 0);
  HttpClient client(teal_->listener());
  EXPECT_EQ(client.get("/").status, 200);
}

TEST_F(Http2Test, LargeBodiesGoBothWaysUnharmed) {
  std::string body(3'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i * 7 % 26);
  target_.on_request([&](TargetConnection& connection, const SeenRequest& request) {
    connection.send(response(200, request.body));
  });
  start();
  const TempDir dir;
  write_file(dir / "body", body);
  const Finished sent = curl({"--data-binary", "@" + (dir / "body")});
  EXPECT_EQ(sent.out.size(), body.size()) << sent.err;
  EXPECT_TRUE(sent.out == body);
  EXPECT_EQ(target_.last().kind, BodyKind::length);
  const Finished piped = curl({"-T", dir / "body", "-H", "Content-Length:"});
  EXPECT_TRUE(piped.out == body) << piped.err;
  EXPECT_EQ(target_.last().kind, BodyKind::chunked);
}

TEST_F(Http2Test, HeadAndEmptyResponsesHaveNoBody) {
  target_.on_request([](TargetConnection& connection, const SeenRequest& request) {
    if (request.path == "/204") connection.send("HTTP/1.1 204 No Content\r\n\r\n");
    if (request.path == "/304")
      connection.send("HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n");
    if (request.method == "HEAD") connection.send("HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n");
    if (request.path == "/0") connection.send(response(200, ""));
  });
  start();
  Http2Client client(teal_->listener());
  client.send(h2::headers(
      1, {{":method", "HEAD"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}}));
  const auto head = client.answer(1);
  EXPECT_TRUE(head.complete);
  EXPECT_EQ(head.field("content-length"), "12");
  std::uint32_t stream = 3;
  for (const std::string status : {"204", "304"}) {
    const auto got = client.get(stream, "/" + status);
    EXPECT_EQ(got.status, status);
    EXPECT_TRUE(got.complete);
    EXPECT_EQ(got.body, "");
    stream += 2;
  }
  EXPECT_TRUE(client.get(stream, "/0").complete);
}

TEST_F(Http2Test, TrailersGoBothWays) {
  target_.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
        "x-sum: 42\r\n\r\n");
  });
  start({}, "request_trailers: pass\n");
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::post(), false) + h2::frame(h2::kData, 0, 1, "abc") +
              h2::headers(1, {{"x-check", "7"}}));
  const auto got = client.answer(1);
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.trailers, (h2::Lines{{"x-sum", "42"}}));
  EXPECT_EQ(target_.last().body, "abc");
  EXPECT_EQ(target_.last().trailers.get("x-check"), "7");
}

TEST_F(Http2Test, InterimResponsesAndContinueArrive) {
  target_.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + response(200, "done"));
  });
  start();
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::post("/", {{"expect", "100-continue"}}), false));
  const auto ready = client.await(h2::kHeaders);
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->field(":status"), "100");
  client.send(h2::frame(h2::kData, h2::kEndStream, 1, "body"));
  const auto got = client.answer(1);
  EXPECT_EQ(got.interims, std::vector<std::string>{"103"});
  EXPECT_EQ(got.body, "done");
}

TEST_F(Http2Test, AnEarlyResponseEndsTheRequestWithoutError) {
  ConfigText config = shop({target_.address()});
  config.services[0].match = "{ listener: public, path: /known }";
  teal_ = std::make_unique<Teal>(config);
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::post("/unknown"), false) + h2::frame(h2::kData, 0, 1, "abc"));
  const auto got = client.answer(1);
  EXPECT_EQ(got.status, "404");
  EXPECT_TRUE(got.complete);
  const auto reset = client.await(h2::kReset);
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->error(), 0U);
  EXPECT_EQ(client.get(3, "/known").status, "200") << "the connection goes on";
}

TEST_F(Http2Test, AResetCancelsTheWorkOfTheTarget) {
  Trigger cancelled;
  target_.on_request([&](TargetConnection& connection, const SeenRequest& request) {
    if (request.path != "/slow") {
      connection.send(response(200, "fine"));
      return;
    }
    connection.await_end();
    cancelled.fire();
  });
  start();
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::get("/slow")));
  ASSERT_TRUE(target_.await_requests(1));
  client.send(h2::reset(1));
  EXPECT_TRUE(cancelled.wait());
  EXPECT_EQ(client.get(3).status, "200");
  EXPECT_EQ(teal_->admin().metric("teal_client_aborts_total"), 1);
  EXPECT_EQ(teal_->admin().metric("teal_request_given_up_seconds_count"), 1);
}

TEST_F(Http2Test, AResponseCutShortIsAnErrorOfItsStreamOnly) {
  target_.on_request([](TargetConnection& connection, const SeenRequest& request) {
    if (request.path == "/cut") {
      connection.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
      connection.close();
      return;
    }
    connection.send(response(200, "fine"));
  });
  start();
  Http2Client client(teal_->listener());
  const auto cut = client.get(1, "/cut");
  EXPECT_EQ(cut.status, "200");
  EXPECT_EQ(cut.reset, 2U) << "INTERNAL_ERROR";
  EXPECT_EQ(client.get(3).status, "200");
}

TEST_F(Http2Test, AMalformedRequestIsAnErrorOfItsStreamOnly) {
  start();
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::get("/", {{"connection", "close"}})));
  EXPECT_EQ(client.answer(1).reset, 1U) << "PROTOCOL_ERROR";
  client.send(h2::headers(3, {{":method", "CONNECT"}, {":authority", "a.example:80"}}));
  EXPECT_EQ(client.answer(3).status, "501");
  const auto large = client.get(5, "/" + std::string(10'000, 'x'));
  EXPECT_EQ(large.status, "414");
  EXPECT_EQ(client.get(7).status, "200");
  EXPECT_EQ(target_.requests(), 1U);
  EXPECT_EQ(teal_->admin().metric("teal_requests_refused_total", "rule=\"connection_field\""), 1);
}

TEST_F(Http2Test, UploadsStopWhereTheTargetDoesNotRead) {
  Trigger go;
  target_.on_connection([&](TargetConnection& connection) {
    std::optional<SeenRequest> request = connection.next_head();
    if (!request) return;
    connection.wait(go);
    connection.read_body(*request);
    connection.send(response(200, std::to_string(request->body.size())));
    connection.await_end();
  });
  start();
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::post(), false));
  // Whoever sends no more than its window ends up waiting for room.
  std::size_t window = 65535, sent = 0;
  const std::string piece(16'000, 'u');
  const auto give = [&](const h2::Frame& frame) {
    if (frame.type == h2::kWindowUpdate && frame.stream == 1)
      window += static_cast<std::size_t>(static_cast<unsigned char>(frame.payload[1])) << 16U |
                static_cast<std::size_t>(static_cast<unsigned char>(frame.payload[2])) << 8U |
                static_cast<unsigned char>(frame.payload[3]);
  };
  bool is_stopped = false;
  while (!is_stopped && sent < 64'000'000) {
    for (; window >= piece.size(); window -= piece.size(), sent += piece.size())
      client.send(h2::frame(h2::kData, 0, 1, piece));
    const auto more = client.await(
        [&](const h2::Frame& frame) {
          give(frame);
          return window >= piece.size();
        },
        Deadline{Millis{500}});
    is_stopped = !more;
  }
  EXPECT_TRUE(is_stopped) << "64 MB went to a target that reads nothing";
  go.fire();
  while (window < piece.size()) {
    const auto more = client.next();
    ASSERT_TRUE(more) << "the window opens again";
    give(*more);
  }
  client.send(h2::frame(h2::kData, h2::kEndStream, 1, "end"));
  EXPECT_EQ(client.answer(1).body, std::to_string(sent + 3));
}

TEST_F(Http2Test, ADrainIsToldInTwoStepsAndCutsNothing) {
  Trigger go;
  target_.on_request([&](TargetConnection& connection, const SeenRequest& request) {
    if (request.path == "/slow") connection.wait(go);
    connection.send(response(200, "finished"));
  });
  start();
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::get("/slow")));
  ASSERT_TRUE(target_.await_requests(1));
  teal_->signal(SIGTERM);
  const auto ping = client.await(h2::kPing);
  ASSERT_TRUE(ping);
  const auto notice = client.await(h2::kGoAway);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->payload.substr(0, 4), "\x7f\xff\xff\xff");
  // A request that was on its way when the notice came is served.
  client.send(h2::headers(3, h2::get("/late")) + h2::frame(h2::kPing, h2::kAck, 0, ping->payload));
  EXPECT_EQ(client.answer(3).body, "finished");
  go.fire();
  EXPECT_EQ(client.answer(1).body, "finished");
  ASSERT_TRUE(client.go_away() || client.await(h2::kGoAway));
  while (client.next()) continue;
  EXPECT_EQ(client.ended(), Arrival::closed);
  client.wire().close();
  EXPECT_EQ(teal_->wait(), 0);
}

TEST_F(Http2Test, AnIdleConnectionIsEndedWithGoAway) {
  start("  timeouts: { keep_alive: 200ms }\n");
  Http2Client client(teal_->listener());
  EXPECT_EQ(client.get(1).status, "200");
  EXPECT_EQ(client.await_go_away(), 0U);
  EXPECT_EQ(client.ended(), Arrival::closed);
}

TEST_F(Http2Test, ARequestBodyThatStopsIsAnsweredInTime) {
  start("", "timeouts: { request_body_idle: 200ms }\n");
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::post(), false) + h2::frame(h2::kData, 0, 1, "a"));
  EXPECT_EQ(client.answer(1).status, "408");
  EXPECT_EQ(client.get(3).status, "200");
}

TEST_F(Http2Test, NghttpMultiplexesOverOneConnection) {
  start();
  std::vector<std::string> all{"nghttp", "-n", "-s", "-m", "50", url("/many")};
  const Finished done = run(all);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(target_.requests(), 50U) << done.out;
  EXPECT_EQ(teal_->admin().metric("teal_downstream_http2_connections_total"), 1);
}

class Http2TlsTest : public Http2Test {
 protected:
  Http2TlsTest() { files_.make("shop", "DNS:shop.example.com"); }
  void start_tls(const std::string& more = {}) {
    start("  hsts: true\n" + more + "  tls: { certificates: " + files_.entry("shop") + " }\n");
  }
  Finished secure(std::vector<std::string> more) const {
    std::vector<std::string> all{"curl",
                                 "-sS",
                                 "-i",
                                 "-m",
                                 "20",
                                 "--cacert",
                                 files_ / "ca.crt",
                                 "--connect-to",
                                 "::127.0.0.1:" + std::to_string(teal_->listener().port)};
    all.insert(all.end(), more.begin(), more.end());
    all.emplace_back("https://shop.example.com/");
    return run(all);
  }

  TempDir dir_;
  Certificates files_{dir_.path()};
};

TEST_F(Http2TlsTest, IsChosenByAlpn) {
  start_tls();
  const Finished second = secure({"--http2"});
  EXPECT_TRUE(has(second.out, "HTTP/2 200")) << second.out << second.err;
  EXPECT_TRUE(has(second.out, "strict-transport-security: ")) << second.out;
  EXPECT_EQ(target_.last().headers.get("x-forwarded-proto"), "https");
  EXPECT_TRUE(has(secure({"--http1.1"}).out, "HTTP/1.1 200"));
  EXPECT_TRUE(has(secure({"--no-alpn"}).out, "HTTP/1.1 200"));
}

TEST_F(Http2TlsTest, IsNotOfferedWhereItIsSwitchedOff) {
  start_tls("  http2: false\n");
  const Finished got = secure({"--http2"});
  EXPECT_TRUE(has(got.out, "HTTP/1.1 200")) << got.out << got.err;
}

TEST(Http2Shifts, DuringH2loadFailNothing) {
  Target blue{"blue-1"}, green{"green-1"};
  ConfigText config = shop({blue.address()});
  config.services[0].green = {green.address()};
  Teal teal(config);
  const std::string url = "http://127.0.0.1:" + std::to_string(teal.listener().port) + "/";
  constexpr std::size_t kRequests = 10'000;
  Finished done;
  std::jthread load([&] {
    done = run({"h2load", "-n", std::to_string(kRequests), "-c", "8", "-m", "16", url}, {},
               Deadline{std::chrono::seconds{60}});
  });
  ASSERT_TRUE(eventually([&] { return blue.requests() > 100; }));
  int shifts = 0;
  for (; blue.requests() + green.requests() < kRequests * 9 / 10 && shifts < 500; ++shifts)
    ASSERT_EQ(teal.admin().split(shifts % 2 == 0 ? "100%" : "0%").status, 200);
  load.join();
  EXPECT_TRUE(has(done.out, "10000 succeeded, 0 failed, 0 errored, 0 timeout")) << done.out;
  EXPECT_GT(shifts, 2);
  EXPECT_GT(green.requests(), 0U);
  EXPECT_EQ(blue.requests() + green.requests(), kRequests);
}

}  // namespace
}  // namespace teal::e2e
