// Who may ask by their address.
#include "proxy/policy/address_rules.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

config::AddressList list(std::initializer_list<const char*> blocks, bool unix_sockets = false) {
  config::AddressList made;
  for (const char* each : blocks) made.blocks.push_back(*parse_cidr(each));
  made.unix_sockets = unix_sockets;
  return made;
}

TEST(AddressRules, WithoutAnyPermitEverybody) {
  const config::AddressRules rules;
  EXPECT_TRUE(rules.empty());
  for (const char* client : {"192.0.2.1", "::1", "", "unknown"})
    EXPECT_TRUE(permits(rules, client)) << client;
}

TEST(AddressRules, WithAllowPermitThoseOnly) {
  const config::AddressRules rules{list({"10.0.0.0/8", "2001:db8::/32"}), {}};
  EXPECT_TRUE(permits(rules, "10.255.255.255"));
  EXPECT_TRUE(permits(rules, "2001:db8:ffff::1"));
  EXPECT_FALSE(permits(rules, "11.0.0.0"));
  EXPECT_FALSE(permits(rules, "2001:db9::"));
  EXPECT_FALSE(permits(rules, "")) << "a client of a Unix socket";
  EXPECT_FALSE(permits(rules, "10.0.0.1.example"));
}

TEST(AddressRules, DenyWinsOverAllow) {
  const config::AddressRules rules{list({"10.0.0.0/8"}), list({"10.1.0.0/16"})};
  EXPECT_TRUE(permits(rules, "10.2.0.1"));
  EXPECT_FALSE(permits(rules, "10.1.0.1"));
}

TEST(AddressRules, DenyAlonePermitsTheOthers) {
  const config::AddressRules rules{std::nullopt, list({"192.0.2.7"})};
  EXPECT_FALSE(permits(rules, "192.0.2.7"));
  EXPECT_TRUE(permits(rules, "192.0.2.8"));
  EXPECT_TRUE(permits(rules, ""));
}

TEST(AddressRules, TakeAMappedAddressForTheOneThatItIs) {
  const config::AddressRules rules{list({"10.0.0.0/8"}), list({"::ffff:10.9.0.0/112"})};
  EXPECT_TRUE(permits(rules, "::ffff:10.2.3.4"));
  EXPECT_FALSE(permits(rules, "10.9.0.1")) << "a block that is written mapped is the same";
  EXPECT_FALSE(permits({list({"0.0.0.0/0"}), {}}, "::1")) << "IPv6 is not IPv4";
  EXPECT_TRUE(permits({list({"::/0"}), {}}, "10.0.0.1")) << "all there is";
}

TEST(AddressRules, KnowClientsOfUnixSocketsByAWord) {
  EXPECT_TRUE(permits({list({"10.0.0.0/8"}, true), {}}, ""));
  EXPECT_FALSE(permits({std::nullopt, list({}, true)}, ""));
  EXPECT_TRUE(permits({std::nullopt, list({}, true)}, "10.0.0.1"));
}

}  // namespace
}  // namespace teal::proxy
