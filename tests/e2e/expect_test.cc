// Expect: 100-continue from end to end (RFC 9110, section 10.1.1): the target is asked, its word
// goes back, Teal answers for one that is silent, and what a target may not have read never stands
// in front of another request. And Max-Forwards, by which OPTIONS asks how far it comes.
#include <gtest/gtest.h>

#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_http2_target.h"
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kAsk = "expect: 100-continue\r\ncontent-length: 4\r\n";

ConfigText one_worker(std::vector<std::string> targets, std::string more = {}) {
  ConfigText config = shop(std::move(targets), std::move(more));
  config.workers = 1;
  return config;
}

/// The next bytes on the wire are a 100 and nothing else.
testing::AssertionResult is_continued(HttpClient& client) {
  std::string interim;
  while (interim.size() < kContinue.size())
    if (client.wire().read(interim) != Arrival::bytes)
      return testing::AssertionFailure() << "ended behind: " << interim;
  if (interim == kContinue) return testing::AssertionSuccess();
  return testing::AssertionFailure() << interim;
}

/// Sends the head, waits for the 100, sends the body.
Response send_with_continue(HttpClient& client, std::string_view method = "POST") {
  client.send(request(method, "/", kAsk));
  EXPECT_TRUE(is_continued(client));
  client.send("body");
  return client.read();
}

/// As a server that says 100 before it reads: the head, the 100, the body.
std::optional<SeenRequest> next_with_continue(TargetConnection& connection) {
  std::optional<SeenRequest> request = connection.next_head();
  if (!request) return std::nullopt;
  if (request->headers.has("expect")) connection.send(kContinue);
  if (!connection.read_body(*request)) return std::nullopt;
  return request;
}

double continues(Teal& teal, const std::string& by) {
  return teal.admin().metric("teal_continues_total", "by=\"" + by + "\"");
}

TEST(Expect, GoesToTheTargetWhoseWordGoesBack) {
  Target target;
  Trigger looked;
  target.on_connection([&](TargetConnection& connection) {
    std::optional<SeenRequest> first = connection.next_head();
    if (!first) return;
    EXPECT_EQ(first->headers.get("expect"), "100-continue");
    connection.send(kContinue);
    EXPECT_TRUE(connection.read_body(*first));
    EXPECT_EQ(first->body, "body");
    connection.send(response(201, "taken"));
    while (next_with_continue(connection)) connection.send(response(200, "next"));
  });
  Teal teal(one_worker({target.address()}));
  HttpClient client(teal.listener());
  const Response taken = send_with_continue(client);
  EXPECT_EQ(taken.status, 201) << describe(taken);
  EXPECT_EQ(client.get("/").body, "next");
  EXPECT_EQ(target.connections(), 1U) << "the target has read the whole request";
  EXPECT_EQ(continues(teal, "target"), 1);
  EXPECT_EQ(continues(teal, "teal"), 0);
}

TEST(Expect, ARefusalComesBeforeTheBodyIsSentAndNoByteOfItReachesTheTarget) {
  for (const int status : {417, 413, 401, 200}) {
    Target target;
    Trigger ended;
    std::string behind;
    target.on_connection([&](TargetConnection& connection) {
      if (connection.number() > 1) {
        while (connection.next()) connection.send(response(200, "other"));
        return;
      }
      if (!connection.next_head()) return;
      connection.send(response(status, "no"));
      while (connection.read(behind) == Arrival::bytes) {
      }
      ended.fire();
    });
    Teal teal(one_worker({target.address()}));
    HttpClient client(teal.listener());
    client.send(request("POST", "/", kAsk));
    const Response answer = client.read();
    EXPECT_EQ(answer.status, status) << describe(answer);
    EXPECT_TRUE(answer.interim.empty());
    EXPECT_EQ(answer.headers.get("connection"), "close");
    // As some do who have begun to send.
    client.send("GET / HTTP/1.1\r\nhost: evil.example\r\n\r\n");
    EXPECT_TRUE(ended.wait()) << "its connection is closed, not kept";
    EXPECT_EQ(behind, "");
    HttpClient other(teal.listener());
    EXPECT_EQ(other.get("/").body, "other");
  }
}

