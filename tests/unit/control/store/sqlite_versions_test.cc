// A store that any earlier Teal wrote opens, and the story goes on. One file of each version is in
// tests/support/stores: whoever adds a version adds what the Teal before wrote, and changes none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "control/sqlite/sqlite_schema.h"
#include "tests/support/controller_test_base.h"
#include "tests/support/store_files.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;

std::string written_by(std::int64_t version) {
  std::ifstream in(std::string(TEAL_SOURCE_DIR "/tests/support/stores/version_") +
                   std::to_string(version) + ".sql");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

config::Config shop_and_api() {
  config::Config config;
  for (const char* name : {"shop", "api"}) {
    config::Service service = shop_config().services[0];
    service.name = name;
    config.services.push_back(std::move(service));
  }
  return config;
}

class StoreOfVersion : public ControllerTestBase, public testing::WithParamInterface<std::int64_t> {
 protected:
  StoreOfVersion() {
    config = shop_and_api();
    files_.execute(written_by(GetParam()));
    opens_ = true;
    start();
  }
  ~StoreOfVersion() override { controller.reset(); }

  std::unique_ptr<Store> make_store() override {
    if (!opens_) return ControllerTestBase::make_store();
    controller.reset();
    return files_.open();
  }

  StoreFiles files_;
  bool opens_ = false;
};

TEST_P(StoreOfVersion, Opens) {
  const DeploymentReport shipped = report("d-1");
  EXPECT_EQ(shipped.status, Status::succeeded);
  EXPECT_EQ(shipped.revision, "v2");
  EXPECT_EQ(shop().live, Colour::green);
  EXPECT_EQ(shop().groups[Colour::green].targets.at(0).state.address.port, 18003);
  const DeploymentReport canary = report("d-2");
  EXPECT_EQ(canary.phase, "Shifting") << "the workers must apply first";
  EXPECT_EQ(canary.weight, Weight::percent(10));
  EXPECT_EQ(canary.alarms.at(0).name, "errors");
  const auto again = controller->deploy("shop", request(), "build-1", "another body");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().type, "idempotency-key-reused") << "keys are there, too";
  EXPECT_EQ(controller->set_external_alarm("pager", "shop", true, "again").value(), 1U);
  EXPECT_EQ(announced("alarm.firing"), 0U) << "it fires since before";
}

TEST_P(StoreOfVersion, GoesOnWithItsStoryAndOpensAgain) {
  ports->pump();
  EXPECT_EQ(report("d-2").phase, "Baking");
  ASSERT_TRUE(command("d-2", Command::rollback).value());
  const auto rolled_back = command("d-1", Command::rollback);
  ASSERT_TRUE(rolled_back && *rolled_back);
  start();
  EXPECT_EQ(status("d-2"), Status::stopped);
  EXPECT_EQ(report("d-1").rolled_back_by, "d-4");
  EXPECT_EQ(announced("store.new"), 0U);
}

TEST_P(StoreOfVersion, KeepsTheOldGroupForWhatWasLeftByTheClockOfThatTime) {
  // `kept_until` of those days, and a clock that is long before it: no longer than ever allowed.
  EXPECT_EQ(shop().old_kept_for, Millis{720h});
  start();
  EXPECT_EQ(shop().old_kept_for, Millis{720h});
}

INSTANTIATE_TEST_SUITE_P(Of, StoreOfVersion, testing::Range<std::int64_t>(1, kSchemaVersion),
                         [](const auto& param) { return std::to_string(param.param); });

TEST(StoreVersions, AreMadeOfEachOtherInOneTransaction) {
  const StoreFiles files;
  // What the last step makes is there already: none of the steps may stay.
  files.execute(written_by(1) + "CREATE TABLE identity(a);");
  EXPECT_THAT(files.refusal(), testing::HasSubstr("cannot be brought up to date"));
  files.execute("DROP TABLE identity;");
  EXPECT_EQ(files.open()->load()->deployments.size(), 2U);
}

}  // namespace
}  // namespace teal::control
