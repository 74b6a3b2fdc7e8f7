#include "control/exporter.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_commands.h"

namespace teal::control {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

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
  scrape.traffic = {reading};
  scrape.samples = {{"teal_rollbacks_total",
                     "Rollbacks by reason.",
                     MetricSample::Type::counter,
                     {{"reason", "ALARM_ACTIVE"}},
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

TEST(Exporter, HasTheSeriesThatAlarmsDivideByFromTheStart) {
  Scrape scrape;
  scrape.traffic = {{{"shop", Colour::blue, "v41", Audience::split}, {}}};
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
  EXPECT_THAT(text, HasSubstr(bucket + "30\"} 5\n"));
  EXPECT_THAT(text, HasSubstr(bucket + "+Inf\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("teal_request_duration_seconds_sum{"));
}

TEST(Exporter, TellsHowLongClientsWaitedThatGaveUp) {
  Scrape scrape;
  scrape.traffic = {{{"shop", Colour::blue, "v41", Audience::split}, {}}};
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
  EXPECT_THAT(text, HasSubstr(R"(teal_rollbacks_total{reason="ALARM_ACTIVE"} 3)"));
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
  scrape.traffic = {{{"shop", Colour::blue, "v\"1\\\n\xff", Audience::split}, {}}};
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
  EXPECT_THAT(text, HasSubstr("teal_exporter_samples_dropped 3\n"));
}

TEST(Exporter, HasALimit) {
  Scrape scrape;
  for (std::size_t i = 0; i < kMaxSamples + 10; ++i)
    scrape.samples.push_back({"teal_things_total",
                              "Things.",
                              MetricSample::Type::counter,
                              {{"n", std::to_string(i)}},
                              1});
  // Five of the process and the build come first.
  EXPECT_THAT(exposition(scrape), HasSubstr("teal_exporter_samples_dropped 15\n"));
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