TEST(Expect, TealSaysItForATargetThatIsSilentAndRemembersIt) {
  Target target;
  Teal teal(one_worker({target.address()}));
  HttpClient client(teal.listener());
  EXPECT_EQ(send_with_continue(client).status, 200);
  EXPECT_EQ(target.last().body, "body");
  EXPECT_EQ(target.last().headers.get("expect"), "100-continue");
  EXPECT_EQ(send_with_continue(client).status, 200);
  EXPECT_EQ(target.last().body, "body");
  EXPECT_FALSE(target.last().headers.has("expect")) << "it is not asked in vain a second time";
  EXPECT_EQ(target.connections(), 2U) << "who was asked and said nothing may not have read it";
  EXPECT_EQ(send_with_continue(client).status, 200);
  EXPECT_EQ(target.connections(), 2U);
  EXPECT_EQ(continues(teal, "teal"), 3);
  EXPECT_EQ(continues(teal, "target"), 0);
}

TEST(Expect, IsNotSaidToATargetThatSpeaksHttp10) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nold");
    connection.close();
  });
  Teal teal(one_worker({target.address()}));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/").body, "old");
  EXPECT_EQ(send_with_continue(client).body, "old");
  EXPECT_FALSE(target.last().headers.has("expect"));
}

TEST(Expect, IsNotSaidWithoutABodyNorForAClientOfHttp10) {
  Target target;
  Teal teal(one_worker({target.address()}));
  HttpClient client(teal.listener());
  for (const std::string& text :
       {request("GET", "/", "expect: 100-continue\r\n"),
        request("POST", "/", "expect: 100-continue\r\ncontent-length: 0\r\n"),
        std::string("POST / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\nbody")}) {
    const Response answer = client.exchange(text);
    EXPECT_EQ(answer.status, 200) << describe(answer);
    EXPECT_TRUE(answer.interim.empty());
    EXPECT_FALSE(target.last().headers.has("expect")) << text;
  }
}

TEST(Expect, IsNotSaidForAClientThatHasBegunToSend) {
  Target target;
  Teal teal(one_worker({target.address()}));
  HttpClient client(teal.listener());
  for (int i = 0; i < 3; ++i) {
    const Response answer = client.exchange(request("POST", "/", kAsk) + "body");
    EXPECT_EQ(answer.status, 200) << describe(answer);
    EXPECT_TRUE(answer.interim.empty());
    EXPECT_FALSE(target.last().headers.has("expect"));
  }
  EXPECT_EQ(target.connections(), 1U);
}

TEST(Expect, ABodyThatDoesNotWaitGoesOnAtOnceAndALate100IsDropped) {
  Target target;
  Trigger asked;
  target.on_connection([&](TargetConnection& connection) {
    while (std::optional<SeenRequest> seen = connection.next_head()) {
      asked.fire();
      connection.read_body(*seen);
      if (seen->headers.has("expect")) connection.send(kContinue);
      connection.send(response(200, seen->body));
    }
  });
  Teal teal(one_worker({target.address()}));
  HttpClient client(teal.listener());
  client.send(request("POST", "/", kAsk));
  ASSERT_TRUE(asked.wait());
  client.send("body");
  const Response answer = client.read();
  EXPECT_EQ(answer.body, "body") << describe(answer);
  EXPECT_TRUE(answer.interim.empty());
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(target.connections(), 1U) << "its 100 says that it has read the body";
}

TEST(Expect, WhatATargetMayTakeForAnotherRequestIsNeverInFrontOfOne) {
  Target target;
  Trigger asked;
  target.on_connection([&](TargetConnection& connection) {
    if (connection.number() > 1) {
      while (connection.next()) connection.send(response(200, "honest"));
      return;
    }
    // It takes its answer to the head for the end of the request.
    const std::optional<SeenRequest> head = connection.next_head();
    if (!head) return;
    EXPECT_TRUE(head->headers.has("expect"));
    asked.fire();
    std::string behind;
    while (!behind.ends_with("\r\n\r\n"))
      if (connection.read(behind) != Arrival::bytes) return;
    connection.send(response(200, "first"));
    connection.send(response(200, "stolen"));
    connection.await_end();
  });
  Teal teal(one_worker({target.address()}));
  HttpClient client(teal.listener());
  const std::string smuggled = "GET /admin HTTP/1.1\r\nhost: a\r\n\r\n";
  const std::string length = "content-length: " + std::to_string(smuggled.size()) + "\r\n";
  client.send(request("POST", "/", "expect: 100-continue\r\n" + length));
  ASSERT_TRUE(asked.wait());
  client.send(smuggled);
  EXPECT_EQ(client.read().body, "first");
  EXPECT_EQ(client.get("/").body, "honest");
}

