// A rollback into a group that serves nobody: clients are served on by the release, and everybody
// who looks is told.
#include <gmock/gmock.h>

#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

using ::testing::HasSubstr;

class FallbackTest : public ReleaseTest {
 protected:
  /// A release at 50 %, and nobody of the live group is healthy any more.
  std::string ship_beside_the_dead(const std::string& deploy) {
    start(deploy);
    const std::string id = ship();
    EXPECT_TRUE(await_bake(id)) << admin().deployment(id).text;
    blue_.set_healthy(false);
    EXPECT_TRUE(admin().await_accepting(0)) << admin().service().text;
    return id;
  }
  bool is_answered_by(const Target& target) {
    return ask(teal_->listener(), 50).count(target.name()) == 1 &&
           ask(teal_->listener(), 50).at(target.name()) == 50;
  }
  bool await_retired() {
    return eventually([&] { return admin().service().at("/groups/green/targets_total") == "0"; });
  }
};

constexpr const char* kHalf =
    "{ plan: [ { set_weight: 50% }, { bake: 1h } ], keep_old: 1s, exposure_budget: 5 }";

TEST_F(FallbackTest, AStopBesideADeadLiveGroupFailsNobody) {
  const std::string id = ship_beside_the_dead(kHalf);
  Load load(teal_->listener(), 4);
  ASSERT_TRUE(load.await(100));
  const Finished stopped = teal_->cli({"stop", "shop"});
  EXPECT_EQ(stopped.code, 4) << stopped.out << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("teal rollback " + id + " --force"));
  EXPECT_EQ(green_share(), "0%");
  EXPECT_TRUE(is_answered_by(green_));

  EXPECT_EQ(admin().deployment(id).at("/error_code"), "NO_HEALTHY_BASELINE");
  const ApiAnswer ready = admin().get("/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_THAT(ready.at("/warnings/0"), HasSubstr("no target of blue (v1) is healthy"));
  EXPECT_EQ(admin().metric("teal_fallback_serving"), 1);
  EXPECT_THAT(teal_->cli({"status", "shop"}).out, HasSubstr("fallback: no target of blue (v1)"));
  EXPECT_THAT(teal_->log(), HasSubstr("deployment.fallback"));

  blue_.set_healthy(true);
  ASSERT_TRUE(eventually([&] { return is_answered_by(blue_); }));
  EXPECT_TRUE(await_retired()) << "keep_old is over";
  EXPECT_TRUE(is_answered_by(blue_));
  EXPECT_EQ(admin().metric("teal_fallback_registered"), 0);
  EXPECT_EQ(admin().get("/readyz").at("/warnings/0"), "");
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
}

TEST_F(FallbackTest, AFallbackOutlivesAKill) {
  ship_beside_the_dead("{ plan: [ { set_weight: 50% }, { bake: 1h } ], keep_old: 1h }");
  EXPECT_EQ(teal_->cli({"stop", "shop"}).code, 4);
  teal_->kill9();
  teal_->start();
  EXPECT_TRUE(eventually([&] { return is_answered_by(green_); })) << admin().service().text;
  EXPECT_EQ(admin().service().at("/fallback/revision"), "v2");
}

TEST_F(FallbackTest, ForceRetiresItWhoeverServesThen) {
  ship_beside_the_dead(kHalf);
  EXPECT_EQ(teal_->cli({"stop", "shop"}).code, 4);
  const Finished forced = teal_->cli({"rollback", "shop", "--force"});
  EXPECT_EQ(forced.code, 0) << forced.out << forced.err;
  EXPECT_TRUE(await_retired());
  EXPECT_EQ(HttpClient(teal_->listener()).get("/").status, 503);
}

TEST_F(FallbackTest, ALiveGroupThatWasAwayForAMomentServesAgainWhereNobodyProbesIt) {
  auto blue = std::make_unique<Target>("blue-1");
  const std::string address = blue->address();
  teal_ = std::make_unique<Teal>(
      shop({address}, "deploy: { plan: [ { set_weight: 10% }, { bake: 1h } ] }\n"));
  green_.stop();
  ASSERT_TRUE(await_bake(ship()));
  blue.reset();
  for (int i = 0; i < 30; ++i) HttpClient(teal_->listener()).get("/");
  blue = std::make_unique<Target>("blue-1", *parse_address(address));
  EXPECT_TRUE(is_answered_by(*blue)) << admin().service().text;
}

TEST_F(FallbackTest, AForceThatLeavesNobodyServingSaysSo) {
  ship_beside_the_dead(kHalf);
  const Finished forced = teal_->cli({"stop", "shop", "--force"});
  EXPECT_EQ(forced.code, 0) << forced.out << forced.err;
  EXPECT_THAT(forced.out, HasSubstr("warning: nobody serves shop any more"));
  EXPECT_THAT(teal_->log(), HasSubstr("service.unserved"));
}

TEST_F(FallbackTest, WhatAFallbackFailsIsNotTheReleasesExposure) {
  const std::string id = ship_beside_the_dead(kHalf);
  EXPECT_EQ(teal_->cli({"stop", "shop"}).code, 4);
  green_.set_status(500);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(HttpClient(teal_->listener()).get("/").status, 500);
  EXPECT_EQ(admin().metric("teal_exposure_spent"), 0);
  EXPECT_EQ(admin().deployment(id).at("/exposure/spent"), "0");
}

}  // namespace
}  // namespace teal::e2e
