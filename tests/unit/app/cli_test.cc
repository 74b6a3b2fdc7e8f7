#include "app/cli.h"

#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/client/client.h"
#include "tests/support/admin_fixture.h"

namespace teal::app {
namespace {

using control::Status;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Said {
  int code = -1;
  std::string out, err;
};

Said run(const std::vector<std::string>& words, const std::function<bool(Millis)>& pause,
         bool is_tty = false) {
  std::ostringstream out;
  std::ostringstream err;
  Mono now{};  // Goes on where the command line lets time pass.
  Terminal terminal{out, err, is_tty, false, 100, "127.0.0.1:1", [&](Millis time) {
                      now += time;
                      return pause(time);
                    }};
  terminal.now = [&] { return now; };
  std::vector<const char*> arguments{"teal"};
  for (const std::string& word : words) arguments.push_back(word.c_str());
  const int code = run_cli(static_cast<int>(arguments.size()), arguments.data(), terminal);
  return {code, out.str(), err.str()};
}

Said run(const std::vector<std::string>& words) {
  return run(words, [](Millis) { return false; });
}

class Cli : public ::testing::Test {
 protected:
  std::vector<std::string> line(std::vector<std::string> words) {
    words.insert(words.begin(), {"--admin", to_string(admin_.address())});
    return words;
  }
  std::vector<std::string> calls() {
    std::vector<std::string> out;
    admin_.on_server([&] { out = admin_.commands.calls; });
    return out;
  }
  void finish(const std::string& id, Status status) {
    admin_.on_server([&] {
      auto& report = admin_.commands.deployments_[id];
      report.status = status;
      report.timeline.push_back({admin_.clock.now, status, "ended " + id});
    });
  }

