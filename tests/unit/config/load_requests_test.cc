#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"

namespace teal::config {
namespace {

using ::testing::HasSubstr;

template <class T>
std::string report_of(const Loaded<T>& loaded) {
  if (loaded) return "";
  std::string text;
  for (const Problem& problem : loaded.error().list) text += to_string(problem) + '\n';
  return text;
}

std::string deployment_problem(std::string_view json) {
  return report_of(parse_deployment_request(json, Deploy{}));
}

TEST(DeploymentRequest, OverridesTheDefaultsOfTheService) {
  Deploy defaults;
  defaults.plan = *parse_plan_name("AllAtOnce");
  defaults.keep_old = minutes{3};
  defaults.alarms = {Alarm{"errors", ErrorRateAlarm{}, seconds{30}, 50}};
  const auto request = parse_deployment_request(
      "{\r\n\t\"revision\": \"v\\u0034\\u0032\",\r\n\t\"targets\": [\r\n\t\t\"10.0.0.1:8080\",\r\n"
      "\t\t\"unix:\\/run\\/app.sock\"\r\n\t],\r\n\t\"plan\": [\r\n\t\t{\"set_weight\": 12.5},\r\n"
      "\t\t{\"bake\": \"5m\"}\r\n\t],\r\n\t\"minimum_healthy\": 2\r\n}\r\n",
      defaults);
  ASSERT_TRUE(request) << report_of(request);
  EXPECT_EQ(request->revision, "v42");
  ASSERT_EQ(request->targets.size(), 2U);
  EXPECT_EQ(request->targets[1], (Address{Address::Kind::unix_socket, "/run/app.sock", 0}));
  EXPECT_EQ(describe(request->deploy.plan), "12.5% · bake 5m · 100%");
  EXPECT_EQ(request->deploy.minimum_healthy, (MinimumHealthy{false, 2}));
  EXPECT_EQ(request->deploy.keep_old, minutes{3});
  EXPECT_EQ(request->deploy.alarms, defaults.alarms);
}

/// The service's own: errors and pager.
Deploy with_alarms() {
  Deploy defaults;
  defaults.alarms = {Alarm{"errors", ErrorRateAlarm{}, seconds{30}, 50},
                     Alarm{"pager", ExternalAlarm{}, seconds{30}, 50}};
  return defaults;
}

/// What is in force with the request's `alarms`.
std::vector<std::string> alarms_with(const std::string& alarms) {
  const auto request =
      parse_deployment_request(R"({"revision": "v2", "alarms": )" + alarms + "}", with_alarms());
  EXPECT_TRUE(request) << report_of(request);
  std::vector<std::string> names;
  for (const Alarm& alarm : request->deploy.alarms) names.push_back(alarm.name);
  return names;
}

TEST(DeploymentRequest, NamesTheFilesAlarmsWhereOneIsToBeRemovedThatIsNotThere) {
  EXPECT_THAT(
      report_of(parse_deployment_request(
          R"({"revision": "v2", "alarms": {"errors": null, "nope": null}})", with_alarms())),
      HasSubstr("alarms.nope: there is no such alarm to remove; the file has: errors, "))
      << "also those that the request removes";
}

TEST(DeploymentRequest, MergesAlarmsWithTheServicesOwnByName) {
  using ::testing::ElementsAre;
  EXPECT_THAT(alarms_with("{}"), ElementsAre("errors", "pager"));
  EXPECT_THAT(alarms_with(R"({"slow": {"latency_p99": "> 250ms"}})"),
              ElementsAre("errors", "pager", "slow"));
  EXPECT_THAT(alarms_with(R"({"errors": null, "slow": {"latency_p99": "> 250ms"}})"),
              ElementsAre("pager", "slow"));
  EXPECT_THAT(alarms_with(R"({"errors": null, "pager": null})"), ElementsAre());
  const auto replaced = parse_deployment_request(
      R"({"revision": "v2", "alarms": {"errors": {"error_rate": "> 5%"}}})", with_alarms());
  ASSERT_EQ(replaced->deploy.alarms.size(), 2U);
  EXPECT_EQ(std::get<ErrorRateAlarm>(replaced->deploy.alarms[0].condition).threshold.limit, 0.05);
}

TEST(DeploymentRequest, TakesNoAlarmAwayThatIsNotThere) {
  EXPECT_EQ(
      report_of(parse_deployment_request(R"({"revision": "v2", "alarms": {"errrors": null}})",
                                         with_alarms())),
      "request body:1:42: alarms.errrors: there is no such alarm to remove; the file has: errors, "
      "pager\n");
  EXPECT_THAT(
      report_of(parse_deployment_request(R"({"revision": "v2", "alarms": null})", with_alarms())),
      HasSubstr("alarms: has no value"));
}

TEST(DeploymentRequest, KnowsAnEmptyListOfTargetsFromNone) {
  EXPECT_TRUE(
      parse_deployment_request(R"({"revision": "v2", "targets": []})", {})->lists_no_targets);
  EXPECT_FALSE(parse_deployment_request(R"({"revision": "v2"})", {})->lists_no_targets);
}

TEST(DeploymentRequest, ReportsEveryProblemAtOnce) {
  EXPECT_EQ(
      deployment_problem("{\n  \"revison\": \"v2\",\n  \"targets\": [\"a:1\", \"10.0.0.1:0\"],\n"
                         "  \"plan\": \"AllAtOnec\",\n  \"keep_old\": null,\n"
                         "  \"keep_old\": \"5m\"\n}"),
      "request body:1:1: revision: is missing; name the release: \"revision\": \"v2\"\n"
      "request body:2:3: revison: unknown key; did you mean 'revision'?\n"
      "request body:3:15: targets[0]: 'a:1' is not an address: names are not resolved, write "
      "IP:PORT, [IPv6]:PORT or unix:/PATH\n"
      "request body:3:22: targets[1]: a target needs a port from 1 to 65535\n"
      "request body:4:11: plan: plan 'AllAtOnec': there is no such plan; did you mean "
      "'AllAtOnce'?\n"
      "request body:5:3: keep_old: has no value; give it one or leave the key out\n"
      "request body:6:3: keep_old: is here a second time; keep one of the two\n");
}

TEST(DeploymentRequest, RefusesBodiesThatAreNoObjects) {
  for (const char* body : {"", "[]", "\"v2\"", "null", "revision: v2", "{\"revision\": \"v2\"} x"})
    EXPECT_NE(deployment_problem(body), "") << body;
  EXPECT_THAT(deployment_problem("[]"), HasSubstr("request body:1:1: must be a JSON object"));
}

TEST(DeploymentRequest, EchoesNoControlCharacters) {
  const std::string report =
      deployment_problem(R"({"revision": "a\u001b[31m", "x\u0007y": 1, "plan": "\u0000"})");
  for (const char c : report) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  EXPECT_THAT(report, HasSubstr("x\\x07y: unknown key"));
}

TEST(SplitRequest, TakesOneColourOrBoth) {
  const Split expected = Split::with(Colour::green, Weight{1250});
  for (const char* body : {R"({"green": "12.5%"})", R"({"green": 12.5})", R"({"blue": "87.5%"})",
                           R"({"blue": 87.5, "green": "12.5"})"}) {
    const Loaded<Split> split = parse_split_request(body);
    ASSERT_TRUE(split) << body << report_of(split);
    EXPECT_EQ(*split, expected) << body;
  }
  EXPECT_EQ(*parse_split_request(R"({"green": 0})"), Split::all_to(Colour::blue));
}

TEST(SplitRequest, SaysWhatIsWrong) {
  const auto problem = [](std::string_view body) { return report_of(parse_split_request(body)); };
  EXPECT_THAT(problem("{}"), HasSubstr(R"(must give a share of the traffic; write {"green")"));
  EXPECT_EQ(problem(R"({"blue": 50, "green": "49.99%"})"),
            "request body:1:1: blue 50% and green 49.99% do not sum to 100%; give one of them; the "
            "other gets the rest\n");
  EXPECT_THAT(problem(R"({"grene": 10})"), HasSubstr("did you mean 'green'?"));
  EXPECT_THAT(problem(R"({"green": 101})"), HasSubstr("is not a weight"));
  EXPECT_THAT(problem(R"({"green": -1})"), HasSubstr("is not a weight"));
  EXPECT_THAT(problem(R"({"green": 0.001})"), HasSubstr("at most two decimals"));
  EXPECT_THAT(problem(R"({"green": [10]})"), HasSubstr("must be a single value"));
  EXPECT_THAT(problem(R"({"green": null})"), HasSubstr("has no value"));
  EXPECT_THAT(problem("green=10"), HasSubstr("is not JSON"));
}

}  // namespace
}  // namespace teal::config
