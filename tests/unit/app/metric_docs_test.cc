// Holds the code, docs/metrics.md and every other page together: what is exported is documented,
// what is documented is exported, and no page names what there is not.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/metric_docs.h"

namespace teal {
namespace {

using testing_metrics::contents;
using testing_metrics::documented_metrics;

const std::string kRoot = TEAL_SOURCE_DIR "/";

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// Words that begin with `prefix`, and where; `quoted`: whole string literals only.
std::map<std::string, std::string> words_of(const std::string& file, const std::string& prefix,
                                            bool quoted) {
  std::map<std::string, std::string> words;
  const std::string text = contents(kRoot + file);
  for (std::size_t at = text.find(prefix); at != std::string::npos;
       at = text.find(prefix, at + 1)) {
    const char before = at == 0 ? ' ' : text[at - 1];
    std::size_t end = at;
    while (end < text.size() && is_name_char(text[end])) ++end;
    const char after = end == text.size() ? ' ' : text[end];
    const bool is_whole = quoted ? before == '"' && after == '"'
                                 : !is_name_char(before) && before != ':' && after != '{';
    if (is_whole && end > at + prefix.size()) words.emplace(text.substr(at, end - at), file);
  }
  return words;
}

/// Every name that some source file has as a string, by the file.
std::map<std::string, std::string> names_in_the_source() {
  std::map<std::string, std::string> names;
  for (const char* room : {"app", "base", "control", "health", "net", "proxy"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot + room))
      for (const char* prefix : {"teal_", "process_"})
        if (entry.is_regular_file())
          names.merge(
              words_of(std::filesystem::relative(entry.path(), kRoot).string(), prefix, true));
  names.erase("teal_service");  // A label of Alertmanager's.
  return names;
}

TEST(MetricDocs, NameEveryMetricThatTheSourceHas) {
  const auto documented = documented_metrics();
  ASSERT_GT(documented.size(), 100U) << "the tables of docs/metrics.md cannot be read";
  for (const auto& [name, file] : names_in_the_source())
    EXPECT_TRUE(documented.contains(name))
        << name << " is exported by " << file << " and is no row of a table in docs/metrics.md";
}

TEST(MetricDocs, NameNoMetricThatTheSourceDoesNotHave) {
  const auto names = names_in_the_source();
  for (const auto& [name, metric] : documented_metrics())
    EXPECT_TRUE(names.contains(name))
        << name << " is in docs/metrics.md and no source file exports it";
}

TEST(MetricDocs, FollowTheConventionsOfPrometheus) {
  for (const auto& [name, metric] : documented_metrics()) {
    EXPECT_THAT(metric.type, testing::AnyOf("counter", "gauge", "histogram")) << name;
    EXPECT_EQ(name.ends_with("_total"), metric.type == "counter") << name;
    for (const char* unit : {"_ms", "_millis", "_minutes", "_percent", "_kib", "_mib"})
      EXPECT_FALSE(name.ends_with(unit)) << name << " is not in base units";
    for (const std::string& label : metric.labels)
      EXPECT_EQ(label.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << name;
  }
}

TEST(MetricDocs, AreRightOnEveryPage) {
  const std::set<std::string> kOthers{"teal_service", "teal_shop", "teal_main"};
  const auto documented = documented_metrics();
  std::vector<std::string> pages{"README.md", "config/teal.yaml", "control/api/openapi.json"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot + "docs"))
    if (entry.path().extension() == ".md")
      pages.push_back(std::filesystem::relative(entry.path(), kRoot).string());
  for (const std::string& page : pages) {
    for (const auto& [word, where] : words_of(page, "teal_", false)) {
      std::string name = word;
      for (const std::string suffix : {"_bucket", "_sum", "_count"})
        if (name.ends_with(suffix) &&
            documented.contains(name.substr(0, name.size() - suffix.size())))
          name.resize(name.size() - suffix.size());
      EXPECT_TRUE(documented.contains(name) || kOthers.contains(name))
          << page << " names " << name << ", which docs/metrics.md does not have";
    }
  }
}

TEST(MetricDocs, HaveRulesThatPromtoolTakes) {
  const std::string page = contents(kRoot + "docs/metrics.md");
  const std::size_t begin = page.find("```yaml\n") + 8;
  const std::string path = testing::TempDir() + "teal_rules_" + std::to_string(::getpid()) + ".yml";
  std::ofstream(path) << page.substr(begin, page.find("```", begin) - begin);
  const std::string command = "promtool check rules " + path + " 2>&1";
  FILE* const pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string said;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) said += static_cast<char>(c);
  EXPECT_EQ(::pclose(pipe), 0) << said << "\n(the Debian package prometheus has promtool)";
  std::remove(path.c_str());
}

}  // namespace
}  // namespace teal
