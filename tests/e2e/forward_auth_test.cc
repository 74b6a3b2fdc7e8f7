// forward_auth: another service says whether a request goes on.
#include <gtest/gtest.h>

#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

/// Lets in who has a header "x-token: good", as anna; others get a page to log in.
void answer_by_token(TargetConnection& connection, const SeenRequest& asked) {
  if (asked.headers.get("x-token") == "good")
    connection.send(
        response(200, "", "X-User: anna\r\nX-Groups: a\r\nX-Groups: b\r\nX-Other: no\r\n"));
  else
    connection.send(response(302, "log in",
                             "Location: https://login.example/\r\nSet-Cookie: s=1\r\n"
                             "Connection: x-hop\r\nX-Hop: 1\r\n"));
}

const std::string kGood = "X-Token: good\r\n";

class ForwardAuthTest : public testing::Test {
 protected:
  ForwardAuthTest() { auth_.on_request(answer_by_token); }

  void start(const std::string& more_auth = {}, const std::string& more = {},
             const std::string& of_auth = {}) {
    ConfigText config = shop({target_.address()},
                             "forward_auth: { service: auth, path: /verify, copy_response_headers: "
                             "[ X-User, X-Groups ]" +
                                 more_auth + " }\n" + more);
    config.services[0].match = "[ { listener: public }, { listener: preview } ]";
    ServiceText auth;
    auth.name = "auth";
    auth.match.clear();
    auth.blue = {auth_address_.empty() ? auth_.address() : auth_address_};
    auth.more = of_auth;
    config.services.push_back(auth);
    config.listeners =
        "public: { address: '127.0.0.1:0' }\n"
        "preview: { address: '127.0.0.1:0', group: idle }";
    config.access_log = "{ format: json, path: stdout }";
    std::string text = config.render("$DIR");
    // The auth service needs no match: nobody but Teal asks it.
    const std::string no_match = "    match: \n";
    if (const auto at = text.find(no_match); at != text.npos) text.erase(at, no_match.size());
    teal_ = std::make_unique<Teal>(text);
    client_ = std::make_unique<HttpClient>(teal_->listener());
  }
  double refused(const std::string& reason) {
    return teal_->admin().metric("teal_access_refused_total", "reason=\"" + reason + '"');
  }
  double asked(const std::string& by) {
    return teal_->admin().metric("teal_forward_auth_requests_total", "by=\"" + by + '"');
  }

  Target target_;
  Target auth_{"auth-1"};
  std::string auth_address_;
  std::unique_ptr<Teal> teal_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(ForwardAuthTest, LetsInWhomTheServiceLetsInWithTheHeadersThatItGives) {
  start();
  const Response served =
      client_->post("/a?b=1", "hello", kGood + "X-User: root\r\nCookie: c=1\r\n");
  EXPECT_EQ(served.status, 200);
  const SeenRequest at_target = target_.last();
  EXPECT_EQ(at_target.body, "hello");
  EXPECT_EQ(at_target.headers.get("x-user"), "anna");
  EXPECT_EQ(at_target.headers.get("x-groups"), "a, b");
  EXPECT_FALSE(at_target.headers.has("x-other"));
  const SeenRequest at_auth = auth_.last();
  EXPECT_EQ(at_auth.method, "GET");
  EXPECT_EQ(at_auth.path, "/verify");
  EXPECT_EQ(at_auth.body, "");
  EXPECT_EQ(at_auth.headers.get("x-forwarded-method"), "POST");
  EXPECT_EQ(at_auth.headers.get("x-forwarded-uri"), "/a?b=1");
  EXPECT_EQ(at_auth.headers.get("x-forwarded-proto"), "http");
  EXPECT_EQ(at_auth.headers.get("x-forwarded-for"), "127.0.0.1");
  EXPECT_EQ(at_auth.headers.get("x-forwarded-host"), at_target.headers.get("host"));
  EXPECT_EQ(at_auth.headers.get("cookie"), "c=1");
  EXPECT_EQ(at_auth.headers.get("x-request-id"), at_target.headers.get("x-request-id"));
  EXPECT_FALSE(at_auth.headers.has("content-length"));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client_->get("/", kGood).status, 200);
  EXPECT_EQ(auth_.requests(), 6U);
  EXPECT_EQ(auth_.connections(), 1U) << "a kept connection";
  EXPECT_EQ(asked("service"), 6);
}

