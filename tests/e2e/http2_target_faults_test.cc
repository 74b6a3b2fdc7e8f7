// Targets that speak HTTP/2 and leave, refuse, break rules or die.
#include <atomic>
#include <functional>

#include "tests/support/e2e_http2_targets.h"

namespace teal::e2e {
namespace {

class Http2TargetFaultsTest : public Http2TargetsTest {};

TEST_F(Http2TargetFaultsTest, AnEarlyResponseIsComplete) {
  Http2Target target;
  target.on_head([](const Http2Target::Send& send, const SeenStream& request) {
    if (request.field(":path") != "/healthz")
      send(Http2Target::answer(request.stream, "no need", {}, "413") +
           h2::reset(request.stream, 0));
  });
  start({target.address()});
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::post(), false));
  const auto got = client.answer(1);
  EXPECT_EQ(got.status, "413");
  EXPECT_EQ(got.body, "no need");
  EXPECT_TRUE(got.complete);
}

TEST_F(Http2TargetFaultsTest, WhatAClientCancelsIsCancelledAtTheTarget) {
  Http2Target target;
  Trigger begun;
  target.on_request([&](const Http2Target::Send& send, const SeenStream& request) {
    send(h2::headers(request.stream, {{":status", "200"}}, false) +
         h2::frame(h2::kData, 0, request.stream, "some"));
    begun.fire();
  });
  start({target.address()});
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::get()));
  ASSERT_TRUE(begun.wait());
  ASSERT_TRUE(client.await(h2::kData));
  client.send(h2::reset(1));
  EXPECT_EQ(target.await_reset(), 8U);
  EXPECT_EQ(target.connections(), 1U);
  target.on_request({});
  EXPECT_EQ(client.get(3).body, "h2-1\n") << "the connection goes on";
  EXPECT_EQ(target.connections(), 1U);
}

TEST_F(Http2TargetFaultsTest, TheStreamOfAnHttp1ClientThatEndsItsSideIsCancelled) {
  Http2Target target;
  Trigger begun;
  target.on_request([&](const Http2Target::Send&, const SeenStream&) { begun.fire(); });
  start({target.address()});
  HttpClient client(teal_->listener());
  client.send(request("GET", "/"));
  ASSERT_TRUE(begun.wait());
  client.wire().finish_sending();
  EXPECT_EQ(target.await_reset(), 8U);
  EXPECT_EQ(client.await_end(), Arrival::closed);
  EXPECT_EQ(metric("teal_client_aborts_total"), 1);
}

TEST_F(Http2TargetFaultsTest, WhatTheTargetResetsInMidResponseIsCutForTheClient) {
  Http2Target target;
  target.on_request([&](const Http2Target::Send& send, const SeenStream& request) {
    send(h2::headers(request.stream, {{":status", "200"}}, false) +
         h2::frame(h2::kData, 0, request.stream, "some") + h2::reset(request.stream, 2));
  });
  start({target.address()});
  Http2Client client(teal_->listener());
  const auto got = client.get(1);
  EXPECT_EQ(got.status, "200");
  EXPECT_FALSE(got.complete);
  EXPECT_TRUE(got.reset);
  EXPECT_EQ(metric("teal_upstream_truncated_responses_total"), 1);
}

TEST_F(Http2TargetFaultsTest, ARefusedStreamIsSentAgainWhateverItsMethod) {
  Http2Target target;
  std::atomic<int> asked{0};
  target.on_request([&](const Http2Target::Send& send, const SeenStream& request) {
    if (asked++ == 0)
      send(h2::reset(request.stream, 7));
    else
      send(Http2Target::answer(request.stream, request.body));
  });
  start({target.address()});
  HttpClient client(teal_->listener());
  EXPECT_EQ(client.get("/").status, 200) << "on a first connection, too";
  asked = 0;
  client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello");
  const Response got = client.read();
  EXPECT_EQ(got.status, 200) << describe(got);
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(metric("teal_upstream_streams_refused_total"), 2);
}

TEST_F(Http2TargetFaultsTest, ARefusedStreamGoesToAnotherTarget) {
  Http2Target busy("busy"), other("other");
  busy.on_request([&](const Http2Target::Send& send, const SeenStream& request) {
    send(h2::reset(request.stream, 7));
  });
  start({busy.address(), other.address()}, "balance: round_robin\n");
  HttpClient client(teal_->listener());
  for (int i = 0; i < 4; ++i) {
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi");
    EXPECT_EQ(client.read().body, "other\n");
  }
}

