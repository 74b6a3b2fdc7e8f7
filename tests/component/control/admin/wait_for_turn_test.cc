#include "control/admin/wait_for_turn.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace teal::control {
namespace {

namespace asio = boost::asio;

asio::awaitable<void> wait_and_note(const Later& later, std::shared_ptr<int> noted) {
  co_await wait_for_turn(later);
  ++*noted;
}

class WaitForTurnTest : public testing::Test {
 protected:
  void begin(const Later& later) {
    asio::co_spawn(io_, wait_and_note(later, noted_), asio::detached);
    run();
  }
  void run() {
    io_.restart();
    io_.poll();
  }

  std::vector<std::function<void()>> turns_;
  const Later later_ = [this](std::function<void()> turn) { turns_.push_back(std::move(turn)); };
  const Later nobody_;
  std::shared_ptr<int> noted_ = std::make_shared<int>(0);
  asio::io_context io_{1};
};

TEST_F(WaitForTurnTest, GoesOnWhenItsTurnHasCome) {
  begin(later_);
  ASSERT_EQ(turns_.size(), 1U);
  EXPECT_EQ(*noted_, 0);
  turns_[0]();
  run();
  EXPECT_EQ(*noted_, 1);
}

TEST_F(WaitForTurnTest, GoesOnAtOnceWhereNobodyGivesTurns) {
  begin(nobody_);
  EXPECT_EQ(*noted_, 1);
}

TEST_F(WaitForTurnTest, ATurnThatIsNeverGivenLetsGoOfTheCoroutine) {
  begin(later_);
  EXPECT_EQ(noted_.use_count(), 2);
  turns_.clear();
  run();  // Asio unwinds a coroutine on its executor.
  EXPECT_EQ(noted_.use_count(), 1);
}

}  // namespace
}  // namespace teal::control
