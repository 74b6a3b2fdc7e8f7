// What a request counts as while it lasts: each permit uncounts what it has counted, once.
#include "proxy/request/permits.h"

#include <optional>

#include <gtest/gtest.h>

#include <boost/smart_ptr/make_local_shared.hpp>

#include "proxy/upstream/http1_upstream.h"
#include "proxy/upstream/http2_upstream.h"

namespace teal::proxy {
namespace {

GroupPointer make_group() {
  auto group = boost::make_local_shared<GroupRuntime>(1);
  group->limits = std::make_shared<GroupLimits>(1);
  return group;
}

// ---- membership

TEST(GroupMembership, CountsTheRequestAsActiveUntilItLeaves) {
  const GroupPointer group = make_group();
  GroupMembership membership;
  membership.join(group);
  EXPECT_EQ(group->active, 1U);
  EXPECT_EQ(membership.group(), group);
  membership.leave();
  EXPECT_EQ(group->active, 0U);
  EXPECT_EQ(membership.group(), nullptr);
  membership.leave();
  EXPECT_EQ(group->active, 0U) << "it has left already";
}

TEST(GroupMembership, RemembersTheMostActiveAtOnce) {
  const GroupPointer group = make_group();
  GroupMembership one, two;
  one.join(group);
  two.join(group);
  one.leave();
  one.join(group);
  EXPECT_EQ(group->peak, 2U);
}

TEST(GroupMembership, LeavesWhenItIsDestroyed) {
  const GroupPointer group = make_group();
  {
    GroupMembership membership;
    membership.join(group);
  }
  EXPECT_EQ(group->active, 0U);
  EXPECT_EQ(group.local_use_count(), 1);
}

TEST(GroupMembership, OfATunnelIsThatOfNoRequest) {
  const GroupPointer group = make_group();
  GroupMembership membership;
  membership.join(group);
  membership.end_request();
  EXPECT_EQ(group->active, 0U);
  EXPECT_EQ(membership.group(), group) << "its connection still is the group's";
  membership.leave();
  EXPECT_EQ(group->active, 0U);
}

// ---- retries

TEST(RetryPermit, IsGrantedUpToTheBudget) {
  const GroupPointer group = make_group();
  RetryPermit one, two;
  EXPECT_TRUE(one.move_to(group, 1));
  EXPECT_FALSE(two.move_to(group, 1));
  EXPECT_FALSE(two.is_granted());
  one.end();
  EXPECT_TRUE(two.move_to(group, 1));
  EXPECT_EQ(group->retries, 1U);
}

TEST(RetryPermit, IsOneHoweverOftenTheRequestIsSentAgain) {
  const GroupPointer group = make_group();
  RetryPermit permit;
  EXPECT_TRUE(permit.move_to(group, 1));
  EXPECT_TRUE(permit.move_to(group, 1));
  EXPECT_EQ(group->retries, 1U);
}

TEST(RetryPermit, GoesOverToTheOtherGroupOrStaysWhereThatHasNone) {
  const GroupPointer release = make_group(), live = make_group();
  RetryPermit permit;
  ASSERT_TRUE(permit.move_to(release, 1));
  EXPECT_FALSE(permit.move_to(live, 0));
  EXPECT_EQ(release->retries, 1U);
  EXPECT_TRUE(permit.move_to(live, 1));
  EXPECT_EQ(release->retries, 0U);
  EXPECT_EQ(live->retries, 1U);
}

TEST(RetryPermit, IsCarriedAlongWithoutAsking) {
  const GroupPointer old = make_group(), newest = make_group();
  RetryPermit permit;
  ASSERT_TRUE(permit.move_to(old, 1));
  permit.carry_to(newest);
  EXPECT_EQ(old->retries, 0U);
  EXPECT_EQ(newest->retries, 1U);
  permit.carry_to(newest);
  EXPECT_EQ(newest->retries, 1U);
}

TEST(RetryPermit, EndsWhenItIsDestroyed) {
  const GroupPointer group = make_group();
  {
    RetryPermit permit;
    ASSERT_TRUE(permit.move_to(group, 1));
  }
  EXPECT_EQ(group->retries, 0U);
}

// ---- those who wait

TEST(PendingPermit, IsGrantedUpToTheLimitOfTheQueue) {
  const GroupPointer queue = make_group();
  queue->pending_limit = 1;
  PendingPermit one, two;
  EXPECT_TRUE(one.move_to(queue));
  EXPECT_TRUE(one.move_to(queue)) << "it waits there already";
  EXPECT_TRUE(one.is_in(queue));
  EXPECT_FALSE(two.move_to(queue));
  EXPECT_FALSE(two.is_granted());
  one.end();
  EXPECT_TRUE(two.move_to(queue));
  EXPECT_EQ(queue->limits->pending.count(), 1U);
}

TEST(PendingPermit, WaitsForOneGroupOnly) {
  const GroupPointer first = make_group(), second = make_group();
  first->pending_limit = second->pending_limit = 1;
  PendingPermit permit;
  ASSERT_TRUE(permit.move_to(first));
  ASSERT_TRUE(permit.move_to(second));
  EXPECT_EQ(first->limits->pending.count(), 0U);
  second->limits->pending.give_back();
  ASSERT_TRUE(second->limits->pending.take(1));
}

TEST(PendingPermit, LeavesTheFirstQueueEvenWhereTheOtherIsFull) {
  const GroupPointer first = make_group(), full = make_group();
  first->pending_limit = 1;
  PendingPermit permit;
  ASSERT_TRUE(permit.move_to(first));
  EXPECT_FALSE(permit.move_to(full));
  EXPECT_FALSE(permit.is_granted());
  EXPECT_EQ(first->limits->pending.count(), 0U);
}

// ---- in flight

class InFlightPermitTest : public testing::Test {
 protected:
  InFlightPermitTest() { target_.shared = std::make_shared<SharedTarget>(Address{}); }
  void limit(std::uint32_t target, std::uint32_t group) {
    target_.in_flight_limit = target;
    group_->in_flight_limit = group;
  }
  std::uint32_t places_of_target() const { return target_.shared->in_flight.count(); }
  std::uint32_t places_of_group() const { return group_->limits->in_flight.count(); }

