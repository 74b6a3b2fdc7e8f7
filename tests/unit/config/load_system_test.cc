#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_reports.h"

namespace teal::config {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kService =
    "  match: { listener: public }\n"
    "  blue: { revision: v1, targets: [ 10.0.0.1:80 ] }\n";
constexpr std::string_view kListeners = "listeners: { public: { address: 0.0.0.0:8080 } }\n";

TEST(LoadSystem, ReadsWorkersStateAndLog) {
  const auto config = [](const std::string& head) {
    return load_text(
        head + '\n' + std::string(kListeners) + "services:\n shop:\n" + std::string(kService),
        "t.yaml");
  };
  EXPECT_EQ(config("workers: 4")->workers, 4U);
  EXPECT_EQ(config("workers: auto")->workers, 0U);
  EXPECT_EQ(config("state: sqlite:/var/lib/teal.db")->state_path, "/var/lib/teal.db");
  EXPECT_EQ(config("access_log: off")->access_log.format, AccessLog::Format::off);
  EXPECT_EQ(config("access_log: { path: a.log }")->access_log.path, "a.log");
  EXPECT_EQ(config("workers: 1")->access_log.query, AccessLog::Query::full);
  EXPECT_EQ(config("access_log: { query: none }")->access_log.query, AccessLog::Query::none);
  EXPECT_EQ(config("access_log: { query: redacted }")->access_log.query,
            AccessLog::Query::redacted);
  EXPECT_THAT(report_of(config("access_log: { query: some }")),
              HasSubstr("t.yaml:1:22: access_log.query: must be full, none or redacted"));
  EXPECT_EQ(config("shutdown_grace: 0")->shutdown_grace, Millis{0});
  EXPECT_EQ(config("admin: { address: 'unix:/a' }")->admin.address.kind,
            Address::Kind::unix_socket);
  EXPECT_THAT(report_of(config("workers: many")),
              HasSubstr("auto or a whole number from 1 to 256"));
  EXPECT_THAT(report_of(config("workers: 0")), HasSubstr("from 1 to 256, not '0'"));
  EXPECT_THAT(report_of(config("workers: 99999999999")), HasSubstr("from 1 to 256"));
  EXPECT_THAT(report_of(config("state: 'sqlite:'")), HasSubstr("must be sqlite:PATH"));
  EXPECT_THAT(report_of(config("admin: { allowed_hosts: [ 'a:1' ] }")), HasSubstr("port"));
}

TEST(LoadSystem, ReadsTheModeOfAUnixSocket) {
  const auto config = [](const std::string& listener) {
    return load_text(
        "listeners: { public: { " + listener + " } }\nservices:\n shop:\n" + std::string(kService),
        "t.yaml");
  };
  EXPECT_EQ(config("address: 'unix:/s'")->listeners[0].socket_mode, 0600U);
  EXPECT_EQ(config("address: 'unix:/s', socket_mode: '0660'")->listeners[0].socket_mode, 0660U);
  EXPECT_EQ(config("address: 'unix:/s', socket_mode: 666")->listeners[0].socket_mode, 0666U);
  for (const char* wrong : {"'1777'", "'0888'", "rw", "'06600'", "''", "'60'"})
    EXPECT_THAT(report_of(config("address: 'unix:/s', socket_mode: " + std::string(wrong))),
                HasSubstr("listeners.public.socket_mode: must be permissions in octal like '0660'"))
        << wrong;
  EXPECT_THAT(report_of(config("address: '1.1.1.1:1', socket_mode: '0660'")),
              HasSubstr("is for Unix sockets"));
}

TEST(LoadSystem, ReadsLimitsOfTheProcessAndOfTargets) {
  const auto config = [](const std::string& head, const std::string& of_service = {}) {
    return load_text(head + '\n' + std::string(kListeners) + "services:\n shop:\n" +
                         std::string(kService) + of_service,
                     "t.yaml");
  };
  EXPECT_EQ(config("")->limits.idle_upstream, std::nullopt);
  EXPECT_EQ(config("limits: { idle_upstream: auto }")->limits.idle_upstream, std::nullopt);
  EXPECT_EQ(config("limits: { idle_upstream: 0 }")->limits.idle_upstream, 0U);
  EXPECT_EQ(config("limits: { idle_upstream: 4096 }")->limits.idle_upstream, 4096U);
  EXPECT_THAT(
      report_of(config("limits: { idle_upstream: some }")),
      HasSubstr("t.yaml:1:26: limits.idle_upstream: must be auto or a whole number from 0"));
  EXPECT_THAT(report_of(config("limits: { idle_upstream: 1000001 }")), HasSubstr("0 to 1000000"));
  EXPECT_THAT(report_of(config("limits: { idle_upstreams: 1 }")),
              HasSubstr("did you mean 'idle_upstream'?"));
  EXPECT_EQ(config("")->limits.metric_samples, 500'000U);
  EXPECT_EQ(config("limits: { metric_samples: 1000, idle_upstream: 0 }")->limits.metric_samples,
            1'000U);
  EXPECT_THAT(report_of(config("limits: { metric_samples: 0 }")), HasSubstr("100 to 10000000"));
  EXPECT_FALSE(config("")->services[0].metrics.per_target);
  EXPECT_TRUE(config("", "  metrics: { per_target: true }\n")->services[0].metrics.per_target);
  EXPECT_THAT(report_of(config("", "  metrics: { per_targets: true }\n")),
              HasSubstr("did you mean 'per_target'?"));
  const auto limits = [&](const std::string& text) {
    return config("", "  limits: { " + text + " }\n");
  };
  EXPECT_EQ(limits("pending: 1")->services[0].limits.in_flight_per_target, 0U);
  EXPECT_EQ(limits("in_flight_per_target: 16")->services[0].limits.in_flight_per_target, 16U);
  EXPECT_EQ(limits("pending: 1")->services[0].limits.idle_per_target, std::nullopt);
  EXPECT_EQ(limits("idle_per_target: none")->services[0].limits.idle_per_target, std::nullopt);
  EXPECT_EQ(limits("idle_per_target: 0")->services[0].limits.idle_per_target, 0U);
  EXPECT_THAT(report_of(limits("idle_per_target: any")),
              HasSubstr("must be none or a whole number from 0 to 1000000"));
}

TEST(LoadSystem, RefusesKeysGivenTwiceAndKeysItDoesNotKnow) {
  EXPECT_THAT(report_of(load_text("workers: 1\nworkers: 2\n", "t.yaml")),
              HasSubstr("t.yaml:2:1: workers: is here a second time"));
  EXPECT_THAT(report_of(load_text("listeners: { a: { address: 1.1.1.1:1 }, a: { } }", "t.yaml")),
              HasSubstr("listeners.a: is here a second time"));
  EXPECT_THAT(report_of(load_text("lisseners: { }\n", "t.yaml")),
              HasSubstr("t.yaml:1:1: lisseners: unknown key; did you mean 'listeners'?"));
  EXPECT_THAT(report_of(load_text("tls: { }\n", "t.yaml")),
              HasSubstr("tls: unknown key; it belongs under admin or listeners.NAME or "
                        "services.NAME"));
  EXPECT_THAT(report_of(load_text("colour: { }\n", "t.yaml")),
              HasSubstr("colour: unknown key; known here: admin, state, workers"));
}

}  // namespace
}  // namespace teal::config
