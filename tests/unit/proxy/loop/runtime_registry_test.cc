// What a worker keeps of targets, groups and services from table to table, by tables made by hand:
// what stays, what begins anew, and what ends with the target that has left.
#include "proxy/loop/runtime_registry.h"

#include <gtest/gtest.h>

#include "tests/support/loop_room.h"

namespace teal::proxy {
namespace {

/// A connection to a target that writes down how it ended.
class FakeConnection final : public KeptConnection {
 public:
  FakeConnection(WorkerLoop& loop, boost::local_shared_ptr<TargetRuntime> target)
      : KeptConnection(loop, net::Stream(net::Socket())), target_(std::move(target)) {}

  void be_idle() {
    ASSERT_TRUE(loop_.idle_pool().admit());
    target_->connections().idle_http1.push(of_target_);
    loop_.idle_pool().push(by_age_);
    ++target_->idle;
  }
  void close_idle() override {
    is_closed = true;
    if (of_target_.next == nullptr) return;
    of_target_.unlink();
    by_age_.unlink();
    loop_.idle_pool().leave();
    --target_->idle;
  }
  void retire() override {
    is_retired = true;
    close_idle();
    std::erase(target_->connections().discarding, boost::intrusive_ptr<KeptConnection>(this));
  }
  ServiceShard& stats() override { return *target_->stats; }
  void on_ready(net::Readiness /*ready*/) override {}
  void resume() override {}

  bool is_closed = false;
  bool is_retired = false;

 private:
  boost::local_shared_ptr<TargetRuntime> target_;
  IdleHook by_age_{this};
  IdleHook of_target_{this};
};

class FakeTunnel final : public TargetTunnel {
 public:
  void on_target_retired(Mono now, Rng& /*rng*/) override { retired_at = now; }
  std::optional<Mono> retired_at;
};

class RuntimeRegistryTest : public testing::Test {
 protected:
  config::Service& add_service(const std::string& name, std::size_t targets) {
    return room_.add_service(name, targets);
  }
  void publish() { room_.publish(); }
  /// The live group of a service has these from now on.
  std::vector<TargetState>& targets_of(std::size_t service) {
    return room_.states[service].groups[Colour::blue].targets;
  }
  const PinnedService& service(ServiceId id) { return room_.loop().routes().service(id); }
  const WorkerService::Group& blue(ServiceId id) { return service(id)->groups[Colour::blue]; }
  RuntimeRegistry& runtimes() { return room_.loop().runtimes(); }
  boost::intrusive_ptr<FakeConnection> connect(ServiceId service, std::size_t target) {
    runtimes().note_busy(blue(service).targets[target]);
    return new FakeConnection(room_.loop(), blue(service).targets[target]);
  }
  std::uint64_t surplus_of(ServiceId service) {
    return room_.loop().counters().service(service).read(ServiceStat::upstream_surplus_idle);
  }