  control::testing::RunningAdmin admin_;
};

TEST_F(Cli, ShowsTheStatusAsATableOrAsJson) {
  const Said table = run(line({"status", "shop"}));
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("d-3 shop v42: Baking at 12.5%, step 2/3"));
  const Said json = run(line({"--output", "json", "status"}));
  EXPECT_THAT(json.out, ::testing::StartsWith("{\"services\":[{\"name\":\"shop\""));
}

TEST_F(Cli, RedrawsInPlaceOnATerminalAndGivesTheCursorBack) {
  int looks = 0;
  const Said said = run(line({"status", "--watch"}), [&](Millis) { return ++looks < 3; }, true);
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(looks, 3);
  EXPECT_THAT(said.out, ::testing::StartsWith("\x1b[?25l\x1b[2J\x1b[H"));
  EXPECT_THAT(said.out, ::testing::EndsWith("\x1b[J\x1b[?25h"));
}

TEST_F(Cli, PrintsFramesOneAfterTheOtherWhereThereIsNoTerminal) {
  int looks = 0;
  const Said said = run(line({"status", "--watch"}), [&](Millis) { return ++looks < 2; });
  EXPECT_THAT(said.out, ::testing::Not(HasSubstr("\x1b")));
  EXPECT_NE(said.out.find("shop  live blue"), said.out.rfind("shop  live blue"));
}

TEST_F(Cli, SaysWhatACommandWarnsOf) {
  admin_.on_server(
      [&] { admin_.commands.deployments_["d-3"].warnings = {"nobody serves shop any more"}; });
  const Said stopped = run(line({"stop", "d-3", "--force"}));
  EXPECT_EQ(stopped.code, 0);
  EXPECT_THAT(stopped.out, HasSubstr("  warning: nobody serves shop any more\n"));
  EXPECT_THAT(run(line({"status", "shop"})).out,
              HasSubstr("    warning: nobody serves shop any more\n"));
}

TEST_F(Cli, SteersTheRunningDeploymentOfAServiceOrTheOneNamed) {
  EXPECT_EQ(run(line({"pause", "shop"})).code, 0);
  EXPECT_EQ(run(line({"continue", "d-3"})).code, 0);
  EXPECT_EQ(run(line({"promote"})).code, 0) << "there is only one service";
  EXPECT_THAT(calls(), ElementsAre("command d-3 1", "command d-3 0", "command d-3 2"));
}

TEST_F(Cli, LeavesItToTealWhatARollbackOfAServiceTakesBack) {
  admin_.on_server([&] {
    admin_.commands.services_["shop"].deployment.reset();
    admin_.commands.services_["shop"].last_deployment = "d-3";
  });
  EXPECT_EQ(run(line({"rollback", "shop"})).code, 0);
  EXPECT_EQ(run(line({"rollback"})).code, 0) << "there is only one service";
  EXPECT_EQ(run(line({"rollback", "d-3"})).code, 0);
  const Said stop = run(line({"stop", "shop"}));
  EXPECT_EQ(stop.code, 1);
  EXPECT_THAT(stop.err, HasSubstr("no deployment of 'shop' is running"));
  EXPECT_THAT(calls(), ElementsAre("rollback shop", "rollback shop", "command d-3 4"));
}

TEST_F(Cli, SaysWhenThereWasNobodyToGoBackTo) {
  admin_.on_server([&] {
    control::DeploymentReport& report = admin_.commands.deployments_["d-3"];
    report.status = Status::stopped;
    report.error_code = "NO_HEALTHY_BASELINE";
    report.reason = "MANUAL_STOP: stopped on request; no target of blue (v41) is healthy";
  });
  const Said said = run(line({"stop", "shop"}));
  EXPECT_EQ(said.code, 4);
  EXPECT_THAT(said.err, HasSubstr("no target of blue (v41) is healthy\n  `teal rollback d-3 "
                                  "--force` retires it at once"));
}

TEST_F(Cli, ForcesTheFallbackOfAService) {
  admin_.on_server([&] {
    control::ServiceReport& shop = admin_.commands.services_["shop"];
    shop.deployment.reset();
    shop.fallback = control::FallbackReport{Colour::green, "v42", "d-3", true, std::nullopt, ""};
  });
  EXPECT_EQ(run(line({"stop", "shop", "--force"})).code, 0);
  EXPECT_EQ(run(line({"rollback", "d-3", "--force"})).code, 0);
  EXPECT_EQ(run(line({"promote", "shop", "--force"})).code, 2);
  EXPECT_THAT(calls(), ElementsAre("command d-3 3 force", "command d-3 4 force"));
}

TEST_F(Cli, SplitsByHandAndGuardsAgainstALostUpdate) {
  EXPECT_EQ(run(line({"split", "shop", "green=20%", "--if-match", "7"})).code, 0);
  const Said late = run(line({"split", "shop", "green=30%", "--if-match", "7"}));
  EXPECT_EQ(late.code, 1);
  EXPECT_THAT(late.err, HasSubstr("The service has changed"));
  EXPECT_EQ(run(line({"split", "shop", "green"})).code, 2);
  EXPECT_EQ(run(line({"split", "shop", "red=10%"})).code, 2);
  EXPECT_EQ(run(line({"split", "shop", "green=nonsense"})).code, 2);
  EXPECT_EQ(run(line({"split", "shop", "green=20%", "--if-match", "x"})).code, 2);
}

TEST_F(Cli, AddsAndDrainsTargets) {
  EXPECT_EQ(run(line({"target", "add", "shop", "green", "10.0.0.7:80"})).code, 0);
  EXPECT_EQ(run(line({"target", "drain", "shop", "blue", "unix:/run/app.sock"})).code, 0);
  EXPECT_THAT(calls(),
              ElementsAre("put shop green 10.0.0.7:80", "delete shop blue unix:/run/app.sock"));
  EXPECT_EQ(run(line({"target", "drain", "shop", "green", "10.0.0.7:80", "--force"})).code, 0);
  EXPECT_EQ(calls().back(), "delete shop green 10.0.0.7:80 force");
  EXPECT_EQ(run(line({"target", "add", "shop", "green", "10.0.0.7:80", "--force"})).code, 2);
  EXPECT_EQ(run(line({"target", "add", "shop", "red", "10.0.0.7:80"})).code, 2);
  EXPECT_EQ(run(line({"target", "add", "shop", "green", "nowhere"})).code, 2);
}

TEST_F(Cli, FiresAlarmsAndListsHistoryAndEvents) {
  admin_.on_server([&] {
    admin_.commands.alarms["outside"] = true;
    admin_.commands.announce("split.changed", "green 12.5%");
  });
  EXPECT_EQ(run(line({"alarm", "outside", "firing", "--reason", "why"})).code, 0);
  EXPECT_THAT(calls(), ElementsAre("alarm outside  firing why"));
  EXPECT_THAT(run(line({"history", "shop"})).out, HasSubstr("d-3  deploy  v42       Baking"));
  const Said events = run(line({"events"}));
  EXPECT_EQ(events.code, 0) << events.err;
  EXPECT_THAT(events.out, HasSubstr("split.changed  green 12.5%"));
}

TEST_F(Cli, ListsAlarmsAndEndsAllEpisodesOfOne) {
  admin_.on_server([&] {
    admin_.commands.alarms["HighErrorRate"] = true;
    admin_.commands.outside = control::testing::fired_alarms(admin_.clock.now);
  });
  const Said table = run(line({"alarms"}));
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_EQ(
      table.out,
      "SERVICE  ALARM          STATE     SINCE                 EPISODES   ALERTS           REASON\n"
      "shop     HighErrorRate  ignored   2026-11-23 01:14:08Z  1 ignored  severity=page    5xx\n"
      "  fires since 2026-11-23 01:14:08Z, ignored until it resolves\n"
      "cart     pager          resolved  -                     -          alertname=pager\n");
  EXPECT_THAT(run(line({"--output", "json", "alarms", "shop"})).out,
              ::testing::StartsWith("{\"alarms\":[{\"name\":\"HighErrorRate\""));
  EXPECT_EQ(run(line({"alarm", "HighErrorRate", "resolved", "--all"})).code, 0);
  EXPECT_THAT(calls(), ElementsAre("resolve HighErrorRate "));
}

std::vector<std::string> deploy_words(const std::vector<std::string>& more) {
  std::vector<std::string> words{"deploy",   "shop",        "--revision",        "v43",
                                 "--target", "10.0.0.9:80", "--idempotency-key", "k"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST_F(Cli, DeploysWithoutWaiting) {
  const Said said = run(line(deploy_words({"--plan", "AllAtOnce"})));
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out,
            "d-2 shop v43: Created at 0%\n"
            "  targets: 10.0.0.9:80\n"
            "  alarms: none\n");
  EXPECT_THAT(calls(), ElementsAre("deploy shop v43 key=k"));
}

TEST_F(Cli, ListsTheAlarmsThatAreInForceWhoeverAskedForThem) {
  admin_.on_server([&] {
    admin_.commands.defaults.alarms = {{"errors", config::ErrorRateAlarm{}, Millis{30'000}, 50},
                                       {"pager", config::ExternalAlarm{}, Millis{30'000}, 50}};
  });
  const Said said =
      run(line(deploy_words({"--alarm", "slow=latency_p99 > 250ms", "--alarm", "pager=none"})));
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("  alarms: errors (as told), slow (as told)\n"));
}

TEST_F(Cli, WaitsForSuccessShowingEachTimelineEntryOnce) {
  int looks = 0;
  const Said said = run(line(deploy_words({"--wait"})), [&](Millis) {
    if (++looks == 1)
      admin_.on_server([&] {
        admin_.commands.deployments_["d-2"].timeline.push_back(
            {admin_.clock.now, Status::in_progress, "shift to 10%"});
      });
    if (looks == 3) finish("d-2", Status::succeeded);
    return looks < 10;
  });
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out,
            "d-2 shop v43: Created at 0%\n"
            "  targets: 10.0.0.9:80\n"
            "  alarms: none\n"
            "2026-11-23 02:14:08Z  InProgress  shift to 10%\n"
            "2026-11-23 02:14:08Z  Succeeded   ended d-2\n"
            "d-2 shop v43: Succeeded at 0%\n");
}

TEST_F(Cli, SaysOnceWhyItWaitsAndWhatEndsThat) {
  int looks = 0;
  const Said said = run(line(deploy_words({"--wait"})), [&](Millis) {
    if (++looks == 1)
      admin_.on_server([&] {
        auto& watched = admin_.commands.deployments_["d-2"];
        watched.phase = "Watching";
        watched.status = Status::baking;
        watched.step_ends = admin_.clock.now + Millis{192'000};
        watched.wait = control::WaitReport{
            "Watching",    admin_.clock.now,   "watch_after",
            "v43 is live", "it has succeeded", {{"teal continue shop", "ends the watch"}}};
      });
    if (looks == 4) {
      admin_.on_server([&] { admin_.commands.deployments_["d-2"].phase = "Succeeded"; });
      finish("d-2", Status::succeeded);
    }
    return looks < 10;
  });
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(
      said.out,
      "d-2 shop v43: Created at 0%\n"
      "  targets: 10.0.0.9:80\n"
      "  alarms: none\n"
      "  Watching since 2026-11-23 02:14:08Z by watch_after: v43 is live; 3m12s left, then it "
      "has succeeded\n"
      "  `teal continue shop` ends the watch\n"
      "2026-11-23 02:14:08Z  Succeeded   ended d-2\n"
      "d-2 shop v43: Succeeded at 0%\n");
}

TEST_F(Cli, FollowsTheRollbackAndSaysSoByItsExitCode) {
  const Said said = run(line(deploy_words({"--wait"})), [&](Millis) {
    admin_.on_server([&] {
      auto& rollback = admin_.commands.deployments_["d-4"];
      rollback.id = "d-4";
      rollback.kind = control::Kind::rollback;
      rollback.service = "shop";
      rollback.revision = "v41";
      admin_.commands.deployments_["d-2"].rolled_back_by = "d-4";
    });
    finish("d-4", Status::succeeded);
    finish("d-2", Status::failed);
    return true;
  });
  EXPECT_EQ(said.code, 3) << said.err;
  EXPECT_THAT(said.out, HasSubstr("d-4 shop back to v41: Succeeded"));
}

TEST_F(Cli, TellsAFailureWithoutARollbackFromOne) {
  const Said said = run(line(deploy_words({"--wait"})), [&](Millis) {
    finish("d-2", Status::stopped);
    return true;
  });
  EXPECT_EQ(said.code, 4);
}

TEST_F(Cli, StopsWaitingInTime) {
  const Said said =
      run(line(deploy_words({"--wait", "--timeout", "1s"})), [](Millis) { return true; });
  EXPECT_EQ(said.code, 5);
  EXPECT_THAT(said.err, HasSubstr("d-2 has not ended in 1s; it goes on: `teal wait d-2` waits"));
}

TEST_F(Cli, SaysEveryHalfMinuteWhatItWaitsForAndWhichTargetsAreIll) {
  Millis waited{0};
  const Said said = run(line({"wait", "d-3", "--timeout", "61s"}), [&](Millis time) {
    waited += time;
    return true;
  });
  EXPECT_EQ(said.code, 5);
  EXPECT_THAT(said.out, HasSubstr("after 15s: d-3 shop v42: Baking at 12.5%, step 2/3 (bake 5m)"));
  EXPECT_THAT(said.out, HasSubstr("; green 10.0.0.1:9081 unhealthy: probe: connection refused\n"));
  for (const char* moment : {"after 30s: ", "after 45s: ", "after 1m: "})
    EXPECT_THAT(said.out, HasSubstr(moment));
  EXPECT_EQ(waited, Millis{61'000});
}

TEST_F(Cli, SaysWhatADeploymentWaitsForThatHasNotComeToItsPlan) {
  admin_.on_server([&] {
    auto& report = admin_.commands.deployments_["d-3"];
    report.plan.steps.clear();
    report.timeline.push_back(
        {admin_.clock.now, Status::in_progress, "waiting for 1 of 1 targets to be healthy"});
  });
  const Said said = run(line({"wait", "d-3", "--timeout", "20s"}), [](Millis) { return true; });
  EXPECT_THAT(said.out, HasSubstr("after 15s: d-3 shop v42: Baking at 12.5%; waiting for 1 of 1 "
                                  "targets to be healthy; green 10.0.0.1:9081 unhealthy"));
}

TEST_F(Cli, BeatsOnTheErrorStreamWhereTheReportIsJson) {
  const Said said = run(line({"--output", "json", "wait", "d-3"}), [&, looks = 0](Millis) mutable {
    if (++looks == 70) finish("d-3", Status::succeeded);
    return looks < 100;
  });
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, ::testing::StartsWith("{\"id\":\"d-3\""));
  EXPECT_THAT(said.err, HasSubstr("after 15s: d-3 shop v42: Baking"));
}

TEST_F(Cli, WaitsForTheNewestDeploymentOfAServiceOrOfARevision) {
  finish("d-3", Status::succeeded);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"wait"}, {"wait", "shop"}, {"wait", "v42"}, {"wait", "d-3"}}) {
    const Said said = run(line(words));
    EXPECT_EQ(said.code, 0) << said.err;
    EXPECT_THAT(said.out, HasSubstr("d-3 shop v42: Succeeded"));
    EXPECT_EQ(said.out.starts_with("waiting for d-3\n"), words.back() != "d-3") << said.out;
  }
  EXPECT_EQ(run(line({"wait", "v99"})).code, 1);
}

TEST_F(Cli, ExplainsAndReplaysByDeploymentServiceOrRevision) {
  for (const std::string what : {"d-3", "shop", "v42"}) {
    EXPECT_EQ(run(line({"explain", what})).code, 0) << what;
    EXPECT_EQ(run(line({"replay", what, "--tolerance", "2"})).code, 0) << what;
  }
  const Said unknown = run(line({"explain", "v99"}));
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("no deployment, service or revision is called 'v99'; `teal "
                                     "status` lists the services"));
  EXPECT_EQ(run(line({"replay", "d-3", "--tolerance", "x"})).code, 2);
  EXPECT_EQ(run(line({"replay", "d-3", "--confidence", "2"})).code, 2);
}

TEST_F(Cli, AsksWhichServiceARevisionOfTwoIsMeantOf) {
  admin_.on_server([&] {
    admin_.commands.services_["cart"] = admin_.commands.services_["shop"];
    admin_.commands.services_["cart"].name = "cart";
    auto& other = admin_.commands.deployments_["d-5"];
    other = admin_.commands.deployments_["d-3"];
    other.id = "d-5";
    other.service = "cart";
  });
  const Said said = run(line({"explain", "v42"}));
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, HasSubstr("name one of d-5, d-3"));
  EXPECT_EQ(run(line({"explain"})).code, 2);
  EXPECT_EQ(run(line({"explain", "cart"})).code, 0);
}

TEST_F(Cli, CutsLinesOnATerminalOnly) {
  const std::string revision(150, 'x');
  admin_.on_server(
      [&] { admin_.commands.services_["shop"].groups[Colour::blue].revision = revision; });
  EXPECT_THAT(run(line({"status"})).out, HasSubstr(revision));
  const Said cut = run(line({"status"}), [](Millis) { return false; }, true);
  EXPECT_THAT(cut.out, ::testing::Not(HasSubstr(revision)));
}

TEST_F(Cli, TellsAGapOfEventsInWords) {
  admin_.on_server([&] { admin_.commands.announce("split.changed", "green 12.5%"); });
  const Said said = run(line({"events", "--since", "0badcafe-4"}));
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out,
              ::testing::StartsWith("(events are missing here, nobody can tell how many"));
  EXPECT_THAT(said.out, ::testing::Not(HasSubstr("{")));
}

TEST_F(Cli, ShowsEveryProblemOfARequest) {
  const Said said = run(line(
      {"deploy", "shop", "--revision", "v43", "--target", "10.0.0.9:80", "--plan", "AllAtTwice"}));
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.err, HasSubstr("plan: "));
}

