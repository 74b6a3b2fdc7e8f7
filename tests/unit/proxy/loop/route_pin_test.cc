// A place in the routing truth: it goes over to the service's newer views by its id, and what it
// refers to stays.
#include "proxy/loop/route_pin.h"

#include <gtest/gtest.h>

#include "tests/support/loop_room.h"

namespace teal::proxy {
namespace {

class RoutePinTest : public testing::Test {
 protected:
  RoutePinTest() {
    for (const char* name : {"shop", "cart"}) {
      config::Service& service = room_.add_service(name, 1);
      service.match[0].path = std::string("/") + name;
      service.actions.request_body_bytes = 4;
      service.timeouts.queue = Millis{44};
    }
    room_.publish();
  }
  const WorkerRoutes& routes() { return room_.loop().routes(); }
  RoutePin pin_to(ServiceId service) {
    RoutePin pin;
    pin.pin(routes());
    for (const Route& route : routes().listener(0).routes->any)
      if (route.service == service) {
        EXPECT_TRUE(pin.take(route, routes()));
      }
    return pin;
  }
  /// Another view of the service.
  void change(ServiceId service) {
    ++room_.states[service].draw;
    room_.publish();
  }

  LoopRoom room_;
};

TEST_F(RoutePinTest, GoesOverToTheNewestViewOfItsService) {
  RoutePin pin = pin_to(1);
  EXPECT_TRUE(pin.is_newest(routes()));
  change(1);
  EXPECT_FALSE(pin.is_newest(routes()));
  ASSERT_TRUE(pin.follow(routes()));
  EXPECT_TRUE(pin.is_newest(routes()));
  EXPECT_EQ(pin.service().spec->name, "cart");
  EXPECT_EQ(&pin.runtime(), routes().service(1).get());
  EXPECT_EQ(pin.version(), 2U);
}

TEST_F(RoutePinTest, IsNotConcernedByWhatChangesOfOtherServices) {
  RoutePin pin = pin_to(1);
  change(0);
  EXPECT_TRUE(pin.is_newest(routes()));
  EXPECT_EQ(pin.version(), 1U);
}

TEST_F(RoutePinTest, KeepsWhatItsRouteSaidWhenTheFileSaysOtherwise) {
  RoutePin pin = pin_to(0);
  const std::weak_ptr<const config::Service> spec = pin.service().spec;
  room_.config.services[0].actions.request_body_bytes = 9;
  room_.config.services[0].timeouts.queue = Millis{99};
  room_.publish();
  ASSERT_TRUE(pin.follow(routes()));
  EXPECT_FALSE(spec.expired());
  EXPECT_EQ(pin.actions()->request_body_bytes, 4U);
  EXPECT_EQ(pin.timeouts().queue, Millis{44});
  EXPECT_EQ(pin.service().spec->actions.request_body_bytes, 9U);
  pin.release();
  EXPECT_TRUE(spec.expired());
  EXPECT_FALSE(pin.is_pinned());
}

TEST_F(RoutePinTest, FindsNothingWhereTheServiceIsGone) {
  RoutePin pin = pin_to(1);
  room_.config.services.pop_back();
  room_.publish();
  EXPECT_FALSE(pin.is_newest(routes()));
  EXPECT_FALSE(pin.follow(routes()));
  EXPECT_FALSE(pin.has_service());
  EXPECT_TRUE(pin.is_pinned()) << "the listener's rules are still asked for";
  EXPECT_EQ(pin.listener(0).name, "public");
}

TEST_F(RoutePinTest, HoldsTheViewThatItRefersInto) {
  RoutePin pin = pin_to(0);
  const RoutePin drawn = pin;
  const std::weak_ptr<const ServiceView> view = routes().service(0)->view;
  change(0);
  ASSERT_TRUE(pin.follow(routes()));
  ASSERT_FALSE(view.expired());
  EXPECT_EQ(&drawn.service(), view.lock().get());
}

}  // namespace
}  // namespace teal::proxy
