// The sockets that Teal listens on: whose they are, who else may have them, and the threads behind
// them.
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

using ::testing::HasSubstr;

ConfigText on(const std::string& listener, const Target& target) {
  ConfigText config = shop({target.address()});
  config.listeners = "public: { " + listener + " }";
  return config;
}

unsigned mode_of(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0U;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

/// A port of 127.0.0.1 that the system gives to nobody else while this lives: bound, not listening,
/// and in nobody's way who asks for it by its number.
class ReservedPort {
 public:
  ReservedPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), size), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    number_ = std::to_string(ntohs(at.sin_port));
  }
  ~ReservedPort() { ::close(fd_); }
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;
  const std::string& number() const { return number_; }

 private:
  int fd_;
  std::string number_;
};

TEST(Ports, ASecondTealOnTheSamePortIsRefused) {
  Target target;
  Teal first(shop({target.address()}));
  const std::string at = to_string(first.listener());
  const std::string everywhere = "0.0.0.0" + at.substr(at.rfind(':'));
  for (const std::string& address : {at, everywhere}) {
    const TempDir dir;
    const Finished second =
        serve_refused(on("address: '" + address + "'", target).render(dir.path()), dir);
    EXPECT_EQ(second.code, 1) << second.err;
    EXPECT_THAT(second.err, HasSubstr("listener public"));
    EXPECT_THAT(second.err, HasSubstr("another process listens there"));
  }
  // Whoever comes reaches the first.
  for (int i = 0; i < 50; ++i) {
    HttpClient client(first.listener());
    ASSERT_EQ(client.get("/").status, 200);
  }
  EXPECT_EQ(target.requests(), 50U);
}

TEST(Ports, ARestartTakesThePortOfItsPredecessorAtOnce) {
  const ReservedPort port;
  Target target;
  Teal teal(on("address: '127.0.0.1:" + port.number() + "'", target));
  HttpClient idle(teal.listener());
  ASSERT_EQ(idle.get("/").status, 200);
  EXPECT_EQ(teal.stop(), 0);  // whose end it is waits in TIME_WAIT
  teal.start();
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/").status, 200);
  teal.kill9();
  teal.start();
  HttpClient once_more(teal.listener());
  EXPECT_EQ(once_more.get("/").status, 200);
}

TEST(Ports, OneTealMayHaveAPortAtAllAddressesAndAtOneOfThem) {
  const ReservedPort port;
  Target target;
  ConfigText config = shop({target.address()});
  config.listeners = "one: { address: '127.0.0.1:" + port.number() +
                     "' }\npublic: { address: '0.0.0.0:" + port.number() + "' }";
  config.services[0].match = "[ { listener: one, path: /one }, { listener: public, path: /all } ]";
  Teal teal(config);
  HttpClient client(teal.listener("one"));
  EXPECT_EQ(client.get("/one").status, 200) << "the listener at the address itself";
}

TEST(UnixSockets, AreTheirOwnersUnlessTheModeSaysOtherwise) {
  Target target;
  {
    Teal teal(on("address: 'unix:$DIR/public.sock'", target));
    EXPECT_EQ(mode_of(teal.dir() / "public.sock"), 0600U);
    EXPECT_EQ(mode_of(teal.dir() / "admin.sock"), 0600U);
    for (const char* file : {"teal.db", "teal.db-wal"})
      EXPECT_EQ(mode_of(teal.dir() / file), 0600U) << file;
    HttpClient client(*parse_address("unix:" + (teal.dir() / "public.sock")));
    EXPECT_EQ(client.get("/").status, 200);
    EXPECT_EQ(teal.stop(), 0);
    EXPECT_FALSE(exists(teal.dir() / "public.sock")) << "the file goes with its owner";
    EXPECT_FALSE(exists(teal.dir() / "admin.sock"));
  }
  Teal open(on("address: 'unix:$DIR/public.sock', socket_mode: '0666'", target));
  EXPECT_EQ(mode_of(open.dir() / "public.sock"), 0666U);
}

TEST(UnixSockets, AStaleFileIsReplacedAndALivingSocketIsLeftAlone) {
  Target target;
  Teal teal(on("address: 'unix:$DIR/public.sock'", target));
  teal.kill9();
  ASSERT_TRUE(exists(teal.dir() / "public.sock"));
  teal.start();
  const std::string path = teal.dir() / "public.sock";
  HttpClient client(*parse_address("unix:" + path));
  EXPECT_EQ(client.get("/").status, 200);
  const TempDir dir;
  const Finished second =
      serve_refused(on("address: 'unix:" + path + "'", target).render(dir.path()), dir);
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr("is in use"));
  EXPECT_EQ(client.get("/").status, 200);
}

class OtherSocket {
 public:
  OtherSocket(int type, const std::string& path, int backlog = -1) {
    at_.sun_family = AF_UNIX;
    path.copy(at_.sun_path, sizeof at_.sun_path - 1);
    fd_ = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at_), sizeof at_), 0);
    if (backlog < 0) return;
    EXPECT_EQ(::listen(fd_, backlog), 0);
    do waiting_.push_back(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    while (::connect(waiting_.back(), reinterpret_cast<sockaddr*>(&at_), sizeof at_) == 0);
  }
  ~OtherSocket() {
    for (const int each : waiting_) ::close(each);
    ::close(fd_);
  }

 private:
  sockaddr_un at_{};
  int fd_ = -1;
  std::vector<int> waiting_;
};

TEST(UnixSockets, AStartHangsOnNoFullBacklogAndDeletesNoLivingDatagramSocket) {
  Target target;
  const TempDir dir;
  const std::string config = on("address: 'unix:$DIR/public.sock'", target).render("$DIR");
  {
    const OtherSocket busy(SOCK_STREAM, dir / "public.sock", 0);
    const Finished refused = serve_refused(config, dir);
    EXPECT_EQ(refused.code, 1) << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("its backlog is full"));
  }
  ::unlink((dir / "public.sock").c_str());
  const OtherSocket datagrams(SOCK_DGRAM, dir / "public.sock");
  const Finished refused = serve_refused(config, dir);
  EXPECT_EQ(refused.code, 1) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("a socket of another kind"));
  EXPECT_TRUE(exists(dir / "public.sock"));
}

TEST(Threads, OneThatCannotBeMadeIsALineAndExitCodeOne) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer needs more memory than may be mapped here";
  Target target;
  const TempDir dir;
  ConfigText config = shop({target.address()});
  config.workers = 200;
  write_file(dir / "teal.yaml", config.render(dir.path()));
  // 200 stacks of 8 MiB do not fit.
  const Finished refused =
      run({"/bin/sh", "-c", "ulimit -s 8192; ulimit -v 1000000; exec \"$0\" serve \"$1\"",
           teal_binary(), dir / "teal.yaml"});
  EXPECT_EQ(refused.code, 1) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("teal cannot start"));
  EXPECT_THAT(refused.err, HasSubstr("of 200 workers: Resource temporarily unavailable"));
}

}  // namespace
}  // namespace teal::e2e
