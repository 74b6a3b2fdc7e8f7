#include "app/view/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "app/client/event_parser.h"
#include "app/view/text_table.h"
#include "control/report_json/report_json.h"
#include "tests/support/fake_commands.h"

namespace teal::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

boost::json::object canary() {
  control::testing::FixedClock clock;
  control::testing::FakeCommands commands;
  control::testing::add_canary(commands, clock.now);
  return control::to_json(commands.services_["shop"], &commands.deployments_["d-3"], nullptr,
                          clock.now);
}

TEST(StatusView, ShowsACanaryAtAGlance) {
  EXPECT_EQ(render_service(canary(), {}),
            R"(shop  live blue  split blue=87.5% green=12.5%
  GROUP  ROLE     REVISION  HEALTHY  ASKED  MEASURED   REQ/S  ERRORS    P50      P99
  blue   live     v41           2/2  87.5%    87.41%  1203.4   0.00%  1.2ms    4.0ms
  green  release  v42           1/2  12.5%    12.59%   173.2   0.31%  1.3ms  251.5ms
  green 10.0.0.1:9081 unhealthy: probe: connection refused
  d-3 shop v42: Baking at 12.5%, step 2/3 (bake 5m), 3m12s left
    alarm errors   healthy      error_rate > 1% over 30s
    alarm slow     breached     latency_p99 > 250ms over 30s  latency_p99 251.5ms > 250ms
    alarm outside  no evidence  external                      nobody has spoken
    2026-11-23 02:12:08Z  Created     created
    2026-11-23 02:13:08Z  Baking      shift to 12.5%
)");
}

TEST(StatusView, SaysWhyADeploymentWaitsAndWhatToType) {
  control::testing::FixedClock clock;
  control::testing::FakeCommands commands;
  control::testing::add_canary(commands, clock.now);
  control::DeploymentReport& running = commands.deployments_["d-3"];
  running.status = control::Status::ready;
  running.phase = "Gated";
  running.wait = control::WaitReport{
      "Gated",
      clock.now,
      "gate qa",
      "the plan goes on when somebody continues",
      "it is stopped",
      {{"teal continue shop", "goes on"}, {"teal rollback shop", "takes the release back"}}};
  const auto shown = [&] {
    return render_service(
        control::to_json(commands.services_["shop"], &running, nullptr, clock.now),
        {200, false, 0});
  };
  EXPECT_THAT(shown(),
              HasSubstr("  d-3 shop v42: Ready, Gated at 12.5%, step 2/3 (bake 5m)\n"
                        "    Gated since 2026-11-23 02:14:08Z by gate qa: the plan goes on "
                        "when somebody continues; 3m12s left, then it is stopped\n"
                        "    `teal continue shop` goes on, `teal rollback shop` takes the "
                        "release back\n"));
  running.step_ends.reset();
  EXPECT_THAT(shown(), HasSubstr("when somebody continues\n")) << "it has no end of its own";
  running.phase = "Watching";
  running.status = control::Status::baking;
  EXPECT_THAT(shown(), HasSubstr("  d-3 shop v42: Baking, Watching at 12.5%\n"));
}

TEST(StatusView, ListsNoTargetAsHealthyThatDrainsOrIsEjected) {
  control::testing::FixedClock clock;
  control::testing::FakeCommands commands;
  control::testing::add_canary(commands, clock.now);
  auto& targets = commands.services_["shop"].groups[Colour::blue].targets;
  targets[0].state.draining = true;
  targets[1].state.ejected = true;
  targets[1].state.reason = "5 failures in a row";
  const std::string text =
      render_service(control::to_json(commands.services_["shop"], nullptr, nullptr, clock.now), {});
  EXPECT_THAT(text, HasSubstr("  blue 10.0.0.1:8080 draining: gets no new requests\n"));
  EXPECT_THAT(text, HasSubstr("  blue 10.0.0.1:8081 ejected: 5 failures in a row\n"));
  EXPECT_THAT(text, HasSubstr("  green  idle  v42")) << "nothing is being shipped";
}

TEST(StatusView, SaysOfAnAlarmThatItIsIgnoredAndWhy) {
  boost::json::object service = canary();
  boost::json::object& alarm =
      service["deployment"].as_object()["alarms"].as_array()[2].as_object();
  alarm["verdict"] = "healthy";
  alarm["note"] = "fires since 2026-11-23 02:13:07Z, ignored until it resolves";
  EXPECT_THAT(
      render_service(service, {}),
      HasSubstr("\n          fires since 2026-11-23 02:13:07Z, ignored until it resolves\n"));
}

TEST(StatusView, ListsOutsideAlarmsThatFireWhileNothingIsDeployed) {
  control::testing::FixedClock clock;
  control::ServiceReport quiet;
  quiet.outside = control::testing::fired_alarms(clock.now);
  quiet.outside.pop_back();
  const auto json = control::to_json(quiet, nullptr, nullptr, WallTime{});
  EXPECT_THAT(render_service(json, {}),
              HasSubstr("  alarm HighErrorRate fires since 2026-11-23 01:14:08Z"));
}

