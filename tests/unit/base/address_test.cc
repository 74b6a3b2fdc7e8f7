#include "base/address.h"

#include <gtest/gtest.h>

namespace teal {
namespace {

TEST(Address, IsReadAndPrintedInAllItsForms) {
  for (const char* text : {"10.0.0.1:8080", "[::1]:80", "unix:/run/app.sock", "0.0.0.0:0"})
    EXPECT_EQ(to_string(*parse_address(text)), text);
  EXPECT_EQ(to_string(*parse_address("localhost:81")), "127.0.0.1:81");
  EXPECT_EQ(to_string(*parse_address("[0:0::0:1]:80")), "[::1]:80");
}

TEST(Address, RefusesNamesAndNonsense) {
  for (const char* text : {"", "10.0.0.1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:+1",
                           "example.com:80", "::1:80", "[::1", "[x]:1", "unix:", "10.0.0.256:1"})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(Cidr, HoldsTheAddressesOfItsBlockOnly) {
  const Cidr ten = *parse_cidr("10.0.0.0/9");
  EXPECT_TRUE(ten.contains(*parse_ip("10.127.0.1")));
  EXPECT_FALSE(ten.contains(*parse_ip("10.128.0.1")));
  EXPECT_TRUE(parse_cidr("::1")->contains(*parse_ip("::1")));
  EXPECT_FALSE(parse_cidr("::1")->contains(*parse_ip("::2")));
  EXPECT_TRUE(parse_cidr("0.0.0.0/0")->contains(*parse_ip("192.0.2.1")));
  EXPECT_FALSE(parse_cidr("0.0.0.0/0")->contains(*parse_ip("2001:db8::1")));
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "x/8", "::/129", "10.0.0.0/-1"})
    EXPECT_FALSE(parse_cidr(text)) << text;
}

}  // namespace
}  // namespace teal
