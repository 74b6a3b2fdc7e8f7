// The control API's sockets while many connections want their places, with small limits. Whose turn
// it is to make room is tested without sockets: admin_places_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <vector>

#include "tests/support/admin_fixture.h"
#include "tests/support/admin_peer.h"

namespace teal::control {
namespace {

using testing::get;
using ::testing::HasSubstr;
using testing::kDeadline;
using ::testing::Not;
using testing::Peer;
using testing::RunningAdmin;
using ::testing::StartsWith;

const Address kLoopback{Address::Kind::ip4, "127.0.0.1", 0};

double metric(RunningAdmin& admin, const std::string& name, const std::string& stage = {}) {
  double value = -1;
  admin.on_server([&] {
    for (const MetricSample& sample : admin.server->metrics())
      if (sample.name == name && (stage.empty() || sample.labels.at(0).second == stage))
        value = sample.value;
  });
  return value;
}

bool eventually(const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (!is_so())
    if (std::chrono::steady_clock::now() > deadline) return false;
  return true;
}

TEST(AdminSiege, SilentConnectionsMakeRoomForThoseThatAsk) {
  AdminLimits limits;
  limits.connections = 2;
  limits.first_request = kDeadline;
  RunningAdmin admin(kLoopback, limits);
  std::vector<std::unique_ptr<Peer>> silent;
  for (int i = 0; i < 50; ++i) silent.push_back(std::make_unique<Peer>(admin.address()));
  Peer asking(admin.address());
  asking.send(get("/v1/services"));
  EXPECT_THAT(asking.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(silent.front()->read_to_end(), "") << "it was closed";
  EXPECT_EQ(metric(admin, "teal_admin_connections_evicted_total", "silent"), 49);
  EXPECT_EQ(metric(admin, "teal_admin_connections_active"), 2);
}

TEST(AdminSiege, KeptConnectionsMakeRoomForNewOnesAndBusyOnesDoNot) {
  AdminLimits limits;
  limits.connections = 2;
  RunningAdmin admin(kLoopback, limits);
  admin.on_server([&] { admin.commands.hold = true; });
  Peer busy(admin.address());
  busy.send("POST /v1/deployments/d-3/stop HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(eventually([&] {
    std::size_t held = 0;
    admin.on_server([&] { held = admin.commands.pending.size(); });
    return held == 1;
  }));
  Peer idle(admin.address());
  idle.send(get("/livez"));
  idle.read_until("alive");
  Peer asking(admin.address());
  asking.send(get("/livez"));
  EXPECT_THAT(asking.read_until("alive"), StartsWith("HTTP/1.1 200 "));
  idle.read_to_end();
  admin.on_server([&] { admin.commands.pending.at(0)(); });
  EXPECT_THAT(busy.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(metric(admin, "teal_admin_connections_evicted_total", "idle"), 1);
}

TEST(AdminSiege, AFollowerOfEventsKeepsItsPlace) {
  AdminLimits limits;
  limits.connections = 2;
  RunningAdmin admin(kLoopback, limits);
  Peer follower(admin.address());
  follower.send(get("/v1/events"));
  follower.read_until(": live\n\n");
  std::vector<std::unique_ptr<Peer>> silent;
  for (int i = 0; i < 50; ++i) silent.push_back(std::make_unique<Peer>(admin.address()));
  ASSERT_TRUE(eventually(
      [&] { return metric(admin, "teal_admin_connections_evicted_total", "silent") == 49; }));
  admin.on_server([&] { admin.commands.announce("split.changed", "still here"); });
  EXPECT_THAT(follower.read_until("still here"), HasSubstr("still here"));
}

TEST(AdminSiege, WhereNobodyCanMakeRoomOnlyProbesAreAnswered) {
  AdminLimits limits;
  limits.connections = 1;
  limits.reserve_time = kDeadline;
  RunningAdmin admin(kLoopback, limits);
  Peer follower(admin.address());
  follower.send(get("/v1/events"));
  follower.read_until(": live\n\n");
  for (const std::string probe : {"/livez", "/readyz", "/metrics"}) {
    Peer peer(admin.address());
    peer.send(get(probe) + get(probe));
    const std::string answer = peer.read_to_end();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 ")) << probe;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer.substr(1), Not(HasSubstr("HTTP/1.1 200 "))) << "one, and no more";
  }
  Peer other(admin.address());
  other.send(get("/v1/services"));
  const std::string answer = other.read_until("remedy");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("urn:teal:problem:too-many-connections"));
  EXPECT_EQ(metric(admin, "teal_admin_connections_refused_total"), 1);
}

TEST(AdminSiege, SilentOnesInTheReserveDoNotKeepProbesOut) {
  AdminLimits limits;
  limits.connections = 1;
  limits.reserve = 2;
  limits.reserve_time = kDeadline;
  RunningAdmin admin(kLoopback, limits);
  Peer follower(admin.address());
  follower.send(get("/v1/events"));
  follower.read_until(": live\n\n");
  std::vector<std::unique_ptr<Peer>> silent;
  for (int i = 0; i < 20; ++i) silent.push_back(std::make_unique<Peer>(admin.address()));
  Peer probe(admin.address());
  probe.send(get("/livez"));
  EXPECT_THAT(probe.read_to_end(), StartsWith("HTTP/1.1 200 "));
}

TEST(AdminSiege, WhoeverHasConnectedIsTakenInAFewTurnsOfTheLoopAndNotOneInEach) {
  constexpr std::size_t kPeers = 30;
  constexpr int kTurns = 12;
  RunningAdmin admin;
  std::vector<std::unique_ptr<Peer>> peers;
  std::promise<std::size_t> taken;
  std::function<void(int)> turn = [&](int left) {
    if (left == 0) return taken.set_value(admin.server->connections());
    boost::asio::post(admin.io, [&turn, left] { turn(left - 1); });
  };
  admin.on_server([&] {
    for (std::size_t i = 0; i < kPeers; ++i)
      peers.push_back(std::make_unique<Peer>(admin.address()));
    turn(kTurns);
  });
  EXPECT_EQ(taken.get_future().get(), kPeers);
}

TEST(AdminSiege, ClosesAConnectionThatSaysNothingInTime) {
  AdminLimits limits;
  limits.first_request = Millis{50};
  RunningAdmin admin(kLoopback, limits);
  Peer peer(admin.address());
  EXPECT_EQ(peer.read_to_end(), "");
  EXPECT_TRUE(
      eventually([&] { return metric(admin, "teal_admin_timeouts_total", "silent") == 1; }));
}

TEST(AdminSiege, AHeadThatTricklesHasNoMoreTimeThanASilentOne) {
  AdminLimits limits;
  limits.first_request = Millis{100};
  RunningAdmin admin(kLoopback, limits);
  Peer peer(admin.address());
  EXPECT_TRUE(
      peer.trickle("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(16'000, 'x')));
  EXPECT_TRUE(eventually([&] { return metric(admin, "teal_admin_connections_active") == 0; }));
  EXPECT_EQ(metric(admin, "teal_admin_timeouts_total", "silent"), 1);
}

TEST(AdminSiege, ABodyThatTricklesRunsOutOfTime) {
  AdminLimits limits;
  limits.timeout = Millis{100};
  RunningAdmin admin(kLoopback, limits);
  Peer peer(admin.address());
  peer.send(
      "POST /v1/alarms/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 1000000\r\n\r\n");
  EXPECT_TRUE(peer.trickle(" "));
  // Beast closes the socket first and says why in a later turn of the loop.
  EXPECT_TRUE(
      eventually([&] { return metric(admin, "teal_admin_timeouts_total", "receiving") == 1; }));
}

TEST(AdminSiege, WhoDoesNotReadItsAnswersRunsOutOfTime) {
  AdminLimits limits;
  limits.timeout = Millis{100};
  RunningAdmin admin(kLoopback, limits);
  Peer peer(admin.address(), 4096);
  std::string flood;
  for (int i = 0; i < 1000; ++i) flood += get("/v1/openapi.json");
  peer.send(flood);
  EXPECT_TRUE(
      eventually([&] { return metric(admin, "teal_admin_timeouts_total", "writing") == 1; }));
  EXPECT_TRUE(eventually([&] { return metric(admin, "teal_admin_connections_active") == 0; }));
}

TEST(AdminSiege, SlowReadersDoNotMakeItHoldMoreThanItsBound) {
  AdminLimits limits;
  limits.held_bytes = 100'000;  // The description of the API alone is more than a third of it.
  RunningAdmin admin(kLoopback, limits);
  std::string flood;
  for (int i = 0; i < 500; ++i) flood += get("/v1/openapi.json");
  std::vector<std::unique_ptr<Peer>> slow;
  for (int i = 0; i < 4; ++i) {
    slow.push_back(std::make_unique<Peer>(admin.address(), 4096));
    slow.back()->send(flood);
  }
  EXPECT_TRUE(eventually(
      [&] { return metric(admin, "teal_admin_connections_evicted_total", "writing") >= 1; }));
}

TEST(AdminSiege, EveryAnswerTellsBrowsersNotToFrameOrReadIt) {
  RunningAdmin admin;
  for (const std::string& bytes :
       {get("/livez"), get("/livez", "X: " + std::string(20'000, 'x') + "\r\n"),
        std::string("\x16\x03\x01 hello\r\n\r\n"), get("/v1/events")}) {
    Peer peer(admin.address());
    peer.send(bytes);
    const std::string head = peer.read_until("\r\n\r\n");
    for (const char* line : {"X-Content-Type-Options: nosniff\r\n", "X-Frame-Options: DENY\r\n",
                             "Content-Security-Policy: default-src 'none'; frame-ancestors "
                             "'none'\r\n",
                             "Cross-Origin-Resource-Policy: same-origin\r\n"})
      EXPECT_THAT(head, HasSubstr(line));
  }
}

TEST(AdminSiege, ReadsWhatABrowserSaysOfTheSite) {
  RunningAdmin admin;
  Peer peer(admin.address());
  peer.send(get("/v1/services", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n"));
  EXPECT_THAT(peer.read_until("remedy"), StartsWith("HTTP/1.1 403 "));
  Peer window(admin.address());
  window.send(get("/v1/services",
                  "sec-fetch-site: cross-site\r\nsec-fetch-mode: navigate\r\n"
                  "sec-fetch-dest: document\r\n"));
  EXPECT_THAT(window.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  Peer twice(admin.address());
  twice.send(get("/v1/services", "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n"));
  EXPECT_THAT(twice.read_until("remedy"), StartsWith("HTTP/1.1 403 ")) << "all of them are read";
}

}  // namespace
}  // namespace teal::control
