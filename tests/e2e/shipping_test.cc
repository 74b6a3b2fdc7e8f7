// Shipping as a person does it, through restarts: what is rolled back, what is drained, what is
// heard of it, and what becomes of the state's file.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>

#include "tests/support/e2e_events.h"
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ShippingTest : public ReleaseTest {
 protected:
  /// A subscriber that comes back with this id; `heard` is what it gets up to what is live.
  Wire subscribe(const std::string& id, std::string& heard) {
    Wire wire = Wire::connect(admin().address());
    wire.send(
        "GET /v1/events HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n"
        "last-event-id: " +
        id + "\r\n\r\n");
    const Deadline deadline;
    while (heard.find(": live") == std::string::npos &&
           wire.read(heard, deadline) == Arrival::bytes) {
    }
    return wire;
  }
  std::string resume(const std::string& id) {
    std::string heard;
    subscribe(id, heard);
    return heard;
  }
  /// The id of the last event in it.
  static std::string last_id(const std::string& stream) {
    const std::size_t at = stream.rfind("\nid: ");
    return at == std::string::npos ? "" : stream.substr(at + 5, stream.find('\n', at + 1) - at - 5);
  }
  long left_ms(const std::string& id) {
    const std::string left = admin().deployment(id).at("/step_ends_in_ms");
    return left.empty() ? -1 : std::stol(left);
  }
};

TEST_F(ShippingTest, ASubscriberResumesAcrossRestartsAndIsToldOfWhatItMissed) {
  start();
  const std::string id = ship(kLongCanary);
  ASSERT_TRUE(await_bake(id));
  std::string heard;
  Wire follower = subscribe("0", heard);
  ASSERT_EQ(teal_->stop(), 0);
  follower.read_to_end(heard);
  const std::string seen = last_id(heard);
  ASSERT_THAT(seen, HasSubstr("-"));
  teal_->start();
  ASSERT_TRUE(await_bake(id));
  const std::string after = resume(seen);
  EXPECT_THAT(after, Not(HasSubstr("event: gap"))) << "an orderly restart loses nothing";
  EXPECT_THAT(after, HasSubstr("event: deployment.resumed"));
  const std::string seen_then = last_id(after);
  teal_->kill9();
  teal_->start();
  ASSERT_TRUE(await_bake(id));
  EXPECT_THAT(resume(seen_then), HasSubstr("event: gap")) << "nobody knows what a crash swallowed";
  EXPECT_THAT(resume(seen_then), HasSubstr("event: deployment.resumed"));
}

