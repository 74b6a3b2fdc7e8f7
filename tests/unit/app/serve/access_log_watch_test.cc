#include "app/serve/access_log_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

#include "tests/support/remembered_log.h"

namespace teal::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class AccessLogWatchTest : public ::testing::Test {
 protected:
  void look(const proxy::AccessLogHealth& health, Millis later = Millis{100}) {
    now_ += later;
    watch_.check(health, now_);
  }

  RememberedLog log_;
  AccessLogWatch watch_{"/var/log/access.log", log_};
  Mono now_{};
};

TEST_F(AccessLogWatchTest, SaysOnceThatItFailsAndOnceThatItIsWellAgain) {
  look({});
  EXPECT_FALSE(watch_.warning());
  look({.failing = ENOSPC, .errors = 1, .lost = 3});
  look({.failing = ENOSPC, .errors = 2, .lost = 5});
  ASSERT_TRUE(watch_.warning());
  EXPECT_THAT(*watch_.warning(), HasSubstr("/var/log/access.log cannot be written: No space left"));
  ASSERT_THAT(log_.lines, SizeIs(1));
  EXPECT_THAT(log_.lines[0], HasSubstr("No space left on device"));
  look({.failing = 0, .errors = 2, .lost = 5});
  EXPECT_TRUE(watch_.warning()) << "one line that was taken is no calm yet";
  look({.failing = 0, .errors = 2, .lost = 5}, AccessLogWatch::kCalm);
  EXPECT_FALSE(watch_.warning());
  EXPECT_THAT(log_.lines,
              ElementsAre(testing::_, HasSubstr("written again path=/var/log/access.log "
                                                "lost_lines=5")));
}

TEST_F(AccessLogWatchTest, TakesADiskThatTakesALineNowAndThenForOneEpisode) {
  for (std::uint64_t i = 1; i < 50; ++i) look({.failing = i % 2 == 1 ? ENOSPC : 0, .errors = i});
  EXPECT_THAT(log_.lines, SizeIs(1));
}

TEST_F(AccessLogWatchTest, SaysThatANameCannotBeOpenedAgain) {
  look({.not_reopened = EACCES, .errors = 1});
  look({.not_reopened = EACCES, .errors = 1});
  ASSERT_THAT(log_.lines, SizeIs(1));
  EXPECT_THAT(log_.lines[0], HasSubstr("cannot be opened again"));
  EXPECT_FALSE(watch_.warning()) << "lines are written";
}

}  // namespace
}  // namespace teal::app
