// Others' alarms on their way through the controller: whose they are, what they do to a deployment,
// what is told of them, what survives.
#include <algorithm>
#include <array>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "control/deploy/alertmanager.h"
#include "control/store/spec_json.h"
#include "tests/support/controller_test_base.h"
#include "tests/support/remembered_log.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using State = health::Standing::State;

class OutsideAlarms : public ControllerTestBase {
 protected:
  OutsideAlarms() {
    config.services[0].deploy.alarms = {
        {"HighErrorRate", config::ExternalAlarm{}, 30s, 0},
        {"page", config::ExternalAlarm{{{"severity", "page"}, {"env", "prod"}}}, 30s, 0}};
    config::Service cart = config.services[0];
    cart.name = "cart";
    cart.groups[Colour::blue] = {"v1", {target_address(11)}};
    config.services.push_back(cart);
    start();
  }

  Alert alert(bool firing, AlertLabels labels, WallTime starts) {
    labels.try_emplace("alertname", "HighErrorRate");
    Alert one;
    one.firing = firing;
    one.fingerprint = fingerprint_of(labels);
    one.labels = std::move(labels);
    one.starts = starts;
    if (!firing) one.ends = clock.wall();
    one.why = "5xx";
    return one;
  }
  AlertsReport send(std::vector<Alert> alerts) {
    AlertBatch batch;
    batch.alerts = std::move(alerts);
    return controller->take_alerts(batch);
  }
  ExternalAlarmReport alarm(const std::string& name, const std::string& service = "shop") {
    for (const ExternalAlarmReport& each : controller->external_alarms(service).value())
      if (each.name == name) return each;
    ADD_FAILURE() << "no alarm " << name;
    return {};
  }
  double metric(const std::string& name, const std::string& label = {}) {
    double sum = 0;
    std::vector<MetricSample> samples = controller->metrics();
    for (const std::string& service : controller->service_names())
      std::ranges::move(controller->service_metrics(service), std::back_inserter(samples));
    for (const MetricSample& sample : samples) {
      const bool fits = label.empty() || std::ranges::any_of(sample.labels, [&](const auto& each) {
                          return each.second == label;
                        });
      if (sample.name == name && fits) sum += sample.value;
    }
    return sum;
  }
  AlarmReport alarm_of(const DeploymentId& id, const std::string& name) {
    for (const AlarmReport& each : report(id).alarms)
      if (each.name == name) return each;
    ADD_FAILURE() << "no alarm " << name;
    return {};
  }
};

TEST_F(OutsideAlarms, AreOfEveryServiceUnlessTealServiceNamesOne) {
  send({alert(true, {}, clock.wall())});
  EXPECT_EQ(alarm("HighErrorRate", "shop").standing.state, State::firing);
  EXPECT_EQ(alarm("HighErrorRate", "cart").standing.state, State::firing);
  start();
  send({alert(true, {{"teal_service", "cart"}, {"pod", "a"}}, clock.wall())});
  EXPECT_EQ(alarm("HighErrorRate", "shop").standing.firing, 1U);
  EXPECT_EQ(alarm("HighErrorRate", "cart").standing.firing, 2U);
}

TEST_F(OutsideAlarms, AreNotUnmatchedForAForeignServiceLabel) {
  const AlertsReport report = send({alert(
      true, {{"service", "shop-backend"}, {"group", "nodes"}, {"revision", "17"}}, clock.wall())});
  EXPECT_EQ(report.matched, 1U);
  EXPECT_EQ(alarm("HighErrorRate").standing.state, State::firing);
}

TEST_F(OutsideAlarms, MayBeMeantBySeveralAlarmsAndByTheirLabelsAlone) {
  const AlertsReport report =
      send({alert(true, {{"severity", "page"}, {"env", "prod"}}, clock.wall())});
  EXPECT_EQ(report.matched, 1U);
  EXPECT_EQ(alarm("HighErrorRate").standing.state, State::firing);
  EXPECT_EQ(alarm("page").standing.state, State::firing);
  send({alert(false, {{"severity", "page"}, {"env", "prod"}}, clock.wall())});
  EXPECT_EQ(alarm("page").standing.state, State::resolved);
}