TEST(CliWithoutTeal, SaysThatItCannotBeReached) {
  const Said said = run({"status"});
  EXPECT_EQ(said.code, 6);
  EXPECT_THAT(said.err, HasSubstr("cannot reach Teal's control API at 127.0.0.1:1: is `teal serve` "
                                  "running?"));
}

/// Waits at 127.0.0.1:1, where nobody is; `wait` tells how long it took by its own clock.
Said wait_for_nobody(const std::vector<std::string>& words, Millis& waited) {
  return run(words, [&](Millis time) {
    waited += time;
    return true;
  });
}

TEST(CliWithoutTeal, DoesNotTakeSilenceForADeploymentThatGoesOn) {
  Millis waited{0};
  const Said said = wait_for_nobody({"wait", "d-2", "--timeout", "2s"}, waited);
  EXPECT_EQ(said.code, 6);
  EXPECT_EQ(waited, Millis{2000}) << "the time-out holds whoever answers";
  EXPECT_THAT(said.err, HasSubstr("; trying again\n"));
  EXPECT_THAT(said.err, HasSubstr("what became of d-2 is unknown, there has been no answer for 2s: "
                                  "`teal wait d-2` waits again, `teal status`"));
  EXPECT_THAT(said.err, ::testing::Not(HasSubstr("goes on")));
}

