#include "proxy/worker/listener_plan.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

Address at(const std::string& text) {
  return *parse_address(text);
}

config::Listener listener(const std::string& name, const std::string& address) {
  config::Listener made;
  made.name = name;
  made.address = at(address);
  return made;
}

config::Config config_of(std::vector<config::Listener> listeners) {
  config::Config config;
  config.listeners = std::move(listeners);
  return config;
}

OpenListener open(SocketSetId id, const std::string& name, const std::string& address) {
  return {id, name, at(address), at(address), 0};
}

TEST(ListenerPlan, LeavesEverythingWhereNothingChanges) {
  const ListenerPlan plan = plan_listeners({open(0, "public", "127.0.0.1:80")},
                                           config_of({listener("public", "127.0.0.1:80")}));
  EXPECT_TRUE(plan.missing.empty() && plan.surplus.empty() && plan.taken_over.empty() &&
              plan.ended.empty());
}

TEST(ListenerPlan, KeepsTheSocketOfARenamedListener) {
  const ListenerPlan plan = plan_listeners({open(7, "public", "127.0.0.1:80")},
                                           config_of({listener("web", "127.0.0.1:80")}));
  ASSERT_EQ(plan.taken_over.size(), 1U);
  EXPECT_EQ(plan.taken_over.front().id, 7U);
  EXPECT_EQ(plan.taken_over.front().listener, "web");
  EXPECT_EQ(plan.ended, std::vector<std::string>{"public"});
  EXPECT_TRUE(plan.missing.empty() && plan.surplus.empty());
}

TEST(ListenerPlan, ExchangesTheSocketsOfListenersThatExchangeTheirAddresses) {
  const ListenerPlan plan =
      plan_listeners({open(0, "a", "127.0.0.1:80"), open(1, "b", "127.0.0.1:81")},
                     config_of({listener("a", "127.0.0.1:81"), listener("b", "127.0.0.1:80")}));
  ASSERT_EQ(plan.taken_over.size(), 2U);
  EXPECT_TRUE(plan.missing.empty() && plan.surplus.empty() && plan.ended.empty());
}

TEST(ListenerPlan, OpensANewAddressAndClosesTheOldOne) {
  const ListenerPlan plan = plan_listeners({open(3, "public", "127.0.0.1:80")},
                                           config_of({listener("public", "127.0.0.1:81")}));
  ASSERT_EQ(plan.missing.size(), 1U);
  EXPECT_EQ(plan.surplus, std::vector<SocketSetId>{3});
  EXPECT_TRUE(plan.ended.empty());
}

TEST(ListenerPlan, GivesNobodyThePortThatTheSystemChoseForAnother) {
  const ListenerPlan plan =
      plan_listeners({open(0, "a", "127.0.0.1:0")}, config_of({listener("b", "127.0.0.1:0")}));
  EXPECT_EQ(plan.missing.size(), 1U);
  EXPECT_EQ(plan.surplus.size(), 1U);
}

TEST(ListenerPlan, SharesAPortWithAListenerThatHasItAtAllAddresses) {
  EXPECT_TRUE(shares_port(listener("b", "127.0.0.1:80"), {open(0, "a", "0.0.0.0:80")}, {}));
  EXPECT_TRUE(shares_port(listener("b", "0.0.0.0:80"), {open(0, "a", "127.0.0.1:80")}, {}));
  EXPECT_TRUE(shares_port(listener("b", "127.0.0.1:80"), {}, {listener("a", "0.0.0.0:80")}));
  EXPECT_FALSE(shares_port(listener("a", "0.0.0.0:80"), {}, {listener("b", "127.0.0.1:80")}));
  EXPECT_FALSE(shares_port(listener("b", "127.0.0.1:81"), {open(0, "a", "0.0.0.0:80")}, {}));
}

}  // namespace
}  // namespace teal::proxy