TEST_F(OutsideAlarms, ThatNobodyKnowsAreALineAndACountEach) {
  RememberedLog lines;
  controller = std::make_unique<Controller>(
      std::make_shared<const config::Config>(config), clock, lines, *ports, make_store(),
      [this](const config::Alarm& each, const health::JudgeContext&) {
        return std::make_unique<ScriptedSource>(each, verdicts);
      });
  ASSERT_TRUE(controller->start());
  const AlertsReport report =
      send({alert(true, {{"alertname", "Watchdog"}}, clock.wall()),
            alert(true, {{"alertname", "Watchdog"}, {"pod", "b"}}, clock.wall()),
            alert(true, {{"teal_service", "nobody"}}, clock.wall()),
            alert(true, {{"alertname", ""}, {"a", "b"}}, clock.wall())});
  EXPECT_EQ(report.matched, 0U);
  EXPECT_THAT(report.unmatched,
              ElementsAre("HighErrorRate", "Watchdog", R"({a="b", alertname=""})"));
  EXPECT_EQ(metric("teal_alerts_unmatched_total"), 4);
  const auto told = std::ranges::count_if(lines.lines, [](const std::string& line) {
    return line.find("event=alert.unmatched") != std::string::npos;
  });
  EXPECT_EQ(told, 4);
  EXPECT_THAT(lines.lines,
              ::testing::Contains(HasSubstr("service 'nobody' has no external alarm")));
  EXPECT_THAT(lines.lines, ::testing::Contains(HasSubstr("pod=\"b\"")));
  controller.reset();  // It may not outlive its log.
}

TEST_F(OutsideAlarms, OfOneInstanceAreNotResolvedByAnothers) {
  const DeploymentId id = bake();
  advance(1s);
  send({alert(true, {{"pod", "a"}, {"teal_service", "cart"}}, clock.wall()),
        alert(true, {{"pod", "b"}, {"teal_service", "cart"}}, clock.wall())});
  send({alert(false, {{"pod", "a"}, {"teal_service", "cart"}}, clock.wall())});
  EXPECT_EQ(alarm("HighErrorRate", "cart").standing.state, State::firing);
  EXPECT_FALSE(report(id).finished) << "it is another service's";
}

TEST_F(OutsideAlarms, ThatBeganBeforeAreShownAndIgnoredUntilTheyResolve) {
  const WallTime before = clock.wall() - 1h;
  send({alert(true, {}, before)});
  advance(1min);
  const DeploymentId id = bake();
  EXPECT_EQ(announced("alarm.ignored"), 1U);
  const AlarmReport shown = alarm_of(id, "HighErrorRate");
  EXPECT_THAT(shown.note, HasSubstr("fires since "));
  EXPECT_THAT(shown.note, HasSubstr(", ignored until it resolves"));
  ASSERT_TRUE(shown.outside);
  EXPECT_EQ(shown.outside->state, State::ignored);
  EXPECT_EQ(shown.outside->since, before);
  EXPECT_EQ(alarm("HighErrorRate").deployment, id);
  EXPECT_EQ(metric("teal_external_alarm_episodes", "ignored"), 1);
  send({alert(true, {}, before)});
  advance(1min);
  start();
  send({alert(true, {}, before)});
  EXPECT_FALSE(report(id).finished) << "repeated, and after a restart";
  EXPECT_THAT(alarm_of(id, "HighErrorRate").note, HasSubstr("ignored until it resolves"));
  send({alert(false, {}, before)});
  EXPECT_EQ(alarm_of(id, "HighErrorRate").outside->state, State::resolved);
  EXPECT_EQ(alarm_of(id, "HighErrorRate").note, "");
  send({alert(true, {}, clock.wall())});
  EXPECT_EQ(status(id), Status::stopped) << "a new start is a new episode";
}

TEST_F(OutsideAlarms, WithANewFingerprintCountWhileOthersAreIgnored) {
  send({alert(true, {{"pod", "a"}}, clock.wall())});
  advance(1min);
  const DeploymentId id = bake();
  advance(1s);
  send({alert(true, {{"pod", "b"}}, clock.wall())});
  EXPECT_EQ(status(id), Status::stopped);
  EXPECT_THAT(report(id).reason, HasSubstr("HighErrorRate"));
}

TEST_F(OutsideAlarms, ThatAreHeardOfLateButBeganBeforeAreIgnored) {
  const WallTime before = clock.wall();
  advance(10s);
  const DeploymentId id = bake();
  advance(20s);
  send({alert(true, {}, before)});
  EXPECT_FALSE(report(id).finished) << "Alertmanager waits for its group before it tells";
  EXPECT_EQ(alarm_of(id, "HighErrorRate").outside->state, State::ignored);
}

TEST_F(OutsideAlarms, AboutTheLiveReleaseAreNotTheNewOnesFault) {
  const DeploymentId id = bake();
  advance(1s);
  send({alert(true, {{"revision", "v1"}}, clock.wall()),
        alert(true, {{"group", "blue"}}, clock.wall())});
  EXPECT_FALSE(report(id).finished);
  EXPECT_THAT(alarm_of(id, "HighErrorRate").note, HasSubstr("for the release that is replaced"));
  send({alert(true, {{"revision", "v2"}, {"group", "green"}}, clock.wall())});
  EXPECT_EQ(status(id), Status::stopped);
}

