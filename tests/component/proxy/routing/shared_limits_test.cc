#include "proxy/routing/shared_limits.h"

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/routes_room.h"

namespace teal::proxy {
namespace {

Mono at(int ms) {
  return Mono(Millis{ms});
}

TEST(SharedCount, IsNeverAboveItsLimitAndNoPlaceIsLostOverThreads) {
  SharedCount count;
  std::atomic<std::uint32_t> inside{0};
  std::atomic<bool> is_exact{true};
  std::atomic<std::uint32_t> taken{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int round = 0; round < 20'000; ++round) {
          if (!count.take(3)) continue;
          if (inside.fetch_add(1) >= 3) is_exact = false;
          ++taken;
          if (round % 64 == 0) std::this_thread::yield();
          inside.fetch_sub(1);
          count.give_back();
        }
      });
  }
  EXPECT_TRUE(is_exact);
  EXPECT_GT(taken, 0U);
  EXPECT_EQ(count.count(), 0U);
}

TEST(SharedCount, TakesAndRefusesByTheLimitOfTheCall) {
  SharedCount count;
  EXPECT_FALSE(count.take(0));
  EXPECT_TRUE(count.take(2));
  EXPECT_TRUE(count.take(2));
  EXPECT_FALSE(count.take(2));
  EXPECT_TRUE(count.take(3)) << "a raised limit";
  count.give_back();
  EXPECT_FALSE(count.take(1)) << "a lowered one";
}

TEST(WaitBoard, NamesTheWorkerWhoseOldestHasWaitedLongest) {
  WaitBoard board(4);
  EXPECT_EQ(board.longest(), std::nullopt);
  board.show(2, at(20));
  board.show(1, at(10));
  board.show(3, at(30));
  EXPECT_EQ(board.longest(), 1U);
  board.show(1, Mono::max());
  EXPECT_EQ(board.longest(), 2U);
}

TEST(WaitBoard, GoesThroughAllThatWaitAndComesToAnEnd) {
  WaitBoard board(5);
  board.show(4, at(10));
  board.show(0, at(20));
  board.show(2, at(20));
  board.show(3, at(30));
  std::vector<std::size_t> order;
  for (auto next = board.longest(); next; next = board.after(*next)) order.push_back(*next);
  EXPECT_EQ(order, (std::vector<std::size_t>{4, 0, 2, 3}));
}

TEST(WaitBoard, PromisesAPlaceForEachCallUntilTheWorkerAnswers) {
  WaitBoard board(2);
  EXPECT_TRUE(board.call(1)) << "it has to be woken";
  EXPECT_FALSE(board.call(1)) << "it has been";
  EXPECT_TRUE(board.call(0));
  EXPECT_EQ(board.promised(), 3U);
  board.answer(1);
  EXPECT_EQ(board.promised(), 1U);
  EXPECT_TRUE(board.call(1));
  board.answer(1);
  board.answer(0);
  board.answer(0);
  EXPECT_EQ(board.promised(), 0U);
}

/// Four threads with one place and all that a worker does (worker/limits.cc), in small: whoever
/// registers looks again, whoever gives back calls. Nobody waits for ever.
TEST(WaitBoard, NoCallIsLostBetweenRegisteringAndGivingBack) {
  constexpr std::size_t kThreads = 4;
  constexpr int kRounds = 200;
  GroupLimits group(kThreads);
  std::vector<std::atomic<bool>> called(kThreads);
  const auto offer = [&] {
    if (const auto longest = group.board.longest(); longest && group.board.call(*longest))
      called[*longest] = true;
  };
  std::atomic<int> served{0};
  std::vector<std::jthread> threads;
  for (std::size_t me = 0; me < kThreads; ++me)
    threads.emplace_back([&, me](const std::stop_token& stop) {
      for (int round = 0; round < kRounds; ++round) {
        const auto try_it = [&] {
          return group.in_flight.count() + group.board.promised() < 1 && group.in_flight.take(1);
        };
        if (!try_it()) {
          group.board.show(me, at(round));
          if (group.in_flight.count() + group.board.promised() < 1) offer();
          bool got = false;
          while (!got && !stop.stop_requested()) {
            if (!called[me].exchange(false)) {
              std::this_thread::yield();
              continue;
            }
            group.board.answer(me);
            got = try_it();
          }
          if (!got) return;
          group.board.show(me, Mono::max());
        }
        ++served;
        std::this_thread::yield();
        group.in_flight.give_back();
        // Also for one that was called and found the place taken.
        group.board.answer(me);
        called[me] = false;
        offer();
      }
      // A worker always answers.
      while (!stop.stop_requested()) {
        if (called[me].exchange(false)) {
          group.board.answer(me);
          if (group.in_flight.count() + group.board.promised() < 1) offer();
        }
        std::this_thread::yield();
      }
    });
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (served < static_cast<int>(kThreads) * kRounds &&
         std::chrono::steady_clock::now() < give_up)
    std::this_thread::yield();
  EXPECT_EQ(served, static_cast<int>(kThreads) * kRounds);
}

class LimitBookTest : public ::testing::Test {
 protected:
  static TargetState target(TargetId id, const std::string& address) {
    TargetState state;
    state.id = id;
    state.address = parse_address(address).value();
    return state;
  }
  LimitBookTest() { config_.services.emplace_back().name = "shop"; }

  /// The view of one service with these blue and green targets.
  ServiceView publish(std::vector<TargetState> blue, std::vector<TargetState> green = {}) {
    ServiceState state;
    state.groups[Colour::blue].targets = std::move(blue);
    state.groups[Colour::green].targets = std::move(green);
    return *room_.publish(config_, {state})->services.at(0);
  }
  static const GroupView& blue(const ServiceView& view) { return view.groups[Colour::blue]; }

  config::Config config_;
  RoutesRoom room_{2};
};

TEST_F(LimitBookTest, KeepsCountsFromViewToView) {
  const ServiceView first = publish({target(1, "1.1.1.1:1"), target(2, "1.1.1.1:2")});
  const ServiceView second = publish({target(2, "1.1.1.1:2")}, {target(3, "1.1.1.1:3")});
  EXPECT_EQ(blue(first).limits, blue(second).limits);
  EXPECT_EQ(blue(first).set->shared[1], blue(second).set->shared[0]);
  EXPECT_NE(blue(first).set->shared[0], blue(first).set->shared[1]);
  EXPECT_NE(blue(first).limits, second.groups[Colour::green].limits);
}

TEST_F(LimitBookTest, ATargetThatComesBackGoesOnWithTheCountOfWhatStillRuns) {
  const ServiceView first = publish({target(1, "1.1.1.1:1")});
  const std::shared_ptr<SharedTarget> running = blue(first).set->shared[0];
  publish({});
  EXPECT_EQ(blue(publish({target(7, "1.1.1.1:1")})).set->shared[0], running);
}

TEST_F(LimitBookTest, ForgetsATargetThatNobodyUses) {
  std::weak_ptr<SharedTarget> gone = blue(publish({target(1, "1.1.1.1:1")})).set->shared[0];
  EXPECT_FALSE(gone.expired()) << "the next view may have it";
  publish({});
  EXPECT_TRUE(gone.expired());
}

TEST_F(LimitBookTest, TheSameAddressInBothGroupsIsTwoTargets) {
  const ServiceView view = publish({target(1, "1.1.1.1:1")}, {target(2, "1.1.1.1:1")});
  EXPECT_NE(blue(view).set->shared[0], view.groups[Colour::green].set->shared[0]);
}

}  // namespace
}  // namespace teal::proxy
