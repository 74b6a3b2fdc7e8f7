#include "control/controller/idempotency_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/store/request_digest.h"

namespace teal::control {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

class IdempotencyKeysTest : public testing::Test {
 protected:
  KeyRow row(const std::string& key, DeploymentNumber number) const {
    return {key, request_digest("body of " + key), number, date};
  }
  /// The number that the key's own request is answered with; 0: it is free.
  DeploymentNumber number_of(const std::string& key) const {
    const auto found = keys.find(key, "body of " + key, now);
    return found ? found->value().deployment : 0;
  }

  IdempotencyKeys keys;
  WallTime date{Millis{1'700'000'000'000}};
  Mono now{hours(1)};
};

TEST_F(IdempotencyKeysTest, AKeyNamesWhatItHasStarted) {
  EXPECT_EQ(number_of("a"), 0);
  EXPECT_THAT(keys.add(row("a", 7), now), IsEmpty());
  EXPECT_EQ(number_of("a"), 7);
  EXPECT_EQ(number_of("b"), 0);
  EXPECT_EQ(keys.find("a", "body of a", now)->value().at, date);
}

TEST_F(IdempotencyKeysTest, WithAnotherBodyItIsRefused) {
  keys.add(row("a", 7), now);
  const auto found = keys.find("a", "another", now);
  ASSERT_TRUE(found && !*found);
  EXPECT_EQ(found->error().status, 422);
  EXPECT_EQ(found->error().type, "idempotency-key-reused");
}

TEST_F(IdempotencyKeysTest, NoKeyIsAlwaysFree) {
  keys.restore({"", request_digest("body of "), 7, date}, date, now);
  EXPECT_EQ(number_of(""), 0);
}

TEST_F(IdempotencyKeysTest, ItLivesForADayAndIsFreeFromThenOn) {
  keys.add(row("a", 7), now);
  now += hours(24) - Millis{1};
  EXPECT_EQ(number_of("a"), 7);
  now += Millis{1};
  EXPECT_EQ(number_of("a"), 0);
  EXPECT_FALSE(keys.find("a", "another", now).has_value()) << "for any body";
}

TEST_F(IdempotencyKeysTest, TheNextOneForgetsThoseThatAreTooOld) {
  keys.add(row("b", 1), now);
  now += minutes(1);
  keys.add(row("a", 2), now);
  now += minutes(1);
  keys.add(row("c", 3), now);
  now += hours(24) - minutes(1);
  EXPECT_THAT(keys.add(row("d", 4), now), ElementsAre("b", "a")) << "the oldest first";
  EXPECT_EQ(keys.size(), 2);
  EXPECT_EQ(number_of("c"), 3);
}

TEST_F(IdempotencyKeysTest, TheOldestMakesRoom) {
  for (std::size_t i = 0; i < IdempotencyKeys::kMaxKeys; ++i) {
    keys.restore({"key " + std::to_string(i), "", i, date}, date, now);
    now += Millis{1};
  }
  EXPECT_THAT(keys.add(row("one more", 1), now), ElementsAre("key 0"));
  EXPECT_EQ(keys.size(), IdempotencyKeys::kMaxKeys);
}

TEST_F(IdempotencyKeysTest, ARestartTakesTheAgeFromTheDate) {
  keys.restore(row("a", 7), date + hours(23), now);
  EXPECT_EQ(number_of("a"), 7);
  now += hours(1);
  EXPECT_EQ(number_of("a"), 0);
}

TEST_F(IdempotencyKeysTest, ADateThatWasSetBackMakesNoKeyOfTheFuture) {
  keys.restore(row("a", 7), date - hours(100), now);
  now += hours(24);
  EXPECT_EQ(number_of("a"), 0);
}

}  // namespace
}  // namespace teal::control
