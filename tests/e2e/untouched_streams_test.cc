// Targets over HTTP/2 that do not begin a request, that reset one, and that take none for a while:
// RFC 9113, sections 5.1.2, 6.4, 6.5.2, 6.8 and 8.7.
#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include "base/rng.h"
#include "tests/support/e2e_http2_targets.h"

namespace teal::e2e {
namespace {

std::string go_away(std::uint32_t last, std::uint32_t error = 0) {
  return h2::frame(h2::kGoAway, 0, 0, h2::number(last, 4) + h2::number(error, 4));
}

constexpr int kMaxStreams = 3;  // SETTINGS_MAX_CONCURRENT_STREAMS

class UntouchedStreamsTest : public Http2TargetsTest {
 protected:
  double metric(const std::string& name, const std::string& labels = {}) {
    return teal_->admin().metric(name, labels);
  }
  /// So many GETs at once by one connection; how many were answered with which status.
  std::map<std::string, int> ask_at_once(Http2Client& client, int count) {
    std::string all;
    const std::uint32_t first = next_stream_;
    for (int i = 0; i < count; ++i, next_stream_ += 2) all += h2::headers(next_stream_, h2::get());
    client.send(all);
    std::map<std::string, int> answers;
    std::set<std::uint32_t> over;
    while (over.size() < static_cast<std::size_t>(count)) {
      const std::optional<h2::Frame> frame = client.next();
      if (!frame) break;
      if (frame->stream < first) continue;
      if (frame->type == h2::kHeaders) ++answers[frame->field(":status")];
      if (frame->type == h2::kReset) ++answers["reset"];
      if (frame->ends() || frame->type == h2::kReset) over.insert(frame->stream);
    }
    return answers;
  }
  /// As nginx with keepalive_requests: each connection ends with so many, those beyond are not
  /// begun.
  static void leave_after(Http2Target& target, std::uint32_t requests) {
    target.on_request([requests](const Http2Target::Send& send, const SeenStream& request) {
      const std::uint32_t last = 2 * requests - 1;
      if (request.stream > last) return;
      send((request.stream == last ? go_away(last) : std::string()) +
           Http2Target::answer(request.stream, "done"));
    });
  }