TEST_F(OutsideAlarms, ThatFireAgainAfterTheirResolveCountOnceTheyHaveSettled) {
  config.services[0].deploy.alarms[0].observe = true;
  start();
  const DeploymentId id = bake();
  const WallTime began = clock.wall();
  send({alert(true, {}, began)});
  send({alert(false, {}, began)});
  EXPECT_EQ(announced("alarm.observed"), 1U);
  send({alert(true, {}, began)});
  advance(59s);
  EXPECT_EQ(announced("alarm.observed"), 1U) << "it may be a late copy";
  EXPECT_THAT(alarm_of(id, "HighErrorRate").note,
              HasSubstr("fires again unless it resolves within 1m"));
  advance(1s);
  EXPECT_EQ(announced("alarm.observed"), 2U);
  EXPECT_EQ(metric("teal_alarm_words_total", "held"), 2) << "of both services";
}

TEST_F(OutsideAlarms, BlockAStartOnlyWhileTheyFireAndSomebodyRepeatsThem) {
  auto careful = request();
  careful.deploy.block_on_firing_alarm = true;
  const WallTime before = clock.wall();
  send({alert(true, {}, before)});
  const auto refused = controller->deploy("shop", careful, "", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 409);
  EXPECT_THAT(refused.error().detail,
              HasSubstr("HighErrorRate fires since " + format_time(before)));
  EXPECT_THAT(refused.error().remedy, HasSubstr("--alarms-at-start ignore"));
  EXPECT_THAT(refused.error().remedy, HasSubstr("teal alarm HighErrorRate resolved --all"));
  EXPECT_THAT(refused.error().remedy, Not(HasSubstr("block_on_firing_alarm")));
  advance(24h);
  EXPECT_EQ(alarm("HighErrorRate").standing.state, State::stale);
  EXPECT_EQ(announced("alarm.stale"), 2U);
  EXPECT_TRUE(controller->deploy("shop", careful, "", ""));
}

TEST_F(OutsideAlarms, WhoseResolveWasLostAreEndedByHand) {
  send({alert(true, {}, clock.wall())});
  EXPECT_EQ(controller->set_external_alarm("HighErrorRate", "shop", false, "").value(), 1U);
  EXPECT_EQ(alarm("HighErrorRate").standing.state, State::firing) << "it is not the API's own";
  EXPECT_EQ(controller->resolve_alarm("HighErrorRate", "shop").value(), 1U);
  EXPECT_EQ(alarm("HighErrorRate").standing.state, State::resolved);
  EXPECT_EQ(controller->resolve_alarm("nobody", "").error().status, 404);
  EXPECT_EQ(controller->resolve_alarm("HighErrorRate", "nobody").error().status, 404);
}

TEST_F(OutsideAlarms, SurviveARestart) {
  send({alert(true, {{"pod", "a"}}, clock.wall() - 1h)});
  controller->set_external_alarm("page", "shop", true, "by hand");
  const auto before = alarm("HighErrorRate").episodes;
  start();
  EXPECT_EQ(alarm("HighErrorRate").episodes, before);
  EXPECT_EQ(alarm("page").standing.why, "by hand");
  send({alert(false, {{"pod", "a"}}, clock.wall() - 1h)});
  EXPECT_EQ(alarm("HighErrorRate").standing.state, State::resolved);
}

TEST_F(OutsideAlarms, OfAStoreFromBeforeEpisodesAreKeptAndIgnoredByWhatRuns) {
  const DeploymentId id = bake();
  std::string& stored = disk->services.at("shop").state;
  const std::size_t at = stored.find("\"episodes\":[]");
  ASSERT_NE(at, std::string::npos) << stored;
  stored.replace(at, 13, R"("firing":{"HighErrorRate":"on fire"})");
  start();
  EXPECT_EQ(alarm("HighErrorRate").standing.why, "on fire");
  EXPECT_EQ(alarm("HighErrorRate").standing.state, State::ignored);
  advance(1s);
  EXPECT_FALSE(report(id).finished);
  send({alert(false, {}, clock.wall() - 1h)});
  EXPECT_EQ(alarm("HighErrorRate").standing.state, State::resolved);
}

TEST_F(OutsideAlarms, AreAnnouncedWhereSomethingNewFiresThoughAsManyFireAsBefore) {
  send({alert(true, {{"teal_service", "shop"}}, clock.wall())});
  advance(1s);
  send({alert(true, {{"teal_service", "shop"}}, clock.wall())});
  EXPECT_EQ(announced("alarm.firing"), 2U) << "its resolve was lost, and it is another";
  send({alert(true, {{"teal_service", "shop"}}, clock.wall())});
  EXPECT_EQ(announced("alarm.firing"), 2U) << "a repetition is no news";
  send({alert(false, {{"teal_service", "shop"}}, clock.wall())});
  EXPECT_EQ(announced("alarm.resolved"), 1U);
}

