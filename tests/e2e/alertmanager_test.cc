// Alertmanager in front of the real binary: the bodies that it sends, in the orders in which they
// come, with restarts in between.
#include <chrono>

#include <gmock/gmock.h>

#include "base/time.h"
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kAlarms =
    "{ plan: [ { set_weight: 10% }, { bake: 1h } ], alarms: { HighErrorRate: { external: true }, "
    "'Shop is slow (p99)': { external: { match: { alertname: HighLatency, severity: page }, "
    "settle: "
    "0 } } } }";

/// RFC 3339, as Alertmanager writes it.
std::string ago(std::chrono::seconds seconds) {
  const auto now = std::chrono::floor<Millis>(std::chrono::system_clock::now());
  return format_time(now - seconds);
}

std::string alert(const std::string& status, const std::string& name, const std::string& instance,
                  const std::string& starts) {
  const bool firing = status == "firing";
  return R"({"status": ")" + status + R"(", "labels": {"alertname": ")" + name +
         R"(", "instance": ")" + instance +
         R"(", "job": "shop", "service": "shop-backend", "severity": "page"},
      "annotations": {"description": "more than 5 % of 5xx", "summary": "5xx at )" +
         instance + R"("}, "startsAt": ")" + starts + R"(", "endsAt": ")" +
         (firing ? "0001-01-01T00:00:00Z" : ago(std::chrono::seconds{0})) +
         R"(", "generatorURL": "http://prometheus.example:9090/graph?g0.expr=up&g0.tab=1",
      "fingerprint": ")" +
         name + instance + "\"}";
}

std::string webhook(const std::string& alerts, int truncated = 0) {
  return R"({"receiver": "teal", "status": "firing", "alerts": [)" + alerts +
         R"(], "groupLabels": {"alertname": "HighErrorRate"},
      "commonLabels": {"alertname": "HighErrorRate", "job": "shop"}, "commonAnnotations": {},
      "externalURL": "http://alertmanager.example:9093", "version": "4",
      "groupKey": "{}:{alertname=\"HighErrorRate\"}", "truncatedAlerts": )" +
         std::to_string(truncated) + "}";
}

class AlertmanagerTest : public ReleaseTest {
 protected:
  ApiAnswer send(const std::string& alerts, int truncated = 0) {
    const ApiAnswer answer = admin().post("/v1/alertmanager", webhook(alerts, truncated));
    EXPECT_EQ(answer.status, 200) << answer.text;
    return answer;
  }
  std::string state(const std::string& place = "0") {
    return admin().get("/v1/alarms").at("/alarms/" + place + "/state");
  }
};

TEST_F(AlertmanagerTest, AnAlertThatFiresSinceBeforeIsIgnoredAndANewOneTakesTheReleaseBack) {
  start(kAlarms);
  const std::string before = ago(std::chrono::seconds{600});
  EXPECT_EQ(send(alert("firing", "HighErrorRate", "a", before)).at("/matched"), "1");
  const Finished shipped =
      teal_->cli({"deploy", "shop", "--revision", "v2", "--target", green_.address()});
  EXPECT_EQ(shipped.code, 0) << shipped.err;
  EXPECT_THAT(shipped.out, HasSubstr("alarm HighErrorRate fires since "));
  EXPECT_THAT(shipped.out, HasSubstr(", ignored until it resolves"));
  ASSERT_TRUE(await_bake("d-1"));
  EXPECT_THAT(teal_->cli({"status"}).out, HasSubstr("ignored until it resolves"));
  EXPECT_THAT(teal_->cli({"alarms", "shop"}).out, HasSubstr("HighErrorRate"));
  EXPECT_EQ(admin().metric("teal_external_alarm_episodes", R"(state="ignored")"), 1);
  // Alertmanager repeats it, to another process too.
  teal_->kill9();
  teal_->start();
  ASSERT_TRUE(admin().await_accepting(1));
  send(alert("firing", "HighErrorRate", "a", before));
  EXPECT_EQ(admin().get("/v1/alarms").at("/alarms/0/state"), "ignored");
  EXPECT_EQ(admin().deployment("d-1").at("/finished"), "");
  send(alert("firing", "HighErrorRate", "a", before) + "," +
       alert("firing", "HighErrorRate", "b", ago(std::chrono::seconds{0})));
  expect_rolled_back("d-1", "Stopped", "ALARM_ACTIVE");
  EXPECT_THAT(admin().deployment("d-1").at("/reason"), HasSubstr("5xx at b"));
}