  std::uint32_t next_stream_ = 1;
};

// ---- not begun ----------------------------------------------------------------------------------

TEST_F(UntouchedStreamsTest, WhatAGoAwayLeavesIsSentAgainToTheOnlyTarget) {
  Http2Target target;
  target.on_request([&](const Http2Target::Send& send, const SeenStream& request) {
    if (request.connection % 2 == 1)
      send(go_away(0));
    else
      send(Http2Target::answer(request.stream, "done " + request.body) + go_away(request.stream));
  });
  start({target.address()});
  HttpClient client(teal_->listener());
  EXPECT_EQ(client.get("/").body, "done ");
  client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello");
  const Response got = client.read();
  EXPECT_EQ(got.status, 200) << describe(got);
  EXPECT_EQ(got.body, "done hello");
  EXPECT_EQ(target.connections(), 4U);
  EXPECT_EQ(metric("teal_upstream_streams_refused_total"), 2);
  EXPECT_EQ(metric("teal_upstream_retries_total", "reason=\"not_begun\""), 2);
}

TEST_F(UntouchedStreamsTest, AConnectionThatLeavesBeforeItHasBegunCostsNothing) {
  Http2Target target("h2-1", [](std::size_t connection) {
    return h2::settings() + (connection == 1 ? go_away(0) : std::string());
  });
  start({target.address()});
  HttpClient client(teal_->listener());
  EXPECT_EQ(client.get("/").body, "h2-1\n");
  EXPECT_EQ(target.connections(), 2U);
}

TEST_F(UntouchedStreamsTest, ATargetThatNeverBeginsIsAskedAsOftenAsIsAllowed) {
  for (const bool leaves : {true, false}) {
    Http2Target target;
    target.on_request([&](const Http2Target::Send& send, const SeenStream& request) {
      send(leaves ? go_away(0) : h2::reset(request.stream, 7));
    });
    start({target.address()}, "retry: { attempts: 5 }\n");
    HttpClient client(teal_->listener());
    const Response got = client.get("/");
    EXPECT_EQ(got.status, 503) << describe(got);
    EXPECT_EQ(got.headers.get("retry-after"), "1");
    EXPECT_EQ(target.seen().size(), 5U);
    EXPECT_EQ(metric("teal_requests_unserved_total", "reason=\"not_begun\""), 1);
    EXPECT_EQ(metric("teal_requests_total", "code=\"5xx\""), 1);
  }
}

TEST_F(UntouchedStreamsTest, ATargetThatAlwaysTakesOthersInsteadIsNotAskedForEver) {
  Http2Target target;
  target.on_request([](const Http2Target::Send& send, const SeenStream& request) {
    send(go_away(request.stream) + h2::reset(request.stream, 7));
  });
  start({target.address()});
  HttpClient client(teal_->listener());
  EXPECT_EQ(client.get("/").status, 503);
  EXPECT_EQ(target.seen().size(), 16U + 3U);
}

TEST_F(UntouchedStreamsTest, AnUploadThatIsNotHeldIsTheClientsToRepeatAndNobodysFault) {
  Http2Target target;
  std::atomic<std::size_t> taken{0};
  target.on_piece([&](const Http2Target::Send& send, const SeenStream& piece) {
    if ((taken += piece.body.size()) > 80'000) send(h2::reset(piece.stream, 7));
  });
  start({target.address()}, "outlier: { consecutive_failures: 1 }\n");
  HttpClient client(teal_->listener());
  client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 200000\r\n\r\n" +
              std::string(200'000, 'x'));
  const Response got = client.read();
  EXPECT_EQ(got.status, 503) << describe(got);
  EXPECT_EQ(got.headers.get("retry-after"), "1");
  EXPECT_EQ(metric("teal_requests_unserved_total", "reason=\"not_begun\""), 1);
  EXPECT_EQ(metric("teal_requests_total", "code=\"5xx\""), 0);
  EXPECT_EQ(target.connections(), 1U);
}

TEST_F(UntouchedStreamsTest, WhereAConnectionEndsWithItsTenthRequestOthersAreOpenedForTheRest) {
  Http2Target target;
  leave_after(target, 10);
  start({target.address()});
  Http2Client client(teal_->listener());
  EXPECT_EQ(ask_at_once(client, 50).at("200"), 50);
  EXPECT_EQ(target.connections(), 5U);
  EXPECT_EQ(metric("teal_upstream_streams_refused_total"), 40) << "it could not know";
  EXPECT_EQ(ask_at_once(client, 50).at("200"), 50);
  EXPECT_EQ(target.connections(), 10U);
  EXPECT_EQ(metric("teal_upstream_streams_refused_total"), 40) << "and now it does";
  EXPECT_EQ(metric("teal_requests_total", "code=\"5xx\""), 0);
}

TEST_F(UntouchedStreamsTest, AConnectionThatOutlivesTheLastOneIsUsedOn) {
  Http2Target target;
  leave_after(target, 10);
  start({target.address()});
  Http2Client client(teal_->listener());
  EXPECT_EQ(ask_at_once(client, 20).at("200"), 20);
  EXPECT_EQ(target.connections(), 2U);
  target.on_request({});
  // The first ten on a connection that is not left any more; from then on nobody minds.
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask_at_once(client, 1).at("200"), 1);
  EXPECT_EQ(target.connections(), 3U);
  EXPECT_EQ(ask_at_once(client, 50).at("200"), 50);
  EXPECT_EQ(target.connections(), 3U);
}

// ---- resets -------------------------------------------------------------------------------------

TEST_F(UntouchedStreamsTest, TheResetOfOneStreamIsNotTheDeathOfItsConnection) {
  Http2Target target;
  start({target.address()});
  HttpClient client(teal_->listener());
  ASSERT_EQ(client.get("/").status, 200);
  std::size_t asked = 1;
  for (const std::uint32_t error : {2U, 8U, 11U}) {
    target.on_request([error](const Http2Target::Send& send, const SeenStream& request) {
      send(h2::reset(request.stream, error));
    });
    EXPECT_EQ(client.get("/").status, 502) << error;
    EXPECT_EQ(target.seen().size(), ++asked) << "one attempt " << error;
    target.on_request({});
    EXPECT_EQ(client.get("/").status, 200) << error;
    ++asked;
  }
  EXPECT_EQ(target.connections(), 1U);
  EXPECT_EQ(metric("teal_retries_total"), 0);
}

TEST_F(UntouchedStreamsTest, WhatWasResetGoesToAnotherTargetWhereTheServiceListsIt) {
  Http2Target bad("bad"), good("good");
  bad.on_request([](const Http2Target::Send& send, const SeenStream& request) {
    send(h2::reset(request.stream, 2));
  });
  start({bad.address(), good.address()},
        "balance: round_robin\nretry: { on: [ connect_failure, reset ] }\noutlier: off\n");
  HttpClient client(teal_->listener());
  for (int i = 0; i < 6; ++i) EXPECT_EQ(client.get("/").body, "good\n");
  EXPECT_EQ(bad.connections(), 1U);
}

// ---- full ---------------------------------------------------------------------------------------

TEST_F(UntouchedStreamsTest, ATargetThatTakesNoStreamForNowIsWaitedFor) {
  Http2Target target("h2-1", {{kMaxStreams, 0}});
  start({target.address()}, "timeouts: { queue: 20s }\n");
  HttpClient first(teal_->listener()), second(teal_->listener());
  first.send(request("GET", "/"));
  ASSERT_TRUE(eventually([&] { return target.connections() == 1; }));
  second.send(request("GET", "/"));
  ASSERT_TRUE(eventually([&] { return metric("teal_downstream_requests_active") == 2; }));
  ASSERT_TRUE(target.is_heard());
  EXPECT_EQ(target.seen().size(), 0U);
  target.tell_all(h2::settings({{kMaxStreams, 100}}));
  EXPECT_EQ(first.read().status, 200);
  EXPECT_EQ(second.read().status, 200);
  EXPECT_EQ(target.connections(), 1U);
}

TEST_F(UntouchedStreamsTest, ItIsWaitedForAsLongAsInAQueue) {
  Http2Target target("h2-1", {{kMaxStreams, 0}});
  start({target.address()},
        "timeouts: { connect: 20s, queue: 100ms }\noutlier: { consecutive_failures: 1 }\n");
  HttpClient client(teal_->listener());
  const Response got = client.get("/");
  EXPECT_EQ(got.status, 503) << describe(got);
  EXPECT_EQ(metric("teal_requests_unserved_total", "reason=\"queue_timeout\""), 1);
  EXPECT_EQ(metric("teal_upstream_connection_failures_total"), 0);
}

TEST_F(UntouchedStreamsTest, AnotherTargetWithRoomIsNotWaitedFor) {
  Http2Target full("full", {{kMaxStreams, 0}}), free("free");
  start({full.address(), free.address()}, "balance: round_robin\ntimeouts: { queue: 60s }\n");
  HttpClient client(teal_->listener());
  for (int i = 0; i < 6; ++i) EXPECT_EQ(client.get("/").body, "free\n");
  free.stop();
  client.send(request("GET", "/"));
  ASSERT_TRUE(eventually([&] {
    full.tell_all(h2::settings({{kMaxStreams, 1}}));
    return !full.seen().empty();
  })) << "when it is the last one it is waited for";
  EXPECT_EQ(client.read().body, "full\n");
}

TEST_F(UntouchedStreamsTest, ARequestThatWaitsFollowsARollback) {
  Http2Target blue("blue"), green("green", {{kMaxStreams, 0}});
  start({blue.address()}, "timeouts: { queue: 60s }\n");
  const ApiAnswer started = teal_->admin().deploy(
      "v2", green.address(), R"(, "plan": [{"set_weight": "100%"}, {"bake": "1h"}])");
  ASSERT_EQ(started.status, 201) << started.text;
  const std::string id = started.at("/id");
  ASSERT_TRUE(teal_->admin().await(id, "status", "Baking")) << teal_->admin().deployment(id).text;
  HttpClient client(teal_->listener());
  client.send(request("GET", "/"));
  ASSERT_TRUE(eventually([&] { return green.connections() == 1; }));
  ASSERT_TRUE(green.is_heard());
  ASSERT_LT(teal_->admin().command(id, "rollback").status, 300);
  ASSERT_TRUE(eventually([&] { return teal_->admin().service().at("/split/green") == "0%"; }));
  green.tell_all(h2::settings({{kMaxStreams, 100}}));
  EXPECT_EQ(client.read().body, "blue\n");
  EXPECT_EQ(green.seen().size(), 0U);
}

TEST_F(UntouchedStreamsTest, AProbeWaitsLikewise) {
  Http2Target target("h2-1", {{kMaxStreams, 0}});
  ConfigText config = shop({target.address()}, std::string(kHttp2) + fast_health());
  teal_ = std::make_unique<Teal>(config);
  ASSERT_TRUE(eventually([&] { return target.connections() >= 1; }));
  ASSERT_TRUE(eventually([&] {
    target.tell_all(h2::settings({{kMaxStreams, 100}}));
    return metric("teal_target_healthy") == 1;
  }));
}

// ---- all of it ----------------------------------------------------------------------------------

/// Connections that leave after any number of requests or none, refused streams, targets that take
/// none for a while: whatever comes, each request is answered once, and the good ones with 200.
TEST_F(UntouchedStreamsTest, StressNothingIsLostHoweverATargetLeaves) {
  constexpr std::uint64_t kSeed = 15;
  constexpr int kRounds = 40, kAtOnce = 50;
  std::mutex mutex;
  Rng rng(kSeed);
  const auto below = [&](std::uint32_t bound) {
    const std::scoped_lock lock(mutex);
    return rng.below(bound);
  };
  Http2Target target("h2-1", [&](std::size_t) {
    const std::uint32_t how = below(8);
    if (how == 0) return h2::settings() + go_away(0);
    if (how == 1) return h2::settings({{kMaxStreams, 0}}) + h2::settings({{kMaxStreams, 7}});
    return h2::settings({{kMaxStreams, 1 + below(100)}});
  });
  std::map<std::size_t, std::uint32_t> ends;  // The last stream of each connection.
  target.on_request([&](const Http2Target::Send& send, const SeenStream& request) {
    std::uint32_t last = 0;
    {
      const std::scoped_lock lock(mutex);
      std::uint32_t& end = ends[request.connection];
      if (end == 0) end = 2 * rng.below(30) + 1;
      last = end;
    }
    if (request.stream > last) return;
    if (request.stream < last && below(20) == 0) return send(h2::reset(request.stream, 7));
    send((request.stream == last ? go_away(last) : std::string()) +
         Http2Target::answer(request.stream, "done"));
  });
  start({target.address()}, "retry: { attempts: 10 }\ntimeouts: { queue: 60s }\n");
  Http2Client client(teal_->listener());
  for (int round = 0; round < kRounds; ++round) {
    const auto answers = ask_at_once(client, kAtOnce);
    ASSERT_EQ(answers, (std::map<std::string, int>{{"200", kAtOnce}})) << "round " << round;
  }
  EXPECT_EQ(metric("teal_requests_total", "code=\"5xx\""), 0);
  EXPECT_TRUE(eventually([&] { return metric("teal_downstream_requests_active") == 0; }));
}

}  // namespace
}  // namespace teal::e2e
