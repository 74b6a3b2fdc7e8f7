// What a worker tells control of single requests: what leaves at once, what waits for the tick, and
// how much of a flood is kept (docs/adr/0012).
#include "proxy/telemetry/report_sender.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace teal::proxy {
namespace {

struct CountedControl final : ControlInbox {
  void reported() override { ++batches; }
  void exposed() override {}
  void tallies(std::vector<TargetTally> /*tallies*/) override {}
  int batches = 0;
};

class ReportSenderTest : public testing::Test {
 protected:
  void fail(int times = 1) {
    BadOutcome outcome;
    outcome.failure = Failure::reset;
    for (int i = 0; i < times; ++i) sender_.report(outcome);
  }
  /// How many of them were taken.
  int judge(JudgedEvent::Kind kind, int times = 1) {
    int taken = 0;
    for (int i = 0; i < times; ++i) {
      if (!sender_.admit(kind)) continue;
      JudgedEvent event;
      event.kind = kind;
      sender_.report(0, event);
      ++taken;
    }
    return taken;
  }
  int slow(int times = 1) { return judge(JudgedEvent::Kind::slow, times); }
  int error(int times = 1) { return judge(JudgedEvent::Kind::error, times); }
  void end_callback() { sender_.send_urgent(clock_.mono()); }
  void tick() {
    clock_.advance(Millis{20});
    sender_.begin_tick();
    sender_.end_tick(clock_.mono());
  }
  /// Control takes what there is.
  ReportBatch take() {
    ReportSender::Taken taken = sender_.take();
    EXPECT_TRUE(taken.reports.has_value());
    is_waited_for_ = taken.is_waited_for;
    return taken.reports ? *std::move(taken.reports) : ReportBatch{};
  }
  bool is_empty() { return !sender_.take().reports.has_value(); }
  /// Control does not come round to the mailbox.
  void fill_mailbox() {
    fail();
    end_callback();
    ASSERT_EQ(control_.batches, 1);
  }
  std::uint64_t dropped(Stat stat) const { return counters_.read(stat); }