  GroupPointer group_ = make_group();
  TargetRuntime target_;
};

TEST_F(InFlightPermitTest, CountsForTheTargetAndItsGroup) {
  InFlightPermit permit;
  permit.begin(target_, *group_);
  EXPECT_EQ(target_.in_flight, 1U);
  EXPECT_EQ(group_->in_flight, 1U);
  EXPECT_FALSE(permit.end()) << "nobody counts it together with other workers";
  EXPECT_EQ(target_.in_flight, 0U);
  EXPECT_EQ(group_->in_flight, 0U);
  EXPECT_FALSE(permit.end());
  EXPECT_EQ(target_.in_flight, 0U);
}

TEST_F(InFlightPermitTest, TakesNoPlacesWhereThereIsNoLimit) {
  InFlightPermit permit;
  EXPECT_TRUE(permit.reserve(target_, *group_));
  EXPECT_EQ(places_of_target() + places_of_group(), 0U);
  EXPECT_FALSE(permit.end());
}

TEST_F(InFlightPermitTest, HoldsAPlaceInEachLimitAndSaysThatTheyComeFree) {
  limit(1, 1);
  InFlightPermit permit;
  EXPECT_TRUE(permit.reserve(target_, *group_));
  permit.begin(target_, *group_);
  EXPECT_EQ(places_of_target(), 1U);
  EXPECT_EQ(places_of_group(), 1U);
  EXPECT_TRUE(permit.end());
  EXPECT_EQ(places_of_target() + places_of_group(), 0U);
  EXPECT_EQ(target_.in_flight, 0U);
}

TEST_F(InFlightPermitTest, IsRefusedWhereTheGroupIsFullAndHoldsNothing) {
  limit(0, 1);
  InFlightPermit one, two;
  ASSERT_TRUE(one.reserve(target_, *group_));
  EXPECT_FALSE(two.reserve(target_, *group_));
  EXPECT_FALSE(two.end());
  EXPECT_EQ(places_of_group(), 1U);
}

TEST_F(InFlightPermitTest, GivesTheGroupsPlaceBackWhereTheTargetIsFull) {
  limit(1, 5);
  InFlightPermit one, two;
  ASSERT_TRUE(one.reserve(target_, *group_));
  EXPECT_FALSE(two.reserve(target_, *group_));
  EXPECT_EQ(places_of_group(), 2U);
  EXPECT_TRUE(two.end());
  EXPECT_EQ(places_of_group(), 1U);
  EXPECT_EQ(places_of_target(), 1U);
}

TEST_F(InFlightPermitTest, EndsWhenItIsDestroyed) {
  limit(1, 1);
  {
    InFlightPermit permit;
    ASSERT_TRUE(permit.reserve(target_, *group_));
    permit.begin(target_, *group_);
  }
  EXPECT_EQ(places_of_target() + places_of_group(), 0U);
  EXPECT_EQ(target_.in_flight + group_->in_flight, 0U);
}

}  // namespace
}  // namespace teal::proxy
