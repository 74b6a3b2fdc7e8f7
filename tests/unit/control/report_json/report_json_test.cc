#include "control/report_json/report_json.h"

#include <limits>

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "control/json/text.h"
#include "tests/support/fake_commands.h"

namespace teal::control {
namespace {

class ReportJson : public ::testing::Test {
 protected:
  ReportJson() { testing::add_canary(commands_, clock_.now); }

  testing::FixedClock clock_;
  testing::FakeCommands commands_;
};

TEST_F(ReportJson, WritesWeightsAsPeopleDoAndMeasurementsAsNumbers) {
  const auto shop = to_json(commands_.services_["shop"], nullptr, nullptr, clock_.now);
  EXPECT_EQ(to_text(shop.at("split")), R"({"blue":"87.5%","green":"12.5%"})");
  const auto& green = shop.at("groups").at("green").as_object();
  EXPECT_EQ(green.at("asked"), "12.5%");
  EXPECT_EQ(to_text(green.at("measured")), "0.1259");
  EXPECT_EQ(to_text(green.at("error_rate")), "0.0031");
  EXPECT_EQ(to_text(green.at("p99_ms")), "251.5");
  EXPECT_EQ(green.at("targets_healthy"), 1);
  EXPECT_EQ(green.at("targets_total"), 2);
  EXPECT_TRUE(shop.at("deployment").is_null());
}

TEST_F(ReportJson, SaysNullWhereNothingWasMeasured) {
  ServiceReport quiet;
  const auto json = to_json(quiet, nullptr, nullptr, clock_.now);
  for (const char* key : {"measured", "error_rate", "p50_ms", "p99_ms"})
    EXPECT_TRUE(json.at("groups").at("blue").at(key).is_null()) << key;
}

TEST_F(ReportJson, CountsDownByTheGivenClockAndNeverBelowZero) {
  const DeploymentReport& running = commands_.deployments_["d-3"];
  EXPECT_EQ(to_json(running, clock_.now).at("step_ends_in_ms"), 192'000);
  EXPECT_EQ(to_json(running, clock_.now + Millis{200'000}).at("step_ends_in_ms"), 0);
  EXPECT_EQ(to_json(running, clock_.now).at("step_ends"), "2026-11-23T02:17:20.123Z");
}

TEST_F(ReportJson, TellsThePlanTheStepAndTheVerdicts) {
  const auto json = to_json(commands_.deployments_["d-3"], clock_.now);
  EXPECT_EQ(to_text(json.at("plan").at("steps").as_array().at(1).at("duration_ms")), "300000");
  EXPECT_EQ(json.at("plan").at("steps").as_array().at(2).at("type"), "gate");
  EXPECT_EQ(json.at("step"), 1);
  const auto& alarms = json.at("alarms").as_array();
  EXPECT_EQ(alarms.at(0).at("verdict"), "healthy");
  EXPECT_EQ(alarms.at(1).at("detail"), "latency_p99 251.5ms > 250ms");
  EXPECT_EQ(alarms.at(2).at("verdict"), "not_enough_evidence");
  EXPECT_EQ(json.at("timeline").as_array().at(1).at("what"), "shift to 12.5%");
}

TEST_F(ReportJson, LeavesPlanAndTimelineOutOfASummary) {
  const auto json = to_summary(commands_.deployments_["d-3"]);
  EXPECT_FALSE(json.contains("plan"));
  EXPECT_FALSE(json.contains("timeline"));
  EXPECT_EQ(json.at("status"), "Baking");
}

TEST(JsonText, WritesNumbersAsPeopleReadThem) {
  EXPECT_EQ(to_text(boost::json::value{0.5, 100.0, 12, -3, 0.0001}), "[0.5,100,12,-3,1e-04]");
  EXPECT_EQ(to_text(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonText, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(to_utf8("v\xff"
                    "1 \xc3\xa4 \xe2\x82 \xed\xa0\x80 \xf0\x9f\x8e\x89"),
            "v?1 \xc3\xa4 ?? ??? \xf0\x9f\x8e\x89");
  EXPECT_EQ(to_text(boost::json::value("a\xc0\x80\n")), "\"a??\\n\"");
}

}  // namespace
}  // namespace teal::control