TEST_F(Http2TargetFaultsTest, GoAwayLosesNoRequest) {
  // As nginx does after so many requests: it leaves, and the streams above the last are not begun.
  Http2Target target;
  target.on_request([&](const Http2Target::Send& send, const SeenStream& request) {
    if (request.stream < 9 || request.connection > 1) {
      send(Http2Target::answer(request.stream, "done"));
    } else if (request.stream == 9) {
      send(h2::frame(h2::kGoAway, 0, 0, h2::number(9, 4) + h2::number(0, 4)) +
           Http2Target::answer(request.stream, "done"));
    }
  });
  start({target.address()});
  Http2Client client(teal_->listener());
  ASSERT_EQ(client.get(1).body, "done");
  for (std::uint32_t stream = 3; stream < 100; stream += 2)
    client.send(h2::headers(stream, stream % 4 == 1 ? h2::get() : h2::post()));
  std::size_t answered = 0;
  while (answered < 49) {
    const auto frame = client.await(h2::kData);
    ASSERT_TRUE(frame) << answered;
    EXPECT_EQ(frame->payload, "done");
    answered += frame->ends() ? 1 : 0;
  }
  EXPECT_GE(target.connections(), 2U);
  EXPECT_LE(target.connections(), 10U) << "five at once on each, as on the first one";
}

TEST_F(Http2TargetFaultsTest, AConnectionThatDiesIsReplacedForWhatMayBeSentTwice) {
  Http2Target target;
  start({target.address()});
  HttpClient client(teal_->listener());
  ASSERT_EQ(client.get("/").status, 200);
  std::atomic<bool> dies{true};
  target.on_request([&](const Http2Target::Send& send, const SeenStream& request) {
    if (dies.exchange(false))
      target.cut_all();
    else
      send(Http2Target::answer(request.stream, "again"));
  });
  EXPECT_EQ(client.get("/").body, "again");
  dies = true;
  client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi");
  EXPECT_EQ(client.read().status, 502);
}

TEST_F(Http2TargetFaultsTest, AWholeAnswerSurvivesTheTargetThatLeavesBehindIt) {
  Http2Target target;
  target.on_request([&](const Http2Target::Send& send, const SeenStream& request) {
    send(h2::headers(request.stream, {{":status", "200"}}, false));
    std::string out;
    for (int i = 0; i < 7; ++i)
      out += h2::frame(h2::kData, 0, request.stream, std::string(16 * 1024, 'x'));
    send(out + h2::frame(h2::kData, h2::kEndStream, request.stream, "end"));
    target.cut_all();
  });
  start({target.address()});
  Http2Client client(teal_->listener(), {{4, 1000}});  // a window of 1000 bytes
  client.send(h2::headers(1, h2::get()));
  const auto first = client.await(h2::kData);
  ASSERT_TRUE(first);
  ASSERT_TRUE(eventually([&] {
    return metric("teal_upstream_connections_active") + metric("teal_upstream_connections_idle") ==
           0;
  }));
  client.send(h2::window_update(0, 200'000) + h2::window_update(1, 200'000));
  const auto rest = client.answer(1, false);
  EXPECT_TRUE(rest.complete) << (rest.reset ? *rest.reset : 0);
  EXPECT_EQ(first->payload.size() + rest.body.size(), 7U * 16 * 1024 + 3);
}

TEST_F(Http2TargetFaultsTest, AnIdleConnectionExpires) {
  Http2Target target;
  start({target.address()}, "timeouts: { upstream_idle: 50ms }\n");
  HttpClient client(teal_->listener());
  ASSERT_EQ(client.get("/").status, 200);
  EXPECT_TRUE(eventually([&] {
    return teal_->admin().metric("teal_upstream_idle_connections_closed_total", "by=\"teal\"") == 1;
  }));
  EXPECT_EQ(metric("teal_upstream_connections_idle"), 0);
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(target.connections(), 2U);
}

struct Broken {
  const char* name;
  std::function<std::string(std::uint32_t)> answer;
};

