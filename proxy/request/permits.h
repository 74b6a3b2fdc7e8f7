// Permits: what a request counts as in its worker's groups and targets while it lasts, and in the
// limits that all workers share. Each uncounts what it has counted, once, at the latest when it is
// destroyed.
//
// Values of one exchange, on its worker's thread. They do not know who waits: where something comes
// free for others they say so, and the exchange offers it (GroupQueues::offer_room).
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include <boost/smart_ptr/local_shared_ptr.hpp>

#include "base/assert.h"
#include "proxy/loop/target_runtime.h"

namespace teal::proxy {

using GroupPointer = boost::local_shared_ptr<GroupRuntime>;

/// One of a group's active requests, those included that wait.
class GroupMembership {
 public:
  GroupMembership() = default;
  ~GroupMembership() { leave(); }
  GroupMembership(const GroupMembership&) = delete;
  GroupMembership& operator=(const GroupMembership&) = delete;

  /// Null: it is in none.
  const GroupPointer& group() const { return group_; }
  GroupRuntime* operator->() const { return group_.get(); }

  /// Requires: it is in none.
  void join(const GroupPointer& group) {
    TEAL_ASSERT(group_ == nullptr);
    group_ = group;
    is_active_ = true;
    group_->peak = std::max(group_->peak, ++group_->active);
  }
  /// It is no request any more, and yet has a connection of the group.
  void end_request() {
    if (std::exchange(is_active_, false)) --group_->active;
  }
  void leave() {
    if (group_ == nullptr) return;
    end_request();
    group_ = nullptr;
  }

 private:
  GroupPointer group_;
  bool is_active_ = false;
};

/// One of a group's retries, which its retry budget bounds.
class RetryPermit {
 public:
  RetryPermit() = default;
  ~RetryPermit() { end(); }
  RetryPermit(const RetryPermit&) = delete;
  RetryPermit& operator=(const RetryPermit&) = delete;

  bool is_granted() const { return group_ != nullptr; }

  /// A retry of `group` from now on, and of no other. False: that has `most` of them, and nothing
  /// has changed.
  bool move_to(const GroupPointer& group, std::uint32_t most) {
    if (group_ == group) return true;
    if (group->retries >= most) return false;
    carry_to(group);
    return true;
  }
  /// A retry of `group` from now on, without asking how many it has: it was granted already, for
  /// what `group` stands for now.
  void carry_to(const GroupPointer& group) {
    ++group->retries;
    end();
    group_ = group;
  }
  void end() {
    if (group_ == nullptr) return;
    --group_->retries;
    group_ = nullptr;
  }

 private:
  GroupPointer group_;
};

/// One of those who wait for a group's targets, over all workers.
class PendingPermit {
 public:
  PendingPermit() = default;
  ~PendingPermit() { end(); }
  PendingPermit(const PendingPermit&) = delete;
  PendingPermit& operator=(const PendingPermit&) = delete;

  bool is_granted() const { return group_ != nullptr; }
  bool is_in(const GroupPointer& group) const { return group_ == group; }
  /// Null: it waits for none.
  const GroupPointer& group() const { return group_; }

  /// Waits for `group` from now on, and for no other. False: as many wait as may, and it waits for
  /// none.
  bool move_to(const GroupPointer& group) {
    if (group_ == group) return true;
    end();
    if (!group->limits->pending.take(group->pending_limit)) return false;
    group_ = group;
    return true;
  }
  void end() {
    if (group_ == nullptr) return;
    group_->limits->pending.give_back();
    group_ = nullptr;
  }

 private:
  GroupPointer group_;
};

/// One of the requests that a target and its group have in flight. The target and the group outlive
/// what is counted.
class InFlightPermit {
 public:
  InFlightPermit() = default;
  ~InFlightPermit() { end(); }
  InFlightPermit(const InFlightPermit&) = delete;
  InFlightPermit& operator=(const InFlightPermit&) = delete;

  /// Takes places in the limits that all workers share, where there are some. False: others were
  /// faster, on another worker; what it has taken until then is held until end().
  /// Requires: nothing is held or counted.
  bool reserve(TargetRuntime& target, GroupRuntime& group) {
    TEAL_ASSERT(target_ == nullptr && !holds_places());
    return take(group.limits.get(), group.in_flight_limit, group_place_) &&
           take(target.shared.get(), target.in_flight_limit, target_place_);
  }
  /// It has a connection from now on.
  void begin(TargetRuntime& target, GroupRuntime& group) {
    target_ = &target;
    group_ = &group;
    target.connections().need.saw(++target.in_flight);
    ++group.in_flight;
  }
  /// Gives back all of it. True: a place has come free that others, on any worker, may wait for.
  bool end() {
    if (target_ != nullptr) {
      --std::exchange(target_, nullptr)->in_flight;
      --group_->in_flight;
    }
    if (!holds_places()) [[likely]]
      return false;
    for (SharedCount** const place : {&target_place_, &group_place_})
      if (SharedCount* const held = std::exchange(*place, nullptr)) held->give_back();
    return true;
  }

 private:
  bool holds_places() const { return target_place_ != nullptr || group_place_ != nullptr; }
  template <class Limits>
  static bool take(Limits* limits, std::uint32_t most, SharedCount*& place) {
    if (most == 0) return true;
    if (!limits->in_flight.take(most)) return false;
    place = &limits->in_flight;
    return true;
  }

  TargetRuntime* target_ = nullptr;
  GroupRuntime* group_ = nullptr;
  SharedCount* target_place_ = nullptr;
  SharedCount* group_place_ = nullptr;
};

}  // namespace teal::proxy
