// Tunnels, byte by byte: how they end, what they may cost, and what a release does to them.
#include <signal.h>

#include <atomic>

#include "tests/support/e2e_certificates.h"
#include "tests/support/e2e_release.h"
#include "tests/support/e2e_tunnel.h"

namespace teal::e2e {
namespace {

using TunnelTest = UpgradeTest;

TEST_F(TunnelTest, TheTargetsEndLeavesTheClientItsWord) {
  std::string last;
  Trigger over;
  agree([&](TargetConnection& connection) {
    connection.send("first");
    connection.finish_sending();
    while (connection.read(last) == Arrival::bytes) {
    }
    over.fire();
  });
  start();
  Caller caller(teal_->listener());
  caller.upgrade();
  EXPECT_EQ(caller.end(), Arrival::closed);
  EXPECT_TRUE(caller.heard().ends_with("first"));
  caller.send("last words");
  caller.wire().finish_sending();
  ASSERT_TRUE(over.wait());
  EXPECT_EQ(last, "last words");
  EXPECT_TRUE(logs("\"termination\":\"ok\""));
}

TEST_F(TunnelTest, AClientThatEndsBeforeThe101HasEndedItsPart) {
  std::string got;
  target_.on_connection([&](TargetConnection& connection) {
    if (!connection.next_head()) return;
    connection.send(kSwitch);
    while (connection.read(got) == Arrival::bytes) {
    }
    connection.send("all of " + got);
  });
  start();
  Caller caller(teal_->listener());
  caller.send(kAsk + "it");
  caller.wire().finish_sending();
  EXPECT_EQ(caller.end(), Arrival::closed);
  EXPECT_TRUE(caller.heard().ends_with("all of it")) << caller.heard();
}

TEST_F(TunnelTest, WhatA101SaysOfABodyIsDropped) {
  for (const std::string lines : {"Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n"}) {
    target_.on_connection([lines](TargetConnection& connection) {
      if (!connection.next()) return;
      std::string agreement = kSwitch;
      connection.send(agreement.insert(agreement.size() - 2, lines) + "first");
      echo(connection);
    });
    start();
    Caller caller(teal_->listener());
    caller.send(kAsk);
    ASSERT_TRUE(caller.hears("first")) << caller.heard();
    EXPECT_TRUE(caller.heard().starts_with("HTTP/1.1 101 ")) << caller.heard();
    EXPECT_FALSE(has(caller.heard(), "ransfer-")) << caller.heard();
    EXPECT_FALSE(has(caller.heard(), "ontent-")) << caller.heard();
    caller.send("0\r\n\r\n");
    EXPECT_TRUE(caller.hears("first0\r\n\r\n")) << "bytes of the other protocol";
  }
}

TEST_F(TunnelTest, OtherInterimResponsesWithABodyAreRefusedAndCounted) {
  for (const std::string lines : {"Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n"})
    for (const std::string status : {"100 Continue", "103 Early Hints"}) {
      target_.on_request([&](TargetConnection& connection, const SeenRequest&) {
        connection.send("HTTP/1.1 " + status + "\r\n" + lines + "\r\nhello");
        connection.send(response(200, "fine"));
      });
      start();
      HttpClient client(teal_->listener());
      EXPECT_EQ(client.get("/").status, 502) << status << lines;
      EXPECT_TRUE(counts("teal_requests_refused_total", 1, "rule=\"interim_with_body\""));
    }
}

TEST_F(TunnelTest, AResetGoesThrough) {
  Trigger may_reset;
  agree([&](TargetConnection& connection) {
    connection.wait(may_reset);
    connection.reset();
  });
  start();
  Caller caller(teal_->listener());
  caller.upgrade();
  may_reset.fire();
  EXPECT_EQ(caller.end(), Arrival::reset);
  EXPECT_TRUE(logs("\"termination\":\"upstream_truncated\""));
  Trigger left;
  agree([&](TargetConnection& connection) {
    connection.await_end();
    left.fire();
  });
  Caller other(teal_->listener());
  other.upgrade();
  other.wire().reset();
  EXPECT_TRUE(left.wait());
  EXPECT_TRUE(logs("\"termination\":\"client_gone\""));
  EXPECT_TRUE(counts("teal_client_aborts_total", 1));
  EXPECT_TRUE(counts("teal_tunnels_active", 0));
}

TEST_F(TunnelTest, ASilentTunnelEndsAfterItsTime) {
  agree();
  start("timeouts: { tunnel_idle: 200ms, request: 100ms, stream_idle: 50ms }\n");
  Caller caller(teal_->listener());
  caller.upgrade();
  EXPECT_EQ(caller.end(), Arrival::closed);
  EXPECT_TRUE(counts("teal_timeouts_total", 1, "phase=\"tunnel_idle\""));
  EXPECT_EQ(metric("teal_timeouts_total", "phase=\"request\""), 0);
  EXPECT_TRUE(logs("\"termination\":\"tunnel_idle\""));
}

TEST_F(TunnelTest, HalfATunnelHasTheTimeOfAStream) {
  Trigger left;
  agree([&](TargetConnection& connection) {
    std::string ignored;
    while (connection.read(ignored) == Arrival::bytes) {
    }
    connection.stall();
  });
  start("timeouts: { tunnel_idle: 1h, stream_idle: 200ms }\n");
  Caller caller(teal_->listener());
  caller.upgrade();
  caller.wire().finish_sending();
  EXPECT_EQ(caller.end(), Arrival::closed);
  EXPECT_TRUE(counts("teal_timeouts_total", 1, "phase=\"tunnel_idle\""));
}

TEST_F(TunnelTest, ASlowSideStopsTheOtherAndNothingIsLost) {
  constexpr std::size_t kBytes = 64 * 1024 * 1024;
  std::atomic<std::size_t> sent{0};
  Trigger may_send;
  agree([&](TargetConnection& connection) {
    connection.wait(may_send);
    const std::string block(64 * 1024, 'x');
    for (; sent < kBytes; sent += block.size())
      if (!connection.send(block)) return;
    connection.finish_sending();
    connection.await_end();
  });
  start();
  Caller caller(teal_->listener(), 16 * 1024);
  caller.upgrade();
  caller.forget();
  may_send.fire();
  // The target gets stuck when all buffers on the way are full.
  std::size_t before = 0;
  Deadline quiet{Millis{200}};
  ASSERT_TRUE(eventually([&] {
    if (const std::size_t now = sent; now == 0 || now != before) {
      before = now;
      quiet = Deadline{Millis{200}};
    }
    return quiet.has_passed();
  }));
  EXPECT_LT(sent, kBytes / 2);
  const long grown = teal_->resident_kilobytes();
  EXPECT_LT(grown, (kSanitized ? 400 : 60) * 1024);
  EXPECT_EQ(caller.end(), Arrival::closed);
  EXPECT_EQ(sent, kBytes);
  EXPECT_EQ(caller.heard().size(), kBytes);
}

TEST_F(TunnelTest, ATargetThatDoesNotReadStopsTheClient) {
  Trigger may_read;
  std::size_t got = 0;
  Trigger over;
  agree([&](TargetConnection& connection) {
    connection.wait(may_read);
    std::string bytes;
    while (connection.read(bytes) == Arrival::bytes) {
      got += bytes.size();
      bytes.clear();
    }
    over.fire();
  });
  start();
  Caller caller(teal_->listener());
  caller.upgrade();
  const std::string block(64 * 1024, 'y');
  std::size_t sent = 0;
  // send() says no when nothing is taken for a while, part of the block may have gone.
  constexpr std::size_t kBytes = 64 * 1024 * 1024;
  while (sent < kBytes && caller.wire().send(block, Deadline{Millis{300}})) sent += block.size();
  EXPECT_LT(sent, kBytes / 2);
  EXPECT_LT(teal_->resident_kilobytes(), (kSanitized ? 400 : 60) * 1024);
  may_read.fire();
  caller.wire().finish_sending();
  ASSERT_TRUE(over.wait());
  EXPECT_GE(got, sent);
}

TEST_F(TunnelTest, AHandshakeThatFailsIsTriedElsewhere) {
  Target good("blue-2");
  good.on_connection([](TargetConnection& connection) {
    if (!connection.next()) return;
    connection.send(kSwitch);
    echo(connection);
  });
  const RefusedAddress nobody;
  teal_ = std::make_unique<Teal>(shop({to_string(nobody.address()), good.address()}));
  for (int i = 0; i < 4; ++i) {
    Caller caller(teal_->listener());
    EXPECT_TRUE(has(caller.upgrade(), " 101 "));
  }
}

TEST_F(TunnelTest, WorksOverTlsWithEndsOnBothSides) {
  const TempDir dir;
  const Certificates files(dir.path());
  files.make("shop", "DNS:shop.example.com");
  agree([](TargetConnection& connection) {
    std::string heard;
    connection.await(heard, "hello");
    connection.send("goodbye");
    connection.close();
  });
  ConfigText config = shop({target_.address()});
  config.listeners =
      "public: { address: '127.0.0.1:0', tls: { certificates: [ " + files.entry("shop") + " ] } }";
  teal_ = std::make_unique<Teal>(config);
  const Finished client = run(
      {"openssl", "s_client", "-quiet", "-verify_quiet", "-connect",
       "127.0.0.1:" + std::to_string(teal_->listener().port), "-servername", "shop.example.com"},
      kAsk + "hello");
  EXPECT_TRUE(has(client.out, " 101 ") && client.out.ends_with("goodbye"))
      << client.out << client.err;
}

TEST_F(TunnelTest, TheEndOfTheProcessWaitsForItsGraceAndCutsThen) {
  agree();
  start({}, "300ms");
  Caller caller(teal_->listener());
  caller.upgrade();
  teal_->signal(SIGTERM);
  caller.send("still here");
  EXPECT_TRUE(caller.hears("still here"));
  EXPECT_EQ(caller.end(), Arrival::closed);
  EXPECT_EQ(teal_->wait(), 0);
  EXPECT_TRUE(logs("\"termination\":\"shutdown\""));
}

// ---- releases -----------------------------------------------------------------------------------

class TunnelReleaseTest : public ReleaseTest {
 protected:
  static void be_chat(Target& target, const std::string& name) {
    target.on_connection([name](TargetConnection& connection) {
      while (const auto request = connection.next()) {
        if (!request->headers.has("upgrade")) {
          connection.send(response(200, "ok"));
          continue;
        }
        connection.send(kSwitch + name);
        echo(connection);
        return;
      }
    });
  }
  std::string called(Caller& caller) {
    caller.send(kAsk);
    return caller.hears("blue") || caller.hears("green") ? caller.heard() : "";
  }
};

TEST_F(TunnelReleaseTest, AShiftMovesNewTunnelsAndLeavesTheOthersUntilTheirTargetGoes) {
  be_chat(blue_, "at:blue!");
  be_chat(green_, "at:green");
  start("{ plan: AllAtOnce, keep_old: 1h }", "timeouts: { tunnel_drain: 400ms }\n");
  Caller old(teal_->listener());
  old.send(kAsk);
  ASSERT_TRUE(old.hears("at:blue!"));
  const std::string id = ship();
  ASSERT_TRUE(admin().await_end(id));
  Caller fresh(teal_->listener());
  fresh.send(kAsk);
  EXPECT_TRUE(fresh.hears("at:green")) << fresh.heard();
  old.send("still");
  EXPECT_TRUE(old.hears("still"));
  EXPECT_EQ(admin().metric("teal_tunnels_active"), 2);
  // The old group goes.
  EXPECT_EQ(
      admin().call("DELETE", "/v1/services/shop/groups/blue/targets/" + blue_.address()).status,
      202);
  old.send("moment");
  EXPECT_TRUE(old.hears("moment"));
  EXPECT_EQ(old.end(), Arrival::closed);
  EXPECT_EQ(admin().metric("teal_tunnels_drained_total"), 1);
  fresh.send("on");
  EXPECT_TRUE(fresh.hears("on"));
}

TEST_F(TunnelReleaseTest, TheTimeOfATunnelIsNoLatencyAndItsEndNoError) {
  be_chat(blue_, "at:blue!");
  be_chat(green_, "at:green");
  start();
  {
    Caller caller(teal_->listener());
    caller.send(kAsk);
    ASSERT_TRUE(caller.hears("at:blue!"));
    for (const Deadline talk{Millis{300}}; !talk.has_passed();) {
      caller.send("word");
      ASSERT_TRUE(caller.hears("word"));
      caller.forget();
    }
    // While it is open the request is over already.
    EXPECT_EQ(admin().metric("teal_requests_total", "code=\"1xx\""), 1);
    caller.wire().reset();
  }
  EXPECT_TRUE(eventually([&] { return admin().metric("teal_tunnels_active") == 0; }));
  EXPECT_EQ(admin().metric("teal_requests_total"), 1);
  EXPECT_LT(admin().metric("teal_request_duration_seconds_sum"), 0.25 * kPatience);
}

}  // namespace
}  // namespace teal::e2e
