// What goes through a tunnel, how long it may be silent, and how it ends on either side.
#include "proxy/exchange/tunnel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/smart_ptr/make_local_shared.hpp>

#include "proxy/loop/target_runtime.h"
#include "tests/support/unit_exchange_sides.h"

namespace teal::proxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TunnelTest : public testing::Test {
 protected:
  static constexpr Mono kBegan{Millis{1'000'000}};

  TunnelTest() : wheel_(kBegan), timer_([](void*) {}, nullptr) {
    target_.stats = &shard_.service(0);
    timeouts_.tunnel_idle = Millis{60'000};
    timeouts_.stream_idle = Millis{5'000};
    timeouts_.tunnel_drain = Millis{30'000};
    make();
  }

  void make() {
    tunnel_ = std::make_unique<Tunnel>(Tunnel::Ends{client_, side_, target_},
                                       Tunnel::Labels{"shop", "v1", timeouts_}, shard_, wheel_,
                                       timer_, kBegan);
  }
  std::uint64_t counted(Stat what) { return shard_[what].read(); }

  FakeClient client_;
  FakeTarget side_;
  TargetRuntime target_;
  Shard shard_;
  net::TimerWheel wheel_;
  net::Timer timer_;
  config::ServiceTimeouts timeouts_;
  Rng rng_{1};
  std::unique_ptr<Tunnel> tunnel_;
};

TEST_F(TunnelTest, BytesGoBothWaysAsTheyAre) {
  tunnel_->on_client_bytes("ping", kBegan);
  tunnel_->on_target_bytes("pong", kBegan);
  EXPECT_THAT(side_.calls.take(), ElementsAre("body ping"));
  EXPECT_THAT(client_.calls.take(), ElementsAre("body pong"));
}

TEST_F(TunnelTest, IsOverWhenBothSidesHaveEnded) {
  EXPECT_TRUE(tunnel_->wants_client_bytes());
  EXPECT_FALSE(tunnel_->on_client_end(kBegan));
  EXPECT_FALSE(tunnel_->wants_client_bytes());
  EXPECT_THAT(side_.calls.take(), ElementsAre("end"));
  EXPECT_TRUE(tunnel_->on_target_end(kBegan));
  EXPECT_THAT(client_.calls.take(), ElementsAre("end"));
  tunnel_->end_client(Termination::ok, false);
  EXPECT_THAT(client_.calls.take(), IsEmpty()) << "it was told the end already";
}

TEST_F(TunnelTest, LeavesEachSideItsWordAfterTheOtherHasEnded) {
  EXPECT_FALSE(tunnel_->on_target_end(kBegan));
  tunnel_->on_client_bytes("last words", kBegan);
  EXPECT_THAT(side_.calls.take(), ElementsAre("body last words"));
  EXPECT_TRUE(tunnel_->on_client_end(kBegan));
}

TEST_F(TunnelTest, IsOverOnlyWhenTheTargetHasAllThatTheClientSaid) {
  side_.drained = false;
  EXPECT_FALSE(tunnel_->on_target_end(kBegan));
  EXPECT_FALSE(tunnel_->on_client_end(kBegan));
  EXPECT_FALSE(tunnel_->is_over());
  side_.drained = true;
  EXPECT_TRUE(tunnel_->is_over());
}

TEST_F(TunnelTest, TakesAnEndThatIsToldTwiceOnce) {
  EXPECT_FALSE(tunnel_->on_client_end(kBegan));
  EXPECT_FALSE(tunnel_->on_client_end(kBegan));
  EXPECT_THAT(side_.calls.take(), ElementsAre("end"));
  EXPECT_FALSE(tunnel_->on_target_end(kBegan) && tunnel_->on_target_end(kBegan));
}

// ---- deadlines

TEST_F(TunnelTest, MayBeSilentForItsIdleTimeAfterEachByte) {
  EXPECT_EQ(timer_.deadline(), kBegan + Millis{60'000});
  tunnel_->on_client_bytes("x", kBegan + Millis{10});
  EXPECT_EQ(timer_.deadline(), kBegan + Millis{60'010});
  tunnel_->on_target_bytes("y", kBegan + Millis{20});
  EXPECT_EQ(timer_.deadline(), kBegan + Millis{60'020});
  tunnel_->on_unblocked(kBegan + Millis{30});
  EXPECT_EQ(timer_.deadline(), kBegan + Millis{60'030});
}

TEST_F(TunnelTest, MayBeSilentNoLongerThanAResponseOnceASideHasEnded) {
  EXPECT_FALSE(tunnel_->on_client_end(kBegan));
  EXPECT_EQ(timer_.deadline(), kBegan + Millis{5'000});
}

TEST_F(TunnelTest, EndsAsIdleWhenItWasSilentForTooLong) {
  EXPECT_EQ(tunnel_->on_deadline(kBegan + Millis{60'000}), Termination::tunnel_idle);
  EXPECT_EQ((*target_.stats)[ServiceStat::tunnel_timeouts].read(), 1U);
}

TEST_F(TunnelTest, EndsSomeTimeWithinItsDrainTimeOnceItsTargetIsRetired) {
  tunnel_->on_target_retired(kBegan, rng_);
  const Mono end = timer_.deadline();
  EXPECT_LE(end, kBegan + Millis{30'000});
  EXPECT_GE(end, kBegan + Millis{27'000});
  tunnel_->on_client_bytes("still talking", kBegan + Millis{20'000});
  EXPECT_EQ(timer_.deadline(), end);
  EXPECT_EQ(tunnel_->on_deadline(end), Termination::tunnel_drained);
  EXPECT_EQ(counted(Stat::tunnels_drained), 1U);
}

TEST_F(TunnelTest, OfARetiredTargetIsStillIdleBeforeItsEnd) {
  timeouts_.tunnel_idle = Millis{1'000};
  tunnel_.reset();
  make();
  tunnel_->on_target_retired(kBegan, rng_);
  EXPECT_EQ(timer_.deadline(), kBegan + Millis{1'000});
  EXPECT_EQ(tunnel_->on_deadline(kBegan + Millis{1'000}), Termination::tunnel_idle);
}

// ---- how the client sees its end

TEST_F(TunnelTest, TellsTheClientOfAnEndInOrder) {
  tunnel_->end_client(Termination::tunnel_drained, false);
  EXPECT_THAT(client_.calls.take(), ElementsAre("end"));
}

TEST_F(TunnelTest, CutsTheClientWhereTheTargetsSideWasCut) {
  tunnel_->end_client(Termination::upstream_truncated, false);
  EXPECT_THAT(client_.calls.take(), ElementsAre("truncated"));
}

TEST_F(TunnelTest, CutsAClientThatTakesNothingAnyMore) {
  client_.is_blocked = true;
  tunnel_->end_client(Termination::tunnel_idle, false);
  EXPECT_THAT(client_.calls.take(), ElementsAre("truncated"));
}

TEST_F(TunnelTest, TellsNothingToAClientThatIsGone) {
  tunnel_->end_client(Termination::client_gone, true);
  EXPECT_THAT(client_.calls.take(), IsEmpty());
}

TEST_F(TunnelTest, CountsAClientThatBreaksItOffAndNotOneThatLeavesInOrder) {
  EXPECT_EQ(tunnel_->on_client_gone(true), Termination::ok);
  EXPECT_EQ(counted(Stat::client_aborts), 0U);
  EXPECT_EQ(tunnel_->on_client_gone(false), Termination::client_gone);
  EXPECT_EQ(counted(Stat::client_aborts), 1U);
}

TEST_F(TunnelTest, AClientCannotBreakOffWhatTheTargetHasEnded) {
  EXPECT_FALSE(tunnel_->on_target_end(kBegan));
  EXPECT_EQ(tunnel_->on_client_gone(false), Termination::ok);
  EXPECT_EQ(counted(Stat::client_aborts), 0U);
}

// ---- what it counts as

TEST_F(TunnelTest, CountsAsActiveWhileItIsThere) {
  EXPECT_EQ(counted(Stat::tunnels), 1U);
  EXPECT_EQ(counted(Stat::tunnels_active), 1U);
  tunnel_.reset();
  EXPECT_EQ(counted(Stat::tunnels), 1U);
  EXPECT_EQ(counted(Stat::tunnels_active), 0U);
}

TEST_F(TunnelTest, ATargetKnowsItsTunnelsInWhateverOrderTheyEnd) {
  std::vector<std::unique_ptr<Tunnel>> others;
  for (int i = 0; i < 3; ++i) {
    others.push_back(std::move(tunnel_));
    make();
  }
  ASSERT_EQ(target_.connections().tunnels.size(), 4U);
  others[1].reset();
  others[0].reset();
  EXPECT_THAT(target_.connections().tunnels,
              testing::UnorderedElementsAre(others[2].get(), tunnel_.get()));
  tunnel_.reset();
  EXPECT_THAT(target_.connections().tunnels, ElementsAre(others[2].get()));
}

}  // namespace
}  // namespace teal::proxy
