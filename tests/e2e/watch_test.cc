// A release that is live already, and still watched: taken back by a swap, or well at the end.
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

class WatchTest : public ReleaseTest {
 protected:
  bool await_watch(const std::string& id) { return admin().await(id, "phase", "Watching"); }
};

constexpr const char* kAllAtOnce =
    "{ plan: AllAtOnce, alarms: { errors: { error_rate: '> 1%', over: 10s, minimum_requests: 20 } "
    "} }";

TEST_F(WatchTest, AReleaseThatFailsEverythingAllAtOnceIsTakenBackByItself) {
  start(kAllAtOnce);
  green_.set_status(500);
  Load load(teal_->listener(), 4);
  const std::string id = ship();
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
  EXPECT_NE(admin().deployment(id).at("/reason").find("alarm errors"), std::string::npos);
  const std::size_t seen = green_.requests();
  ASSERT_TRUE(load.await(500));
  EXPECT_EQ(green_.requests(), seen) << "green was asked after the rollback";
  const LoadReport report = load.stop();
  EXPECT_EQ(report.failed_by_teal, 0U) << report.text();
  EXPECT_EQ(report.failed_by_target.count("blue-1"), 0U) << report.text();
}

TEST_F(WatchTest, ALimitTakesBackWhatNobodyIsLeftToBeComparedWith) {
  start("{ plan: AllAtOnce, alarms: { worse: { compare: errors, at_most: 1% } } }");
  const std::string id = ship();
  ASSERT_TRUE(await_watch(id)) << admin().deployment(id).text;
  green_.set_status(500);
  Load load(teal_->listener(), 4);
  expect_rolled_back(id, "Stopped", "ALARM_ACTIVE");
  EXPECT_EQ(load.stop().failed_by_teal, 0U);
}

TEST_F(WatchTest, ReleasesWhoseTargetsFallIllInItAreTakenBack) {
  start(kAllAtOnce);
  const std::string id = ship();
  ASSERT_TRUE(await_watch(id)) << admin().deployment(id).text;
  green_.set_healthy(false);
  expect_rolled_back(id, "Failed", "HEALTH_CONSTRAINTS");
}

TEST_F(WatchTest, ItSurvivesAKillAndTheNextReleaseEndsIt) {
  start(kAllAtOnce);
  const std::string id = ship();
  ASSERT_TRUE(await_watch(id)) << admin().deployment(id).text;
  teal_->kill9();
  teal_->start();
  ASSERT_TRUE(await_watch(id)) << admin().deployment(id).text;
  EXPECT_EQ(admin().service().at("/live"), "green");
  Target next("blue-2");
  ASSERT_TRUE(eventually([&] { return admin().deploy("v3", next.address()).status == 201; }))
      << admin().service().text;
  EXPECT_EQ(admin().deployment(id).at("/status"), "Succeeded");
  ASSERT_TRUE(await_watch("d-2")) << admin().deployment("d-2").text;
  EXPECT_EQ(admin().service().at("/live"), "blue");
  EXPECT_EQ(ask(teal_->listener(), 10).at("blue-2"), 10U);
}

TEST_F(WatchTest, TheCommandLineWaitsForItsEndAndSaysWhy) {
  start(
      "{ plan: AllAtOnce, watch_after: 500ms, "
      "alarms: { errors: { error_rate: '> 1%', over: 10s, minimum_requests: 20 } } }");
  const Finished finished =
      teal_->cli({"deploy", "shop", "--revision", "v2", "--target", green_.address(), "--wait"});
  EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
  for (const char* part :
       {"watch it for 500ms: errors, health", "Watching since ",
        "`teal continue shop` ends the watch",
        "v2 is live; not judged since the cut-over: errors: 0 of 20 requests", "Succeeded at 100%"})
    EXPECT_NE(finished.out.find(part), std::string::npos) << part << " in\n" << finished.out;
}

TEST_F(WatchTest, CheckWarnsWhereNobodyWouldWatch) {
  start("{ plan: AllAtOnce, watch_after: 0, alarms: { errors: { error_rate: '> 1%' } } }");
  const Finished checked = run({teal_binary(), "check", teal_->config_path()});
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_NE(checked.err.find("warning: "), std::string::npos) << checked.err;
  EXPECT_NE(checked.err.find("deploy.watch_after: is 0"), std::string::npos) << checked.err;
}

}  // namespace
}  // namespace teal::e2e
