// What alarms count as errors, and what `check` says where none counts 4xx.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "tests/support/config_services.h"

namespace teal::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Alarm alarm_of(const std::string& keys) {
  const Service service = service_with("  deploy: { alarms: { a: { " + keys + " } } }\n");
  return service.deploy.alarms.empty() ? Alarm{} : service.deploy.alarms[0];
}

/// "5xx, 404 under /api" of the alarm with those keys.
std::string counted(const std::string& keys) {
  const Alarm alarm = alarm_of(keys);
  const ErrorMeaning* const meaning = meaning_of(alarm);
  return meaning == nullptr ? "nothing" : to_string(*meaning);
}

std::string problem(const std::string& keys) {
  return problems_with("  deploy: { alarms: { a: { " + keys + " } } }\n");
}

std::string warnings_with(const std::string& alarms) {
  std::string text(kListeners);
  text += "services:\n shop:\n";
  text += kService;
  text += "  health: { tcp: true }\n";
  text += "  deploy:\n   plan: CodeDeployDefault.ECSCanary10Percent5Minutes\n   alarms: " + alarms;
  std::vector<Problem> warnings;
  EXPECT_TRUE(load_text(text, "t.yaml", {}, &warnings));
  std::string all;
  for (const Problem& warning : warnings) all += to_string(warning) + '\n';
  return all;
}

TEST(LoadErrors, CountEvery5xxOfAllRequestsWhereNothingIsSaid) {
  EXPECT_EQ(counted("error_rate: '> 1%'"), "5xx");
  EXPECT_EQ(counted("compare: errors"), "5xx");
  EXPECT_EQ(counted("compare: latency"), "nothing");
  EXPECT_TRUE(meaning_of(alarm_of("error_rate: '> 1%'"))->is_usual());
}

TEST(LoadErrors, CountWhatIsNamed) {
  EXPECT_EQ(counted("error_rate: '> 1%', errors: [ 5xx, 404, 429 ]"), "5xx, 404, 429");
  EXPECT_EQ(counted("error_rate: '> 1%', errors: 5xx, except: [ 501, 505-510 ]"),
            "5xx except 501, 505-510");
  EXPECT_EQ(counted("error_rate: '> 1%', except: 501"), "5xx except 501");
  EXPECT_EQ(counted("compare: errors, errors: [ 5xx, RESOURCE_EXHAUSTED, 5 ]"),
            "5xx, RESOURCE_EXHAUSTED, NOT_FOUND");
  EXPECT_EQ(counted("compare: errors, except: UNIMPLEMENTED"), "5xx except UNIMPLEMENTED");
  EXPECT_EQ(counted("error_rate: '> 1%', errors: [ 404 ], paths: [ /api, /v2/items ]"),
            "404 under /api, /v2/items");
  EXPECT_EQ(counted("error_rate: '> 1%', paths: /checkout"), "5xx under /checkout");
}

TEST(LoadErrors, CountEvery4xxOfClients) {
  EXPECT_EQ(counted("client_error_rate: '> 5%'"), "4xx");
  EXPECT_EQ(counted("compare: client_errors"), "4xx");
  EXPECT_EQ(counted("client_error_rate: '> 5%', except: [ 401, 404 ], paths: /api"),
            "4xx except 401, 404 under /api");
  const Alarm alarm = alarm_of("client_error_rate: '> 5%', over: 10s, minimum_requests: 7");
  EXPECT_EQ(std::get<ErrorRateAlarm>(alarm.condition).threshold.limit, 0.05);
  EXPECT_EQ(alarm.over, seconds{10});
  EXPECT_EQ(alarm.minimum_requests, 7U);
}

