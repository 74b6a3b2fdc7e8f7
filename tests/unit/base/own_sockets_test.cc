#include "base/own_sockets.h"

#include <vector>

#include <gtest/gtest.h>

namespace teal {
namespace {

bool meet(const char* target, const char* listening, bool is_admin = false,
          const std::vector<const char*>& interfaces = {}) {
  std::vector<std::array<std::uint8_t, 16>> local;
  for (const char* each : interfaces) local.push_back(*parse_ip(each));
  return reaches(*parse_address(target), {"it", *parse_address(listening), is_admin}, local);
}

TEST(OwnSockets, AreReachedAtTheirAddress) {
  EXPECT_TRUE(meet("127.0.0.1:80", "127.0.0.1:80"));
  EXPECT_TRUE(meet("[::1]:80", "[::1]:80"));
  EXPECT_TRUE(meet("[::ffff:127.0.0.1]:80", "127.0.0.1:80"));
  EXPECT_TRUE(meet("unix:/run/a", "unix:/run/./a"));
  EXPECT_FALSE(meet("127.0.0.1:80", "127.0.0.1:81"));
  EXPECT_FALSE(meet("127.0.0.2:80", "127.0.0.1:80"));
  EXPECT_FALSE(meet("unix:/run/a", "unix:/run/b"));
  EXPECT_FALSE(meet("unix:/run/a", "127.0.0.1:80"));
  EXPECT_FALSE(meet("127.0.0.1:80", "127.0.0.1:0")) << "not bound yet";
}

TEST(OwnSockets, OnAnyAddressAreReachedAtLoopbackAndAtTheMachinesOwn) {
  EXPECT_TRUE(meet("127.0.0.1:80", "0.0.0.0:80"));
  EXPECT_TRUE(meet("127.9.9.9:80", "0.0.0.0:80"));
  EXPECT_TRUE(meet("[::1]:80", "[::]:80"));
  EXPECT_FALSE(meet("10.0.0.5:80", "0.0.0.0:80"));
  EXPECT_TRUE(meet("10.0.0.5:80", "0.0.0.0:80", false, {"10.0.0.5"}));
  EXPECT_TRUE(meet("[2001:db8::5]:80", "[::]:80", false, {"2001:db8::5"}));
  EXPECT_FALSE(meet("10.0.0.6:80", "0.0.0.0:80", false, {"10.0.0.5"}));
  EXPECT_FALSE(meet("10.0.0.5:80", "127.0.0.1:80", false, {"10.0.0.5"}));
}

TEST(OwnSockets, AreReachedByTheAddressThatMeansAny) {
  EXPECT_TRUE(meet("0.0.0.0:80", "127.0.0.1:80"));
  EXPECT_TRUE(meet("0.0.0.0:80", "0.0.0.0:80"));
  EXPECT_TRUE(meet("[::]:80", "[::1]:80"));
}

TEST(OwnSockets, OfOneFamilyAreNotReachedByTheOther) {
  EXPECT_FALSE(meet("[::1]:80", "0.0.0.0:80"));
  EXPECT_FALSE(meet("127.0.0.1:80", "[::]:80")) << "listeners on [::] take IPv6 only";
  EXPECT_TRUE(meet("127.0.0.1:80", "[::]:80", true)) << "the admin address takes both";
}

TEST(OwnSockets, SayThatATargetIsTheAdminAddressBeforeAnythingElse) {
  const Address target = *parse_address("127.0.0.1:80");
  const std::vector<OwnSocket> sockets{{"listener 'public'", *parse_address("0.0.0.0:80"), false},
                                       {"the admin address", target, true}};
  ASSERT_NE(find_own(sockets, target, {}), nullptr);
  EXPECT_TRUE(find_own(sockets, target, {})->is_admin);
  EXPECT_EQ(find_own(sockets, *parse_address("127.0.0.1:81"), {}), nullptr);
  EXPECT_EQ(why_not_own(target, sockets[0]),
            "127.0.0.1:80 is listener 'public' of this Teal: requests would go round in a loop");
  EXPECT_EQ(remedy_for_own(sockets[1]), "name the address of the application");
}

}  // namespace
}  // namespace teal