TEST(Expect, TheRestOfABodyGoesToNoTargetThatHasAnsweredWithoutA100) {
  Target target;
  Trigger begun, answered, ended;
  std::string behind;
  target.on_connection([&](TargetConnection& connection) {
    if (!connection.next_head()) return;
    begun.fire();
    connection.await(behind, "G");
    connection.send("HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\n\r\nno");
    connection.wait(answered);
    connection.send("no");
    while (connection.read(behind) == Arrival::bytes) {
    }
    ended.fire();
  });
  Teal teal(one_worker({target.address()}));
  HttpClient client(teal.listener());
  client.send(request("POST", "/", "expect: 100-continue\r\ncontent-length: 100\r\n"));
  ASSERT_TRUE(begun.wait());
  client.send("G");
  std::string heard;
  while (heard.find("\r\n\r\nno") == std::string::npos)
    ASSERT_EQ(client.wire().read(heard), Arrival::bytes) << heard;
  client.send("ET /admin HTTP/1.1\r\nhost: a\r\n\r\n");
  ASSERT_EQ(HttpClient(teal.listener()).exchange("GET / HTTP/1.1\r\n\r\n").status, 400)
      << "the worker has read what came before";
  answered.fire();
  EXPECT_TRUE(ended.wait());
  EXPECT_EQ(behind, "G");
}

TEST(Expect, AnAnswerInsteadOfA100MayTakeLongerThanABodyMay) {
  Target target;
  target.on_connection([](TargetConnection& connection) {
    if (!connection.next_head()) return;
    connection.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n");
    for (int i = 0; i < 10; ++i) {
      if (!connection.linger(Millis{60})) return;
      connection.send("x");
    }
    connection.await_end();
  });
  Teal teal(one_worker({target.address()}, "timeouts: { request_body_idle: 200ms }"));
  HttpClient client(teal.listener());
  client.send(request("POST", "/", kAsk));
  const Response answer = client.read();
  EXPECT_EQ(answer.body, "xxxxxxxxxx") << describe(answer);
}

TEST(Expect, AClientThatLosesItsPatienceTellsOfASilentTarget) {
  Target target;
  Teal teal(one_worker({target.address()}));
  HttpClient client(teal.listener());
  Target clock("clock");  // Passes the time in which the target might say something.
  clock.on_request([](TargetConnection& connection, const SeenRequest&) {
    if (connection.linger(Millis{400})) connection.send(response(200, ""));
  });
  client.send(request("POST", "/", kAsk));
  HttpClient waiting(*parse_address(clock.address()));
  ASSERT_EQ(waiting.get("/").status, 200);
  client.send("body");
  EXPECT_EQ(client.read().status, 200);
  EXPECT_TRUE(target.last().headers.has("expect"));
  EXPECT_EQ(send_with_continue(client).status, 200);
  EXPECT_FALSE(target.last().headers.has("expect"));
}

TEST(Expect, OfABodyThatProvesEmptyWaitsForNothing) {
  Target target;
  target.on_connection([](TargetConnection& connection) { connection.await_end(); });
  Teal teal(
      one_worker({target.address()}, "timeouts: { response_header: 300ms, stream_idle: 1h }"));
  HttpClient client(teal.listener());
  client.send(request("POST", "/", "expect: 100-continue\r\ntransfer-encoding: chunked\r\n"));
  client.send("0\r\n\r\n");
  const Response answer = client.read();
  EXPECT_EQ(answer.status, 504) << describe(answer);
}