TEST(LoadErrors, RefuseWhatIsNoStatusWithWhatWasMeant) {
  EXPECT_EQ(problem("error_rate: '> 1%', errors: [ 5xx, unavailable ]"),
            "t.yaml:6:63: services.shop.deploy.alarms.a.errors[1]: must be a status like 404, 5xx "
            "or 500-504, or one of gRPC like UNAVAILABLE or 14, not 'unavailable'; did you mean "
            "'UNAVAILABLE'?\n");
  EXPECT_THAT(problem("error_rate: '> 1%', errors: 200"), HasSubstr("that is no error"));
  EXPECT_THAT(problem("error_rate: '> 1%', errors: OK"), HasSubstr("that is no error"));
  EXPECT_THAT(problem("error_rate: '> 1%', errors: [ BROKEN ]"), HasSubstr("names of gRPC"));
  EXPECT_THAT(problem("error_rate: '> 1%', errors: []"), HasSubstr("at least one status"));
  EXPECT_THAT(problem("error_rate: '> 1%', errors: [ 404, 404 ]"), HasSubstr("a second time"));
  EXPECT_THAT(problem("error_rate: '> 1%', errors: { a: 1 }"), HasSubstr("a single value"));
}

TEST(LoadErrors, RefuseExceptionsThatExceptNothingOrEverything) {
  EXPECT_THAT(problem("error_rate: '> 1%', except: [ 404 ]"),
              HasSubstr("a.except: 404 is none of the errors (5xx)"));
  EXPECT_THAT(problem("error_rate: '> 1%', errors: [ 404, 429 ], except: [ 400-430 ]"),
              HasSubstr("a.except: leaves no error to count"));
  EXPECT_THAT(problem("client_error_rate: '> 1%', except: 4xx"), HasSubstr("leaves no error"));
}

TEST(LoadErrors, RefuseWhatMeansNothingWhereNoErrorsAreCounted) {
  for (const char* condition :
       {"latency_p99: '> 1s'", "request_rate: '< 1/s'", "external: true", "compare: latency"})
    for (const std::string key : {"errors: 5xx", "except: 501", "paths: /a"}) {
      EXPECT_THAT(problem(condition + (", " + key)),
                  HasSubstr("a." + key.substr(0, key.find(':')) +
                            ": means nothing where no errors are counted; it goes with error_rate"))
          << condition;
    }
  EXPECT_THAT(
      problem("client_error_rate: '> 1%', errors: 5xx"),
      HasSubstr("a.errors: means nothing here: what is counted are all 4xx; leave some out"));
  EXPECT_THAT(problem("compare: client_errors, errors: 5xx"), HasSubstr("all 4xx"));
  EXPECT_THAT(problem("compare: client_errors, limit: 1s"), HasSubstr("is for compare: latency"));
  EXPECT_THAT(problem("client_error_rate: '> 1%', error_rate: '> 1%'"),
              HasSubstr("exactly one condition"));
  EXPECT_THAT(problem("compare: rates"), HasSubstr("must be errors, client_errors or latency"));
}

TEST(LoadErrors, RefusePathsThatAreNone) {
  EXPECT_THAT(problem("error_rate: '> 1%', paths: api"), HasSubstr("a path that begins with '/'"));
  EXPECT_THAT(problem("error_rate: '> 1%', paths: '/a?b'"), HasSubstr("a path without a query"));
  EXPECT_THAT(problem("error_rate: '> 1%', paths: '/a;b'"), HasSubstr("has a parameter (';b')"));
  EXPECT_THAT(problem("error_rate: '> 1%', paths: []"), HasSubstr("at least one path"));
  EXPECT_THAT(problem("error_rate: '> 1%', paths: [ /a, /a ]"), HasSubstr("a second time"));
}

TEST(LoadErrors, HaveSixteenDifferentPathsInAService) {
  std::string alarms = "  deploy:\n   alarms:\n";
  const auto add = [&](const std::string& name, const std::string& path) {
    alarms += "    " + name + ": { error_rate: '> 1%', paths: " + path + " }\n";
  };
  for (int i = 0; i < 16; ++i) add("a" + std::to_string(i), "/" + std::to_string(i));
  add("again", "/7");
  EXPECT_EQ(service_with(alarms).deploy.alarms.size(), 17U);
  add("more", "[ /7, /other ]");
  EXPECT_EQ(problems_with(alarms),
            "t.yaml:25:33: services.shop.deploy.alarms.more.paths: with these the service's alarms "
            "have 17 different paths; at most 16 are allowed; use a path that covers several, or "
            "one alarm for all requests\n");
}

