#include "control/configuration/config_history.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

ConfigRow row(const std::string& text) {
  return {0, WallTime{}, config_digest(text), config_digest("mark" + text), "reload", text};
}

TEST(ConfigHistory, CountsGenerationsFromOneAndOnlyThoseThatSaySomethingElse) {
  ConfigHistory history;
  EXPECT_EQ(history.take(row("a"))->generation, 1U);
  EXPECT_FALSE(history.take(row("a")));
  EXPECT_EQ(history.take(row("b"))->generation, 2U);
  EXPECT_EQ(history.take(row("a"))->generation, 3U);
  EXPECT_EQ(history.previous()->generation, 2U);
}

TEST(ConfigHistory, KeepsTenAndGoesOnBehindWhatTheStoreHas) {
  ConfigHistory history;
  for (int i = 0; i < 12; ++i) history.take(row(std::to_string(i)));
  EXPECT_EQ(history.rows().size(), ConfigHistory::kKept);
  EXPECT_EQ(history.first(), 3U);
  EXPECT_EQ(history.find(2), nullptr);
  ConfigHistory next(history.rows());
  EXPECT_FALSE(next.take(row("11")));
  EXPECT_EQ(next.take(row("12"))->generation, 13U);
}

TEST(ConfigHistory, KeepsNoTextsInMemory) {
  ConfigHistory history;
  EXPECT_EQ(history.take(row("a"))->text, "a");
  EXPECT_TRUE(history.current().text.empty());
}

}  // namespace
}  // namespace teal::control