TEST(StatusView, ShowsAFallbackFirstOfAllThatIsWrong) {
  control::testing::FixedClock clock;
  control::testing::FakeCommands commands;
  control::testing::add_canary(commands, clock.now);
  control::ServiceReport& shop = commands.services_["shop"];
  shop.fallback = control::FallbackReport{Colour::green, "v42",        "d-3",
                                          true,          std::nullopt, "green (v42) serves"};
  const std::string text =
      render_service(control::to_json(shop, nullptr, nullptr, clock.now), {100, true, 5});
  EXPECT_THAT(text, HasSubstr("\x1b[31m  fallback: green (v42) serves"));
  shop.fallback->leaves_in = Millis{3000};
  EXPECT_THAT(render_service(control::to_json(shop, nullptr, nullptr, clock.now), {100, true, 5}),
              HasSubstr("\x1b[33m  fallback: "));
}

TEST(StatusView, CutsLinesToTheWidthOfTheTerminal) {
  const std::string text = render_service(canary(), {40, false, 5});
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    EXPECT_LE(width_of(text.substr(start, end - start)), 40U);
    start = end + 1;
  }
  EXPECT_THAT(text, HasSubstr("…\n"));
}

TEST(StatusView, UsesColourOnlyWhereAsked) {
  EXPECT_THAT(render_service(canary(), {100, false, 5}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(render_service(canary(), {100, true, 5}), HasSubstr("\x1b[31m    alarm slow"));
}

TEST(StatusView, ShowsOnlyTheLastTimelineEntries) {
  const std::string text = render_service(canary(), {100, false, 1});
  EXPECT_THAT(text, Not(HasSubstr("Created     created")));
  EXPECT_THAT(text, HasSubstr("shift to 12.5%"));
}

TEST(StatusView, ShowsDashesWhereNothingWasMeasured) {
  const control::ServiceReport quiet;
  const auto json = control::to_json(quiet, nullptr, nullptr, WallTime{});
  EXPECT_THAT(render_service(json, {}), HasSubstr("  blue   idle  -             0/0     0%"
                                                  "         -    0.0       -    -    -\n"));
}

TEST(StatusView, ShowsWhatIsInFlightAndSinceWhen) {
  boost::json::object service = canary();
  boost::json::object& green = service["groups"].as_object()["green"].as_object();
  green["in_flight"] = 63;
  green["oldest_in_flight_ms"] = 12'300;
  EXPECT_THAT(render_service(service, {}),
              HasSubstr("  green in flight: 63, the oldest for 12.30s\n"));
}

TEST(StatusView, LetsNobodyMoveTheCursor) {
  boost::json::object service = canary();
  service["groups"].as_object()["green"].as_object()["revision"] = "v\x1b[2J";
  EXPECT_THAT(render_service(service, {}), Not(HasSubstr("\x1b")));
}

TEST(StatusView, ToleratesAnEmptyReport) {
  EXPECT_THAT(render_service({}, {}), HasSubstr("GROUP"));
  EXPECT_EQ(render_history({}, {}), "nothing has been deployed yet\n");
}

TEST(StatusView, ExplainsAProblemWithItsRemedy) {
  EXPECT_EQ(render_problem(R"({"title":"Bad body","detail":"1 problem","remedy":"correct it",
                            "problems":[{"key":"plam","message":"unknown key","hint":"plan?"}]})",
                           400),
            "Bad body: 1 problem\n  plam: unknown key; plan?\n  correct it\n");
  EXPECT_EQ(render_problem("<html>", 502), "the control API answered with status 502\n");
}

TEST(TextTable, FitsTextToItsWidth) {
  EXPECT_EQ(fit("grün", 4), "grün");
  EXPECT_EQ(fit("grüner", 4), "grü…");
  EXPECT_EQ(fit("a\tb", 3), "a b");
  EXPECT_EQ(fit("abc", 0), "");
}

TEST(EventParser, TakesEventsApartHoweverTheyArrive) {
  const std::string stream =
      ":\n\nid: 1\nevent: a.b\ndata: {\"x\":\ndata: 1}\n\n: live\n\nid:2\r\ndata:y\r\n\r\n";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    EventParser parser;
    std::vector<std::string> seen;
    const auto take = [&](const ServerEvent& event) {
      seen.push_back(event.is_live_mark ? "live" : event.id + "|" + event.type + "|" + event.data);
      return true;
    };
    EXPECT_TRUE(parser.feed(stream.substr(0, cut), take));
    EXPECT_TRUE(parser.feed(stream.substr(cut), take));
    EXPECT_THAT(seen, ::testing::ElementsAre("1|a.b|{\"x\":\n1}", "live", "2||y")) << cut;
  }
}

TEST(EventParser, HasALimit) {
  EventParser parser;
  EXPECT_FALSE(parser.feed(std::string(EventParser::kMaxBytes + 1, 'x'),
                           [](const ServerEvent&) { return true; }));
}

}  // namespace
}  // namespace teal::app
