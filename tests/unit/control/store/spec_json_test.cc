#include "control/store/spec_json.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

using namespace std::chrono_literals;

Address address(const std::string& text) {
  return parse_address(text).value();
}

DeploymentSpec full_spec() {
  DeploymentSpec spec;
  spec.id = "d-7";
  spec.service = "shop \"quoted\"";
  spec.kind = Kind::rollback;
  spec.colour = Colour::blue;
  spec.revision = "v2";
  spec.replaces = "v1";
  spec.targets = {address("10.0.0.1:80"), address("[::1]:81"), address("unix:/run/a.sock")};
  spec.replaced_targets = {address("10.0.0.9:80")};
  spec.deploy.plan = {"custom",
                      {config::SetWeight{Weight{1250}}, config::Bake{5min},
                       config::Gate{"go", std::nullopt, config::Gate::OnTimeout::proceed},
                       config::Gate{"stop", 1h, config::Gate::OnTimeout::stop}}};
  spec.deploy.rollback_on = {false, true, false};
  const config::Threshold above{config::Threshold::Op::above, 0.1};
  const config::Threshold below{config::Threshold::Op::below, 1.0 / 3.0};
  config::CompareAlarm errors;
  errors.tolerance = 4.0 / 3.0;
  errors.at_most = 0.1;
  config::CompareAlarm latency;
  latency.what = config::CompareAlarm::What::latency;
  latency.confidence = 0.99;
  latency.certify = 0.9;
  latency.limit = 250ms;
  config::CompareAlarm refused;
  refused.meaning = ErrorMeaning::of_clients();
  refused.meaning.except = {{404, 404}, {410, 412}};
  refused.meaning.paths = {"/api", "/a \"b\""};
  const ErrorMeaning some{{{500, 599}, {0, 0, GrpcStatus::unavailable}}, {}, {}};
  spec.deploy.alarms = {{"errors", config::ErrorRateAlarm{above}, 30s, 50},
                        {"some", config::ErrorRateAlarm{above, some}, 30s, 50},
                        {"refused", refused, 30s, 50},
                        {"slow", config::LatencyAlarm{0.999, above}, 10s, 100},
                        {"idle", config::RequestRateAlarm{below}, 1min, 0},
                        {"worse", errors, 30s, 50},
                        {"lame", latency, 30s, 50, true},
                        {"pager", config::ExternalAlarm{{{"severity", "page"}}, 5s, 1h}, 30s, 50}};
  spec.deploy.block_on_firing_alarm = true;
  spec.deploy.minimum_healthy = {false, 2};
  spec.deploy.healthy_deadline = 7s;
  spec.deploy.not_enough_evidence = config::NotEnoughEvidence::rollback;
  spec.deploy.evidence_deadline = 8s;
  spec.deploy.keep_old = 9s;
  spec.deploy.watch_after = 6s;
  spec.watch = 5s;
  spec.deploy.exposure_budget = 20;
  spec.minimum_healthy = 2;
  spec.has_baseline = false;
  spec.way = RollbackMethod::reinstall;
  spec.rollback_of = "d-6";
  spec.why = "ALARM_ACTIVE: 4.1% > 1%";
  return spec;
}

TEST(SpecJson, ReadsBackEverySpecExactly) {
  EXPECT_EQ(spec_from_json(to_json(full_spec())).value(), full_spec());
  EXPECT_EQ(spec_from_json(to_json(DeploymentSpec{})).value(), DeploymentSpec{});
}

TEST(SpecJson, DeploymentsOfOlderTealsHaveNoWatch) {
  std::string written = to_json(full_spec());
  for (const std::string field : {"\"watch_ms\":5000,", ",\"watch_after_ms\":6000"}) {
    ASSERT_NE(written.find(field), std::string::npos) << written;
    written.erase(written.find(field), field.size());
  }
  DeploymentSpec before = full_spec();
  before.watch = 0ms;
  before.deploy.watch_after.reset();
  EXPECT_EQ(spec_from_json(written).value(), before);
}

TEST(SpecJson, AlarmsOfOlderTealsCountEvery5xx) {
  const std::string written = to_json(full_spec());
  const std::string errors = R"({"name":"errors","over_ms":30000,"minimum_requests":50,)"
                             R"("observe":false,"kind":"error_rate","op":0,"limit":"0.1"})";
  EXPECT_NE(written.find(errors), std::string::npos) << "as they wrote it: " << written;
  EXPECT_TRUE(config::meaning_of(spec_from_json(written).value().deploy.alarms[0])->is_usual());
}

TEST(SpecJson, RefusesErrorsThatAreNone) {
  std::string written = to_json(full_spec());
  const std::string word = "\"UNAVAILABLE\"";
  ASSERT_NE(written.find(word), std::string::npos);
  written.replace(written.find(word), word.size(), "\"GONE\"");
  EXPECT_FALSE(spec_from_json(written));
}

