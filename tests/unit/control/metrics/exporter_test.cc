#include "control/metrics/exporter.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_commands.h"
#include "tests/support/metric_docs.h"

namespace teal::control {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Scrape {
  std::vector<TrafficReading> traffic;
  std::vector<TargetReading> targets;
  std::vector<MetricSample> samples;
  std::vector<ServiceReport> services;
  std::vector<DeploymentReport> running;
  ProcessFigures process;
};

std::string exposition(const Scrape& scrape, std::size_t limit = 10'000) {
  MetricFamilies families(limit);
  add_process(families, scrape.process);
  for (const MetricSample& sample : scrape.samples) families.sample(sample);
  for (const TrafficReading& reading : scrape.traffic) add_traffic(families, reading);
  for (const ServiceReport& service : scrape.services) {
    const auto running =
        std::ranges::find(scrape.running, service.name, &DeploymentReport::service);
    add_service(families, service, running == scrape.running.end() ? nullptr : &*running);
  }
  for (const TargetReading& reading : scrape.targets) add_target(families, reading);
  add_scrape(families);
  std::string text;
  const std::size_t size = families.size();
  while (const std::optional<std::string_view> more = families.take_some()) text += *more;
  EXPECT_LT(text.size(), 2 * size);
  return text;
}

Scrape full_scrape() {
  testing::FixedClock clock;
  testing::FakeCommands commands;
  testing::add_canary(commands, clock.now);
  Scrape scrape;
  scrape.services = commands.services();
  scrape.running = {commands.deployments_["d-3"]};
  TrafficReading reading;
  reading.key = {"shop", Colour::green, "v42", Audience::split};
  reading.counters.requests[static_cast<std::size_t>(Origin::target)] = {0, 90, 3, 2, 4};
  reading.counters.requests[static_cast<std::size_t>(Origin::teal)] = {0, 0, 0, 0, 1};
  reading.counters.retries = 2;
  for (const std::uint64_t micros : {400U, 500U, 900U, 2'400U, 26'000U, 31'000'000U}) {
    reading.counters.duration.record(micros);
    reading.counters.first_byte.record(micros / 2);
  }
  reading.counters.given_up.record(1'000'000);
  reading.grpc[static_cast<std::size_t>(GrpcStatus::ok)] = 7;
  scrape.traffic = {reading};
  TargetReading target;
  target.key = {"shop", Colour::green, "10.0.0.1:9081"};
  target.answers = {0, 90, 3, 2, 4};
  target.faults[static_cast<std::size_t>(Failure::reset)] = 5;
  target.faults[TargetReading::kClientGone] = 6;
  target.latency[0] = 97;
  target.latency.back() = 2;
  target.latency_micros = 70'000'000;
  scrape.targets = {target};
  scrape.samples = {{"teal_rollbacks_total",
                     "Rollbacks by reason.",
                     MetricSample::Type::counter,
                     {{"service", "shop"}, {"reason", "ALARM_ACTIVE"}},
                     3}};
  scrape.process = {52'428'800, 42, 1.25, clock.now};
  return scrape;
}

TEST(Exporter, CountsRequestsByClassAndOrigin) {
  const std::string text = exposition(full_scrape());
  const std::string stream =
      R"(teal_requests_total{service="shop",group="green",revision="v42",audience="split",)";
  EXPECT_THAT(text, HasSubstr(stream + R"(code="2xx",origin="target"} 90)"));
  EXPECT_THAT(text, HasSubstr(stream + R"(code="5xx",origin="target"} 4)"));
  EXPECT_THAT(text, HasSubstr(stream + R"(code="5xx",origin="teal"} 1)"));
  EXPECT_THAT(text, Not(HasSubstr(R"(origin="client")"))) << "nothing to say";
}

TEST(Exporter, LeavesOutStreamsThatNeverHadARequest) {
  Scrape scrape;
  scrape.traffic = {{{"shop", Colour::blue, "v41", Audience::split}, {}},
                    {{"shop", Colour::blue, "v41", Audience::preview}, {}}};
  EXPECT_THAT(exposition(scrape), Not(HasSubstr("v41")));
  scrape.traffic[1].active = 1;
  EXPECT_THAT(exposition(scrape),
              HasSubstr("teal_requests_active{service=\"shop\",group=\"blue\",revision=\"v41\","
                        "audience=\"preview\"} 1\n"));
  EXPECT_THAT(exposition(scrape), Not(HasSubstr("_bucket"))) << "nothing has ended";
}

TEST(Exporter, HasTheSeriesThatAlarmsDivideByFromTheFirstRequest) {
  Scrape scrape;
  scrape.traffic = {{{"shop", Colour::blue, "v41", Audience::split}, {}, 1}};
  const std::string text = exposition(scrape);
  EXPECT_THAT(text, HasSubstr(R"(code="2xx",origin="target"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(code="5xx",origin="target"} 0)"));
}

TEST(Exporter, GivesExactHistogramsInSeconds) {
  const std::string text = exposition(full_scrape());
  const std::string bucket =
      "teal_request_duration_seconds_bucket{service=\"shop\",group=\"green\",revision=\"v42\","
      "audience=\"split\",le=\"";
  EXPECT_THAT(text, HasSubstr(bucket + "0.0005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "0.001\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "0.0025\"} 4\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "0.025\"} 4\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "0.05\"} 5\n"));
  for (const std::string border : {"0.25", "0.3", "0.4", "0.5"})
    EXPECT_THAT(text, HasSubstr(bucket + border + "\"} 5\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "30\"} 5\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "+Inf\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("teal_request_duration_seconds_sum{"));
  EXPECT_THAT(text, HasSubstr("} 31.0302\n"));
}

TEST(Exporter, TellsHowLongClientsWaitedThatGaveUp) {
  Scrape scrape;
  scrape.traffic = {{{"shop", Colour::blue, "v41", Audience::split}, {}, 1}};
  EXPECT_THAT(exposition(scrape), Not(HasSubstr("teal_request_given_up_seconds")));
  scrape.traffic[0].counters.given_up.record(300'000);
  EXPECT_THAT(exposition(scrape),
              HasSubstr("teal_request_given_up_seconds_count{service=\"shop\",group=\"blue\","
                        "revision=\"v41\",audience=\"split\"} 1\n"));
}

TEST(Exporter, TellsSplitTargetsAndPhase) {
  const std::string text = exposition(full_scrape());
  EXPECT_THAT(text, HasSubstr(R"(teal_split_asked_ratio{service="shop",group="green"} 0.125)"));
  EXPECT_THAT(text, HasSubstr(R"(teal_split_measured_ratio{service="shop",group="green"} 0.1259)"));
  EXPECT_THAT(text, HasSubstr(R"(teal_group_live{service="shop",group="blue"} 1)"));
  EXPECT_THAT(
      text,
      HasSubstr(R"(teal_target_healthy{service="shop",group="green",target="10.0.0.1:9081"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(teal_group_targets_accepting{service="shop",group="green"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(teal_deployment_phase{service="shop",phase="Baking"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(teal_deployment_phase{service="shop",phase="Ready"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(teal_deployment_phase{service="shop",phase="Gated"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(teal_rollbacks_total{service="shop",reason="ALARM_ACTIVE"} 3)"));
  EXPECT_THAT(text, HasSubstr("process_open_fds 42"));
  EXPECT_THAT(text, HasSubstr("teal_build_info{version=\""));
}

TEST(Exporter, TellsOfAFallbackFromTheStart) {
  Scrape scrape = full_scrape();
  EXPECT_THAT(exposition(scrape), HasSubstr("teal_fallback_registered{service=\"shop\"} 0\n"));
  EXPECT_THAT(exposition(scrape), HasSubstr("teal_fallback_serving{service=\"shop\"} 0\n"));
  scrape.services[0].fallback = FallbackReport{Colour::green, "v42", "d-3", true, std::nullopt, ""};
  EXPECT_THAT(exposition(scrape), HasSubstr("teal_fallback_registered{service=\"shop\"} 1\n"));
  EXPECT_THAT(exposition(scrape), HasSubstr("teal_fallback_serving{service=\"shop\"} 1\n"));
}

TEST(Exporter, EscapesWhatDeployersWrite) {
  Scrape scrape;
  scrape.traffic = {{{"shop", Colour::blue, "v\"1\\\n\xff", Audience::split}, {}, 1}};
  EXPECT_THAT(exposition(scrape), HasSubstr(R"(revision="v\"1\\\n?")"));
}

TEST(Exporter, LeavesOutAndCountsWhatWouldSpoilTheText) {
  Scrape scrape;
  const MetricSample good{"teal_things_total", "Things.", MetricSample::Type::counter, {}, 1};
  MetricSample other_type = good;
  other_type.type = MetricSample::Type::gauge;
  other_type.labels = {{"a", "b"}};
  MetricSample bad_name = good;
  bad_name.name = "teal things";
  scrape.samples = {good, good, other_type, bad_name};
  const std::string text = exposition(scrape);
  EXPECT_THAT(text, HasSubstr("teal_things_total 1\n"));
  EXPECT_THAT(text, HasSubstr("teal_exporter_samples_dropped{reason=\"conflict\"} 3\n"));
}

TEST(Exporter, HasALimitThatStreamsGoBeforeAndSingleTargetsBehind) {
  const std::string whole = exposition(full_scrape());
  std::size_t samples = 0;
  std::istringstream text(whole);
  for (std::string line; std::getline(text, line);) samples += line.starts_with('#') ? 0 : 1;
  // Of these three are of the scrape itself.
  const std::string cut = exposition(full_scrape(), samples - 3 - 10);
  EXPECT_THAT(cut, HasSubstr("teal_request_duration_seconds_count"));
  EXPECT_THAT(cut, HasSubstr("teal_target_requests_total"));
  EXPECT_THAT(cut, Not(HasSubstr("teal_target_first_byte_seconds"))) << "a histogram is left whole";
  EXPECT_THAT(cut, HasSubstr("teal_exporter_samples_dropped{reason=\"limit\"} 20\n"));
  EXPECT_THAT(cut, HasSubstr("teal_exporter_samples_dropped{reason=\"conflict\"} 0\n"));
}

TEST(Exporter, CountsAttemptsOfTargets) {
  const std::string text = exposition(full_scrape());
  const std::string of = "{service=\"shop\",group=\"green\",target=\"10.0.0.1:9081\",";
  EXPECT_THAT(text, HasSubstr("teal_target_requests_total" + of + "code=\"2xx\"} 90\n"));
  EXPECT_THAT(text, HasSubstr("teal_target_requests_total" + of + "code=\"1xx\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("teal_target_failures_total" + of + "reason=\"reset\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("teal_target_failures_total" + of + "reason=\"connect\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("teal_target_failures_total" + of + "reason=\"client_gone\"} 6\n"));
  EXPECT_THAT(text, Not(HasSubstr("reason=\"status\""))) << "that is an answer";
  EXPECT_THAT(text,
              HasSubstr("teal_target_first_byte_seconds_bucket" + of + "le=\"0.0005\"} 97\n"));
  EXPECT_THAT(text, HasSubstr("teal_target_first_byte_seconds_bucket" + of + "le=\"30\"} 97\n"));
  EXPECT_THAT(text, HasSubstr("teal_target_first_byte_seconds_bucket" + of + "le=\"+Inf\"} 99\n"));
}

TEST(Exporter, WritesWhatTheDocumentationSays) {
  Scrape scrape = full_scrape();
  scrape.services[0].groups[Colour::green].revision = "v42";
  AlarmReport worse{"worse", "as told", health::Healthy{}};
  health::ComparisonReport& comparison = worse.comparison.emplace();
  comparison.ratio_low = 0.5;
  comparison.ratio_high = 2;
  comparison.more_requests = 100;
  scrape.running[0].alarms = {worse};
  const auto exposed = testing_metrics::exposed_metrics(exposition(scrape));
  EXPECT_EQ(testing_metrics::undocumented(exposed), "");
  for (const char* name : {"teal_judge_ratio_high", "teal_judge_log_certificate_needed",
                           "teal_judge_more_requests_needed", "teal_grpc_calls_total"})
    EXPECT_TRUE(exposed.contains(name)) << name;
}

TEST(Exporter, PleasesPromtool) {
  const std::string path = ::testing::TempDir() + "teal_exporter_" + std::to_string(::getpid());
  std::ofstream(path) << exposition(full_scrape());
  const std::string command = "promtool check metrics < " + path + " 2>&1";
  FILE* const pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string said;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) said += static_cast<char>(c);
  EXPECT_EQ(::pclose(pipe), 0) << said << "\n(the Debian package prometheus has promtool)";
  EXPECT_EQ(said, "");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace teal::control
