#include "app/view/json_at.h"

#include <gtest/gtest.h>

#include "control/engine/status.h"

namespace teal::app {
namespace {

namespace json = boost::json;

TEST(JsonAt, KnowsTheStatusesInWhichADeploymentHasEnded) {
  for (const control::Status status :
       {control::Status::created, control::Status::queued, control::Status::in_progress,
        control::Status::baking, control::Status::ready, control::Status::succeeded,
        control::Status::failed, control::Status::stopped}) {
    const json::object deployment{{"status", std::string(to_string(status))}};
    EXPECT_EQ(is_terminal(deployment), control::is_terminal(status)) << to_string(status);
  }
}

TEST(JsonAt, TakesWhatSaysNoStatusForRunning) {
  EXPECT_FALSE(is_terminal({}));
  EXPECT_FALSE(is_terminal({{"status", 7}}));
  EXPECT_FALSE(is_terminal({{"status", "Paused"}}));
}

}  // namespace
}  // namespace teal::app
