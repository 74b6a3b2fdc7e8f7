#include "health/outlier.h"

#include <gtest/gtest.h>

namespace teal::health {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// One group of healthy targets 1..n, whose ejections are marked as control does it.
class Group {
 public:
  explicit Group(std::size_t size, const config::Outlier& spec = {}) : outlier_(spec) {
    for (TargetId id = 1; id <= size; ++id) {
      targets_.push_back({});
      targets_.back().id = id;
      targets_.back().health = Health::healthy;
    }
  }

  std::optional<std::string> fail(TargetId id, std::uint32_t consecutive = 5) {
    auto reason = outlier_.on_failures(id, {consecutive, 0}, targets_, now_);
    if (reason) target(id).ejected = true;
    return reason;
  }
  std::vector<TargetId> pass(Millis time) {
    now_ += time;
    std::vector<TargetId> back = outlier_.returns(now_);
    for (const TargetId id : back) target(id).ejected = false;
    return back;
  }
  /// How long the next ejection of `id` lasts, from now.
  Millis next_ejection(TargetId id) {
    if (!fail(id)) return Millis{0};
    const Mono until = outlier_.next_return().value_or(now_);
    return std::chrono::duration_cast<Millis>(until - now_);
  }
  TargetState& target(TargetId id) { return targets_.at(id - 1); }
  Outlier& outlier() { return outlier_; }
  const std::vector<TargetState>& all() const { return targets_; }
  Mono now() const { return now_; }

