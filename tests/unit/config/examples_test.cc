// The files in config/ are documentation, and these tests keep it true.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "config/load.h"
#include "config/parse.h"
#include "config/report.h"

namespace teal::config {
namespace {

const std::string kDocumented = TEAL_SOURCE_DIR "/config/teal.yaml";

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

/// Every key the parsers asked for while they read `path`, and where it stands.
void read_keys(const std::string& path, Report& report) {
  const std::optional<Node> root = read_yaml(joined(lines_of(path)), report);
  ASSERT_TRUE(root);
  parse_config(Value(*root, "", "", report));
  for (const Problem& problem : report.take().list) ADD_FAILURE() << to_string(problem);
}

TEST(Examples, AllLoad) {
  std::vector<std::string> files{kDocumented};
  for (const auto& file : std::filesystem::directory_iterator(TEAL_SOURCE_DIR "/config/examples"))
    files.push_back(file.path());
  EXPECT_GE(files.size(), 5U);
  for (const std::string& file : files) {
    std::vector<Problem> warnings;
    const Loaded<Config> config = load_file(file, {}, &warnings);
    for (const Problem& warning : warnings) ADD_FAILURE() << to_string(warning);
    if (config) continue;
    for (const Problem& problem : config.error().list) ADD_FAILURE() << to_string(problem);
  }
}

TEST(Examples, MentionEveryKeyThatTheParsersKnow) {
  Report report(kDocumented);
  read_keys(kDocumented, report);
  EXPECT_GE(report.known().size(), 85U);
  for (const std::string& key : report.known())
    EXPECT_TRUE(report.present().contains(key)) << key << " is missing in config/teal.yaml";
}

TEST(Examples, ExplainEveryKeyInACommentBesideOrAboveIt) {
  Report report(kDocumented);
  read_keys(kDocumented, report);
  const std::vector<std::string> lines = lines_of(kDocumented);
  for (const std::string& key : report.known()) {
    const auto found = report.present().find(key);
    ASSERT_NE(found, report.present().end()) << key;
    const auto index = static_cast<std::size_t>(found->second.line) - 1;
    const bool beside = lines[index].find(" # ") != std::string::npos;
    const bool above = index > 0 && lines[index - 1].find("# ") != std::string::npos;
    EXPECT_TRUE(beside || above) << key << " has no comment, line " << index + 1;
  }
}

/// The documented values of the keys are the defaults, where the comments say so.
TEST(Examples, ShowTheRealDefaults) {
  const Loaded<Config> config = load_file(kDocumented);
  ASSERT_TRUE(config);
  const Config defaults;
  EXPECT_EQ(config->admin.address, defaults.admin.address);
  EXPECT_EQ(config->state_path, defaults.state_path);
  EXPECT_EQ(config->workers, defaults.workers);
  EXPECT_EQ(config->access_log.format, defaults.access_log.format);
  EXPECT_EQ(config->access_log.path, defaults.access_log.path);
  EXPECT_EQ(config->shutdown_grace, defaults.shutdown_grace);
  EXPECT_EQ(config->listeners[0].timeouts, ListenerTimeouts{});
  EXPECT_EQ(config->listeners[0].limits, ListenerLimits{});
  EXPECT_EQ(config->discovery.timeout, defaults.discovery.timeout);
  EXPECT_EQ(config->discovery.min_refresh, defaults.discovery.min_refresh);
  EXPECT_EQ(config->discovery.max_refresh, defaults.discovery.max_refresh);
  const Service& shop = config->services[0];
  EXPECT_EQ(shop.outlier, Outlier{});
  EXPECT_EQ(shop.timeouts, ServiceTimeouts{});
  EXPECT_EQ(shop.limits, ServiceLimits{});
  EXPECT_EQ(shop.host_header, HostHeader{});
  EXPECT_EQ(shop.sticky, (Sticky{"teal_shop", hours{24}, false}));
  HealthCheck health;
  ASSERT_TRUE(shop.health);
  health.kind = HealthCheck::Kind::http;
  health.path = shop.health->path;
  health.host = shop.health->host;
  health.expect = shop.health->expect;
  EXPECT_EQ(*shop.health, health);
  Deploy deploy = shop.deploy;
  deploy.plan = Plan{};
  deploy.alarms.clear();
  deploy.minimum_healthy = MinimumHealthy{};
  deploy.watch_after.reset();
  EXPECT_EQ(deploy, Deploy{});
  Deploy unsaid = shop.deploy;
  unsaid.watch_after.reset();
  EXPECT_EQ(watch_time(shop.deploy), watch_time(unsaid));
}

}  // namespace
}  // namespace teal::config