TEST_F(ForwardAuthTest, GivesTheClientTheServicesAnswerWhereItSaysNo) {
  start();
  const Response sent_away = client_->get("/");
  EXPECT_EQ(sent_away.status, 302);
  EXPECT_EQ(sent_away.headers.get("location"), "https://login.example/");
  EXPECT_EQ(sent_away.headers.get("set-cookie"), "s=1");
  EXPECT_EQ(sent_away.headers.get("cache-control"), "no-store");
  EXPECT_FALSE(sent_away.headers.has("x-hop"));
  EXPECT_EQ(sent_away.body, "log in");
  EXPECT_EQ(sent_away.headers.count("content-length"), 1U);
  const Response head = client_->exchange("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", true);
  EXPECT_EQ(head.status, 302);
  EXPECT_EQ(client_->get("/", kGood).status, 200) << "the connection is kept";
  EXPECT_EQ(target_.requests(), 1U);
  EXPECT_EQ(refused("auth_refused"), 2);
  EXPECT_EQ(teal_->admin().metric("teal_requests_total", "service=\"shop\""), 1)
      << "they count for no group";
  client_.reset();
  ASSERT_TRUE(teal_->stop());
  EXPECT_NE(teal_->log().find(R"("termination":"auth_refused")"), std::string::npos);
  EXPECT_EQ(teal_->log().find("/verify"), std::string::npos) << "no lines of Teal's own requests";
}

TEST_F(ForwardAuthTest, LetsNobodySpoofWhatTheServiceSays) {
  auth_.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(200, "", ""));
  });
  start({}, "request_trailers: pass\n");
  const auto seen = [&](const std::string& lines) {
    EXPECT_EQ(client_->get("/", lines).status, 200);
    return target_.last().headers;
  };
  EXPECT_FALSE(seen("X-User: root\r\n").has("x-user"))
      << "also where the service says nothing of it";
  EXPECT_FALSE(seen("x_user: root\r\n").has("x_user")) << "some applications read it as X-User";
  EXPECT_FALSE(seen("X-GROUPS: wheel\r\nX-Groups: b\r\n").has("x-groups"));
  client_->send(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-User\r\n\r\n"
      "1\r\na\r\n0\r\nX-User: root\r\n\r\n");
  EXPECT_EQ(client_->read().status, 200);
  EXPECT_FALSE(target_.last().trailers.has("x-user"));
  auth_.on_request(answer_by_token);
  EXPECT_EQ(seen(kGood + "Connection: x-user, x-forwarded-uri\r\n").get("x-user"), "anna")
      << "Connection names nothing away that the service gave";
  const SeenRequest at_auth = auth_.last();
  EXPECT_EQ(at_auth.headers.get("x-forwarded-uri"), "/");
  seen(kGood +
       "X-Forwarded-Uri: /public\r\nX-Forwarded-Method: PUT\r\nX_Forwarded_Uri: /p\r\n"
       "X-Original-URL: /public\r\n");
  EXPECT_EQ(auth_.last().headers.get("x-forwarded-uri"), "/");
  EXPECT_EQ(auth_.last().headers.get("x-forwarded-method"), "GET");
  EXPECT_FALSE(auth_.last().headers.has("x_forwarded_uri"));
  EXPECT_FALSE(auth_.last().headers.has("x-original-url"));
}

TEST_F(ForwardAuthTest, FailsClosedWhereTheServiceIsDead) {
  const RefusedAddress nobody;
  auth_address_ = to_string(nobody.address());
  start();
  const Response bad = client_->get("/", kGood);
  EXPECT_EQ(bad.status, 502);
  EXPECT_EQ(target_.requests(), 0U);
  EXPECT_EQ(refused("auth_failed"), 1);
  client_.reset();
  ASSERT_TRUE(teal_->stop());
  EXPECT_NE(teal_->log().find(R"("termination":"auth_failed")"), std::string::npos);
}

TEST_F(ForwardAuthTest, FailsClosedWhereNobodyOfTheServiceIsHealthy) {
  auth_.set_healthy(false);
  start({}, {}, fast_health());
  EXPECT_EQ(client_->get("/", kGood).status, 503);
  auth_.set_healthy(true);
  EXPECT_TRUE(eventually([&] { return client_->get("/", kGood).status == 200; }));
}