 private:
  Outlier outlier_;
  std::vector<TargetState> targets_;
  Mono now_ = Mono{} + seconds{1000};
};

TEST(Outlier, EjectsAfterSoManyFailuresInARow) {
  Group group(4);
  EXPECT_EQ(group.fail(2, 4), std::nullopt);
  EXPECT_EQ(group.fail(2, 5), "outlier: 5 failures in a row, out for 30s");
}

TEST(Outlier, LetsATargetBackWhenItsTimeIsOver) {
  Group group(4);
  group.fail(2);
  EXPECT_TRUE(group.pass(Millis{29'999}).empty());
  EXPECT_EQ(group.pass(Millis{1}), std::vector<TargetId>{2});
  EXPECT_TRUE(group.pass(seconds{60}).empty());
  EXPECT_EQ(group.outlier().next_return(), std::nullopt);
}

TEST(Outlier, IsOffWithZero) {
  config::Outlier off;
  off.consecutive_failures = 0;
  Group group(4, off);
  EXPECT_EQ(group.fail(1, 1000), std::nullopt);
  EXPECT_EQ(group.fail(1, 0), std::nullopt);
}

TEST(Outlier, EjectsLongerEachTimeUpToALimit) {
  Group group(4);
  for (const int length : {30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300}) {
    const seconds expected{length};
    EXPECT_EQ(group.next_ejection(1), expected);
    EXPECT_EQ(group.pass(expected), std::vector<TargetId>{1});
  }
}

TEST(Outlier, ForgivesOneEjectionForEveryBaseIntervalInPeace) {
  Group group(4);
  for (const int length : {30, 60, 90}) {
    group.fail(1);
    group.pass(seconds{length});
  }
  group.pass(seconds{59});  // One whole interval: three in a row are two, and this is the third.
  EXPECT_EQ(group.next_ejection(1), seconds{90});
  group.pass(seconds{90});
  group.pass(minutes{10});
  EXPECT_EQ(group.next_ejection(1), seconds{30});
}

TEST(Outlier, CountsTheAllowedShareAfterTheEjection) {
  config::Outlier spec;
  spec.max_ejected_percent = 50;
  Group five(5, spec);
  EXPECT_TRUE(five.fail(1));
  EXPECT_TRUE(five.fail(2));
  EXPECT_EQ(five.fail(3), std::nullopt);  // 3 of 5 would be 60 %.
  Group three(3, spec);
  EXPECT_TRUE(three.fail(1));
  EXPECT_EQ(three.fail(2), std::nullopt);
  spec.max_ejected_percent = 10;
  Group few(9, spec);
  EXPECT_EQ(few.fail(1), std::nullopt);  // 1 of 9 is more than 10 %.
  Group ten(10, spec);
  EXPECT_TRUE(ten.fail(1));
}

TEST(Outlier, NeverEjectsTheLastThatAccepts) {
  config::Outlier spec;
  spec.max_ejected_percent = 100;
  Group group(3, spec);
  group.target(3).health = Health::unhealthy;
  EXPECT_TRUE(group.fail(1));
  EXPECT_EQ(group.fail(2), std::nullopt);
  Group alone(1, spec);
  EXPECT_EQ(alone.fail(1), std::nullopt);
}

TEST(Outlier, DoesNotCountTargetsThatAreLeaving) {
  Group group(4);
  group.target(3).draining = true;
  group.target(4).draining = true;
  EXPECT_TRUE(group.fail(1));  // 1 of the 2 that stay.
  EXPECT_EQ(group.fail(2), std::nullopt);
}

TEST(Outlier, IgnoresNewsOfATargetThatIsOutOrUnknown) {
  Group group(4);
  EXPECT_TRUE(group.fail(1));
  EXPECT_EQ(group.fail(1, 6), std::nullopt);
  group.target(2).health = Health::unhealthy;
  EXPECT_EQ(group.fail(2), std::nullopt);
  EXPECT_EQ(group.outlier().on_failures(77, {5, 0}, {}, Mono{}), std::nullopt);
}

TEST(Outlier, ForgetsATargetThatAProbeFoundWellAgain) {
  Group group(4);
  group.fail(1);
  group.pass(seconds{30});
  group.fail(1);
  group.outlier().forget(1);
  group.target(1).ejected = false;
  EXPECT_TRUE(group.pass(minutes{5}).empty());
  EXPECT_EQ(group.next_ejection(1), seconds{30});
}

TEST(Outlier, KnowsWhenTheNextOneReturns) {
  Group group(6);
  EXPECT_EQ(group.outlier().next_return(), std::nullopt);
  group.fail(1);
  group.pass(seconds{10});
  group.fail(2);
  EXPECT_EQ(group.outlier().next_return(), Mono{} + seconds{1030});
  EXPECT_EQ(group.pass(seconds{20}), std::vector<TargetId>{1});
  EXPECT_EQ(group.outlier().next_return(), Mono{} + seconds{1040});
}

TEST(Outlier, SurvivesExtremeDurations) {
  config::Outlier spec;
  spec.ejection = Millis{0};
  Group none(4, spec);
  EXPECT_EQ(none.next_ejection(1), Millis{0});
  EXPECT_EQ(none.pass(Millis{0}), (std::vector<TargetId>{1}));
  spec.ejection = std::chrono::days{36'500};
  spec.max_ejection = Millis{1};
  Group century(4, spec);
  EXPECT_EQ(century.next_ejection(1), std::chrono::days{36'500});
}

// ---- gateway failures ---------------------------------------------------------------------------

TEST(Outlier, LooksAtGatewayFailuresAloneWhereThatIsAsked) {
  config::Outlier spec;
  spec.consecutive_failures = 0;
  spec.consecutive_gateway_failures = 3;
  Group group(4, spec);
  EXPECT_EQ(group.outlier().on_failures(1, {50, 2}, group.all(), group.now()), std::nullopt);
  EXPECT_EQ(group.outlier().on_failures(1, {3, 3}, group.all(), group.now()),
            "outlier: 3 gateway failures in a row, out for 30s");
}

// ---- success rates ------------------------------------------------------------------------------

class SuccessRates : public ::testing::Test {
 protected:
  explicit SuccessRates(std::size_t size = 10) : group_(size) {}
  void see(TargetId first, TargetId last, std::uint32_t requests, std::uint32_t failures) {
    for (TargetId id = first; id <= last; ++id)
      group_.outlier().on_tally({id, requests, failures}, group_.now());
  }
  /// Who goes at the end of the interval.
  std::vector<TargetId> outliers() {
    std::vector<TargetId> out;
    group_.pass(seconds{10});
    if (!group_.outlier().is_interval_over(group_.now())) return out;
    while (const auto found = group_.outlier().next_outlier(group_.all(), group_.now())) {
      group_.target(found->target).ejected = true;
      out.push_back(found->target);
      reason_ = found->reason;
    }
    group_.outlier().end_interval();
    return out;
  }

  Group group_;
  std::string reason_;
};

TEST_F(SuccessRates, TakeOutTheOneThatIsFarBelowTheOthers) {
  see(1, 9, 100, 0);
  see(10, 10, 100, 30);
  EXPECT_EQ(outliers(), std::vector<TargetId>{10});
  EXPECT_EQ(reason_, "outlier: 70.0% succeeded, below 79.9% of the group, out for 30s");
}

TEST_F(SuccessRates, LeaveThoseAloneThatAreAllTheSame) {
  see(1, 10, 1000, 500);
  EXPECT_TRUE(outliers().empty());
}

TEST_F(SuccessRates, SayNothingOfATargetWithFewRequests) {
  see(1, 9, 100, 0);
  see(10, 10, 99, 99);
  EXPECT_TRUE(outliers().empty());
}

TEST_F(SuccessRates, NeedFiveTargetsToCompare) {
  see(1, 3, 1000, 0);
  see(4, 4, 1000, 1000);
  EXPECT_TRUE(outliers().empty());
  see(1, 5, 1000, 0);
  EXPECT_TRUE(outliers().empty());
}

TEST_F(SuccessRates, BeginAnewWithEachInterval) {
  see(10, 10, 99, 99);
  see(1, 9, 100, 0);
  EXPECT_TRUE(outliers().empty());
  see(10, 10, 99, 99);
  see(1, 9, 100, 0);
  EXPECT_TRUE(outliers().empty());
}

TEST_F(SuccessRates, AreOfAWholeIntervalThatBeginsWithTheFirstRequests) {
  group_.pass(seconds{60});
  see(1, 9, 100, 0);
  see(10, 10, 100, 30);
  group_.pass(seconds{9});
  EXPECT_FALSE(group_.outlier().is_interval_over(group_.now()));
  EXPECT_EQ(group_.outlier().due(), group_.now() + seconds{1});
  EXPECT_EQ(outliers(), std::vector<TargetId>{10});
}

TEST_F(SuccessRates, WaitForNothingWithoutRequests) {
  EXPECT_EQ(group_.outlier().due(), Mono::max());
  see(10, 10, 100, 30);
  see(1, 9, 100, 0);
  EXPECT_EQ(outliers(), std::vector<TargetId>{10});
  EXPECT_EQ(group_.outlier().due(), group_.outlier().next_return()) << "only that is to come";
}

TEST_F(SuccessRates, NeverTakeOutMoreThanTheShareAllowed) {
  config::Outlier spec;
  spec.max_ejected_percent = 10;
  spec.success_rate_factor = 0.5;
  group_ = Group(10, spec);
  see(1, 8, 100, 0);
  see(9, 10, 100, 90);
  EXPECT_EQ(outliers().size(), 1U);
}

TEST_F(SuccessRates, AreNotComparedWhereThatIsOff) {
  config::Outlier spec;
  spec.success_rate = false;
  group_ = Group(10, spec);
  see(1, 9, 100, 0);
  see(10, 10, 100, 100);
  EXPECT_TRUE(outliers().empty());
}

}  // namespace
}  // namespace teal::health