TEST_F(ShippingTest, AnOrderlyStopSavesTheClockOfABake) {
  start();
  const std::string id = ship(kLongCanary);
  ASSERT_TRUE(await_bake(id));
  // Less than the 5 s after which it is saved anyway.
  ASSERT_TRUE(eventually([&] { return left_ms(id) < 3'600'000 - 1'500; }));
  const long left = left_ms(id);
  ASSERT_EQ(teal_->stop(), 0);
  teal_->start();
  ASSERT_TRUE(await_bake(id));
  EXPECT_LE(left_ms(id), left);
}

TEST_F(ShippingTest, AStateFileThatIsTakenAwayIsAStoreThatFailsUntilItIsBack) {
  start();
  EXPECT_THAT(teal_->log(),
              HasSubstr("warning no earlier state was found in " + (teal_->dir() / "teal.db")));
  Events events(admin().address());
  const std::string path = teal_->dir() / "teal.db";
  std::filesystem::rename(path, path + ".aside");
  ASSERT_TRUE(events.await("store.failed")) << events.text();
  EXPECT_THAT(events.text(), HasSubstr("was removed or replaced while Teal runs"));
  const ApiAnswer ready = admin().get("/readyz");
  EXPECT_EQ(ready.status, 200) << "it still serves";
  EXPECT_THAT(ready.text, HasSubstr("the store fails"));
  EXPECT_EQ(admin().metric("teal_store_healthy"), 0);
  EXPECT_EQ(admin().deploy("v2", green_.address()).status, 503);
  EXPECT_EQ(ask(teal_->listener(), 5).at("blue-1"), 5U);
  std::filesystem::rename(path + ".aside", path);
  ASSERT_TRUE(events.await("store.recovered")) << events.text();
  const std::string id = ship();
  ASSERT_TRUE(admin().await(id, "status", "Succeeded"));
  teal_->kill9();
  teal_->start();
  EXPECT_EQ(admin().service().at("/live"), "green") << "it is the same file";
  EXPECT_THAT(teal_->log(), Not(HasSubstr("no earlier state")));
}

TEST_F(ShippingTest, RollbackOfAServiceGoesBackBehindAFailedTry) {
  start();
  const std::string good = ship();
  ASSERT_TRUE(admin().await(good, "status", "Succeeded"));
  Target third{"third"};
  const std::string bad = admin().deploy("v3", third.address(), kLongCanary).at("/id");
  ASSERT_TRUE(await_bake(bad));
  ASSERT_EQ(teal_->cli({"stop", bad}).code, 0);
  ASSERT_TRUE(eventually([&] { return admin().service().at("/deployment").empty(); }));
  const Finished rolled = teal_->cli({"rollback", "shop"});
  EXPECT_EQ(rolled.code, 0) << rolled.err;
  EXPECT_THAT(rolled.out, HasSubstr("shop back to v1"));
  EXPECT_TRUE(eventually([&] { return admin().service().at("/live") == "blue"; }));
  const Finished late = teal_->cli({"rollback", "shop"});
  EXPECT_EQ(late.code, 1);
  EXPECT_THAT(late.err, HasSubstr("v1 is live because"));
}

TEST_F(ShippingTest, ADrainThatWouldEndADeploymentIsRefusedWithWhatToType) {
  start();
  Target other{"green-2"};
  const std::string body = R"({"revision": "v2", "targets": [")" + green_.address() + "\", \"" +
                           other.address() + R"("])" + kLongCanary + "}";
  const std::string id = admin().post("/v1/services/shop/deployments", body).at("/id");
  ASSERT_TRUE(await_bake(id));
  const Finished refused = teal_->cli({"target", "drain", "shop", "green", other.address()});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("it would be rolled back"));
  const std::string command = "teal target drain shop green " + other.address() + " --force";
  ASSERT_THAT(refused.err, HasSubstr(command));
  EXPECT_EQ(teal_->cli({"target", "drain", "shop", "green", other.address(), "--force"}).code, 0);
  EXPECT_TRUE(admin().await_accepting(1, "green"));
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking");
}

TEST_F(ShippingTest, DeploySaysWhatIsShippedAndWhatWatchesIt) {
  start(
      "{ plan: AllAtOnce, watch_after: 0s, alarms: { errors: { error_rate: '> 1%' }, pager: { "
      "external: true } } }");
  const Finished shipped =
      teal_->cli({"deploy", "shop", "--revision", "v2", "--target", green_.address(), "--alarm",
                  "slow=latency_p99 > 250ms", "--alarm", "pager=none", "--wait"});
  EXPECT_EQ(shipped.code, 0) << shipped.err;
  EXPECT_THAT(shipped.out, HasSubstr("  targets: " + green_.address() + "\n"));
  EXPECT_THAT(shipped.out, HasSubstr("  alarms: errors (error_rate > 1% over 30s), slow "
                                     "(latency_p99 > 250ms over 30s)\n"));
  const Finished meant = teal_->cli({"deploy", "shop", "--revision", "v9"});
  EXPECT_EQ(meant.code, 1);
  EXPECT_THAT(meant.err, HasSubstr("blue runs v1 on " + blue_.address()));
  EXPECT_THAT(meant.err, HasSubstr("teal deploy shop --revision v9 --target IP:PORT"));
}

}  // namespace
}  // namespace teal::e2e