TEST_F(ForwardAuthTest, FailsClosedWhereTheServiceIsSlowAndServesOthersMeanwhile) {
  auth_.on_request([](TargetConnection& connection, const SeenRequest&) { connection.stall(); });
  start(", timeout: 300ms",
        "routes:\n  open: { match: { listener: public, path: /open }, forward_auth: off }\n");
  client_->send(request("GET", "/", kGood));
  HttpClient other(teal_->listener());
  EXPECT_EQ(other.get("/open").status, 200);
  EXPECT_EQ(client_->read().status, 504);
  EXPECT_EQ(refused("auth_failed"), 1);
  EXPECT_EQ(target_.requests(), 1U);
  auth_.on_request(answer_by_token);
  EXPECT_EQ(client_->get("/", kGood).status, 200) << "and the client's connection is kept";
}

TEST_F(ForwardAuthTest, GivesUpAtTheEndOfTheRequestsOwnTime) {
  auth_.on_request([](TargetConnection& connection, const SeenRequest&) { connection.stall(); });
  start(", timeout: 1m", "timeouts: { request: 300ms }\n");
  EXPECT_EQ(client_->get("/", kGood).status, 504);
  EXPECT_EQ(target_.requests(), 0U);
}

TEST_F(ForwardAuthTest, FailsClosedWhereTheAnswerIsHugeCutOrNoHttp) {
  start();
  const auto status_with = [&](const std::string& bytes) {
    auth_.on_request([bytes](TargetConnection& connection, const SeenRequest&) {
      connection.send(bytes);
      connection.close();
    });
    return client_->get("/", kGood).status;
  };
  const std::string large(std::size_t{200} * 1024, 'x');
  EXPECT_EQ(status_with(response(200, large)), 502) << "also if it is a yes";
  EXPECT_EQ(status_with("HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n30d40\r\n" + large +
                        "\r\n0\r\n\r\n"),
            502);
  EXPECT_EQ(status_with("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), 502) << "cut";
  EXPECT_EQ(status_with("SSH-2.0-OpenSSH\r\n"), 502);
  EXPECT_EQ(status_with("HTTP/1.1 200 OK\r\nX-User: a\rb\r\nContent-Length: 0\r\n\r\n"), 502);
  EXPECT_EQ(
      status_with("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
      502);
  EXPECT_EQ(target_.requests(), 0U);
  EXPECT_EQ(status_with("HTTP/1.1 103 Hints\r\n\r\n" + response(200, "ok", "X-User: bo\r\n")), 200);
  EXPECT_EQ(target_.last().headers.get("x-user"), "bo");
  EXPECT_EQ(status_with(response(500, "broken")), 500) << "its own answer, and nobody is let in";
  EXPECT_EQ(target_.requests(), 1U);
}

TEST_F(ForwardAuthTest, EndsItsCallWhereTheClientHasGone) {
  auth_.on_request([](TargetConnection& connection, const SeenRequest&) { connection.stall(); });
  start(", timeout: 1m");
  {
    HttpClient gone(teal_->listener());
    gone.send(request("GET", "/", kGood));
    ASSERT_TRUE(auth_.await_requests(1));
  }
  EXPECT_TRUE(eventually([&] { return teal_->admin().metric("teal_client_aborts_total") == 1; }));
  EXPECT_TRUE(
      eventually([&] { return teal_->admin().metric("teal_downstream_requests_active") == 0; }));
  EXPECT_EQ(target_.requests(), 0U);
}

TEST_F(ForwardAuthTest, IsLeftInOrderByAStopWhileItWaits) {
  auth_.on_request([](TargetConnection& connection, const SeenRequest&) { connection.stall(); });
  start(", timeout: 1m", {}, {});
  client_->send(request("GET", "/", kGood));
  ASSERT_TRUE(auth_.await_requests(1));
  teal_->signal(SIGTERM);
  ASSERT_TRUE(eventually([&] { return teal_->log().find("draining") != std::string::npos; }));
  teal_->signal(SIGTERM);
  EXPECT_EQ(teal_->wait(), 0);
}

TEST_F(ForwardAuthTest, ServesPipelinesAndStreamsOfHttp2) {
  start();
  client_->send(request("GET", "/1", kGood) + request("GET", "/2") + request("GET", "/3", kGood));
  EXPECT_EQ(client_->read().status, 200);
  EXPECT_EQ(client_->read().status, 302);
  EXPECT_EQ(client_->read().status, 200);
  Http2Client h2(teal_->listener());
  h2.send(h2::headers(1, h2::get("/4", {{"x-token", "good"}, {"x-user", "root"}})) +
          h2::headers(3, h2::get("/5")));
  const Http2Client::Answer first = h2.answer(1);
  EXPECT_EQ(first.status, "200");
  EXPECT_EQ(target_.last().headers.get("x-user"), "anna");
  h2.send(h2::headers(5, h2::get("/6")));
  const Http2Client::Answer other = h2.answer(5);
  EXPECT_EQ(other.status, "302");
  EXPECT_EQ(other.field("location"), "https://login.example/");
  EXPECT_EQ(other.body, "log in");
}

TEST_F(ForwardAuthTest, ComesBeforeAnUpgrade) {
  target_.on_request([](TargetConnection& connection, const SeenRequest& asked) {
    if (!asked.headers.has("upgrade")) return;
    connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
    std::string bytes;
    connection.await(bytes, "ping");
    connection.send("pong");
    connection.await_end();
  });
  start();
  const std::string handshake =
      "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  EXPECT_EQ(client_->exchange(handshake + "\r\n").status, 302);
  EXPECT_FALSE(auth_.last().headers.has("upgrade"));
  HttpClient socket(teal_->listener());
  socket.send(handshake + kGood + "\r\n");
  std::string got;
  while (got.find("\r\n\r\n") == got.npos && socket.wire().read(got) == Arrival::bytes) {
  }
  EXPECT_TRUE(got.starts_with("HTTP/1.1 101 ")) << got;
  socket.send("ping");
  while (!got.ends_with("pong") && socket.wire().read(got) == Arrival::bytes) {
  }
  EXPECT_TRUE(got.ends_with("pong"));
}

TEST_F(ForwardAuthTest, AnswersACallOfGrpcByItsStatus) {
  auth_.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(403, "<html>no</html>"));
  });
  start();
  Http2Client h2(teal_->listener());
  h2::Lines call{{":method", "POST"}, {":scheme", "http"},
                 {":authority", "h"}, {":path", "/shop.Orders/Get"},
                 {"te", "trailers"},  {"content-type", "application/grpc"}};
  h2.send(h2::headers(1, call));
  const Http2Client::Answer answer = h2.answer(1);
  EXPECT_EQ(answer.status, "200");
  EXPECT_EQ(answer.field("grpc-status"), "7");
}

