// Which target of its group a request goes to: whom it leaves out, whom the balance chooses among
// the others, and when it says that somebody is full.
#include "proxy/request/target_picker.h"

#include <set>

#include <gtest/gtest.h>

#include <boost/smart_ptr/make_local_shared.hpp>

#include "proxy/upstream/http1_upstream.h"
#include "proxy/upstream/http2_upstream.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

constexpr std::uint64_t kSeed = 7;

/// A group whose targets are numbered from 1.
class TargetPickerTest : public testing::Test {
 protected:
  void make_group(std::size_t targets) {
    group_.runtime = boost::make_local_shared<GroupRuntime>(kSeed);
    group_.runtime->limits = std::make_shared<GroupLimits>(1);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < targets; ++i) {
      TargetState& state = states_.emplace_back();
      state.id = static_cast<TargetId>(i + 1);
      state.health = Health::healthy;
      runtimes_.push_back(boost::make_local_shared<TargetRuntime>());
      runtimes_.back()->shared = std::make_shared<SharedTarget>(Address{});
      names.push_back("10.0.0." + std::to_string(i) + ":80");
    }
    const auto set = std::make_shared<TargetSet>();
    set->ring = HashRing{std::vector<std::string_view>(names.begin(), names.end())};
    view_.set = set;
    view_.targets = states_;
    group_.targets = runtimes_;
  }
  Pick pick() {
    return pick_target({spec_, view_, group_, tried_, head_, client_, now_, rng_}, candidates_);
  }
  /// So often each target is picked.
  std::vector<int> picks(int times) {
    std::vector<int> counts(view_.targets.size());
    for (int i = 0; i < times; ++i)
      if (const Pick picked = pick(); picked.target != kNobody) ++counts[picked.target];
    return counts;
  }
  void set_path(const std::string& path) {
    bytes_ = path;
    head_.fields.rebase(bytes_.data());
    head_.target = {0, static_cast<std::uint32_t>(bytes_.size())};
  }
  void fill(std::size_t target) { group_.targets[target]->in_flight = kMaxInFlight; }
  void limit_target(std::size_t target, std::uint32_t most, std::uint32_t in_flight) {
    TargetRuntime& runtime = *group_.targets[target];
    runtime.in_flight_limit = most;
    for (std::uint32_t i = 0; i < in_flight; ++i) EXPECT_TRUE(runtime.shared->in_flight.take(most));
    group_.runtime->is_limited = true;
  }

  config::Service spec_;
  TargetStates states_;
  GroupView view_;  ///< Of states_, which may be changed.
  TargetRuntimes runtimes_;
  WorkerService::Group group_;
  std::vector<TargetId> tried_;
  net::RequestHead head_;
  std::string bytes_;
  std::string client_ = "192.0.2.1";
  Mono now_ = Mono{} + std::chrono::hours{1};
  Rng rng_{kSeed};
  std::vector<Candidate> candidates_;
};

TEST_F(TargetPickerTest, PicksNobodyWhereNobodyAcceptsAndThatIsNotFullness) {
  make_group(3);
  states_[0].health = Health::unhealthy;
  states_[1].ejected = true;
  states_[2].draining = true;
  EXPECT_EQ(pick().target, kNobody);
  EXPECT_FALSE(pick().somebody_is_full);
}

TEST_F(TargetPickerTest, PicksNobodyInAnEmptyGroup) {
  make_group(0);
  EXPECT_EQ(pick().target, kNobody);
  EXPECT_FALSE(pick().somebody_is_full);
}

TEST_F(TargetPickerTest, PicksSickTargetsInAPanicButNotThoseThatDrain) {
  make_group(2);
  view_.panicking = true;
  states_[0].health = Health::unhealthy;
  states_[1].draining = true;
  EXPECT_EQ(picks(10), (std::vector{10, 0}));
}

TEST_F(TargetPickerTest, LeavesOutFullTargetsAndSaysThatThereAreSome) {
  make_group(2);
  fill(0);
  EXPECT_EQ(picks(10), (std::vector{0, 10}));
  EXPECT_TRUE(pick().somebody_is_full);
  fill(1);
  EXPECT_EQ(pick().target, kNobody);
  EXPECT_TRUE(pick().somebody_is_full);
}

TEST_F(TargetPickerTest, CountsFullnessOfThoseThatAcceptOnly) {
  make_group(2);
  fill(0);
  states_[0].health = Health::unhealthy;
  EXPECT_FALSE(pick().somebody_is_full);
  states_[0].health = Health::healthy;
  tried_ = {1};
  EXPECT_FALSE(pick().somebody_is_full) << "the request would not go there again";
}

TEST_F(TargetPickerTest, HoldsATargetToItsLimitOverAllWorkers) {
  make_group(2);
  limit_target(0, 2, 2);
  limit_target(1, 2, 1);
  EXPECT_EQ(picks(10), (std::vector{0, 10}));
}

TEST_F(TargetPickerTest, PicksNobodyWhereTheGroupIsFull) {
  make_group(2);
  group_.runtime->is_limited = true;
  group_.runtime->in_flight_limit = 1;
  EXPECT_NE(pick().target, kNobody);
  ASSERT_TRUE(group_.runtime->limits->in_flight.take(1));
  EXPECT_EQ(pick().target, kNobody);
  EXPECT_TRUE(pick().somebody_is_full);
}

