#include "net/io/asio_endpoint.h"

#include <gtest/gtest.h>

#include <string>

#include "net/io/socket.h"

namespace teal::net {
namespace {

/// What the kernel is given, which the data path's own form of an address is a second opinion on.
std::string bytes_of(const AsioEndpoint& endpoint) {
  return {reinterpret_cast<const char*>(endpoint.data()), endpoint.size()};
}
std::string bytes_of(const Endpoint& endpoint) {
  return {reinterpret_cast<const char*>(endpoint.address()), endpoint.size};
}

TEST(AsioEndpoint, IsTheKernelsFormOfTheAddress) {
  for (const char* text : {"10.0.0.1:8080", "127.0.0.1:0", "[::1]:443", "[2001:db8::7]:65535"}) {
    const Address address = *parse_address(text);
    const Result<AsioEndpoint> endpoint = to_asio_endpoint(address);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(bytes_of(*endpoint), bytes_of(to_endpoint(address))) << text;
  }
}

TEST(AsioEndpoint, NamesTheFileOfAUnixSocket) {
  for (const std::string& path : {std::string("/run/app.sock"), "/" + std::string(106, 'p')}) {
    const Address address{Address::Kind::unix_socket, path, 0};
    const Result<AsioEndpoint> endpoint = to_asio_endpoint(address);
    ASSERT_TRUE(endpoint) << path;
    EXPECT_EQ(endpoint->protocol().family(), AF_UNIX);
    EXPECT_STREQ(endpoint->data()->sa_data, path.c_str());
  }
}

TEST(AsioEndpoint, SaysWhatIsWrongWithAnAddressThatNobodyParsed) {
  const auto why = [](const Address& address) {
    return to_asio_endpoint(address).error().message();
  };
  EXPECT_EQ(why({Address::Kind::ip4, "nowhere", 1}), "'nowhere' is not an IP address");
  const std::string bad_path = "the path of a Unix socket has 1 to 107 characters";
  EXPECT_EQ(why({Address::Kind::unix_socket, "", 0}), bad_path);
  EXPECT_EQ(why({Address::Kind::unix_socket, std::string(108, 'p'), 0}), bad_path);
}

}  // namespace
}  // namespace teal::net
