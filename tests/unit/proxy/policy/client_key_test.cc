#include "proxy/policy/client_key.h"

#include <gtest/gtest.h>

#include "proxy/policy/client_connections.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

TEST(ClientKey, IsTheAddressOfIpv4AndTheNetworkOfIpv6) {
  EXPECT_EQ(client_key("10.0.0.1"), client_key("10.0.0.1"));
  EXPECT_NE(client_key("10.0.0.1"), client_key("10.0.0.2"));
  EXPECT_EQ(client_key("2001:db8:1:2::1"), client_key("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  EXPECT_NE(client_key("2001:db8:1:2::1"), client_key("2001:db8:1:3::1"));
  EXPECT_EQ(client_key("::ffff:10.0.0.1"), client_key("10.0.0.1"));
  EXPECT_EQ(client_key(""), client_key(""));
  EXPECT_NE(client_key(""), client_key("10.0.0.1"));
}

std::string_view forwarded(const std::vector<std::string>& fields) {
  static const std::vector<Cidr> kTrusted = {parse_cidr("10.0.0.0/8").value()};
  const auto head = test::request_head("GET / HTTP/1.1", fields);
  const std::string_view client = forwarded_client(head.head.fields, kTrusted);
  static std::string kept;
  return kept = client;
}

TEST(ForwardedClient, IsTheLastWhoIsNotTrustedItself) {
  EXPECT_EQ(forwarded({"X-Forwarded-For: 192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(forwarded({"X-Forwarded-For: 6.6.6.6, 192.0.2.1, 10.1.1.1"}), "192.0.2.1");
  EXPECT_EQ(forwarded({"X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(forwarded({"X-Forwarded-For: 10.1.1.1"}), "");
  EXPECT_EQ(forwarded({"X-Forwarded-For: 6.6.6.6, unknown, 10.1.1.1"}), "");
  EXPECT_EQ(forwarded({"Host: h"}), "");
}

TEST(ClientConnectionLimiter, AreGivenUpToTheLimitAndBack) {
  ClientConnectionLimiter places(2);
  ConnectionPermit first = places.take(1);
  ConnectionPermit second = places.take(1);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(places.take(1));
  EXPECT_TRUE(places.take(2)) << "others have their own";
  EXPECT_EQ(places.clients(), 1U) << "who has gone is forgotten";
  ConnectionPermit moved = std::move(first);
  EXPECT_FALSE(places.take(1)) << "a place that moves is still taken";
  moved = {};
  EXPECT_TRUE(places.take(1));
  second = {};
  EXPECT_EQ(places.clients(), 0U);
}

}  // namespace
}  // namespace teal::proxy