TEST(LoadErrors, OfARequestCountWithThoseOfTheFile) {
  Deploy defaults;
  for (int i = 0; i < 16; ++i)
    defaults.alarms.push_back(
        Alarm{"a" + std::to_string(i),
              ErrorRateAlarm{{Threshold::Op::above, 0.01}, {.paths = {"/" + std::to_string(i)}}}});
  const auto merged = parse_deployment_request(
      R"({"revision": "v2", "alarms": {"a0": {"compare": "client_errors", "paths": ["/new"]}}})",
      defaults);
  ASSERT_TRUE(merged);
  EXPECT_EQ(to_string(*meaning_of(merged->deploy.alarms[0])), "4xx under /new");
  const auto more = parse_deployment_request(
      R"({"revision": "v2", "alarms": {"b": {"error_rate": "> 1%", "paths": "/new"}}})", defaults);
  ASSERT_FALSE(more);
  EXPECT_THAT(to_string(more.error().list.at(0)), HasSubstr("alarms.b.paths: with these"));
}

TEST(LoadErrors, AreNumberedByTheirDifferentMeanings) {
  const Service service = service_with(
      "  deploy:\n   alarms:\n"
      "    usual: { error_rate: '> 1%' }\n"
      "    gone: { error_rate: '> 1%', errors: 404 }\n"
      "    slow: { latency_p99: '> 1s' }\n"
      "    refused: { compare: client_errors }\n"
      "    gone-too: { compare: errors, errors: [ 404 ] }\n");
  const std::vector<Alarm>& alarms = service.deploy.alarms;
  EXPECT_EQ(meanings_in(alarms).size(), 2U);
  std::vector<std::size_t> numbers;
  for (const Alarm& alarm : alarms) numbers.push_back(meaning_number(alarms, alarm));
  EXPECT_EQ(numbers, (std::vector<std::size_t>{0, 1, 0, 2, 1}));
}

TEST(LoadErrors, NoneOf4xxIsAWarning) {
  EXPECT_THAT(
      warnings_with("{ errors: { error_rate: '> 1%' } }\n"),
      HasSubstr("t.yaml:9:4: services.shop.deploy.alarms: no alarm counts 4xx, so a release "
                "that answers 404 to everything is shipped; add one like refused: { "
                "compare: client_errors, at_most: 20% }"));
  EXPECT_THAT(warnings_with("{ slow: { latency_p99: '> 1s' } }\n"), HasSubstr("no alarm counts"));
  for (const char* other : {"client: { client_error_rate: '> 20%' }",
                            "client: { compare: client_errors, at_most: 20% }",
                            "some: { error_rate: '> 1%', errors: [ 5xx, 404 ] }"})
    EXPECT_THAT(warnings_with(std::string("{ errors: { error_rate: '> 1%' }, ") + other + " }\n"),
                IsEmpty());
  EXPECT_THAT(warnings_with("{ pager: { external: true } }\n"), IsEmpty()) << "others may know it";
  EXPECT_THAT(warnings_with("{}\n"), IsEmpty());
}

TEST(LoadErrors, NoneOf5xxIsAWarningToo) {
  const std::string warning = "no alarm counts 5xx, so a release that answers 500 to everything";
  for (const char* alarm : {"{ client: { client_error_rate: '> 20%' } }\n",
                            "{ client: { compare: client_errors, at_most: 20% } }\n",
                            "{ some: { error_rate: '> 1%', errors: [ 404 ] } }\n",
                            "{ slow: { latency_p99: '> 1s' } }\n"})
    EXPECT_THAT(warnings_with(alarm), HasSubstr(warning)) << alarm;
  EXPECT_THAT(warnings_with("{ one: { error_rate: '> 1%', errors: [ 404, 503 ] } }\n"), IsEmpty());
  EXPECT_THAT(warnings_with("{ pager: { external: true } }\n"), IsEmpty()) << "others may know it";
}

}  // namespace
}  // namespace teal::config