std::vector<Broken> broken_answers() {
  return {
      {"no status", [](std::uint32_t s) { return h2::headers(s, {{"server", "x"}}); }},
      {"two statuses",
       [](std::uint32_t s) { return h2::headers(s, {{":status", "200"}, {":status", "200"}}); }},
      {"a status of letters", [](std::uint32_t s) { return h2::headers(s, {{":status", "2x0"}}); }},
      {"switching protocols",
       [](std::uint32_t s) { return h2::headers(s, {{":status", "101"}}, false); }},
      {"upper case",
       [](std::uint32_t s) { return h2::headers(s, {{":status", "200"}, {"A", "b"}}); }},
      {"a line break in a value",
       [](std::uint32_t s) {
         return h2::headers(s, {{":status", "200"}, {"a", "b\r\nset-cookie: c"}});
       }},
      {"a connection field",
       [](std::uint32_t s) {
         return h2::headers(s, {{":status", "200"}, {"connection", "close"}});
       }},
      {"a transfer coding",
       [](std::uint32_t s) {
         return h2::headers(s, {{":status", "200"}, {"transfer-encoding", "chunked"}});
       }},
      {"a request's pseudo-field",
       [](std::uint32_t s) { return h2::headers(s, {{":status", "200"}, {":path", "/"}}); }},
      {"a pseudo-field behind others",
       [](std::uint32_t s) { return h2::headers(s, {{"a", "b"}, {":status", "200"}}); }},
      {"an interim response that ends",
       [](std::uint32_t s) { return h2::headers(s, {{":status", "103"}}); }},
      {"a body before the head",
       [](std::uint32_t s) { return h2::frame(h2::kData, h2::kEndStream, s, "body"); }},
      {"a length for no body",
       [](std::uint32_t s) {
         return h2::headers(s, {{":status", "200"}, {"content-length", "5"}});
       }},
      {"two lengths",
       [](std::uint32_t s) {
         return h2::headers(s,
                            {{":status", "200"}, {"content-length", "0"}, {"content-length", "0"}});
       }},
  };
}

TEST_F(Http2TargetFaultsTest, ASilentTargetIsAskedForASignOfLifeAndLeftWithoutOne) {
  Http2Target target;
  Trigger go;
  target.on_request([&](const Http2Target::Send& send, const SeenStream& request) {
    if (request.field(":path") == "/slow") go.wait();  // Its thread answers no PING meanwhile.
    send(Http2Target::answer(request.stream, "done"));
  });
  start_with("ping_after: 20ms, ping_timeout: 100ms", {target.address()});
  HttpClient client(teal_->listener());
  EXPECT_EQ(client.get("/slow").status, 502);
  EXPECT_EQ(metric("teal_upstream_ping_timeouts_total"), 1);
  go.fire();
  EXPECT_EQ(client.get("/").status, 200) << "by another connection";
}

TEST_F(Http2TargetFaultsTest, ASlowTargetThatAnswersPingsIsWaitedFor) {
  Http2Target target;
  start_with("ping_after: 20ms, ping_timeout: 5s", {target.address()});
  // Nothing is said of the request until a PING was answered.
  target.on_request([](const Http2Target::Send&, const SeenStream&) {});
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::get()));
  ASSERT_TRUE(eventually([&] { return target.pings() > 0; }));
  target.on_request({});
  EXPECT_EQ(client.get(3).status, "200") << "on the same connection";
  EXPECT_EQ(target.connections(), 1U);
  EXPECT_EQ(metric("teal_upstream_ping_timeouts_total"), 0);
}

TEST_F(Http2TargetFaultsTest, AResponseThatBreaksARuleIsRefused) {
  const std::vector<Broken> cases = broken_answers();
  Http2Target target;
  start({target.address()});
  HttpClient client(teal_->listener());
  for (const Broken& each : cases) {
    target.on_request([&](const Http2Target::Send& send, const SeenStream& request) {
      send(each.answer(request.stream));
    });
    const Response got = client.get("/");
    EXPECT_EQ(got.status, 502) << each.name << ": " << describe(got);
  }
  target.on_request({});
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(metric("teal_upstream_protocol_errors_total"), cases.size());
}

TEST_F(Http2TargetFaultsTest, ABodyThatIsNotAsLongAsItSaidIsCut) {
  Http2Target target;
  start({target.address()});
  for (const std::string body : {"abc", "abcdefgh"}) {
    target.on_request([body](const Http2Target::Send& send, const SeenStream& request) {
      send(h2::headers(request.stream, {{":status", "200"}, {"content-length", "5"}}, false) +
           h2::frame(h2::kData, h2::kEndStream, request.stream, body));
    });
    Http2Client client(teal_->listener());
    const auto got = client.get(1);
    EXPECT_FALSE(got.complete) << body;
  }
}

TEST_F(Http2TargetFaultsTest, ATargetThatBreaksTheFramingIsLeft) {
  Http2Target target;
  start({target.address()});
  HttpClient client(teal_->listener());
  for (const std::string& bytes :
       {h2::frame(h2::kData, 0, 0, "x"), h2::frame(h2::kSettings, 0, 1),
        h2::frame(5, h2::kEndHeaders, 1, h2::number(2, 4)), h2::frame(h2::kPing, 0, 0, "short"),
        std::string("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")}) {
    target.on_request([bytes](const Http2Target::Send& send, const SeenStream&) { send(bytes); });
    EXPECT_EQ(client.get("/").status, 502);
    target.on_request({});
    EXPECT_EQ(client.get("/").status, 200);
  }
}

}  // namespace
}  // namespace teal::e2e
