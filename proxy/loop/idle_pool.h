// IdlePool: all idle connections of one worker to its targets, by age, whatever they speak; and
// IdleList, which holds them for the worker and for each target. Where there is no place for one
// more, the oldest one anywhere in the worker gives way.
//
// Worker thread. Owns no connection: the reactor's registration does, and a connection takes itself
// out before it is closed. Does not say how many a target needs (proxy/policy/pool_need.h).
#pragma once

#include <cstdint>

#include "proxy/policy/idle_budget.h"

namespace teal::proxy {

class KeptConnection;

/// Embedded in a connection, once for each list that it may stand in. Destroying it takes it out.
struct IdleHook {
  explicit IdleHook(KeptConnection* connection) : of(connection) {}
  ~IdleHook() { unlink(); }
  IdleHook(const IdleHook&) = delete;
  IdleHook& operator=(const IdleHook&) = delete;

  void unlink() {
    if (next == nullptr) return;
    next->previous = previous;
    previous->next = next;
    next = previous = nullptr;
  }

  KeptConnection* of;
  IdleHook* next = nullptr;
  IdleHook* previous = nullptr;
};

/// In the order in which they became idle.
class IdleList {
 public:
  IdleList() : head_(nullptr) { head_.next = head_.previous = &head_; }
  ~IdleList() {
    while (head_.next != &head_) head_.next->unlink();
    head_.next = head_.previous = nullptr;
  }
  IdleList(const IdleList&) = delete;
  IdleList& operator=(const IdleList&) = delete;

  void push(IdleHook& hook) {
    hook.previous = head_.previous;
    hook.next = &head_;
    head_.previous->next = &hook;
    head_.previous = &hook;
  }
  bool empty() const { return head_.next == &head_; }
  /// By counting them.
  std::uint32_t size() const {
    std::uint32_t size = 0;
    for (const IdleHook* each = head_.next; each != &head_; each = each->next) ++size;
    return size;
  }
  /// Null: it is empty.
  KeptConnection* oldest() const { return head_.next->of; }
  KeptConnection* newest() const { return head_.previous->of; }

 private:
  IdleHook head_;
};

class IdlePool {
 public:
  explicit IdlePool(IdleBudget& budget) : share_(budget) {}

  /// A place for one connection more, for which the oldest one may be closed. False: there is none.
  /// What was admitted is pushed at once.
  bool admit() { return share_.enter() || make_place(); }
  void push(IdleHook& by_age) { by_age_.push(by_age); }
  /// One that was pushed is idle no more.
  void leave() { share_.leave(); }

  /// Closes the oldest one, whose descriptor is wanted. False: there is none.
  bool give_way();
  /// Closes so many of a target's, the oldest first. Requires: it has them.
  void close_surplus(const IdleList& list, std::uint32_t count);

  /// Ten times a second.
  void tick() { share_.look(); }
  /// Each second, after what no target needs was closed.
  void end_period();

 private:
  bool make_place();

  IdleShare share_;
  IdleList by_age_;
};

}  // namespace teal::proxy
