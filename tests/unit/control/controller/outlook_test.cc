// What people are told of evidence that is missing: before a deployment, and while it holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OutlookTest : public ControllerTestBase {
 protected:
  /// So many requests of each group have ended since it began.
  void traffic(std::uint64_t live, std::uint64_t release = 0) {
    ports->traffic.clear();
    for (const auto& [colour, revision, count] :
         {std::tuple{Colour::blue, "v1", live}, std::tuple{Colour::green, "v2", release}}) {
      TrafficReading& reading = ports->traffic.emplace_back();
      reading.key = {"shop", colour, revision, Audience::split};
      reading.counters.requests[0][1] = count;
    }
  }
  /// Ten seconds at these rates.
  void ten_seconds(std::uint64_t live, std::uint64_t release = 0) {
    for (int i = 0; i < 10; ++i) {
      live_ += live;
      release_ += release;
      traffic(live_, release_);
      advance(1s);
    }
  }
  std::vector<std::string> warnings() {
    probe(Colour::blue, Health::healthy);
    return controller->deploy("shop", request(), "", "").value().warnings;
  }

 private:
  std::uint64_t live_ = 0;
  std::uint64_t release_ = 0;
};

TEST_F(OutlookTest, ADeploymentIsWarnedOfEvidenceThatThePresentRateDoesNotBring) {
  ten_seconds(4);
  EXPECT_THAT(warnings(),
              ElementsAre("alarm errors may never have enough evidence: it needs at least 17 "
                          "requests/s at 10% (50 requests of the release in 30s); at 4 requests/s "
                          "this needs over >= 2m5s"));
  EXPECT_EQ(announced("deployment.warned"), 1U);
}

TEST_F(OutlookTest, ADeploymentIsWarnedWhereNoRequestsCome) {
  ten_seconds(0);
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr("and no requests come at present")));
}

TEST_F(OutlookTest, ADeploymentWithTrafficEnoughIsWarnedOfNothing) {
  ten_seconds(20);
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(OutlookTest, WhereTheRateIsNotKnownOnlyMuchIsSaid) {
  EXPECT_THAT(warnings(), IsEmpty()) << "17 requests/s are not much";
  disk = std::make_shared<Disk>();
  config.services[0].deploy.plan.steps[0] = config::SetWeight{Weight::percent(1)};
  start();
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr("at least 167 requests/s at 1%")));
}

TEST_F(OutlookTest, AHoldSaysAboutHowLongWhatIsMissingTakes) {
  verdicts["errors"] =
      health::NotEnoughEvidence{"12 of 50 requests", health::Shortfall{12, 38, false, 30s}};
  const DeploymentId id = bake();
  advance(5min - 10s);
  ten_seconds(36, 4);
  const DeploymentReport held = report(id);
  ASSERT_EQ(held.phase, "Holding");
  EXPECT_EQ(held.wait.value().why,
            "not enough evidence: errors: 12 of 50 requests (about 10s at this rate)");
  ASSERT_EQ(held.alarms.at(0).name, "errors");
  EXPECT_EQ(held.alarms[0].outlook, "about 10s at this rate");
  EXPECT_EQ(held.alarms[0].evidence_in, 9500ms);
  EXPECT_THAT(held.timeline.back().what, ::testing::Not(HasSubstr("at this rate")))
      << "the record follows decisions, not traffic";
}

TEST_F(OutlookTest, AHoldSaysThatItNeverComes) {
  verdicts["errors"] =
      health::NotEnoughEvidence{"12 of 50 requests", health::Shortfall{12, 38, false, 30s}};
  const DeploymentId id = bake();
  advance(5min - 10s);
  ten_seconds(9, 1);
  EXPECT_THAT(
      report(id).wait.value().why,
      HasSubstr("never at this rate: at 1 requests/s of the release this needs over >= 50s"));
  EXPECT_FALSE(report(id).alarms.at(0).evidence_in);
}

}  // namespace
}  // namespace teal::control