TEST(Expect, ATargetOfHttp10IsKnownByAnAnswerInsteadOfA100) {
  Target target;
  target.on_connection([](TargetConnection& connection) {
    std::optional<SeenRequest> seen = connection.next_head();
    if (!seen) return;
    const bool was_asked = seen->headers.has("expect");
    if (!was_asked) connection.read_body(*seen);
    connection.send(std::string("HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\n") +
                    (was_asked ? "yes" : "not"));
    connection.await_end();
  });
  Teal teal(one_worker({target.address()}));
  HttpClient first(teal.listener());
  first.send(request("POST", "/", kAsk));
  EXPECT_EQ(first.read().body, "yes");
  HttpClient second(teal.listener());
  EXPECT_EQ(send_with_continue(second).body, "not");
}

TEST(Expect, ATargetOfHttp10IsKnownByAnAnswerThatNobodySees) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.0 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
    connection.close();
  });
  Target other("blue-2");
  Teal teal(one_worker({target.address(), other.address()},
                       "balance: round_robin\nretry: { on: [ 503 ] }"));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(HttpClient(teal.listener()).get("/").status, 200);
  ASSERT_GT(target.requests(), 0U);
  const std::size_t before = target.requests();
  for (int i = 0; i < 8; ++i) {
    HttpClient client(teal.listener());
    EXPECT_EQ(send_with_continue(client, "PUT").status, 200);
  }
  ASSERT_GT(target.requests(), before);
  for (const SeenRequest& seen : target.seen()) EXPECT_FALSE(seen.headers.has("expect"));
}

TEST(Expect, ASecond100IsDropped) {
  Target target;
  target.on_connection([](TargetConnection& connection) {
    std::optional<SeenRequest> seen = connection.next_head();
    if (!seen) return;
    connection.send(std::string(kContinue) + std::string(kContinue));
    connection.read_body(*seen);
    connection.send(std::string(kContinue) + response(200, "done"));
    connection.await_end();
  });
  Teal teal(one_worker({target.address()}));
  HttpClient client(teal.listener());
  const Response answer = send_with_continue(client);
  EXPECT_EQ(answer.body, "done") << describe(answer);
  EXPECT_TRUE(answer.interim.empty());
}

TEST(Expect, TheNextTargetIsAskedWhileTheClientStillWaits) {
  Target first("blue-1");
  Target second("blue-2");
  for (Target* const target : {&first, &second})
    target->on_connection([&](TargetConnection& connection) {
      while (std::optional<SeenRequest> seen = connection.next_head()) {
        EXPECT_EQ(seen->headers.get("expect"), "100-continue");
        if (first.connections() + second.connections() == 1) {
          connection.send(response(503, "not now"));
          return;
        }
        connection.send(kContinue);
        connection.read_body(*seen);
        connection.send(response(200, seen->body));
      }
    });
  Teal teal(one_worker({first.address(), second.address()}, "retry: { on: [ 503 ] }"));
  HttpClient client(teal.listener());
  const Response answer = send_with_continue(client, "PUT");
  EXPECT_EQ(answer.body, "body") << describe(answer);
  EXPECT_EQ(first.connections() + second.connections(), 2U);
}

TEST(Expect, ARetryBehindThe100SendsTheBodyAndAsksNobody) {
  Target first("blue-1");
  Target second("blue-2");
  for (Target* const target : {&first, &second})
    target->on_connection([&](TargetConnection& connection) {
      const bool is_first = first.connections() + second.connections() == 1;
      std::optional<SeenRequest> seen = next_with_continue(connection);
      if (!seen) return;
      EXPECT_EQ(seen->body, "body");
      EXPECT_EQ(seen->headers.has("expect"), is_first);
      if (is_first) return connection.reset();
      connection.send(response(200, "again"));
      connection.await_end();
    });
  Teal teal(one_worker({first.address(), second.address()}, "retry: { on: [ reset ] }"));
  HttpClient client(teal.listener());
  const Response answer = send_with_continue(client, "PUT");
  EXPECT_EQ(answer.body, "again") << describe(answer);
  EXPECT_TRUE(answer.interim.empty());
  EXPECT_EQ(first.connections() + second.connections(), 2U);
}

class ExpectOfAReleaseTest : public ReleaseTest {};

