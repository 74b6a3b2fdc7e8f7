#include "control/admin/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/admin_fixture.h"
#include "tests/support/admin_peer.h"

namespace teal::control {
namespace {

using testing::get;
using ::testing::HasSubstr;
using testing::kDeadline;
using testing::Peer;
using testing::RunningAdmin;
using ::testing::StartsWith;

constexpr const char* kBackup = "POST /v1/state/backup HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST(AdminServer, AnswersOneRequestAfterTheOtherOnAConnection) {
  RunningAdmin admin;
  Peer peer(admin.address());
  peer.send(get("/livez") + get("/v1/services/shop"));
  const std::string answers = peer.read_until("\"fallback\":null}\n");
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answers, HasSubstr("{\"alive\":true}\nHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answers, HasSubstr("ETag: \"7\""));
}

TEST(AdminServer, AnswersHeadWithTheLengthAndNoBody) {
  RunningAdmin admin;
  Peer peer(admin.address());
  peer.send("HEAD /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string answer = peer.read_to_end();
  EXPECT_THAT(answer, HasSubstr("Content-Length: 15\r\n"));
  EXPECT_THAT(answer, ::testing::EndsWith("\r\n\r\n"));
}

TEST(AdminServer, KeepsNoEndOfAnAnswerBackForAnAcknowledgement) {
  RunningAdmin admin;
  Peer peer(admin.address());
  peer.send(get("/livez"));
  peer.read_until("}\n");
  int served = 0;
  for (int fd = 3; fd < 64; ++fd) {
    sockaddr_in here{}, there{};
    socklen_t here_size = sizeof here, there_size = sizeof there;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&here), &here_size) != 0 ||
        ::getpeername(fd, reinterpret_cast<sockaddr*>(&there), &there_size) != 0 ||
        ntohs(here.sin_port) != admin.address().port)
      continue;
    int no_delay = 0;
    socklen_t size = sizeof no_delay;
    ASSERT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
    EXPECT_NE(no_delay, 0);
    ++served;
  }
  EXPECT_EQ(served, 1);
}

