#include "control/discovery/address_rules.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

std::string_view why(const std::string& address, const std::vector<Cidr>& allowed = {}) {
  return why_not_believed(parse_address(address).value(), allowed);
}

TEST(AddressRules, BelieveWhatTargetsUsuallyHave) {
  for (const char* address : {"10.0.0.1:80", "192.168.1.1:80", "172.16.0.1:80", "100.64.0.1:80",
                              "203.0.113.7:80", "[2001:db8::1]:80", "[fd00::1]:80"})
    EXPECT_EQ(why(address), "") << address;
}

TEST(AddressRules, RefuseThisMachineAndWhatIsNoTarget) {
  for (const char* address :
       {"127.0.0.1:80", "127.9.9.9:80", "0.0.0.0:80", "0.1.2.3:80", "169.254.0.1:80",
        "169.254.169.254:80", "224.0.0.1:80", "255.255.255.255:80", "240.0.0.1:80", "[::]:80",
        "[::1]:80", "[fe80::1]:80", "[febf::1]:80", "[ff02::1]:80", "[fd00:ec2::254]:80",
        "168.63.129.16:80", "100.100.100.200:80", "192.0.0.192:80", "[64:ff9b:1::a00:1]:80"})
    EXPECT_NE(why(address), "") << address;
}

TEST(AddressRules, KnowOtherNamesOfAnIp4Address) {
  for (const char* address : {"[::ffff:127.0.0.1]:80", "[::127.0.0.1]:80",
                              "[64:ff9b::169.254.169.254]:80", "[2002:7f00:1::]:80"})
    EXPECT_NE(why(address), "") << address;
  EXPECT_EQ(why("[64:ff9b::10.0.0.1]:80"), "");
  EXPECT_EQ(why("[2002:cb00:7107::1]:80"), "");
}

TEST(AddressRules, TheConfigurationMayAllowThem) {
  EXPECT_EQ(why("127.0.0.2:80", {parse_cidr("127.0.0.0/8").value()}), "");
  EXPECT_NE(why("169.254.169.254:80", {parse_cidr("127.0.0.0/8").value()}), "");
  EXPECT_EQ(why("[::1]:80", {parse_cidr("::1").value()}), "");
}

}  // namespace
}  // namespace teal::control
