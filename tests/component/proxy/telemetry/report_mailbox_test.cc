#include "proxy/telemetry/report_mailbox.h"

#include <chrono>
#include <semaphore>
#include <thread>

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

ReportBatch batch(std::uint64_t number) {
  ReportBatch reports;
  reports.judged.emplace_back().event.request = number;
  return reports;
}

TEST(ReportMailbox, GivesEachBatchOnceAndIsFullUntilThen) {
  ReportMailbox box;
  EXPECT_FALSE(box.take().has_value());
  box.put(batch(7));
  EXPECT_TRUE(box.is_full());
  const auto taken = box.take();
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->judged.at(0).event.request, 7U);
  EXPECT_FALSE(box.is_full());
  EXPECT_FALSE(box.take().has_value());
}

TEST(ReportMailbox, SaysOnceThatTheWorkerWaitsAndNotOfOneThatFoundRoom) {
  ReportMailbox box;
  box.put(batch(1));
  EXPECT_TRUE(box.wait_for_room());
  box.take();
  EXPECT_TRUE(box.take_wakeup());
  EXPECT_FALSE(box.take_wakeup());

  EXPECT_FALSE(box.wait_for_room()) << "it was empty all the time";
  box.put(batch(2));
  box.take();
  EXPECT_FALSE(box.take_wakeup());
}

TEST(ReportMailbox, LosesNothingAndLeavesNobodyWaitingBetweenTwoThreads) {
  constexpr std::uint64_t kBatches = 5'000;  // Each is a hand-over, slow where others compute.
  ReportMailbox box;
  std::counting_semaphore<> rung{0};
  bool was_left_waiting = false;
  std::thread worker([&] {
    for (std::uint64_t i = 1; i <= kBatches; ++i) {
      while (box.is_full() && box.wait_for_room())
        if (!rung.try_acquire_for(std::chrono::seconds{20})) {
          was_left_waiting = true;
          return;
        }
      box.put(batch(i));
    }
  });
  std::uint64_t last = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (last < kBatches && std::chrono::steady_clock::now() < deadline) {
    const auto taken = box.take();
    if (!taken) {
      std::this_thread::yield();
      continue;
    }
    EXPECT_EQ(taken->judged.at(0).event.request, last + 1);
    last = taken->judged.at(0).event.request;
    if (box.take_wakeup()) rung.release();
  }
  worker.join();
  EXPECT_EQ(last, kBatches);
  EXPECT_FALSE(was_left_waiting);
}

}  // namespace
}  // namespace teal::proxy
