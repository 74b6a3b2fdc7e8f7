// A thousand services, of which one is worked on: what the others cost.
#include <gmock/gmock.h>

#include <string>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ManyServicesTest : public ControllerTestBase {
 protected:
  static constexpr std::size_t kServices = 1000;

  ManyServicesTest() {
    const config::Service one = config.services[0];
    config.services.clear();
    for (std::size_t i = 0; i < kServices; ++i) {
      config.services.push_back(one);
      config.services.back().name = name(i);
      config.services.back().health.reset();
    }
    disk = std::make_shared<Disk>();
    start();
    ports->pump();
    for (int ticks = 0; ticks < 20; ++ticks) advance(milliseconds{100});
    writes = 0;
    disk->on_commit = [this] { ++writes; };
  }
  static std::string name(std::size_t nth) { return "service-" + std::to_string(nth); }
  void split(std::size_t nth) {
    controller->put_target(name(nth), Colour::green, target_address(3));
    controller->set_split(name(nth), Split::with(Colour::green, Weight::percent(10)), std::nullopt,
                          [](const auto& answer) { EXPECT_TRUE(answer); });
    ports->pump();
  }

  std::size_t writes = 0;
};

TEST_F(ManyServicesTest, AllAreInTheFirstPublication) {
  ASSERT_EQ(ports->publications.size(), 1);
  EXPECT_EQ(ports->publications[0].services.size(), kServices);
}

TEST_F(ManyServicesTest, AChangeOfOnePublishesAndWritesThatOne) {
  disk->services.clear();
  split(700);
  ASSERT_GT(ports->publications.size(), 1);
  for (std::size_t i = 1; i < ports->publications.size(); ++i) {
    ASSERT_EQ(ports->publications[i].services.size(), 1);
    EXPECT_EQ(ports->publications[i].services[0]->name, name(700));
  }
  ASSERT_EQ(disk->services.size(), 1);
  EXPECT_EQ(disk->services.begin()->first, name(700));
}

TEST_F(ManyServicesTest, ATickAsksForTheTrafficOfATenthOfThemAndReadsNone) {
  ports->asked = ports->read = 0;
  for (int ticks = 0; ticks < 10; ++ticks) advance(milliseconds{100});
  EXPECT_EQ(ports->asked, 2 * kServices);
  EXPECT_EQ(ports->read, 0);
  EXPECT_EQ(ports->publications.size(), 1);
}

TEST_F(ManyServicesTest, OneThatIsShippedIsAskedForWithEachTick) {
  config::DeploymentRequest wanted = request();
  ASSERT_TRUE(controller->deploy(name(3), wanted, "", ""));
  ports->pump();
  advance(milliseconds{100});
  ports->asked = 0;
  for (int ticks = 0; ticks < 10; ++ticks) advance(milliseconds{100});
  EXPECT_GE(ports->asked, 2 * kServices + 10 * 2);
  EXPECT_LE(ports->asked, 2 * kServices + 10 * 4);
}

TEST_F(ManyServicesTest, AnOutsideAlarmOfOneReachesThatOne) {
  EXPECT_EQ(controller->set_external_alarm("pager", name(9), true, "it burns").value(), 1);
  EXPECT_EQ(controller->external_alarms(name(9)).value().size(), 1);
  EXPECT_EQ(controller->set_external_alarm("pager", "", false, "").value(), kServices);
}

}  // namespace
}  // namespace teal::control