TEST(CliWithoutTeal, WaitsAMinuteForOneThatIsBeingRestartedAndSaysSo) {
  Millis waited{0};
  const Said said = wait_for_nobody({"wait", "d-2"}, waited);
  EXPECT_EQ(said.code, 6);
  EXPECT_GE(waited, Millis{60'000});
  EXPECT_LE(waited, Millis{62'000});
  EXPECT_THAT(said.out, HasSubstr("s: no answer for "));
}

TEST(CliWithoutTeal, TellsUsageFromErrors) {
  EXPECT_EQ(run({"deploy", "shop", "--revision", "v2", "--alarm", "nonsense"}).code, 2);
  EXPECT_EQ(run({}).code, 2);
  EXPECT_EQ(run({"explode"}).code, 2);
  EXPECT_EQ(run({"deploy", "shop"}).code, 2);
  EXPECT_EQ(run({"--admin", "nowhere", "status"}).code, 2);
  EXPECT_EQ(run({"--output", "xml", "status"}).code, 2);
  const Said help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("3 the deployment was rolled back"));
  EXPECT_THAT(run({"--version"}).out, ::testing::StartsWith("teal 0."));
}

TEST(CliWithoutTeal, NamesACommandThatItDoesNotKnowAndTheNearest) {
  const Said frob = run({"frob"});
  EXPECT_EQ(frob.code, 2);
  EXPECT_EQ(frob.err, "teal: 'frob' is not a command; `teal --help` lists them\n");
  EXPECT_EQ(run({"depoly", "shop", "--revision", "v2"}).err,
            "teal: 'depoly' is not a command; did you mean 'deploy'?; `teal --help` lists them\n");
  EXPECT_EQ(run({"--admin", "127.0.0.1:1", "target", "drian", "shop"}).err,
            "teal: 'drian' is not a command; did you mean 'drain'?; `teal target --help` lists "
            "them\n");
  EXPECT_THAT(run({"--frob"}).err, ::testing::Not(HasSubstr("is not a command")));
}

}  // namespace
}  // namespace teal::app