TEST_F(TargetPickerTest, LeavesPlacesThatWerePromisedToThoseWhoWait) {
  make_group(1);
  limit_target(0, 2, 1);
  EXPECT_EQ(pick().target, 0U);
  group_.runtime->limits->board.call(0);
  EXPECT_EQ(pick().target, kNobody);
  EXPECT_TRUE(pick().somebody_is_full);
  group_.runtime->limits->board.answer(0);
  EXPECT_EQ(pick().target, 0U);
}

TEST_F(TargetPickerTest, LeavesOutWhatWasTried) {
  make_group(3);
  tried_ = {1, 3};
  EXPECT_EQ(picks(10), (std::vector{0, 10, 0}));
  tried_ = {1, 2, 3};
  EXPECT_EQ(pick().target, kNobody);
}

TEST_F(TargetPickerTest, GivesATargetInItsSlowStartFewerTurns) {
  make_group(2);
  spec_.balance = config::Balance::round_robin;
  spec_.slow_start.window = Millis{10'000};
  states_[1].accepts_since = now_ - Millis{2'000};  // A fifth of its ramp.
  const std::vector<int> counts = picks(10'000);
  EXPECT_EQ(counts[0] + counts[1], 10'000);
  EXPECT_GT(counts[1], 500);
  EXPECT_LT(counts[1], 2'500);
  now_ += Millis{8'000};
  EXPECT_EQ(picks(10), (std::vector{5, 5})) << "the ramp is over";
}

TEST_F(TargetPickerTest, IsNotCarefulWhereAllThatHaveRoomAreNew) {
  make_group(3);
  spec_.slow_start.window = Millis{10'000};
  states_[0].accepts_since = states_[1].accepts_since = now_ - Millis{1};
  fill(2);
  const std::vector<int> counts = picks(1000);
  EXPECT_EQ(counts[0] + counts[1], 1000);
  EXPECT_TRUE(pick().somebody_is_full);
}

TEST_F(TargetPickerTest, DoesNotRampAConsistentHash) {
  make_group(2);
  spec_.balance = config::Balance::consistent_hash;
  const std::size_t home = pick().target;
  spec_.slow_start.window = Millis{10'000};
  states_[home].accepts_since = now_ - Millis{1};
  for (int i = 0; i < 100; ++i) ASSERT_EQ(pick().target, home);
}

TEST_F(TargetPickerTest, TakesTurnsByRoundRobin) {
  make_group(3);
  spec_.balance = config::Balance::round_robin;
  EXPECT_EQ(picks(30), (std::vector{10, 10, 10}));
}

TEST_F(TargetPickerTest, PrefersTheTargetWithFewerRequestsByLeastRequest) {
  make_group(2);
  spec_.balance = config::Balance::least_request;
  group_.targets[0]->in_flight = 5;
  EXPECT_EQ(picks(20), (std::vector{0, 20}));
}

TEST_F(TargetPickerTest, GivesAKeyOneTargetByConsistentHash) {
  make_group(5);
  spec_.balance = config::Balance::consistent_hash;
  spec_.hash_on.kind = config::HashOn::Kind::path;
  std::set<std::size_t> targets;
  for (int i = 0; i < 100; ++i) {
    set_path("/item/" + std::to_string(i));
    const std::size_t home = pick().target;
    ASSERT_EQ(pick().target, home);
    targets.insert(home);
  }
  EXPECT_EQ(targets.size(), 5U);
}

// ---- the key of a consistent hash

TEST(HashOfRequest, IsOfWhatTheServiceSaysAndOfNothingWhereTheRequestHasNone) {
  using Kind = config::HashOn::Kind;
  const auto asked = test::request_head(
      "GET /a?b=c HTTP/1.1", {"Host: shop.test", "Cookie: id=4; tenant=7", "X-Tenant: acme"});
  const auto key = [&](Kind kind, const std::string& name = {}) {
    config::HashOn on;
    on.kind = kind;
    on.name = name;
    return hash_of_request(on, asked.head, "192.0.2.1");
  };
  EXPECT_EQ(key(Kind::client_address), hash_key("192.0.2.1"));
  EXPECT_EQ(key(Kind::path), hash_key("/a"));
  EXPECT_EQ(key(Kind::cookie, "tenant"), hash_key("7"));
  EXPECT_EQ(key(Kind::header, "x-tenant"), hash_key("acme"));
  EXPECT_EQ(key(Kind::cookie, "other"), hash_key(""));
  EXPECT_EQ(key(Kind::header, "x-other"), hash_key(""));
}

// ---- whom else one could ask

TEST_F(TargetPickerTest, KnowsWhetherSomebodyWasNotTried) {
  make_group(3);
  EXPECT_TRUE(has_untried_target(view_, tried_, 0));
  tried_ = {1};
  EXPECT_TRUE(has_untried_target(view_, tried_, 2)) << "the third";
  states_[2].draining = true;
  EXPECT_FALSE(has_untried_target(view_, tried_, 2));
  EXPECT_TRUE(has_untried_target(view_, tried_, 0));
}

TEST_F(TargetPickerTest, FindsATargetThatIsStillThere) {
  make_group(2);
  EXPECT_EQ(index_of(view_, 2), 1U);
  EXPECT_EQ(index_of(view_, 9), kNobody);
}

}  // namespace
}  // namespace teal::proxy
