// What a service's deploy section may say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_services.h"

namespace teal::config {
namespace {

using ::testing::HasSubstr;

TEST(LoadDeploy, ReadsAFreePlan) {
  const Service service = service_with(
      "  deploy:\n   plan: [ { set_weight: 0% }, { gate: qa }, { set_weight: 12.5 }, { bake: 90s "
      "},\n"
      "           { gate: { name: night, timeout: 8h, on_timeout: proceed } }, { set_weight: 100% "
      "} ]\n");
  const std::vector<Step> expected{SetWeight{Weight::none()},
                                   Gate{"qa", std::nullopt, Gate::OnTimeout::stop},
                                   SetWeight{Weight{1250}},
                                   Bake{seconds{90}},
                                   Gate{"night", Millis{hours{8}}, Gate::OnTimeout::proceed},
                                   SetWeight{Weight::all()}};
  EXPECT_EQ(service.deploy.plan, (Plan{"custom", expected}));
}

TEST(LoadDeploy, RefusesPlansThatMakeNoSense) {
  const auto problem = [](const std::string& plan) {
    return problems_with("  deploy: { plan: " + plan + " }\n");
  };
  EXPECT_THAT(problem("[]"), HasSubstr("must not be empty"));
  EXPECT_THAT(problem("[ { set_weight: 20% }, { set_weight: 10% } ]"),
              HasSubstr("must not be below the 20% of an earlier step"));
  EXPECT_THAT(problem("[ { set_weight: 101% } ]"), HasSubstr("is not a weight"));
  EXPECT_THAT(problem("[ { bake: 0 } ]"), HasSubstr("must be from 1ms to 30d"));
  EXPECT_THAT(problem("[ { set_weight: 1%, bake: 5m } ]"), HasSubstr("exactly one of"));
  EXPECT_THAT(problem("[ { } ]"), HasSubstr("exactly one of"));
  EXPECT_THAT(problem("[ { setWeight: 10 } ]"), HasSubstr("did you mean 'set_weight'?"));
  EXPECT_THAT(problem("[ 10% ]"), HasSubstr("must be a mapping"));
  EXPECT_THAT(problem("[ { gate: a }, { gate: a } ]"), HasSubstr("there is a gate 'a' before"));
  EXPECT_THAT(problem("[ { gate: { timeout: 1h } } ]"), HasSubstr("has no name"));
  EXPECT_THAT(problem("[ { gate: 'A B' } ]"), HasSubstr("is not a name"));
  std::string many = "[ { bake: 1s }";
  for (int i = 0; i < 1000; ++i) many += ", { bake: 1s }";
  EXPECT_THAT(problem(many + " ]"), HasSubstr("has 1001 items; at most 1000 are allowed"));
}

TEST(LoadDeploy, ReadsEveryKindOfAlarm) {
  const auto alarm = [](const std::string& keys) {
    const Service service = service_with("  deploy: { alarms: { a: { " + keys + " } } }\n");
    return service.deploy.alarms.empty() ? Alarm{} : service.deploy.alarms[0];
  };
  using Op = Threshold::Op;
  EXPECT_EQ(alarm("error_rate: '> 1%', over: 10s, minimum_requests: 5"),
            (Alarm{"a", ErrorRateAlarm{{Op::above, 0.01}}, seconds{10}, 5}));
  EXPECT_EQ(alarm("error_rate: '>0.5 %'"),
            (Alarm{"a", ErrorRateAlarm{{Op::above, 0.005}}, seconds{30}, 50}));
  EXPECT_EQ(alarm("latency_p999: '> 1s500ms'"),
            (Alarm{"a", LatencyAlarm{0.999, {Op::above, 1500}}, seconds{30}, 50}));
  EXPECT_EQ(alarm("latency_p50: <1ms"),
            (Alarm{"a", LatencyAlarm{0.5, {Op::below, 1}}, seconds{30}, 50}));
  EXPECT_EQ(alarm("request_rate: '< 0.5/s'"),
            (Alarm{"a", RequestRateAlarm{{Op::below, 0.5}}, seconds{30}, 0}));
  EXPECT_EQ(alarm("external: true").condition, decltype(Alarm::condition){ExternalAlarm{}});
}

TEST(LoadDeploy, ReadsWhichAlertsAnExternalAlarmMeans) {
  const auto alarm = [](const std::string& keys) {
    const Service service = service_with("  deploy: { alarms: { a: { " + keys + " } } }\n");
    return service.deploy.alarms.empty() ? Alarm{} : service.deploy.alarms[0];
  };
  EXPECT_EQ(alarm("external: { match: { alertname: HighErrorRate, severity: page }, settle: 10s, "
                  "stale_after: 5h }")
                .condition,
            (decltype(Alarm::condition){ExternalAlarm{
                {{"alertname", "HighErrorRate"}, {"severity", "page"}}, seconds{10}, hours{5}}}));
  EXPECT_EQ(alarm("external: { settle: 0 }").condition,
            (decltype(Alarm::condition){ExternalAlarm{{}, Millis{0}}}));
  const auto problem = [](const std::string& keys) {
    return problems_with("  deploy: { alarms: { a: { " + keys + " } } }\n");
  };
  EXPECT_THAT(problem("external: { match: { } }"), HasSubstr("names no label"));
  EXPECT_THAT(problem("external: { match: HighErrorRate }"), HasSubstr("must be a mapping"));
  EXPECT_THAT(problem("external: { match: { a: '' } }"), HasSubstr("must be 1 to 1024 bytes"));
  EXPECT_THAT(problem("external: { matches: { a: b } }"), HasSubstr("did you mean 'match'?"));
  EXPECT_THAT(problem("external: { settle: 2h }"), HasSubstr("must be from 0s to 1h"));
  EXPECT_THAT(problem("external: { stale_after: 1s }"), HasSubstr("must be from 1m to 30d"));
}

TEST(LoadDeploy, TakesAlarmsByWhateverNamePrometheusHasForThem) {
  const Service service = service_with(
      "  deploy: { alarms: { HighErrorRate: { external: true }, 'Disk full (95 %)': { external: "
      "true "
      "} } }\n");
  ASSERT_EQ(service.deploy.alarms.size(), 2U);
  EXPECT_EQ(service.deploy.alarms[0].name, "HighErrorRate");
  EXPECT_EQ(service.deploy.alarms[1].name, "Disk full (95 %)");
  const auto problem = [](const std::string& name) {
    return problems_with("  deploy: { alarms: { \"" + name + "\": { external: true } } }\n");
  };
  for (const char* bad : {"", " a", "a ", "a\\tb", "a\\e[2J"})
    EXPECT_THAT(problem(bad), HasSubstr("is not a name")) << bad;
  EXPECT_THAT(problem(std::string(256, 'a')), HasSubstr("is not a name"));
}

TEST(LoadDeploy, ReadsComparisons) {
  const auto alarm = [](const std::string& keys) {
    const Service service = service_with("  deploy: { alarms: { a: { " + keys + " } } }\n");
    return service.deploy.alarms.empty() ? Alarm{} : service.deploy.alarms[0];
  };
  EXPECT_EQ(alarm("compare: errors").condition, decltype(Alarm::condition){CompareAlarm{}});
  CompareAlarm errors;
  errors.tolerance = 2;
  errors.confidence = 0.99;
  errors.certify = 0.9;
  errors.at_most = 0.005;
  EXPECT_EQ(alarm("compare: errors, tolerance: 2, confidence: 0.99, certify: 0.9, at_most: 0.5%")
                .condition,
            decltype(Alarm::condition){errors});
  CompareAlarm latency;
  latency.what = CompareAlarm::What::latency;
  latency.limit = Millis{250};
  const Alarm observed = alarm("compare: latency, limit: 250ms, observe: true");
  EXPECT_EQ(observed.condition, decltype(Alarm::condition){latency});
  EXPECT_TRUE(observed.observe);
  EXPECT_TRUE(alarm("error_rate: '> 1%', observe: true").observe);
}

TEST(LoadDeploy, RefusesComparisonsThatMeanNothing) {
  const auto problem = [](const std::string& keys) {
    return problems_with("  deploy: { alarms: { a: { " + keys + " } } }\n");
  };
  EXPECT_THAT(problem("compare: rates"), HasSubstr("must be errors, client_errors or latency"));
  for (const char* bad : {"0.9", "101", "x", "-1", "[]", "1e1"})
    EXPECT_THAT(problem(std::string("compare: errors, tolerance: ") + bad),
                HasSubstr("a.tolerance: must be a number from 1 to 100"));
  for (const char* bad : {"0.89", "1", "99%"})
    EXPECT_THAT(problem(std::string("compare: errors, confidence: ") + bad),
                HasSubstr("from 0.9 to 0.99999"));
  EXPECT_THAT(problem("compare: errors, certify: 0.4"), HasSubstr("from 0.5 to 0.99999"));
  for (const char* bad : {"0%", "51%", "0.01", "some"})
    EXPECT_THAT(problem(std::string("compare: errors, at_most: ") + bad),
                HasSubstr("above 0% and up to 50%"));
  EXPECT_THAT(problem("compare: errors, limit: 1s"), HasSubstr("is for compare: latency"));
  EXPECT_THAT(problem("compare: latency, at_most: 1%"), HasSubstr("is for compare: errors"));
  EXPECT_THAT(problem("compare: errors, over: 30s"), HasSubstr("means nothing for a comparison"));
  EXPECT_THAT(problem("error_rate: '> 1%', tolerance: 2"),
              HasSubstr("means nothing without compare"));
  EXPECT_THAT(problem("error_rate: '> 1%', compare: errors"), HasSubstr("exactly one condition"));
}

TEST(LoadDeploy, RefusesAlarmsWithoutOneClearCondition) {
  const auto problem = [](const std::string& keys) {
    return problems_with("  deploy: { alarms: { a: { " + keys + " } } }\n");
  };
  EXPECT_THAT(problem("over: 10s"), HasSubstr("exactly one condition"));
  EXPECT_THAT(problem("error_rate: '> 1%', external: true"), HasSubstr("exactly one condition"));
  for (const char* bad : {"'1%'", "'> 1'", "'> 0.01'", "'>= 1%'", "'> -1%'", "'> nan%'", "'> inf%'",
                          "'> %'", "'> 1e1%'", "'> 5ms'", "''"})
    EXPECT_THAT(problem(std::string("error_rate: ") + bad), HasSubstr("a condition like '> 1%'"));
  EXPECT_THAT(problem("error_rate: '> 100%'"), HasSubstr("below '> 100%'"));
  EXPECT_THAT(problem("error_rate: '< 1%'"), HasSubstr("only ever too high"));
  EXPECT_THAT(problem("latency_p99: '> 250'"), HasSubstr("a condition like '> 250ms'"));
  EXPECT_THAT(problem("request_rate: '< 5'"), HasSubstr("a condition like '< 5/s'"));
  EXPECT_THAT(problem("request_rate: '< 0/s'"), HasSubstr("never below 0"));
  EXPECT_THAT(problem("external: true, over: 5s"),
              HasSubstr("means nothing for an external alarm"));
  EXPECT_THAT(problem("external: false"), HasSubstr("must be true"));
  EXPECT_THAT(problem("error_rate: '> 1%', minimum_requests: 0"), HasSubstr("from 1 to"));
}

TEST(LoadDeploy, ReadsWhenToRollBack) {
  EXPECT_EQ(service_with("  deploy: { rollback_on: [] }\n").deploy.rollback_on,
            (RollbackOn{false, false, false}));
  EXPECT_EQ(
      service_with("  deploy: { rollback_on: [ DEPLOYMENT_STOP_ON_ALARM ] }\n").deploy.rollback_on,
      (RollbackOn{false, true, false}));
  EXPECT_THAT(problems_with("  deploy: { rollback_on: [ ALWAYS ] }\n"),
              HasSubstr("must be DEPLOYMENT_FAILURE, DEPLOYMENT_STOP_ON_ALARM or"));
  EXPECT_THAT(
      problems_with("  deploy: { rollback_on: [ DEPLOYMENT_FAILURE, DEPLOYMENT_FAILURE ] }\n"),
      HasSubstr("rollback_on[1]: is here a second time"));
}

TEST(LoadDeploy, ReadsHowLongAReleaseIsWatched) {
  const auto time = [](const std::string& keys) {
    return watch_time(service_with("  deploy: { " + keys + " }\n").deploy);
  };
  const std::string alarms = "alarms: { a: { error_rate: '> 1%' } }";
  EXPECT_EQ(time(alarms), minutes{5});
  EXPECT_EQ(time(alarms + ", keep_old: 2m"), minutes{2});
  EXPECT_EQ(time(alarms + ", watch_after: 10m"), minutes{10});
  EXPECT_EQ(time(alarms + ", watch_after: 0"), minutes{0});
  EXPECT_EQ(time("watch_after: 3m"), minutes{0}) << "there is nobody to watch";
  EXPECT_THAT(problems_with("  deploy: { watch_after: 11m }\n"),
              HasSubstr("deploy.watch_after: must not be above keep_old (10m)"));
  EXPECT_THAT(problems_with("  deploy: { watch_after: soon }\n"), HasSubstr("watch_after"));
  Deploy service;
  service.watch_after = minutes{5};
  const auto shorter = parse_deployment_request(R"({"revision": "v2", "keep_old": "1m"})", service);
  ASSERT_FALSE(shorter);
  EXPECT_THAT(to_string(shorter.error().list.at(0)),
              HasSubstr("keep_old: must not be below the service's watch_after (5m)"));
  const auto both = parse_deployment_request(
      R"({"revision": "v2", "keep_old": "1m", "watch_after": "30s"})", service);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->deploy.watch_after, seconds{30});
}

std::string warnings_with(const std::string& keys) {
  std::string text(kListeners);
  text += "services:\n shop:\n";
  text += kService;
  text += keys;
  std::vector<Problem> found;
  EXPECT_EQ(report_of(load_text(text, "t.yaml", {}, &found)), "");
  std::string all;
  for (const Problem& problem : found) all += to_string(problem) + '\n';
  return all;
}

TEST(LoadDeploy, WarnsOfAlarmsWhereNobodyKnowsWhetherTheOldGroupCouldServe) {
  const std::string alarms =
      "  deploy: { alarms: { a: { error_rate: '> 1%', errors: [ 5xx, 404 ] } } }\n";
  EXPECT_EQ(warnings_with(alarms),
            "t.yaml:6:13: services.shop.deploy.alarms: may take a release back, and without health "
            "nobody knows whether the old group could serve; give the service a health check\n");
  EXPECT_EQ(warnings_with(alarms + "  health: { tcp: true }\n"), "");
  EXPECT_EQ(warnings_with("  deploy: { plan: Canary5Percent30Seconds }\n"), "");
}

TEST(LoadDeploy, WarnsOfAlarmsThatJudgeNobodyAfterTheCutOver) {
  const auto warnings = [](const std::string& keys) {
    return warnings_with("  health: { tcp: true }\n  deploy: { " + keys + " }\n");
  };
  const std::string errors = "alarms: { a: { error_rate: '> 1%', errors: [ 5xx, 404 ] } }";
  const std::string refused = ", refused: { client_error_rate: '> 20%' } }";
  EXPECT_EQ(warnings(""), "");
  EXPECT_EQ(warnings(errors), "");
  EXPECT_EQ(warnings("watch_after: 0"), "");
  EXPECT_EQ(
      warnings(errors + ", watch_after: 0"),
      "t.yaml:7:74: services.shop.deploy.watch_after: is 0, so no alarm judges the release once "
      "it has all the traffic; leave it out, or let the plan end with set_weight: 100% and a "
      "bake\n");
  EXPECT_THAT(warnings(errors + ", keep_old: 0"), HasSubstr("keep_old: is 0, so nothing is warm"));
  EXPECT_EQ(warnings(errors + ", watch_after: 0, plan: [ { set_weight: 100% }, { bake: 5m } ]"),
            "");
  EXPECT_THAT(warnings("alarms: { a: { compare: errors } }"),
              HasSubstr("alarms.a: there is nobody to compare with once the release has all the "
                        "traffic; give at_most"));
  EXPECT_EQ(warnings("alarms: { a: { compare: errors, at_most: 1% }" + refused), "");
  EXPECT_THAT(warnings("alarms: { a: { compare: latency } }"),
              HasSubstr("add an alarm on latency_p99"));
  EXPECT_EQ(warnings("alarms: { a: { compare: latency }, b: { latency_p90: '> 1s' }, "
                     "c: { error_rate: '> 1%' }" +
                     refused),
            "");
}

TEST(LoadDeploy, ReadsTheRest) {
  const Deploy deploy =
      service_with(
          "  deploy: { alarms_at_start: block, minimum_healthy: 2, healthy_deadline: 1m,\n"
          "            not_enough_evidence: rollback, evidence_deadline: 5m, keep_old: 0 }\n")
          .deploy;
  EXPECT_TRUE(deploy.block_on_firing_alarm);
  EXPECT_EQ(deploy.minimum_healthy, (MinimumHealthy{false, 2}));
  EXPECT_EQ(deploy.healthy_deadline, minutes{1});
  EXPECT_EQ(deploy.not_enough_evidence, NotEnoughEvidence::rollback);
  EXPECT_EQ(deploy.evidence_deadline, minutes{5});
  EXPECT_EQ(deploy.keep_old, Millis{0});
  for (const char* bad : {"0", "0%", "101%", "1.5%", "-1", "most", "[]"})
    EXPECT_NE(problems_with(std::string("  deploy: { minimum_healthy: ") + bad + " }\n"), "")
        << bad;
}

}  // namespace
}  // namespace teal::config
