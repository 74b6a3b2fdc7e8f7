#include "net/io/socket_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "net/io/socket.h"

namespace teal::net {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SocketFileTest : public ::testing::Test {
 protected:
  SocketFileTest() {
    std::string pattern = (fs::temp_directory_path() / "teal-socket-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = (folder_ / "s").string();
  }
  ~SocketFileTest() override { fs::remove_all(folder_); }

  Address address() const { return {Address::Kind::unix_socket, path_, 0}; }
  Socket bound(int type) const {
    Socket socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    const Endpoint endpoint = to_endpoint(address());
    EXPECT_EQ(::bind(socket.fd(), endpoint.address(), endpoint.size), 0);
    return socket;
  }
  Socket connected() const {
    Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const Endpoint endpoint = to_endpoint(address());
    if (::connect(socket.fd(), endpoint.address(), endpoint.size) != 0) socket.close();
    return socket;
  }
  void expect_left_alone(const std::string& why) const {
    const Result<Socket> refused = listen_on(address());
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr(why));
    EXPECT_EQ(::access(path_.c_str(), F_OK), 0);
  }
  unsigned mode() const {
    struct stat status{};
    EXPECT_EQ(::stat(path_.c_str(), &status), 0);
    return status.st_mode & 0777U;
  }

  fs::path folder_;
  std::string path_;
};

TEST_F(SocketFileTest, LeavesALivingDatagramSocketAlone) {
  const Socket living = bound(SOCK_DGRAM);
  expect_left_alone("a socket of another kind");
}

TEST_F(SocketFileTest, RemovesWhatADeadProcessLeft) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
    bound(type).close();
    const Result<void> cleared = clear_stale_socket(path_);
    EXPECT_TRUE(cleared) << cleared.error();
    EXPECT_NE(::access(path_.c_str(), F_OK), 0) << type;
  }
  EXPECT_TRUE(clear_stale_socket(path_)) << "nothing is there";
}

TEST_F(SocketFileTest, WaitsForNoBacklogThatIsFull) {
  const Socket busy = bound(SOCK_STREAM);
  ASSERT_EQ(::listen(busy.fd(), 0), 0);
  std::vector<Socket> waiting;
  for (Socket next = connected(); next; next = connected()) waiting.push_back(std::move(next));
  ASSERT_FALSE(waiting.empty());
  expect_left_alone("its backlog is full");
}

TEST_F(SocketFileTest, LeavesAloneWhatItMayNotAsk) {
  if (::getuid() != 0) GTEST_SKIP() << "only root can become somebody who may not";
  const Socket living = bound(SOCK_STREAM);
  ASSERT_EQ(::listen(living.fd(), 8), 0);
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  ASSERT_EQ(::chmod(folder_.c_str(), 0777), 0);
  // Of one thread alone: the library would tell the others.
  std::thread([this] {
    ASSERT_EQ(::syscall(SYS_setresuid, -1, 65534, -1), 0);
    const Result<void> cleared = clear_stale_socket(path_);
    ASSERT_FALSE(cleared);
    EXPECT_THAT(cleared.error().message(), HasSubstr("cannot be asked whether it is in use"));
  }).join();
  EXPECT_EQ(::access(path_.c_str(), F_OK), 0);
}

TEST_F(SocketFileTest, FollowsNoLinkAndRemovesNoFile) {
  std::ofstream(path_) << "precious";
  expect_left_alone("is not a socket");
  fs::rename(path_, folder_ / "other");
  fs::create_symlink(folder_ / "other", path_);
  expect_left_alone("a symbolic link");
  fs::remove(path_);
  fs::create_symlink(folder_ / "nowhere", path_);
  const Result<void> dangling = clear_stale_socket(path_);
  ASSERT_FALSE(dangling);
  EXPECT_THAT(dangling.error().message(), HasSubstr("a symbolic link"));
}

TEST_F(SocketFileTest, GivesItsModeWhateverTheUmaskIs) {
  for (const mode_t umask : {0U, 022U, 0777U}) {
    const mode_t before = ::umask(umask);
    {
      const Result<Socket> own = listen_on(address());
      ASSERT_TRUE(own) << own.error();
      EXPECT_EQ(mode(), 0600U) << umask;
    }
    const Result<Socket> shared = listen_on(address(), Port::exclusive, 0660);
    ::umask(before);
    ASSERT_TRUE(shared) << shared.error();
    EXPECT_EQ(mode(), 0660U) << umask;
  }
}

TEST_F(SocketFileTest, RemovesAtItsEndWhatItMadeAndNothingElse) {
  {
    Result<Socket> own = listen_on(address());
    ASSERT_TRUE(own);
    SocketFile file(path_);
    own->close();
  }
  EXPECT_NE(::access(path_.c_str(), F_OK), 0);
  Result<Socket> own = listen_on(address());
  SocketFile file(path_);
  own->close();
  const Result<Socket> successor = listen_on(address());
  ASSERT_TRUE(successor) << successor.error();
  file.remove();
  EXPECT_EQ(::access(path_.c_str(), F_OK), 0) << "the successor's stays";
  EXPECT_TRUE(connected());
}

}  // namespace
}  // namespace teal::net