  LoopRoom room_;
};

TEST_F(RuntimeRegistryTest, KeepsWhatANewViewHasByIdWhateverItsPlace) {
  add_service("shop", 2);
  publish();
  const auto target = blue(0).targets[1];
  const auto group = blue(0).runtime;
  const auto kept = service(0)->runtime;
  group->active = 7;

  // The second target comes first now.
  std::swap(targets_of(0)[0], targets_of(0)[1]);
  publish();
  EXPECT_EQ(blue(0).targets[0], target);
  EXPECT_FALSE(target->is_retired);
  EXPECT_EQ(blue(0).runtime, group);
  EXPECT_EQ(group->active, 7U);
  EXPECT_EQ(service(0)->runtime, kept);
}

TEST_F(RuntimeRegistryTest, TakesFromEachViewWhatTheConfigurationSays) {
  add_service("shop", 2);
  publish();
  EXPECT_FALSE(blue(0).runtime->is_limited);
  config::Service& spec = room_.config.services[0];
  spec.limits.pending = 5;
  spec.limits.in_flight_per_target = 3;
  spec.limits.idle_per_target = 2;
  spec.timeouts.upstream_idle = Millis{1234};
  publish();
  EXPECT_TRUE(blue(0).runtime->is_limited);
  EXPECT_EQ(blue(0).runtime->pending_limit, 5U);
  const TargetRuntime& target = *blue(0).targets[0];
  EXPECT_EQ(target.in_flight_limit, 3U);
  EXPECT_EQ(target.spec().limits.idle_per_target, 2U);
  EXPECT_EQ(target.spec().timeouts.upstream_idle, Millis{1234});
  EXPECT_EQ(target.address(), "10.0.0.1:80");
}

TEST_F(RuntimeRegistryTest, RetiresATargetThatHasLeftAndNobodyElse) {
  add_service("shop", 2);
  publish();
  const auto stays = blue(0).targets[0], leaves = blue(0).targets[1];
  targets_of(0).pop_back();
  publish();
  EXPECT_FALSE(stays->is_retired);
  EXPECT_TRUE(leaves->is_retired) << "a request may hold it still";
  EXPECT_EQ(blue(0).targets.size(), 1U);
}

TEST_F(RuntimeRegistryTest, EndsTheConnectionsOfATargetThatHasLeft) {
  add_service("shop", 2);
  publish();
  const auto stays = connect(0, 0), idle = connect(0, 1), discarding = connect(0, 1),
             shared = connect(0, 1);
  stays->be_idle();
  idle->be_idle();
  const auto target = blue(0).targets[1];
  target->connections().discarding.push_back(discarding);
  target->connections().http2.push_back(shared);
  targets_of(0).pop_back();
  publish();
  EXPECT_FALSE(stays->is_retired);
  EXPECT_TRUE(idle->is_retired);
  EXPECT_TRUE(discarding->is_retired);
  EXPECT_TRUE(shared->is_retired);
  EXPECT_TRUE(target->connections().idle_http1.empty());
  EXPECT_TRUE(target->connections().http2.empty());
}

TEST_F(RuntimeRegistryTest, TellsTheTunnelsOfATargetThatHasLeft) {
  add_service("shop", 2);
  publish();
  FakeTunnel stays, ends;
  blue(0).targets[0]->connections().tunnels.push_back(&stays);
  blue(0).targets[1]->connections().tunnels.push_back(&ends);
  targets_of(0).pop_back();
  publish();
  EXPECT_FALSE(stays.retired_at.has_value());
  EXPECT_EQ(ends.retired_at, room_.loop().now());
}

TEST_F(RuntimeRegistryTest, BeginsAnewWithATargetThatComesBackUnderAnotherId) {
  add_service("shop", 1);
  publish();
  const auto old = blue(0).targets[0];
  old->consecutive_failures = 4;
  targets_of(0)[0].id = 99;
  publish();
  EXPECT_NE(blue(0).targets[0], old);
  EXPECT_EQ(blue(0).targets[0]->consecutive_failures, 0U);
  EXPECT_EQ(blue(0).targets[0]->address(), old->address());
}

TEST_F(RuntimeRegistryTest, ForgetsTheFailuresInARowOfATargetThatIsTakenOutForAWhile) {
  add_service("shop", 1);
  publish();
  const auto target = blue(0).targets[0];
  target->consecutive_failures = target->consecutive_gateway = 4;
  publish();
  EXPECT_EQ(target->consecutive_failures, 4U);
  targets_of(0)[0].ejected = true;
  publish();
  EXPECT_EQ(target->consecutive_failures, 0U);
  EXPECT_EQ(target->consecutive_gateway, 0U);
}

TEST_F(RuntimeRegistryTest, TellsOfComparedTargetsWhatTheySawOnce) {
  config::Service& spec = add_service("shop", 3);
  spec.outlier.success_rate = true;
  spec.outlier.success_rate_targets = 3;
  add_service("alone", 1);
  publish();
  runtimes().note_busy(blue(0).targets[1]);
  runtimes().note_busy(blue(1).targets[0]);
  blue(0).targets[1]->tally = {.target = 0, .requests = 10, .failures = 2};
  blue(1).targets[0]->tally = {.target = 0, .requests = 10, .failures = 2};
  const std::vector<TargetTally> told = runtimes().take_tallies();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].target, blue(0).targets[1]->id);
  EXPECT_EQ(told[0].requests, 10U);
  EXPECT_EQ(told[0].failures, 2U);
  EXPECT_TRUE(runtimes().take_tallies().empty());
}

TEST_F(RuntimeRegistryTest, ComparesNoGroupOfFewTargets) {
  config::Service& spec = add_service("shop", 2);
  spec.outlier.success_rate = true;
  spec.outlier.success_rate_targets = 3;
  publish();
  EXPECT_FALSE(blue(0).runtime->is_compared);
  room_.add_targets(0, Colour::blue, 1);
  publish();
  EXPECT_TRUE(blue(0).runtime->is_compared);
}