TEST_F(OutsideAlarms, ThatWereLeftOutStayAsTheyWereAndAreSaidOnce) {
  send({alert(true, {{"pod", "a"}}, clock.wall()), alert(true, {{"pod", "b"}}, clock.wall())});
  AlertBatch cut;
  cut.group = "{}:{alertname=\"HighErrorRate\"}";
  cut.truncated = 1;
  cut.alerts = {alert(false, {{"pod", "a"}}, clock.wall())};
  controller->take_alerts(cut);
  controller->take_alerts(cut);
  EXPECT_EQ(alarm("HighErrorRate").standing.firing, 1U);
  EXPECT_EQ(announced("alerts.truncated"), 1U);
  EXPECT_EQ(metric("teal_alerts_truncated_total"), 2);
  cut.truncated = 0;
  controller->take_alerts(cut);
  cut.truncated = 1;
  controller->take_alerts(cut);
  EXPECT_EQ(announced("alerts.truncated"), 2U) << "it was well in between";
}

TEST_F(OutsideAlarms, AreCountedFromTheStart) {
  for (const char* outcome : {"fired", "resolved", "repeated", "held", "late"}) {
    const auto samples = controller->metrics();
    EXPECT_TRUE(std::ranges::any_of(samples, [&](const MetricSample& sample) {
      return sample.name == "teal_alarm_words_total" && sample.labels[0].second == outcome;
    })) << outcome;
  }
  EXPECT_EQ(metric("teal_external_alarm_episodes"), 0);
}

TEST_F(OutsideAlarms, OfTheRequestAreKnownWhileItsDeploymentRuns) {
  auto own = request();
  own.deploy.alarms = {{"Burning Down", config::ExternalAlarm{}, 30s, 0}};
  probe(Colour::blue, Health::healthy);
  const DeploymentId id = controller->deploy("shop", own, "", "").value().id;
  EXPECT_EQ(alarm("Burning Down").deployment, id);
  EXPECT_FALSE(alarm("HighErrorRate").deployment) << "the file's, which this one does not watch";
  advance(1s);
  send({alert(true, {{"alertname", "Burning Down"}}, clock.wall())});
  EXPECT_EQ(status(id), Status::stopped);
}

TEST_F(OutsideAlarms, ThatFireAreInTheServicesReport) {
  EXPECT_TRUE(shop().outside.empty());
  send({alert(true, {}, clock.wall())});
  ASSERT_EQ(shop().outside.size(), 1U);
  EXPECT_EQ(shop().outside[0].name, "HighErrorRate");
}

/// Random lives: alerts of three instances, old, new, repeated and resolved, in between restarts
/// and deployments.
TEST_F(OutsideAlarms, EndADeploymentIfAndOnlyIfOneBeganInIt) {
  std::size_t taken_back = 0;
  std::size_t ignored = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Rng random{seed};
    disk = std::make_shared<Disk>();
    start();
    std::array<WallTime, 3> newest{};
    DeploymentId id;
    for (int step = 0; step < 60; ++step) {
      const bool runs = !id.empty() && !report(id).finished;
      if (!runs && random.below(3) == 0) {
        probe(Colour::blue, Health::healthy);
        if (const auto begun = controller->deploy("shop", request(), "", "")) id = begun->id;
        continue;
      }
      const std::uint32_t instance = random.below(3);
      const AlertLabels labels{{"pod", std::to_string(instance)}, {"teal_service", "shop"}};
      switch (random.below(6)) {
        case 0: advance(Millis{random.below(90'000)}); break;
        case 1: start(); break;
        case 2: ports->pump(); break;
        case 3: send({alert(false, labels, newest[instance])}); break;
        default: {
          const WallTime before = newest[instance];
          const WallTime starts =
              random.below(2) == 0 ? before : clock.wall() - Millis{random.below(120'000)};
          newest[instance] = std::max(before, starts);
          send({alert(true, labels, starts)});
          if (!runs) break;
          const bool is_new = starts > before;
          const bool began_in_it = is_new && starts >= report(id).created;
          ASSERT_EQ(report(id).finished.has_value(), began_in_it) << seed << " " << step;
          taken_back += std::size_t{began_in_it};
          ignored += std::size_t{is_new && !began_in_it};
          continue;
        }
      }
      // Nothing else than an alert that fires ends it: not time, a restart or a resolve.
      if (runs) {
        ASSERT_FALSE(report(id).finished) << seed << " " << step << " " << report(id).reason;
      }
    }
  }
  EXPECT_GT(taken_back, 50U);
  EXPECT_GT(ignored, 50U);
}

}  // namespace
}  // namespace teal::control