TEST_F(ForwardAuthTest, GoesByTheSplitOfTheServiceWhateverTheListenerSays) {
  start();
  HttpClient preview(teal_->listener("preview"));
  EXPECT_EQ(preview.get("/", kGood).status, 503) << "the shop has no idle group";
  EXPECT_EQ(auth_.requests(), 1U) << "nor has the auth service, and that does not matter";
}

TEST_F(ForwardAuthTest, KnowsAnAnswerForAsLongAsItIsToldTo) {
  start(", cache: { key: [ X-Token ], for: 1h }");
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(client_->get("/", kGood + "X-User: root\r\n").status, 200);
    EXPECT_EQ(target_.last().headers.get("x-user"), "anna");
  }
  EXPECT_EQ(auth_.requests(), 1U) << "one connection is one worker's";
  EXPECT_EQ(asked("cache"), 3);
  EXPECT_EQ(client_->get("/", "X-Token: bad\r\n").status, 302);
  EXPECT_EQ(client_->get("/", "X-Token: bad\r\n").status, 302);
  EXPECT_EQ(auth_.requests(), 3U) << "a no is not kept";
  EXPECT_EQ(client_->exchange("GET / HTTP/1.1\r\nHost: other\r\n" + kGood + "\r\n").status, 200);
  EXPECT_EQ(auth_.requests(), 4U) << "another host";
  EXPECT_EQ(client_->get("/").status, 302);
  EXPECT_EQ(client_->get("/").status, 302);
  EXPECT_EQ(auth_.requests(), 6U) << "nobody is not somebody";
}

TEST_F(ForwardAuthTest, TellsTheServiceOnlyTheHeadersThatAreNamed) {
  start(", copy_request_headers: [ x-token ]");
  EXPECT_EQ(client_->get("/", kGood + "Cookie: c=1\r\n").status, 200);
  EXPECT_FALSE(auth_.last().headers.has("cookie"));
  EXPECT_EQ(auth_.last().headers.get("x-forwarded-for"), "127.0.0.1");
  EXPECT_EQ(target_.last().headers.get("cookie"), "c=1");
}

}  // namespace
}  // namespace teal::e2e