TEST_F(RuntimeRegistryTest, RemembersThePeakOfTheSecondThatIsOver) {
  add_service("shop", 1);
  publish();
  runtimes().note_busy(blue(0).targets[0]);
  GroupRuntime& group = *blue(0).runtime;
  group.active = 3;
  group.peak = 9;
  runtimes().end_second();
  EXPECT_EQ(group.last_peak, 9U);
  EXPECT_EQ(group.peak, 3U) << "the next second begins with those that are active now";
}

TEST_F(RuntimeRegistryTest, ClosesTheIdleConnectionsThatNoTargetNeeds) {
  add_service("shop", 1);
  publish();
  const auto one = connect(0, 0), two = connect(0, 0);
  one->be_idle();
  two->be_idle();
  runtimes().close_surplus(room_.loop().idle_pool(), false);
  EXPECT_TRUE(one->is_closed) << "the one that has been idle longest";
  EXPECT_FALSE(two->is_closed) << "half of them in a second";
  EXPECT_EQ(surplus_of(0), 1U);
  runtimes().close_surplus(room_.loop().idle_pool(), false);
  EXPECT_TRUE(two->is_closed);
}

TEST_F(RuntimeRegistryTest, KeepsConnectionsThatNameAClientUnlessTealIsShort) {
  add_service("shop", 1).upstream.proxy_protocol.emplace();
  publish();
  const auto connection = connect(0, 0);
  connection->be_idle();
  runtimes().close_surplus(room_.loop().idle_pool(), false);
  EXPECT_FALSE(connection->is_closed);
  runtimes().close_surplus(room_.loop().idle_pool(), true);
  EXPECT_TRUE(connection->is_closed);
}

TEST_F(RuntimeRegistryTest, FindsAGroupByTheLimitsThatWorkersShare) {
  add_service("shop", 1);
  publish();
  EXPECT_EQ(runtimes().group_of(*blue(0).runtime->limits), blue(0).runtime);
  EXPECT_EQ(runtimes().group_of(GroupLimits(1)), nullptr);
}

TEST_F(RuntimeRegistryTest, LeavesAnOldViewToWhoeverHoldsItAndForgetsItThen) {
  add_service("shop", 2);
  publish();
  PinnedService old = service(0);
  const std::weak_ptr<const ServiceView> view = old->view;
  targets_of(0).clear();
  publish();
  EXPECT_EQ(old->groups[Colour::blue].targets.size(), 2U);
  EXPECT_FALSE(view.expired());
  old = nullptr;
  EXPECT_TRUE(view.expired());
}

TEST_F(RuntimeRegistryTest, TouchesNothingOfAServiceThatAPublicationDoesNotName) {
  add_service("shop", 2);
  add_service("cart", 2);
  publish();
  const PinnedService shop = service(0), cart = service(1);
  room_.states[0].split = Split::with(Colour::green, Weight{1000});
  publish();
  EXPECT_NE(service(0), shop);
  EXPECT_EQ(service(0)->groups[Colour::blue].owned_targets,
            shop->groups[Colour::blue].owned_targets)
      << "a split changes no targets";
  EXPECT_EQ(service(1), cart);
}

TEST_F(RuntimeRegistryTest, LooksEachSecondOnlyAtTargetsThatHadSomethingToDoLately) {
  add_service("shop", 5);
  publish();
  EXPECT_EQ(runtimes().busy_targets(), 0U);
  const auto target = blue(0).targets[3];
  runtimes().note_busy(target);
  runtimes().note_busy(target);
  target->connections().need.saw(1);
  EXPECT_EQ(runtimes().busy_targets(), 1U);
  for (std::size_t second = 0; second < PoolNeed::kPeriods; ++second) {
    EXPECT_EQ(runtimes().busy_targets(), 1U) << second;
    runtimes().close_surplus(room_.loop().idle_pool(), false);
    runtimes().end_second();
  }
  EXPECT_EQ(runtimes().busy_targets(), 0U);
  runtimes().note_busy(target);
  EXPECT_EQ(runtimes().busy_targets(), 1U) << "it may come back";
}

TEST_F(RuntimeRegistryTest, EndsWhatIsIdleOfAServiceThatIsRemoved) {
  add_service("shop", 1);
  publish();
  const auto target = blue(0).targets[0];
  const auto idle = connect(0, 0);
  idle->be_idle();
  room_.config.services.clear();
  publish();
  EXPECT_EQ(service(0), nullptr);
  EXPECT_TRUE(target->is_retired);
  EXPECT_TRUE(idle->is_retired);
}

}  // namespace
}  // namespace teal::proxy
