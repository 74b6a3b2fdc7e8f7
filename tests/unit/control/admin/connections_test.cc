#include "control/admin/connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace teal::control {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Id = AdminPlaces::Id;

class Places : public ::testing::Test {
 protected:
  static AdminLimits small() {
    AdminLimits limits;
    limits.connections = 4;
    limits.verified = 2;
    limits.reserve = 2;
    limits.held_bytes = 1000;
    return limits;
  }

  Id at(AdminStage stage, const std::string& client) {
    const Id id = places_.admit(client);
    if (stage != AdminStage::silent) places_.set_stage(id, stage);
    return id;
  }
  /// "name{stage}" of the metrics.
  double metric(const std::string& name, const std::string& stage = {}) const {
    for (const MetricSample& sample : places_.metrics())
      if (sample.name == name && (stage.empty() || sample.labels.at(0).second == stage))
        return sample.value;
    return -1;
  }

  std::vector<Id> evicted_;
  AdminPlaces places_{small(), [this](Id id) { evicted_.push_back(id); }};
};

TEST_F(Places, TheOldestSilentOneMakesRoom) {
  const Id first = places_.admit("a");
  const Id second = places_.admit("b");
  places_.admit("c");
  places_.admit("d");
  EXPECT_THAT(evicted_, IsEmpty());
  places_.admit("e");
  EXPECT_THAT(evicted_, ElementsAre(first));
  places_.admit("f");
  EXPECT_THAT(evicted_, ElementsAre(first, second));
  EXPECT_EQ(places_.size(), 4U);
  EXPECT_EQ(metric("teal_admin_connections_evicted_total", "silent"), 2);
  EXPECT_EQ(metric("teal_admin_connections_total"), 6);
  EXPECT_EQ(metric("teal_admin_connections_active"), 4);
}

TEST_F(Places, SilentOnesGoBeforeIdleOnesAndTheseBeforeSlowOnes) {
  const Id writing = at(AdminStage::writing, "a");
  const Id receiving = at(AdminStage::receiving, "b");
  const Id idle = at(AdminStage::idle, "c");
  const Id silent = at(AdminStage::silent, "d");
  for (int i = 0; i < 4; ++i) at(AdminStage::answering, "new " + std::to_string(i));
  EXPECT_THAT(evicted_, ElementsAre(silent, idle, receiving, writing));
}

TEST_F(Places, WhoHasOnlyJustComeIsNotEvictedUnheardByTheNext) {
  AdminLimits limits;
  limits.connections = 256;
  AdminPlaces places{limits, [this](Id id) { evicted_.push_back(id); }};
  std::vector<Id> kept;
  for (int i = 0; i < 256; ++i) {
    kept.push_back(places.admit("a"));
    places.set_stage(kept.back(), AdminStage::idle);
  }
  const Id newcomer = places.admit("a");
  for (int i = 0; i < 63; ++i) places.admit("a");
  EXPECT_EQ(evicted_, std::vector<Id>(kept.begin(), kept.begin() + 64));
  places.admit("a");
  EXPECT_EQ(evicted_.back(), newcomer) << "it has had its time";
}

TEST_F(Places, TheLongestIdleOneGoesFirstNotTheOneThatCameFirst) {
  const Id came_first = at(AdminStage::idle, "a");
  const Id came_next = at(AdminStage::idle, "b");
  at(AdminStage::idle, "c");
  at(AdminStage::idle, "d");
  places_.set_stage(came_first, AdminStage::answering);
  places_.set_stage(came_first, AdminStage::idle);
  places_.admit("e");
  EXPECT_THAT(evicted_, ElementsAre(came_next));
}

TEST_F(Places, WhoIsAnsweredOrFollowsEventsIsNeverEvicted) {
  at(AdminStage::answering, "a");
  at(AdminStage::following, "b");
  at(AdminStage::answering, "c");
  at(AdminStage::following, "d");
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(places_.is_in_reserve(places_.admit("e")));
  EXPECT_EQ(evicted_.size(), 98U) << "the reserve's own";
  EXPECT_EQ(places_.size(), 6U);
}

TEST_F(Places, InTheReserveTheOldestMakesRoomWhateverItIsAt) {
  for (int i = 0; i < 4; ++i) at(AdminStage::answering, "a");
  const Id first = at(AdminStage::answering, "b");
  const Id second = at(AdminStage::writing, "c");
  EXPECT_TRUE(places_.is_in_reserve(first));
  EXPECT_THAT(evicted_, IsEmpty());
  places_.admit("d");
  EXPECT_EQ(evicted_.size(), 1U);
  EXPECT_THAT(evicted_, ::testing::Contains(::testing::AnyOf(first, second)));
}

TEST_F(Places, OneClientWithAllPlacesTakesNoneFromAnother) {
  const Id operators = at(AdminStage::silent, "operator");
  for (int i = 0; i < 3; ++i) at(AdminStage::idle, "crowd");
  for (int i = 0; i < 1000; ++i) {
    const Id next = places_.admit("crowd");
    places_.set_stage(next, AdminStage::idle);
  }
  EXPECT_THAT(evicted_, ::testing::Not(::testing::Contains(operators)));
  EXPECT_EQ(evicted_.size(), 1000U);
}

TEST_F(Places, OneClientWithMoreThanItsShareMakesRoomBeforeOthersThatAreSilent) {
  at(AdminStage::silent, "operator");
  const Id crowded = at(AdminStage::idle, "crowd");
  at(AdminStage::idle, "crowd");
  at(AdminStage::idle, "crowd");
  places_.admit("another");
  EXPECT_THAT(evicted_, ElementsAre(crowded));
}

