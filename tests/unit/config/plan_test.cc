#include "config/plan.h"

#include <set>

#include <gtest/gtest.h>

namespace teal::config {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::string steps_of(std::string_view name) {
  const Result<Plan> plan = parse_plan_name(name);
  return plan ? describe(*plan) : "error: " + plan.error().message();
}

std::string error_of(std::string_view name) {
  const Result<Plan> plan = parse_plan_name(name);
  return plan ? "no error: " + describe(*plan) : plan.error().message();
}

TEST(Plan, OfACanaryIsOneStepAndOneBake) {
  const Result<Plan> plan = parse_plan_name("Canary10Percent5Minutes");
  ASSERT_TRUE(plan);
  const std::vector<Step> expected{SetWeight{Weight::percent(10)}, Bake{minutes{5}}};
  EXPECT_EQ(plan->steps, expected);
  EXPECT_EQ(plan->name, "Canary10Percent5Minutes");
}

TEST(Plan, OfALinearShiftBakesBelowTheWholeOnly) {
  const Result<Plan> plan = parse_plan_name("CodeDeployDefault.LambdaLinear10PercentEvery1Minute");
  ASSERT_TRUE(plan);
  std::vector<Step> expected;
  for (std::uint32_t percent = 10; percent <= 90; percent += 10) {
    expected.emplace_back(SetWeight{Weight::percent(percent)});
    expected.emplace_back(Bake{minutes{1}});
  }
  EXPECT_EQ(plan->steps, expected);
}

TEST(Plan, OfAllAtOnceHasNoSteps) {
  for (const char* name : {"AllAtOnce", "CodeDeployDefault.AllAtOnce",
                           "CodeDeployDefault.ECSAllAtOnce", "CodeDeployDefault.LambdaAllAtOnce"}) {
    const Result<Plan> plan = parse_plan_name(name);
    ASSERT_TRUE(plan) << name;
    EXPECT_TRUE(plan->steps.empty());
    EXPECT_EQ(plan->name, name);
  }
}

TEST(Plan, KnowsEveryCodeDeployNameVerbatim) {
  const std::vector<std::pair<std::string, std::string>> canaries{
      {"CodeDeployDefault.ECSCanary10Percent5Minutes", "10% · bake 5m · 100%"},
      {"CodeDeployDefault.ECSCanary10Percent15Minutes", "10% · bake 15m · 100%"},
      {"CodeDeployDefault.LambdaCanary10Percent5Minutes", "10% · bake 5m · 100%"},
      {"CodeDeployDefault.LambdaCanary10Percent10Minutes", "10% · bake 10m · 100%"},
      {"CodeDeployDefault.LambdaCanary10Percent15Minutes", "10% · bake 15m · 100%"},
      {"CodeDeployDefault.LambdaCanary10Percent30Minutes", "10% · bake 30m · 100%"}};
  for (const auto& [name, steps] : canaries) EXPECT_EQ(steps_of(name), steps);
  const std::vector<std::pair<std::string, minutes>> linears{
      {"CodeDeployDefault.ECSLinear10PercentEvery1Minutes", minutes{1}},
      {"CodeDeployDefault.ECSLinear10PercentEvery3Minutes", minutes{3}},
      {"CodeDeployDefault.LambdaLinear10PercentEvery1Minute", minutes{1}},
      {"CodeDeployDefault.LambdaLinear10PercentEvery2Minutes", minutes{2}},
      {"CodeDeployDefault.LambdaLinear10PercentEvery3Minutes", minutes{3}},
      {"CodeDeployDefault.LambdaLinear10PercentEvery10Minutes", minutes{10}}};
  for (const auto& [name, wait] : linears) {
    const Result<Plan> plan = parse_plan_name(name);
    ASSERT_TRUE(plan) << name;
    ASSERT_EQ(plan->steps.size(), 18U);
    EXPECT_EQ(std::get<Bake>(plan->steps.back()).duration, wait);
    EXPECT_EQ(std::get<SetWeight>(plan->steps[16]).weight, Weight::percent(90));
  }
}

TEST(Plan, TakesTheGeneralForms) {
  EXPECT_EQ(steps_of("Canary0.5Percent30Seconds"), "0.5% · bake 30s · 100%");
  EXPECT_EQ(steps_of("MyTeam.Canary0.01Percent1Second"), "0.01% · bake 1s · 100%");
  EXPECT_EQ(steps_of("CodeDeployDefault.ECSCanary20Percent1Minute"), "20% · bake 1m · 100%");
  EXPECT_EQ(steps_of("Linear33.33PercentEvery90Seconds"),
            "33.33% · bake 1m30s · 66.66% · bake 1m30s · 99.99% · bake 1m30s · 100%");
  EXPECT_EQ(steps_of("Linear40PercentEvery1Minutes"), "40% · bake 1m · 80% · bake 1m · 100%");
  EXPECT_EQ(steps_of("Linear50PercentEvery1Minutes"), "50% · bake 1m · 100%");
}

TEST(Plan, HasNoMoreThanAThousandSteps) {
  const Result<Plan> most = parse_plan_name("Linear0.2PercentEvery1Second");
  ASSERT_TRUE(most);
  EXPECT_EQ(most->steps.size(), 998U);
  EXPECT_EQ(error_of("Linear0.19PercentEvery1Second"),
            "plan 'Linear0.19PercentEvery1Second': makes more than 1000 steps; take at least 0.2 "
            "percent per step");
}

TEST(Plan, SuggestsTheNearestNameForASlip) {
  EXPECT_NE(error_of("CodeDeployDefault.ECSCanary10Percent5Minuets")
                .find("did you mean 'CodeDeployDefault.ECSCanary10Percent5Minutes'?"),
            std::string::npos);
  EXPECT_NE(error_of("ALLATONCE").find("did you mean 'AllAtOnce'?"), std::string::npos);
  EXPECT_NE(error_of("Linear10Percent1Minute").find("did you mean 'Linear10PercentEvery1Minute'?"),
            std::string::npos);
  EXPECT_NE(error_of("yolo").find("write AllAtOnce, Canary<p>Percent<n>Minutes"),
            std::string::npos);
}

TEST(Plan, SaysThatHostsAreNotTraffic) {
  for (const char* name : {"CodeDeployDefault.OneAtATime", "CodeDeployDefault.HalfAtATime"})
    EXPECT_NE(error_of(name).find("use AllAtOnce, a Canary or a Linear plan, and minimum_healthy"),
              std::string::npos);
}

TEST(Plan, RefusesWhatMakesNoSense) {
  for (const char* name : {"",
                           ".",
                           "Canary",
                           "Canary0Percent5Minutes",
                           "Canary100Percent5Minutes",
                           "Canary101Percent5Minutes",
                           "Canary10Percent0Minutes",
                           "Canary10Percent5",
                           "CanaryPercent5",
                           "Canary10Percent5Hours",
                           "Canary10%Percent5Minutes",
                           "Canary10PercentEvery5Minutes",
                           "Linear10Percent5Minutes",
                           "Canary10Percent99999999999Minutes",
                           "Canary10Percent43201Minutes",
                           "Canary10Percent5Minutes ",
                           "Canary-1Percent5Minutes",
                           "Linear100PercentEvery1Minute",
                           "ECS",
                           "CodeDeployDefault.",
                           "a.b.AllAtOnce"})
    EXPECT_FALSE(parse_plan_name(name)) << name;
}

TEST(Plan, DescribesGatesAndAnExplicitEnd) {
  Plan plan{"custom",
            {SetWeight{Weight::percent(5)}, Gate{"qa", std::nullopt, Gate::OnTimeout::stop},
             Gate{"night", Millis{minutes{90}}, Gate::OnTimeout::proceed}, SetWeight{Weight::all()},
             Bake{seconds{10}}}};
  EXPECT_EQ(describe(plan), "5% · gate qa · gate night (proceed after 1h30m) · 100% · bake 10s");
  EXPECT_EQ(describe(Plan{}), "100%");
}

}  // namespace
}  // namespace teal::config
