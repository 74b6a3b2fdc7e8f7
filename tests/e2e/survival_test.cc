// What survives: kill -9 at any point, a damaged store, a store that cannot be written.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/weight.h"
#include "tests/support/e2e_events.h"
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

class SurvivalTest : public ReleaseTest {
 protected:
  void set_file_limit(rlim_t bytes) {
    const rlimit limit{bytes, RLIM_INFINITY};
    ASSERT_EQ(::prlimit(teal_->id(), RLIMIT_FSIZE, &limit, nullptr), 0);
  }
  rlim_t journal_size() const {
    struct stat status{};
    return ::stat((teal_->dir() / "teal.db-wal").c_str(), &status) == 0
               ? static_cast<rlim_t>(status.st_size)
               : 0;
  }
};

/// The release's weight in basis points that an event like "blue=90% green=10%" tells of.
int announced_weight(const std::vector<Event>& events) {
  int weight = 0;
  for (const Event& event : events)
    if (event.type == "split.changed")
      weight = static_cast<int>(
          parse_weight(event.text.substr(event.text.find("green=") + 6))->basis_points());
  return weight;
}

/// The most that the release may have had when Teal died after these events: what was announced, or
/// the plan's next step where that may have been under way.
int max_weight(const std::vector<Event>& events) {
  const int announced = announced_weight(events);
  if (!events.empty() && events.back().type == "deployment.baking") return announced;
  return announced < 1000 ? 1000 : announced < 5000 ? 5000 : 10000;
}

TEST_F(SurvivalTest, KillAtEveryEventOfACanaryResumesInTheSameOrASaferState) {
  constexpr const char* kPlan =
      R"(, "plan": [{"set_weight": "10%"}, {"bake": "150ms"},
                     {"set_weight": "50%"}, {"bake": "150ms"}])";
  bool was_over = false;
  std::size_t kills = 0;
  for (std::size_t count = 1; !was_over; ++count) {
    SCOPED_TRACE("killed at event " + std::to_string(count));
    start();
    Events events(admin().address());
    const std::string id = ship(kPlan);
    const bool reached = events.await_count(count);
    was_over = !reached || (events.all().back().type == "deployment.succeeded");
    teal_->kill9();
    events.read_to_end();
    ++kills;
    const int most = max_weight(events.all());

    teal_->start();
    const ApiAnswer service = admin().service();
    const int weight = static_cast<int>(parse_weight(service.at("/split/green"))->basis_points());
    EXPECT_LE(weight, most) << events.text() << service.text;
    EXPECT_TRUE(weight == 0 || weight == 1000 || weight == 5000 || weight == 10000) << weight;
    EXPECT_EQ(admin().deployment(id).status, 200) << "an acknowledged deployment is not forgotten";
    const auto answers = ask(teal_->listener(), 20);
    EXPECT_EQ(answers.count(""), 0U) << "every request is served after the restart";
    EXPECT_TRUE(admin().await(id, "status", "Succeeded")) << admin().deployment(id).text;
    EXPECT_EQ(admin().service().at("/live"), "green");
    EXPECT_EQ(teal_->stop(), 0);
    teal_.reset();
  }
  EXPECT_GE(kills, 8U) << "a canary has more events than that";
}

TEST_F(SurvivalTest, AnAcknowledgedRollbackIsNeverForgotten) {
  for (int i = 0; i < 3; ++i) {
    start();
    const std::string id = ship(kLongCanary);
    ASSERT_TRUE(await_bake(id));
    ASSERT_EQ(admin().command(id, "rollback").status, 200);
    teal_->kill9();
    teal_->start();
    EXPECT_EQ(green_share(), "0%");
    expect_rolled_back(id, "Stopped", "MANUAL_STOP");
    EXPECT_EQ(teal_->stop(), 0);
    teal_.reset();
  }
}

TEST_F(SurvivalTest, ASplitByHandAndHistorySurvive) {
  start();
  const std::string id = ship();
  ASSERT_TRUE(admin().await(id, "status", "Succeeded"));
  ASSERT_EQ(admin().split("75%").status, 200);
  for (const bool orderly : {false, true}) {
    if (orderly) {
      EXPECT_EQ(teal_->stop(), 0);
    } else {
      teal_->kill9();
    }
    teal_->start();
    EXPECT_EQ(admin().service().at("/live"), "green");
    EXPECT_EQ(green_share(), "75%");
    EXPECT_EQ(admin().deployment(id).at("/status"), "Succeeded");
  }
}

TEST_F(SurvivalTest, ADamagedStoreIsRefusedAndNotTouched) {
  start();
  const std::string config = read_file(teal_->config_path());
  ASSERT_EQ(teal_->stop(), 0);
  const std::string path = teal_->dir() / "teal.db";
  const std::string good = read_file(path);
  for (const std::string& bad : {std::string("this is not a database, and never was one"),
                                 good.substr(0, 100) + std::string(good.size() - 100, '\x5a')}) {
    write_file(path, bad);
    const Finished refused = run({teal_binary(), "serve", teal_->config_path()});
    EXPECT_EQ(refused.code, 1) << refused.err;
    EXPECT_NE(refused.err.find(path), std::string::npos) << refused.err;
    EXPECT_EQ(read_file(path), bad);
  }
  write_file(path, good);
  teal_->start();
  EXPECT_EQ(ask(teal_->listener(), 5).at("blue-1"), 5U);
}

TEST_F(SurvivalTest, TwoTealsDoNotShareAStore) {
  start();
  const TempDir other;
  ConfigText config = shop({blue_.address()});
  std::string text = config.render(other.path());
  text.replace(text.find(other.path() + "/teal.db"), other.path().size() + 8,
               teal_->dir() / "teal.db");
  const Finished refused = serve_refused(text, other);
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("in use"), std::string::npos) << refused.err;
}

TEST_F(SurvivalTest, AStoreThatCannotBeWrittenStopsNeitherTrafficNorARollback) {
  start();
  Events events(admin().address());
  const std::string id = ship(kLongCanary);
  ASSERT_TRUE(await_bake(id));
  Load load(teal_->listener(), 4);
  ASSERT_GT(journal_size(), 0U);
  set_file_limit(journal_size());

  const ApiAnswer stopped = admin().command(id, "stop");
  EXPECT_EQ(stopped.status, 200) << stopped.text;
  EXPECT_EQ(green_share(), "0%");
  ASSERT_TRUE(events.await("store.failed")) << events.text();
  EXPECT_GE(admin().metric("teal_store_failures_total"), 1);
  EXPECT_EQ(admin().metric("teal_store_healthy"), 0);
  EXPECT_NE(admin().get("/readyz").text.find("store"), std::string::npos);
  EXPECT_EQ(admin().get("/readyz").status, 200) << "it still serves";
  EXPECT_EQ(ask(teal_->listener(), 50).at("blue-1"), 50U);
  EXPECT_EQ(admin().deploy("v3", green_.address()).status, 503);

  set_file_limit(RLIM_INFINITY);
  ASSERT_TRUE(events.await("store.recovered")) << events.text();
  EXPECT_EQ(admin().metric("teal_store_healthy"), 1);
  teal_->kill9();
  const LoadReport report = load.stop();
  EXPECT_EQ(report.failed_by_target.size(), 0U) << report.text();
  teal_->start();
  EXPECT_EQ(green_share(), "0%") << "what could not be written then was written later";
  EXPECT_EQ(admin().deployment(id).at("/status"), "Stopped");
}

}  // namespace
}  // namespace teal::e2e
