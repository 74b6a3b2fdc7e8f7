// What the judge is told of one request, each at most once.
#include "proxy/group/judged_request.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

constexpr MeaningSet kFirst = meaning_bit(1), kSecond = meaning_bit(2);
constexpr MeaningSet kAll = kUsualMeaning | kFirst | kSecond;

Judging judging() {
  return {.slower_than = {Micros{100}, Micros{300}}, .overdue = Micros{200}, .compared = kAll};
}

TEST(JudgedRequest, TellsAnErrorToEachMeaningOnce) {
  JudgedRequest request;
  EXPECT_EQ(request.take_error(kUsualMeaning, judging()), kUsualMeaning);
  EXPECT_EQ(request.take_error(kUsualMeaning | kFirst, judging()), kFirst);
  EXPECT_EQ(request.take_error(kUsualMeaning | kFirst, judging()), 0U);
}

TEST(JudgedRequest, TellsAnErrorToThoseWhoCompareOnly) {
  Judging two = judging();
  two.compared = kUsualMeaning | kSecond;
  JudgedRequest request;
  EXPECT_EQ(request.take_error(kAll, two), kUsualMeaning | kSecond);
}

TEST(JudgedRequest, TellsEachThresholdThatItHasPassedInTheirOrder) {
  JudgedRequest request;
  EXPECT_EQ(request.take_slow(Micros{99}, judging()), std::nullopt);
  EXPECT_EQ(request.take_slow(Micros{300}, judging()), 0);
  EXPECT_EQ(request.take_slow(Micros{300}, judging()), 1);
  EXPECT_EQ(request.take_slow(Micros{900}, judging()), std::nullopt);
}

TEST(JudgedRequest, IsOverdueOnce) {
  JudgedRequest request;
  EXPECT_EQ(request.take_overdue(Micros{199}, kAll, judging()), 0U);
  EXPECT_EQ(request.take_overdue(Micros{200}, kAll, judging()), kAll);
  EXPECT_EQ(request.overdue(), kAll);
  EXPECT_EQ(request.take_overdue(Micros{900}, kAll, judging()), 0U);
}

TEST(JudgedRequest, IsOverdueToThoseByWhomItCountsAndWhoDoNotKnowHowItEnds) {
  JudgedRequest request;
  ASSERT_EQ(request.take_error(kUsualMeaning, judging()), kUsualMeaning);
  EXPECT_EQ(request.take_overdue(Micros{200}, kUsualMeaning | kFirst, judging()), kFirst);
  JudgedRequest known;
  ASSERT_EQ(known.take_error(kAll, judging()), kAll);
  EXPECT_EQ(known.take_overdue(Micros{200}, kAll, judging()), 0U);
}

TEST(JudgedRequest, EndedWellToThoseWhoHeardThatItIsOverdueAndNotThatItIsAnError) {
  JudgedRequest request;
  EXPECT_EQ(request.ended_well(), 0U) << "nobody was told anything";
  ASSERT_EQ(request.take_overdue(Micros{200}, kUsualMeaning | kFirst, judging()),
            kUsualMeaning | kFirst);
  ASSERT_EQ(request.take_error(kUsualMeaning | kSecond, judging()), kUsualMeaning | kSecond);
  EXPECT_EQ(request.ended_well(), kFirst);
}

TEST(JudgedRequest, IsKnownOnceItWasSlowOrOverdue) {
  JudgedRequest slow;
  EXPECT_FALSE(slow.is_known());
  slow.take_slow(Micros{100}, judging());
  EXPECT_TRUE(slow.is_known());
  JudgedRequest overdue;
  overdue.take_overdue(Micros{200}, kAll, judging());
  EXPECT_TRUE(overdue.is_known());
}

TEST(JudgedRequest, KnowsAtWhatAgeSomethingIsToBeToldNext) {
  JudgedRequest request;
  EXPECT_EQ(request.next_age(judging()), Micros{100});
  request.take_slow(Micros{100}, judging());
  EXPECT_EQ(request.next_age(judging()), Micros{200});
  request.take_overdue(Micros{200}, kAll, judging());
  EXPECT_EQ(request.next_age(judging()), Micros{300});
  request.take_slow(Micros{300}, judging());
  EXPECT_EQ(request.next_age(judging()), Micros::max());
}

TEST(JudgedRequest, BeginsAnewForTheNextRequest) {
  JudgedRequest request;
  request.take_error(kAll, judging());
  request.take_slow(Micros{100}, judging());
  request.begin();
  EXPECT_FALSE(request.is_known());
  EXPECT_EQ(request.take_error(kAll, judging()), kAll);
}

}  // namespace
}  // namespace teal::proxy