TEST_F(Places, WhoHasMoreThanItsShareOfBusyOnesWaitsInTheReserve) {
  for (int i = 0; i < 3; ++i) at(AdminStage::answering, "crowd");
  at(AdminStage::idle, "operator");
  EXPECT_TRUE(places_.is_in_reserve(places_.admit("crowd")));
  EXPECT_THAT(evicted_, IsEmpty());
  EXPECT_FALSE(places_.is_in_reserve(places_.admit("another operator")));
}

TEST_F(Places, AVerifiedPeerLeavesTheReserveAndTheCommonPlaces) {
  for (int i = 0; i < 4; ++i) at(AdminStage::answering, "a");
  const Id peer = places_.admit("b");
  EXPECT_TRUE(places_.is_in_reserve(peer));
  places_.set_verified(peer);
  EXPECT_FALSE(places_.is_in_reserve(peer));
  for (int i = 0; i < 50; ++i) places_.admit("c");
  EXPECT_THAT(evicted_, ::testing::Not(::testing::Contains(peer)));
}

TEST_F(Places, AVerifiedPeerInTheReserveTakesThePlaceOfAnIdleVerifiedOne) {
  const Id idle = places_.admit("a");
  places_.set_verified(idle);
  const Id busy = places_.admit("a");
  places_.set_verified(busy);
  places_.set_stage(busy, AdminStage::answering);
  for (int i = 0; i < 4; ++i) at(AdminStage::answering, "b");
  const Id peer = places_.admit("c");
  places_.set_verified(peer);
  EXPECT_THAT(evicted_, ElementsAre(idle));
  EXPECT_FALSE(places_.is_in_reserve(peer));
  places_.set_stage(peer, AdminStage::answering);
  const Id too_many = places_.admit("d");
  places_.set_verified(too_many);
  EXPECT_TRUE(places_.is_in_reserve(too_many)) << "all of them are busy";
}

TEST_F(Places, VerifiedPeersBeyondTheirPlacesAreTheLastToGoFromTheCommonOnes) {
  for (int i = 0; i < 3; ++i) places_.set_verified(places_.admit("a"));
  const Id writing = at(AdminStage::writing, "b");
  at(AdminStage::answering, "c");
  at(AdminStage::answering, "d");
  places_.admit("e");
  EXPECT_THAT(evicted_, ElementsAre(writing));
}

TEST_F(Places, WhatIsHeldForSlowPeersIsBounded) {
  const Id slow = places_.admit("a");
  places_.set_stage(slow, AdminStage::writing, 600);
  const Id other = places_.admit("b");
  places_.set_stage(other, AdminStage::receiving, 400);
  EXPECT_THAT(evicted_, IsEmpty());
  const Id third = places_.admit("c");
  places_.set_stage(third, AdminStage::writing, 1);
  EXPECT_THAT(evicted_, ElementsAre(other)) << "receiving makes room before writing";
  places_.set_stage(third, AdminStage::writing, 5000);
  EXPECT_THAT(evicted_, ElementsAre(other, slow)) << "and one alone is let be";
  places_.set_stage(third, AdminStage::idle);
  places_.set_stage(places_.admit("d"), AdminStage::writing, 900);
  EXPECT_EQ(evicted_.size(), 2U);
}

TEST_F(Places, GivesAPlaceBackOnceWhoeverAsks) {
  const Id first = places_.admit("a");
  for (int i = 0; i < 4; ++i) places_.admit("b" + std::to_string(i));
  EXPECT_THAT(evicted_, ElementsAre(first));
  places_.leave(first);  // Its coroutine ends later than its place.
  places_.set_stage(first, AdminStage::writing, 100);
  places_.set_verified(first);
  places_.count_timeout(first);
  EXPECT_FALSE(places_.is_in_reserve(first));
  EXPECT_EQ(places_.size(), 4U);
}

TEST_F(Places, CountsWhoRanOutOfTimeByWhatItWasAt) {
  const Id id = places_.admit("a");
  places_.count_timeout(id);
  places_.set_stage(id, AdminStage::receiving);
  places_.count_timeout(id);
  places_.count_refusal();
  EXPECT_EQ(metric("teal_admin_timeouts_total", "silent"), 1);
  EXPECT_EQ(metric("teal_admin_timeouts_total", "receiving"), 1);
  EXPECT_EQ(metric("teal_admin_timeouts_total", "writing"), 0);
  EXPECT_EQ(metric("teal_admin_connections_refused_total"), 1);
}

std::string client_of(const char* text) {
  sockaddr_in ip4{};
  ip4.sin_family = AF_INET;
  if (::inet_pton(AF_INET, text, &ip4.sin_addr) == 1) return admin_client(&ip4, sizeof ip4);
  sockaddr_in6 ip6{};
  ip6.sin6_family = AF_INET6;
  EXPECT_EQ(::inet_pton(AF_INET6, text, &ip6.sin6_addr), 1) << text;
  return admin_client(&ip6, sizeof ip6);
}

TEST(AdminPlacesClient, IsAnIp4AddressOrThe56OfAnIp6One) {
  EXPECT_NE(client_of("10.0.0.1"), client_of("10.0.0.2"));
  EXPECT_EQ(client_of("10.0.0.1"), client_of("::ffff:10.0.0.1"));
  EXPECT_EQ(client_of("2001:db8:0:1200::1"), client_of("2001:db8:0:12ff::2"));
  EXPECT_NE(client_of("2001:db8:0:1200::1"), client_of("2001:db8:0:1300::1"));
}

}  // namespace
}  // namespace teal::control
