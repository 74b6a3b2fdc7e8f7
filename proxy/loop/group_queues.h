// GroupQueues: the requests of one worker that wait for a target with room, and what it does about
// the limits that all workers share (docs/adr/0020-limits-by-need.md).
//
// A place that comes free is for whoever has waited longest, on whatever worker. That worker is
// called, and until it has answered the place is promised: new requests leave it alone. Whoever
// begins to wait looks once more afterwards, and whoever was called passes on what room it left, so
// that no place is free while somebody waits for one and nobody is called.
//
// Owned by its worker's loop, used by the worker's thread. The queues themselves stand in
// GroupRuntime; how long a request may wait is its own business.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "proxy/loop/peer_workers.h"
#include "proxy/loop/target_runtime.h"
#include "proxy/loop/worker_routes.h"

namespace teal::proxy {

class GroupQueues {
 public:
  /// `routes`: the worker's, as they are at each call.
  GroupQueues(std::uint32_t worker, PeerWorkers& peers, const WorkerRoutes& routes)
      : worker_(worker), peers_(peers), routes_(routes) {}

  // ---- for requests
  /// A place has come free: calls who has waited longest for one, here or on another worker.
  void offer_room(const boost::local_shared_ptr<GroupRuntime>& group);
  /// Some target of the group has a place that nobody was promised.
  bool has_room(const GroupRuntime& group) const;
  /// Of one that begins to wait, in the order in which they come.
  std::uint64_t next_number() { return ++numbers_; }
  /// Others are to know since when this worker's oldest waits. After each change of it.
  void show(const GroupRuntime& group);

  // ---- for the worker
  /// Lets the group's waiting requests try again when the present callback is over.
  void wake_soon(const boost::local_shared_ptr<GroupRuntime>& group) {
    if (!std::exchange(group->is_wake_pending, true)) woken_.push_back(group);
  }
  bool has_woken() const { return !woken_.empty(); }
  /// Lets the requests of one woken group try. Requires: has_woken().
  void serve_next();

 private:
  void serve(const boost::local_shared_ptr<GroupRuntime>& group);
  static void let_waiting_try(GroupRuntime& group);
  void call_worker(std::size_t worker, const boost::local_shared_ptr<GroupRuntime>& group);

  const std::uint32_t worker_;
  PeerWorkers& peers_;
  const WorkerRoutes& routes_;
  std::vector<boost::local_shared_ptr<GroupRuntime>> woken_;
  std::uint64_t numbers_ = 0;
};

}  // namespace teal::proxy