TEST_F(AlertmanagerTest, OneInstancesResolveDoesNotClearAnothersAndNoRestartLosesOne) {
  start(kAlarms);
  const std::string began = ago(std::chrono::seconds{60});
  send(alert("firing", "HighErrorRate", "a", began) + "," +
       alert("firing", "HighErrorRate", "b", began));
  teal_->kill9();
  teal_->start();
  send(alert("resolved", "HighErrorRate", "a", began));
  EXPECT_EQ(state(), "firing");
  teal_->stop();
  teal_->start();
  send(alert("resolved", "HighErrorRate", "b", began));
  EXPECT_EQ(state(), "resolved");
  send(alert("firing", "HighErrorRate", "b", began));
  EXPECT_EQ(state(), "held") << "the copy of a peer, perhaps";
  send(alert("firing", "HighErrorRate", "a", ago(std::chrono::seconds{3600})));
  EXPECT_EQ(state(), "held") << "older than what is known";
}

TEST_F(AlertmanagerTest, IsAnsweredWithWhatWasTakenAndWhatWasNot) {
  start(kAlarms);
  const std::string now = ago(std::chrono::seconds{0});
  const ApiAnswer answer =
      send(alert("firing", "HighLatency", "a", now) + R"(,{"status": "firing"},)" +
               alert("firing", "Watchdog", "w", now),
           7);
  EXPECT_EQ(answer.at("/received"), "3");
  EXPECT_EQ(answer.at("/matched"), "1");
  EXPECT_EQ(answer.at("/unmatched/0"), "Watchdog");
  EXPECT_EQ(answer.at("/refused/0/index"), "1");
  EXPECT_EQ(answer.at("/truncated"), "7");
  EXPECT_EQ(state("1"), "firing");
  EXPECT_EQ(admin().metric("teal_alerts_unmatched_total"), 1);
  EXPECT_EQ(admin().metric("teal_alerts_refused_total"), 1);
  EXPECT_EQ(admin().metric("teal_alerts_truncated_total"), 7);
  EXPECT_THAT(teal_->log(), HasSubstr("event=alert.unmatched alert=Watchdog"));
  EXPECT_THAT(teal_->log(), HasSubstr("event=alerts.truncated"));
  const Finished table = teal_->cli({"alarms", "--output", "json"});
  EXPECT_THAT(table.out, HasSubstr("\"name\":\"Shop is slow (p99)\""));
}

TEST_F(AlertmanagerTest, ABlockedStartSaysWhatToTypeAndThatHelps) {
  start(
      "{ plan: AllAtOnce, alarms_at_start: block, alarms: { HighErrorRate: { external: true } } }");
  send(alert("firing", "HighErrorRate", "a", ago(std::chrono::seconds{60})));
  const std::vector<std::string> deploy{"deploy", "shop",     "--revision",
                                        "v2",     "--target", green_.address()};
  const Finished refused = teal_->cli(deploy);
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("--alarms-at-start ignore"));
  EXPECT_THAT(refused.err, HasSubstr("teal alarm HighErrorRate resolved --all --service shop"));
  EXPECT_EQ(teal_->cli({"alarm", "HighErrorRate", "resolved", "--service", "shop"}).code, 0);
  EXPECT_EQ(teal_->cli(deploy).code, 1) << "the API's own episode is another";
  EXPECT_EQ(teal_->cli({"alarm", "HighErrorRate", "resolved", "--all", "--service", "shop"}).code,
            0);
  EXPECT_EQ(teal_->cli(deploy).code, 0);
}

TEST_F(AlertmanagerTest, AStartThatIsToldToIgnoreItIsNotBlocked) {
  start(
      "{ plan: AllAtOnce, watch_after: 0s, alarms_at_start: block, alarms: { HighErrorRate: { "
      "external: true } } }");
  send(alert("firing", "HighErrorRate", "a", ago(std::chrono::seconds{60})));
  const Finished done = teal_->cli({"deploy", "shop", "--revision", "v2", "--target",
                                    green_.address(), "--alarms-at-start", "ignore", "--wait"});
  EXPECT_EQ(done.code, 0) << done.err;
}

TEST_F(AlertmanagerTest, AlarmsByNamesWithBlanksAreFiredByHandToo) {
  start(kAlarms);
  EXPECT_EQ(teal_->cli({"alarm", "Shop is slow (p99)", "firing", "--reason", "by hand"}).code, 0);
  EXPECT_THAT(teal_->cli({"status"}).out, HasSubstr("alarm Shop is slow (p99) fires since "));
  EXPECT_EQ(teal_->cli({"alarm", "Shop is slow (p99)", "resolved"}).code, 0);
  EXPECT_THAT(teal_->cli({"status"}).out, Not(HasSubstr("fires since")));
}

}  // namespace
}  // namespace teal::e2e