TEST_F(ExpectOfAReleaseTest, WhatFailsBehindIts100IsAnsweredByTheLiveGroup) {
  start("{ plan: AllAtOnce }", "shield: { on: 5xx }");
  const std::string id = ship(R"(, "plan": [{"set_weight": "50%"}, {"bake": "1h"}])");
  ASSERT_TRUE(await_bake(id)) << admin().deployment(id).text;
  green_.on_connection([](TargetConnection& connection) {
    while (std::optional<SeenRequest> seen = next_with_continue(connection))
      connection.send(seen->path == "/healthz" ? response(200, "") : response(500, "broken"));
  });
  blue_.on_request([](TargetConnection& connection, const SeenRequest& seen) {
    EXPECT_EQ(seen.body, "body");
    connection.send(response(200, "served"));
  });
  HttpClient client(teal_->listener());
  for (int i = 0; i < 8; ++i) {
    const Response answer = send_with_continue(client, "PUT");
    EXPECT_EQ(answer.body, "served") << describe(answer);
  }
}

TEST(Expect, CrossesHttp2OnBothSides) {
  Http2Target target;
  target.on_head([](const Http2Target::Send& send, const SeenStream& seen) {
    if (seen.field("expect") == "100-continue")
      send(h2::headers(seen.stream, {{":status", "100"}}, false));
  });
  target.on_request([](const Http2Target::Send& send, const SeenStream& seen) {
    send(Http2Target::answer(seen.stream, "taken"));
  });
  Teal teal(one_worker({target.address()}, "upstream: { protocol: http2 }"));
  Http2Client client(teal.listener());
  h2::Lines lines = h2::get("/");
  lines[0].second = "PUT";
  lines.emplace_back("expect", "100-continue");
  client.send(h2::headers(1, lines, false));
  ASSERT_TRUE(client.await(h2::kHeaders));
  EXPECT_EQ(continues(teal, "target"), 1);
  client.send(h2::frame(h2::kData, h2::kEndStream, 1, "body"));
  const auto answer = client.answer(1);
  EXPECT_EQ(answer.status, "200");
  ASSERT_EQ(target.seen().size(), 1U);
  EXPECT_EQ(target.seen()[0].body, "body");
}

TEST(Expect, OfAnythingElseIs417) {
  Target target;
  Teal teal(one_worker({target.address()}));
  for (const char* const lines : {"expect: 200-ok\r\n", "expect:\r\n", "expect: y 100-continue\r\n",
                                  "expect: 100-continue, 100-continue\r\n",
                                  "expect: 100-continue\r\nexpect: 100-continue\r\n",
                                  "expect: \"100-continue\"\r\n", "expect: 100-continue;q=1\r\n"}) {
    HttpClient client(teal.listener());
    const Response answer = client.exchange(
        request("POST", "/", std::string(lines) + "content-length: 4\r\n") + "body");
    EXPECT_EQ(answer.status, 417) << lines << describe(answer);
  }
  Http2Client client(teal.listener());
  h2::Lines lines = h2::get("/");
  lines.emplace_back("expect", "200-ok");
  client.send(h2::headers(1, lines));
  EXPECT_EQ(client.answer(1).status, "417");
  EXPECT_EQ(teal.admin().metric("teal_requests_refused_total", "expectation_unknown"), 8);
  EXPECT_EQ(target.requests(), 0U);
}

TEST(MaxForwards, OfOptionsIsCountedDownAndAnsweredWhereItEnds) {
  Target target;
  Teal teal(one_worker({target.address()}));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.exchange(request("OPTIONS", "/", "max-forwards: 10\r\n")).status, 200);
  EXPECT_EQ(target.last().headers.get("max-forwards"), "09");
  const Response here = client.exchange(request("OPTIONS", "/", "max-forwards: 0\r\n"));
  EXPECT_EQ(here.status, 200) << describe(here);
  EXPECT_TRUE(here.headers.get("allow").starts_with("GET, HEAD")) << describe(here);
  EXPECT_EQ(here.body, "");
  EXPECT_EQ(target.requests(), 1U);
  EXPECT_EQ(client.get("/", "max-forwards: 0\r\n").status, 200);
  EXPECT_EQ(target.last().headers.get("max-forwards"), "0") << "of other methods it says nothing";
  EXPECT_EQ(client.exchange(request("OPTIONS", "/", "max-forwards: -1\r\n")).status, 400);
  EXPECT_EQ(teal.admin().metric("teal_requests_refused_total", "max_forwards_malformed"), 1);
}

}  // namespace
}  // namespace teal::e2e
