#include "net/socket.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/stream.h"

namespace teal::net {
namespace {

bool wait_for(const Socket& socket, short what) {
  pollfd poll_for{socket.fd(), what, 0};
  return ::poll(&poll_for, 1, 5000) == 1;
}

class TemporaryPath {
 public:
  explicit TemporaryPath(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / (name + "." + std::to_string(::getpid()))) {
    std::filesystem::remove(path_);
  }
  ~TemporaryPath() { std::filesystem::remove(path_); }
  std::string string() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST(ListenOn, LetsEveryWorkerBindTheSamePort) {
  Address address = *parse_address("127.0.0.1:0");
  const Result<Socket> first = listen_on(address);
  ASSERT_TRUE(first) << first.error();
  address = local_address(*first);
  EXPECT_NE(address.port, 0);
  EXPECT_TRUE(listen_on(address));
}

TEST(ListenOn, TakesTheFileOfADeadSocketButNotOfALivingOne) {
  const TemporaryPath path("teal_socket_test");
  const Address address{Address::Kind::unix_socket, path.string(), 0};
  {
    const Result<Socket> living = listen_on(address);
    ASSERT_TRUE(living) << living.error();
    const Result<Socket> second = listen_on(address);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message().find("in use"), std::string::npos);
  }
  EXPECT_TRUE(listen_on(address)) << "the file of the closed socket is in the way";
}

TEST(ListenOn, DoesNotTouchAFileThatIsNoSocket) {
  const TemporaryPath path("teal_socket_test_file");
  std::ofstream(path.string()) << "precious";
  EXPECT_FALSE(listen_on({Address::Kind::unix_socket, path.string(), 0}));
  EXPECT_TRUE(std::filesystem::exists(path.string()));
}

TEST(StartConnect, TellsARefusalApartFromSuccess) {
  const Result<Socket> listening = listen_on(*parse_address("[::1]:0"));
  ASSERT_TRUE(listening) << listening.error();
  const Address address = local_address(*listening);
  const Result<Socket> good = start_connect(to_endpoint(address));
  ASSERT_TRUE(good) << good.error();
  ASSERT_TRUE(wait_for(*good, POLLOUT));
  EXPECT_EQ(connect_error(*good), 0);

  Address nobody = *parse_address("127.0.0.1:0");
  {
    const Result<Socket> gone = listen_on(nobody);
    nobody = local_address(*gone);
  }
  const Result<Socket> refused = start_connect(to_endpoint(nobody));
  if (refused) {
    ASSERT_TRUE(wait_for(*refused, POLLOUT));
    EXPECT_EQ(connect_error(*refused), ECONNREFUSED);
  }
}

TEST(Stream, KnowsThatAShortReadDrainedTheSocket) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
  Stream ours{Socket(pair[0])};
  Stream theirs{Socket(pair[1])};
  std::array<char, 8> buffer{};
  EXPECT_TRUE(ours.read(buffer).drained);

  const std::string text = "0123456789";
  const iovec piece{const_cast<char*>(text.data()), text.size()};
  EXPECT_EQ(theirs.write(std::span(&piece, 1)).size, text.size());
  const ReadResult full = ours.read(buffer);
  EXPECT_EQ(full.size, 8U);
  EXPECT_FALSE(full.drained);
  const ReadResult rest = ours.read(buffer);
  EXPECT_EQ(rest.size, 2U);
  EXPECT_TRUE(rest.drained);

  theirs.close();
  EXPECT_TRUE(ours.read(buffer).eof);
  EXPECT_EQ(ours.write(std::span(&piece, 1)).error, EPIPE);
}

}  // namespace
}  // namespace teal::net
