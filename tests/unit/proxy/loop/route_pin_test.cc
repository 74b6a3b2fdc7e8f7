// A place in the routing truth: it goes over to other tables by the service's name, and what it
// refers to stays.
#include "proxy/loop/route_pin.h"

#include <gtest/gtest.h>

#include <boost/smart_ptr/make_local_shared.hpp>

namespace teal::proxy {
namespace {

std::shared_ptr<const config::Config> config_of(const std::vector<std::string>& names) {
  auto config = std::make_shared<config::Config>();
  for (const std::string& name : names) {
    config::Service& service = config->services.emplace_back();
    service.name = name;
    service.actions.request_body_bytes = static_cast<std::uint32_t>(name.size());
    service.timeouts.queue = Millis{static_cast<int>(name.size())};
  }
  return config;
}

PinnedTable table_of(const std::shared_ptr<const config::Config>& config, std::uint64_t version) {
  auto table = boost::make_local_shared<WorkerTable>();
  table->routes.version = version;
  table->routes.config = config;
  for (const config::Service& service : config->services) {
    ServiceView& view = table->routes.services.emplace_back();
    view.index = static_cast<std::uint32_t>(table->routes.services.size() - 1);
    view.spec = &service;
    table->services.emplace_back();
  }
  return table;
}

RoutePin pin_to(const PinnedTable& table, std::uint32_t service) {
  const config::Service& spec = table->routes.config->services[service];
  RouteTable::Route route;
  route.service = service;
  route.actions = &spec.actions;
  route.timeouts = &spec.timeouts;
  RoutePin pin;
  pin.pin(table);
  pin.take(route);
  return pin;
}

TEST(RoutePin, GoesOverToTheSameServiceOfAnotherTable) {
  const auto config = config_of({"shop", "cart"});
  const PinnedTable first = table_of(config, 1), second = table_of(config, 2);
  RoutePin pin = pin_to(first, 1);
  EXPECT_TRUE(pin.is_in(first));
  ASSERT_TRUE(pin.follow(second));
  EXPECT_TRUE(pin.is_in(second));
  EXPECT_EQ(&pin.service(), &second->routes.services[1]);
  EXPECT_EQ(pin.table().routes.version, 2U);
}

TEST(RoutePin, FindsTheServiceByItsNameWhereItsPlaceIsAnother) {
  RoutePin pin = pin_to(table_of(config_of({"shop", "cart"}), 1), 1);
  const PinnedTable second = table_of(config_of({"cart", "news", "shop"}), 2);
  ASSERT_TRUE(pin.follow(second));
  EXPECT_EQ(pin.service().spec->name, "cart");
  EXPECT_EQ(pin.service().index, 0U);
  EXPECT_EQ(&pin.runtime(), &second->services[0]);
}

TEST(RoutePin, KeepsWhatItsRouteSaidWhenNobodyElseKeepsThatConfiguration) {
  auto old = config_of({"shop"});
  const std::weak_ptr<const config::Config> watched = old;
  RoutePin pin = pin_to(table_of(old, 1), 0);
  old = nullptr;
  ASSERT_TRUE(pin.follow(table_of(config_of({"shop"}), 2)));
  ASSERT_TRUE(pin.follow(table_of(config_of({"shop"}), 3)));
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(pin.actions()->request_body_bytes, 4U);
  EXPECT_EQ(pin.timeouts().queue, Millis{4});
  pin.release();
  EXPECT_TRUE(watched.expired());
  EXPECT_FALSE(pin.is_pinned());
}

TEST(RoutePin, FindsNothingWhereTheServiceIsGone) {
  RoutePin pin = pin_to(table_of(config_of({"shop", "cart"}), 1), 1);
  EXPECT_FALSE(pin.follow(table_of(config_of({"shop"}), 2)));
  EXPECT_FALSE(pin.has_service());
  EXPECT_TRUE(pin.is_pinned()) << "the listener's rules are still asked for";
}

TEST(RoutePin, HoldsTheTableThatItRefersInto) {
  PinnedTable table = table_of(config_of({"shop"}), 1);
  RoutePin pin = pin_to(table, 0);
  const RoutePin drawn = pin;
  EXPECT_EQ(table.local_use_count(), 3);
  ASSERT_TRUE(pin.follow(table_of(config_of({"shop"}), 2)));
  EXPECT_EQ(table.local_use_count(), 2);
  EXPECT_EQ(&drawn.service(), &table->routes.services[0]);
}

}  // namespace
}  // namespace teal::proxy
