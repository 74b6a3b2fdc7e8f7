#include "health/statistics/window.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace teal::health {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kTarget = static_cast<std::size_t>(Origin::target);

TrafficCounters finished(std::uint64_t requests) {
  TrafficCounters counters;
  counters.requests[kTarget][1] = requests;
  return counters;
}

Mono at(milliseconds since_start) {
  return Mono{} + seconds{1000} + since_start;
}

TEST(Window, ShowsNothingBeforeTheSecondReading) {
  Window window(seconds{30});
  EXPECT_FALSE(window.view());
  window.push(at(seconds{0}), finished(100));
  EXPECT_FALSE(window.view());
}

TEST(Window, CountsFromTheFirstReading) {
  Window window(seconds{30});
  window.push(at(seconds{0}), finished(100));
  window.push(at(seconds{1}), finished(107));
  const auto view = window.view();
  ASSERT_TRUE(view);
  EXPECT_EQ(view->counters.total(), 7U);
  EXPECT_EQ(view->span, seconds{1});
}

TEST(Window, ForgetsWhatIsOlderThanItself) {
  Window window(seconds{30});
  for (int i = 0; i <= 100; ++i)
    window.push(at(seconds{i}), finished(static_cast<std::uint64_t>(i) * 10));
  const auto view = window.view();
  ASSERT_TRUE(view);
  EXPECT_EQ(view->span, seconds{30});
  EXPECT_EQ(view->counters.total(), 300U);
}

TEST(Window, StillShowsAReadingThatCameAfterALongSilence) {
  Window window(seconds{30});
  window.push(at(seconds{0}), finished(0));
  window.push(at(seconds{1}), finished(5));
  window.push(at(seconds{500}), finished(9));
  const auto view = window.view();
  ASSERT_TRUE(view);
  EXPECT_EQ(view->counters.total(), 4U);
  EXPECT_EQ(view->span, seconds{499});
}

TEST(Window, TakesTwoReadingsAtOneInstant) {
  Window window(seconds{30});
  window.push(at(seconds{0}), finished(0));
  window.push(at(seconds{0}), finished(3));
  const auto view = window.view();
  ASSERT_TRUE(view);
  EXPECT_EQ(view->counters.total(), 3U);
  EXPECT_EQ(view->span, Micros{0});
}

// However often and irregularly one looks, the window is what the last `over` saw, give or take a
// cell and one gap between readings.
TEST(Window, IsExactToACellHoweverOftenOneLooks) {
  constexpr std::uint64_t kSeed = 20261123;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  Rng rng(kSeed);
  const milliseconds over = seconds{6};
  const milliseconds cell = over / Window::kCells;
  Window window(over);
  milliseconds now{0};
  milliseconds first{0};
  for (int i = 0; i < 20'000; ++i) {
    const milliseconds gap{rng.below(150)};
    now += gap;
    // One request every millisecond: the count is the span.
    window.push(at(now), finished(static_cast<std::uint64_t>(now.count())));
    const auto view = window.view();
    if (i == 0) {
      first = now;
      continue;
    }
    ASSERT_TRUE(view);
    ASSERT_EQ(view->counters.total(), static_cast<std::uint64_t>(view->span.count() / 1000));
    ASSERT_GE(view->span, std::min(over, now - first)) << "too short at " << now.count();
    ASSERT_LE(view->span, over + cell + milliseconds{150}) << "too long at " << now.count();
  }
}

}  // namespace
}  // namespace teal::health
