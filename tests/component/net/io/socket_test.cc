#include "net/io/socket.h"

#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "net/stream/stream.h"

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
  const Result<Socket> first = listen_on(*parse_address("127.0.0.1:0"));
  ASSERT_TRUE(first) << first.error();
  EXPECT_NE(local_address(*first).port, 0);
  share_port(*first);
  const Result<Socket> second = listen_beside(*first);
  ASSERT_TRUE(second) << second.error();
  EXPECT_EQ(local_address(*second), local_address(*first));
}

/// With both of its workers' sockets, as another Teal has them.
class TakenPort : public ::testing::TestWithParam<const char*> {
 protected:
  TakenPort() {
    first_ = *listen_on(*parse_address(GetParam()));
    share_port(first_);
    second_ = *listen_beside(first_);
    port_ = local_address(first_).port;
  }
  std::string at(const std::string& host) const { return host + ':' + std::to_string(port_); }

  Socket first_, second_;
  std::uint16_t port_ = 0;
};

TEST_P(TakenPort, IsRefusedToAnotherAtThatAddressAndAtAll) {
  for (const std::string host : {"127.0.0.1", "0.0.0.0"}) {
    const Result<Socket> other = listen_on(*parse_address(at(host)));
    ASSERT_FALSE(other) << at(host);
    EXPECT_NE(other.error().message().find("another process listens there"), std::string::npos)
        << other.error();
    EXPECT_NE(other.error().message().find("ss -tanp 'sport = :" + std::to_string(port_)),
              std::string::npos);
    EXPECT_NE(other.error().message().find("a client has a connection from this port"),
              std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Addresses, TakenPort, ::testing::Values("127.0.0.1:0", "0.0.0.0:0"));

TEST(ListenOn, GivesAPortToOneOfTwoWhoAskAtTheSameTime) {
  // Both are bound before either listens: bind() alone would let both in.
  const Address address = local_address(*listen_on(*parse_address("127.0.0.1:0")));
  const Endpoint endpoint = to_endpoint(address);
  const Socket rival(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(rival.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ASSERT_EQ(::bind(rival.fd(), endpoint.address(), endpoint.size), 0);
  const Result<Socket> ours = listen_on(address);
  ASSERT_TRUE(ours) << ours.error();
  EXPECT_NE(::listen(rival.fd(), 8), 0);
  EXPECT_EQ(errno, EADDRINUSE);
}

TEST(ListenOn, MindsNoConnectionThatAnEarlierProcessLeft) {
  Result<Socket> earlier = listen_on(*parse_address("127.0.0.1:0"));
  const Address address = local_address(*earlier);
  Result<Socket> client = start_connect(to_endpoint(address));
  ASSERT_TRUE(wait_for(*earlier, POLLIN));
  Socket open(::accept(earlier->fd(), nullptr, nullptr));
  ASSERT_TRUE(open);
  earlier->close();
  EXPECT_TRUE(listen_on(address)) << "one is still open";
  open.close();  // whose end it is waits in TIME_WAIT
  client->close();
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

/// Two ends of a connection over TCP.
std::pair<Socket, Socket> connected() {
  const Result<Socket> door = listen_on(*parse_address("127.0.0.1:0"));
  const Endpoint endpoint = to_endpoint(local_address(*door));
  Socket client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(client.fd(), endpoint.address(), endpoint.size), 0);
  EXPECT_TRUE(wait_for(*door, POLLIN));
  return {std::move(client), Socket(::accept(door->fd(), nullptr, nullptr))};
}

std::size_t unsent_bytes(const Socket& socket) {
  int bytes = 0;
  EXPECT_EQ(::ioctl(socket.fd(), SIOCOUTQNSD, &bytes), 0);
  return static_cast<std::size_t>(bytes);
}

TEST(Stream, SendsTheLastBytesInOnePacketWithTheEnd) {
  const std::string text = "the last words";
  bool was_held_back = false;
  // The kernel waits for the end for 200 ms, which a busy machine may let pass.
  for (int attempt = 0; attempt < 20 && !was_held_back; ++attempt) {
    for (const bool half : {false, true}) {
      auto [client, accepted] = connected();
      Stream stream(std::move(accepted));
      EXPECT_EQ(stream.write(text, true).size, text.size());
      was_held_back = unsent_bytes(stream.socket()) == text.size();
      half ? stream.finish_writing() : stream.close();
      std::array<char, 64> buffer{};
      EXPECT_EQ(::recv(client.fd(), buffer.data(), buffer.size(), MSG_WAITALL),
                static_cast<ssize_t>(text.size()));
      EXPECT_EQ(std::string_view(buffer.data(), text.size()), text);
    }
  }
  EXPECT_TRUE(was_held_back);
}

TEST(Stream, SendsAtOnceWhatNoEndFollows) {
  auto [client, accepted] = connected();
  Stream stream(std::move(accepted));
  EXPECT_EQ(stream.write("there is more to come").size, 21U);
  EXPECT_EQ(unsent_bytes(stream.socket()), 0U);
}

}  // namespace
}  // namespace teal::net