TEST(AdminServer, LosesNothingOfALongAnswerThatIsSentInSlices) {
  RunningAdmin admin;
  admin.lines = 20'000;
  Peer peer(admin.address());
  peer.send(get("/metrics", "Connection: close\r\n"));
  const std::string answer = peer.read_to_end();
  const std::size_t body = answer.find("\r\n\r\n") + 4;
  EXPECT_THAT(answer,
              HasSubstr("Content-Length: " + std::to_string(answer.size() - body) + "\r\n"));
  std::size_t lines = 0;
  for (std::size_t at = body; (at = answer.find("\nteal_lines{", at)) != answer.npos; ++at) ++lines;
  EXPECT_EQ(lines, 20'000);
}

TEST(AdminServer, MayEndWhileALongAnswerIsBeingSent) {
  for (int round = 0; round < 20; ++round) {
    RunningAdmin admin;
    admin.lines = 5'000;
    std::vector<std::unique_ptr<Peer>> peers;
    for (int i = 0; i < 5; ++i) {
      peers.push_back(std::make_unique<Peer>(admin.address(), 4096));
      peers.back()->send(get("/metrics"));
    }
    for (int i = 0; i < round % 5; ++i) peers[static_cast<std::size_t>(i)]->read_until("HTTP/1.1");
  }
}

TEST(AdminServer, RefusesWhatIsTooLarge) {
  RunningAdmin admin;
  Peer header(admin.address());
  header.send(get("/livez", "X: " + std::string(20'000, 'x') + "\r\n"));
  EXPECT_THAT(header.read_to_end(), StartsWith("HTTP/1.1 431 "));
  Peer body(admin.address());
  const std::string head =
      "POST /v1/alarms/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  body.send(head + "Content-Length: 1048577\r\n\r\n" + std::string(100'000, ' '));
  EXPECT_THAT(body.read_to_end(), StartsWith("HTTP/1.1 413 "));
  Peer chunked(admin.address());
  chunked.send(head + "Transfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 18; ++i) chunked.send("10000\r\n" + std::string(65'536, ' ') + "\r\n");
  chunked.shut_down();
  EXPECT_THAT(chunked.read_to_end(), StartsWith("HTTP/1.1 413 "));
}

TEST(AdminServer, RefusesWhatIsNotHttp) {
  RunningAdmin admin;
  Peer peer(admin.address());
  peer.send("\x16\x03\x01 hello\r\n\r\n");
  const std::string answer = peer.read_to_end();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer, HasSubstr("application/problem+json"));
}

TEST(AdminServer, LetsAClientContinueThatAsksFirst) {
  RunningAdmin admin;
  Peer peer(admin.address());
  peer.send(
      "POST /v1/alarms/none HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 18\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("{\"state\":\"firing\"}");
  EXPECT_THAT(peer.read_until("404"), HasSubstr("HTTP/1.1 404 "));
}

TEST(AdminServer, SaysSoWhenACommandHasNoConfirmedEffectInTime) {
  AdminLimits limits;
  limits.timeout = Millis{100};
  RunningAdmin admin({Address::Kind::ip4, "127.0.0.1", 0}, limits);
  admin.on_server([&] { admin.commands.hold = true; });
  Peer peer(admin.address());
  peer.send("POST /v1/deployments/d-3/stop HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(peer.read_until("remedy"), StartsWith("HTTP/1.1 504 "));
  admin.on_server([&] { admin.commands.pending.at(0)(); });  // Too late, and harmless.
}

TEST(AdminServer, WaitsForTheCopyOfABackupLongerThanForACommand) {
  AdminLimits limits;
  limits.timeout = Millis{50};
  RunningAdmin admin({Address::Kind::ip4, "127.0.0.1", 0}, limits);
  std::promise<TakenSnapshot> asked;
  admin.on_server([&] {
    admin.commands.hold = true;
    admin.take_snapshot = [&](const TakenSnapshot& taken) { asked.set_value(taken); };
  });
  Peer backup(admin.address());
  backup.send(kBackup);
  const TakenSnapshot taken = asked.get_future().get();
  // A command that came later has had its time.
  Peer command(admin.address());
  command.send("POST /v1/deployments/d-3/stop HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(command.read_until("remedy"), StartsWith("HTTP/1.1 504 "));
  admin.on_server([&] { taken(ApiError{503, "backup-failed", "The copy is over", "", ""}); });
  EXPECT_THAT(backup.read_until("The copy is over"), StartsWith("HTTP/1.1 503 "));
}

TEST(AdminServer, SaysSoWhenTheCopyOfABackupIsNotMadeInTime) {
  AdminLimits limits;
  limits.long_answer = Millis{50};
  RunningAdmin admin({Address::Kind::ip4, "127.0.0.1", 0}, limits);
  std::promise<TakenSnapshot> asked;
  admin.on_server(
      [&] { admin.take_snapshot = [&](const TakenSnapshot& taken) { asked.set_value(taken); }; });
  Peer backup(admin.address());
  backup.send(kBackup);
  const std::string answer = backup.read_until("remedy");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 504 "));
  EXPECT_THAT(answer, HasSubstr("The copy is not made yet"));
  const TakenSnapshot taken = asked.get_future().get();
  admin.on_server([&] { taken(ApiError{503, "backup-failed", "Too late", "", ""}); });
}

TEST(AdminServer, StreamsEventsAsTheyHappenAndAHeartbeatInBetween) {
  AdminLimits limits;
  limits.heartbeat = Millis{20};
  RunningAdmin admin({Address::Kind::ip4, "127.0.0.1", 0}, limits);
  admin.on_server([&] { admin.commands.announce("split.changed", "before"); });
  Peer peer(admin.address());
  peer.send(get("/v1/events", "Last-Event-ID: 0\r\n"));
  EXPECT_THAT(peer.read_until(": live\n\n"), HasSubstr("id: store-1\nevent: split.changed\n"));
  peer.forget();
  EXPECT_THAT(peer.read_until(":\n\n"), HasSubstr(":\n\n"));
  admin.on_server([&] { admin.commands.announce("deployment.baking", "now"); });
  EXPECT_THAT(peer.read_until("\"now\"}\n\n"),
              HasSubstr("id: store-2\nevent: deployment.baking\n"));
}

TEST(AdminServer, ForgetsASubscriberThatLeaves) {
  RunningAdmin admin;
  {
    Peer peer(admin.address());
    peer.send(get("/v1/events"));
    peer.read_until(": live\n\n");
  }
  // Its end is noticed without an event or a heartbeat: that one comes after 15 s.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  std::size_t left = 1;
  while (left != 0 && std::chrono::steady_clock::now() < deadline)
    admin.on_server([&] { left = admin.commands.listeners.size(); });
  EXPECT_EQ(left, 0U);
}

TEST(AdminServer, FinishesWhatItIsAnsweringBeforeItStops) {
  RunningAdmin admin;
  admin.on_server([&] { admin.commands.hold = true; });
  Peer idle(admin.address());
  idle.send(get("/livez"));
  idle.read_until("alive");
  Peer stream(admin.address());
  stream.send(get("/v1/events"));
  stream.read_until(": live\n\n");
  Peer busy(admin.address());
  busy.send("POST /v1/deployments/d-3/stop HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  std::size_t held = 0;
  while (held == 0 && std::chrono::steady_clock::now() < deadline)
    admin.on_server([&] { held = admin.commands.pending.size(); });
  ASSERT_EQ(held, 1U);
  std::promise<void> stopped;
  admin.on_server([&] { admin.server->stop([&] { stopped.set_value(); }); });
  idle.read_to_end();
  stream.read_to_end();
  auto future = stopped.get_future();
  EXPECT_EQ(future.wait_for(std::chrono::seconds{0}), std::future_status::timeout);
  admin.on_server([&] { admin.commands.pending.at(0)(); });
  EXPECT_THAT(busy.read_to_end(), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(future.wait_for(kDeadline), std::future_status::ready);
  EXPECT_FALSE(Peer(admin.address()).is_connected());
}

class AdminServerOnUnixSocket : public ::testing::Test {
 protected:
  AdminServerOnUnixSocket()
      : path_(::testing::TempDir() + "teal_admin_" + std::to_string(::getpid()) + "_" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name()),
        address_{Address::Kind::unix_socket, path_, 0} {
    ::unlink(path_.c_str());
  }
  ~AdminServerOnUnixSocket() override { ::unlink(path_.c_str()); }

  Result<std::unique_ptr<AdminServer>> start() {
    return AdminServer::start(io_, api_, log_, address_);
  }

  std::string path_;
  Address address_;
  testing::FixedClock clock_;
  testing::FakeCommands commands_;
  testing::SilentLog log_;
  boost::asio::io_context io_;
  AdminApi api_{commands_, clock_, {}, {}};
};

TEST_F(AdminServerOnUnixSocket, ServesItsOwnerOnlyAndCleansUp) {
  {
    RunningAdmin admin(address_);
    struct stat found{};
    ASSERT_EQ(::stat(path_.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0600U);
    Peer peer(address_);
    peer.send("GET /livez HTTP/1.0\r\n\r\n");
    EXPECT_THAT(peer.read_to_end(), HasSubstr("{\"alive\":true}"));
  }
  EXPECT_NE(::access(path_.c_str(), F_OK), 0);
}

TEST_F(AdminServerOnUnixSocket, TakesOverASocketThatNobodyAnswersOn) {
  const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path_.copy(at.sun_path, sizeof at.sun_path - 1);
  ASSERT_EQ(::bind(left, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  ::close(left);
  EXPECT_TRUE(start().has_value());
}

TEST_F(AdminServerOnUnixSocket, LeavesAloneWhatSomebodyElseHas) {
  const auto first = start();
  ASSERT_TRUE(first.has_value());
  const auto second = start();
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message(), HasSubstr("another process answers there"));
}

TEST_F(AdminServerOnUnixSocket, WaitsForNoFullBacklogAndLeavesOtherKindsAlone) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path_.copy(at.sun_path, sizeof at.sun_path - 1);
  const auto* const where = reinterpret_cast<sockaddr*>(&at);
  const int busy = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(busy, where, sizeof at), 0);
  ASSERT_EQ(::listen(busy, 0), 0);
  std::vector<int> waiting;
  do waiting.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
  while (::connect(waiting.back(), where, sizeof at) == 0);
  const auto refused = start();
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message(), HasSubstr("its backlog is full"));
  for (const int each : waiting) ::close(each);
  ::close(busy);
  ::unlink(path_.c_str());

  const int datagrams = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  ASSERT_EQ(::bind(datagrams, where, sizeof at), 0);
  EXPECT_FALSE(start().has_value());
  EXPECT_EQ(::access(path_.c_str(), F_OK), 0);
  ::close(datagrams);
}

TEST_F(AdminServerOnUnixSocket, RemovesNothingOfItsSuccessors) {
  {
    auto first = start();
    ASSERT_TRUE(first.has_value());
    ASSERT_EQ(::rename(path_.c_str(), (path_ + ".old").c_str()), 0);
    std::fclose(std::fopen(path_.c_str(), "w"));
  }
  EXPECT_EQ(::access(path_.c_str(), F_OK), 0);
  ::unlink((path_ + ".old").c_str());
}

TEST_F(AdminServerOnUnixSocket, LeavesAFileAlone) {
  std::fclose(std::fopen(path_.c_str(), "w"));
  const auto started = start();
  ASSERT_FALSE(started.has_value());
  EXPECT_THAT(started.error().message(), HasSubstr("not a socket"));
  EXPECT_EQ(::access(path_.c_str(), F_OK), 0);
}

TEST(AdminServer, SaysWhyItCannotListen) {
  RunningAdmin admin;
  boost::asio::io_context io;
  const auto second = AdminServer::start(io, admin.api, admin.log, admin.address());
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message(),
              HasSubstr("is another Teal running (ss -ltnp names it)? Stop it or"));
}

}  // namespace
}  // namespace teal::control