TEST(SpecJson, ReadsBackAServiceWithEverythingThatSurvives) {
  SavedService saved;
  saved.state.name = "shop";
  saved.state.live = Colour::green;
  saved.state.split = Split::with(Colour::green, Weight{3333});
  saved.state.groups[Colour::green].revision = "v2";
  TargetState target;
  target.address = address("10.0.0.1:80");
  target.draining = true;
  saved.state.groups[Colour::green].targets = {target};
  saved.version = 17;
  saved.retiring[Colour::blue] = true;
  saved.kept = Kept{Colour::blue, 432'100ms};
  health::Episode episode;
  episode.alarm = "HighErrorRate";
  episode.fingerprint = "b1a9f7c2d3e4f506";
  episode.source = health::Episode::Source::alertmanager;
  episode.state = health::Episode::State::held;
  episode.bearing = health::Episode::Bearing::other_release;
  episode.starts = WallTime{1'700'000'000'001ms};
  episode.heard = WallTime{1'700'000'000'002ms};
  episode.ended = WallTime{1'700'000'000'003ms};
  episode.why = "on fire";
  episode.stale = true;
  saved.episodes = {episode};
  EXPECT_EQ(service_from_json(to_json(saved)).value(), saved);
}

TEST(SpecJson, ReadsTheFiringAlarmsOfStoresFromBeforeEpisodes) {
  std::string old = to_json(SavedService{});
  old.replace(old.find("\"episodes\":[]"), 13, R"("firing":{"pager":"on fire"})");
  const SavedService read = service_from_json(old).value();
  ASSERT_EQ(read.episodes.size(), 1U);
  EXPECT_EQ(read.episodes[0].alarm, "pager");
  EXPECT_EQ(read.episodes[0].why, "on fire");
  EXPECT_EQ(read.episodes[0].source, health::Episode::Source::earlier);
  EXPECT_EQ(read.episodes[0].bearing, health::Episode::Bearing::began_before);
}

TEST(SpecJson, ReadsExternalAlarmsOfBeforeAsThoseOfTheirName) {
  std::string old = to_json(full_spec());
  const std::string now =
      R"("match":{"severity":"page"},"settle_ms":5000,"stale_after_ms":3600000)";
  const std::size_t at = old.find("," + now);
  ASSERT_NE(at, std::string::npos) << old;
  old.erase(at, now.size() + 1);
  EXPECT_EQ(spec_from_json(old)->deploy.alarms.back().condition,
            (decltype(config::Alarm::condition){config::ExternalAlarm{}}));
}

TEST(SpecJson, ReadsBackAFallback) {
  SavedService saved;
  saved.state.name = "shop";
  saved.state.groups[Colour::green].fallback = true;
  saved.fallback = Fallback{Colour::green, 10min, "d-7"};
  EXPECT_EQ(service_from_json(to_json(saved)).value(), saved);
  saved.fallback.reset();
  saved.state.groups[Colour::green].fallback = false;
  EXPECT_EQ(to_json(saved).find("fallback"), std::string::npos) << "as older versions wrote it";
}

TEST(SpecJson, KeepsWhatWasFoundAndNothingWhereNothingIsLookedFor) {
  SavedService saved;
  saved.state.name = "shop";
  EXPECT_EQ(to_json(saved).find("discovery"), std::string::npos) << "as older versions wrote it";
  const Address one = address("10.0.0.1:80");
  const Address two = address("[2001:db8::1]:80");
  saved.discovery.sources = {{"dns:app.internal:80", {{"v1", one}, {"v1", two}, {"v2", one}}, {}},
                             {"file:t.yml", {}, WallTime{1'700'000'000'000ms}}};
  saved.discovery.ours = {{"v1", one}};
  saved.discovery.held_out = {one, two};
  EXPECT_EQ(service_from_json(to_json(saved)).value(), saved);
}

TEST(SpecJson, LeavesOutWhatAnOlderVersionTookForATargetsAddress) {
  SavedService saved;
  saved.state.name = "shop";
  TargetState good;
  good.address = address("10.0.0.1:80");
  TargetState bad = good;
  bad.address.host = std::string("127.0.0.1\0\r\nX-Injected: yes", 25);
  TargetState portless = good;
  portless.address.port = 0;
  saved.state.groups[Colour::blue].targets = {bad, good, portless};
  const SavedService read = service_from_json(to_json(saved)).value();
  ASSERT_EQ(read.state.groups[Colour::blue].targets.size(), 1U);
  EXPECT_EQ(read.state.groups[Colour::blue].targets[0].address, good.address);
  EXPECT_EQ(read.unusable.size(), 2U);
  DeploymentSpec spec;
  spec.replaced_targets = {bad.address, good.address};
  EXPECT_EQ(spec_from_json(to_json(spec))->replaced_targets, std::vector{good.address});
}

TEST(SpecJson, RefusesWhatItCannotTrust) {
  EXPECT_FALSE(spec_from_json("not json"));
  EXPECT_FALSE(spec_from_json("[]"));
  EXPECT_FALSE(spec_from_json("{}"));
  std::string zero = to_json(DeploymentSpec{});
  zero.replace(zero.find("\"minimum_healthy\":1"), 19, "\"minimum_healthy\":0");
  EXPECT_FALSE(spec_from_json(zero));
  EXPECT_FALSE(service_from_json("{\"name\":\"shop\"}"));
}

}  // namespace
}  // namespace teal::control