  ManualClock clock_;
  Shard counters_;
  CountedControl control_;
  ReportSender sender_{{clock_, counters_, control_}, 3, 1};
  bool is_waited_for_ = false;
};

TEST_F(ReportSenderTest, SendsABadOutcomeWhenTheCallbackIsOver) {
  fail();
  EXPECT_TRUE(is_empty()) << "the callback is not over";
  clock_.advance(Millis{3});
  end_callback();
  EXPECT_EQ(control_.batches, 1);
  const ReportBatch batch = take();
  ASSERT_EQ(batch.outcomes.size(), 1U);
  EXPECT_EQ(batch.outcomes[0].failure, Failure::reset);
  EXPECT_EQ(batch.at, clock_.mono());
  EXPECT_FALSE(is_waited_for_);
}

TEST_F(ReportSenderTest, SendsNothingWhereThereIsNothing) {
  end_callback();
  tick();
  EXPECT_EQ(control_.batches, 0);
}

TEST_F(ReportSenderTest, SendsAnErrorAtOnceAndASlowRequestWithTheTick) {
  slow();
  end_callback();
  EXPECT_EQ(control_.batches, 0);
  tick();
  EXPECT_EQ(take().judged.size(), 1U);
  error();
  end_callback();
  EXPECT_EQ(take().judged.size(), 1U);
}

TEST_F(ReportSenderTest, SendsASlowRequestAtOnceWhereControlWaits) {
  sender_.notify_at_watermark(clock_.mono());
  InFlightHook oldest;
  sender_.watermark().push(oldest, clock_.mono());
  slow();
  end_callback();
  EXPECT_EQ(take().judged.size(), 1U);
}

TEST_F(ReportSenderTest, SaysWhatItsUntoldRequestsLeaveOpen) {
  const Mono began = clock_.mono();
  InFlightHook hook;
  sender_.watermark().push(hook, began);
  clock_.advance(Millis{50});
  fail();
  end_callback();
  EXPECT_EQ(take().watermark, began);
  sender_.watermark().remove(hook);
  fail();
  end_callback();
  EXPECT_EQ(take().watermark, clock_.mono()) << "the turn's time, since others may begin with it";
}

TEST_F(ReportSenderTest, SendsAnEmptyBatchWhenWhatControlWaitsForIsSettled) {
  InFlightHook hook;
  sender_.watermark().push(hook, clock_.mono());
  sender_.notify_at_watermark(clock_.mono());
  end_callback();
  EXPECT_EQ(control_.batches, 0);
  sender_.watermark().remove(hook);
  end_callback();
  const ReportBatch batch = take();
  EXPECT_TRUE(batch.is_settled);
  EXPECT_TRUE(batch.empty());
  end_callback();
  EXPECT_TRUE(is_empty()) << "it is told once";
}

TEST_F(ReportSenderTest, CollectsWhileTheMailboxIsFullAndIsWokenWhenItIsNot) {
  fill_mailbox();
  fail();
  end_callback();
  error();
  end_callback();
  EXPECT_EQ(control_.batches, 1);
  EXPECT_EQ(take().outcomes.size(), 1U);
  ASSERT_TRUE(is_waited_for_);
  end_callback();
  const ReportBatch second = take();
  EXPECT_EQ(second.outcomes.size(), 1U);
  EXPECT_EQ(second.judged.size(), 1U);
  EXPECT_FALSE(is_waited_for_);
}

TEST_F(ReportSenderTest, TimesAVerdictFromTheFirstThatItWaitedFor) {
  fill_mailbox();
  fail();
  end_callback();
  const Mono first = clock_.mono();
  clock_.advance(Millis{8});
  fail();
  end_callback();
  take();
  end_callback();
  EXPECT_EQ(take().at, first);
}

TEST_F(ReportSenderTest, KeepsSoManyBadOutcomesOfAFlood) {
  fill_mailbox();
  fail(static_cast<int>(ReportSender::kMaxOutcomes) + 10);
  end_callback();
  take();
  EXPECT_EQ(dropped(Stat::bad_outcomes_dropped), 10U);
  end_callback();
  EXPECT_EQ(take().outcomes.size(), ReportSender::kMaxOutcomes);
}

TEST_F(ReportSenderTest, KeepsSoManyErrorsOfAFlood) {
  fill_mailbox();
  EXPECT_EQ(error(static_cast<int>(ReportSender::kMaxErrors) + 10),
            static_cast<int>(ReportSender::kMaxErrors));
  EXPECT_EQ(dropped(Stat::judged_events_dropped), 10U);
  end_callback();
  take();
  end_callback();
  EXPECT_EQ(take().judged.size(), ReportSender::kMaxErrors);
  EXPECT_EQ(error(), 1) << "there is room again";
}

TEST_F(ReportSenderTest, ThinsOutSlowRequestsToSoManyATick) {
  EXPECT_EQ(slow(100), static_cast<int>(ReportSender::kMaxSlowPerTick));
  EXPECT_EQ(dropped(Stat::judged_events_dropped), 100 - ReportSender::kMaxSlowPerTick);
  tick();
  EXPECT_EQ(take().judged.size(), ReportSender::kMaxSlowPerTick);
  EXPECT_EQ(slow(100), static_cast<int>(ReportSender::kMaxSlowPerTick));
}

TEST_F(ReportSenderTest, KeepsSoManySlowRequestsWhileControlIsBusyAndNeverInPlaceOfErrors) {
  fill_mailbox();
  int taken = 0;
  for (int i = 0; i < 100; ++i) {
    taken += slow(100);
    tick();
  }
  EXPECT_EQ(taken, static_cast<int>(ReportSender::kMaxSlow));
  EXPECT_EQ(error(static_cast<int>(ReportSender::kMaxErrors)),
            static_cast<int>(ReportSender::kMaxErrors));
}

TEST_F(ReportSenderTest, WakesControlSoOftenBetweenTwoTicks) {
  for (std::uint32_t i = 0; i < ReportSender::kMaxUrgentPerTick; ++i) {
    fail();
    end_callback();
    take();
  }
  fail();
  end_callback();
  fail();
  end_callback();
  EXPECT_EQ(control_.batches, static_cast<int>(ReportSender::kMaxUrgentPerTick));
  tick();
  EXPECT_EQ(take().outcomes.size(), 2U) << "the rest leaves with the tick";
  fail();
  end_callback();
  EXPECT_EQ(take().outcomes.size(), 1U) << "and then there may be as many again";
}

TEST_F(ReportSenderTest, GivesNumbersThatNoOtherWorkerGives) {
  // Those of the one go beyond the end of their range at once.
  ReportSender first({clock_, counters_, control_}, 1, ~std::uint64_t{0});
  ReportSender second({clock_, counters_, control_}, 2, ~std::uint64_t{0});
  std::set<std::uint64_t> numbers;
  for (int i = 0; i < 1000; ++i) {
    numbers.insert(first.next_number());
    numbers.insert(second.next_number());
  }
  EXPECT_EQ(numbers.size(), 2000U);
  EXPECT_EQ(first.unique(7), first.unique(7));
  EXPECT_NE(first.unique(7), second.unique(7));
}

}  // namespace
}  // namespace teal::proxy
