// RuntimeRegistry: what one worker keeps about targets, groups and services from one publication to
// the next (target_runtime.h), by id. Makes of an update's views what requests pin
// (worker_routes.h), and lets go of the targets that a new view does not have. What an update does
// not name is not touched, and each second only targets are looked at that had something to do.
//
// Owned by its worker's loop, used by the worker's thread. Reads no clock, and knows connections
// only by what they have to do when nobody needs them any more.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/outcome.h"
#include "base/rng.h"
#include "base/siphash.h"
#include "proxy/loop/idle_pool.h"
#include "proxy/loop/target_runtime.h"
#include "proxy/loop/worker_routes.h"
#include "proxy/telemetry/shard.h"

namespace teal::proxy {

class RuntimeRegistry {
 public:
  /// `worker`: which one, for what the workers share. `draws`: what splitters are seeded with,
  /// besides `rng`.
  RuntimeRegistry(std::uint32_t worker, const SipKey& draws, Rng& rng, Shard& counters)
      : worker_(worker), draws_(draws), rng_(rng), counters_(counters) {}

  /// `routes` becomes as `update` says: the requests to come go by it. The idle connections of
  /// targets that are in no group any more are closed, and their tunnels end in time; their
  /// requests hold what they still need.
  void take(const RouteUpdate& update, WorkerRoutes& routes, Mono now);

  /// Groups of services that were published with the last take().
  const std::vector<boost::local_shared_ptr<GroupRuntime>>& taken_groups() const {
    return taken_groups_;
  }
  /// Null: none has these limits.
  boost::local_shared_ptr<GroupRuntime> group_of(const GroupLimits& limits) const;

  /// An attempt at the target begins that needs a connection of its own: it is looked at each
  /// second from now on, until it has nothing to do any more.
  void note_busy(const TargetPointer& target) {
    if (!target->is_busy) [[unlikely]]
      add_busy(target);
  }
  std::size_t busy_targets() const { return busy_.size(); }

  /// A second is over: by what there was at most in it others are measured in the next.
  void end_second();
  /// What was seen of the targets that are compared, since the last call.
  std::vector<TargetTally> take_tallies();
  /// Closes the idle connections that no target needs. `is_short`: Teal is overloaded.
  void close_surplus(IdlePool& pool, bool is_short);
  void close_all_idle();

 private:
  PinnedService make_service(const SharedView& view, const WorkerService* before);
  boost::local_shared_ptr<GroupRuntime> group_runtime(const GroupView& view,
                                                      const ServiceView& service,
                                                      const WorkerService* before);
  boost::local_shared_ptr<const TargetRuntimes> target_runtimes(const GroupView& view,
                                                                const WorkerService& service,
                                                                const WorkerService* before);
  /// `known`: what the worker has of the target already, or null.
  TargetPointer target_runtime(const GroupView& view, std::size_t index,
                               const WorkerService& service, const TargetPointer& known);
  void retire_missing(const WorkerService& before, const WorkerService* after, Mono now);
  void retire(TargetRuntime& target, std::optional<Mono> tunnels_from);
  /// Its counters are there from now on, where its service wants them.
  void count(TargetRuntime& target);
  void add_busy(const TargetPointer& target);

  const std::uint32_t worker_;
  const SipKey draws_;
  Rng& rng_;
  Shard& counters_;
  std::unordered_map<const GroupLimits*, boost::local_shared_ptr<GroupRuntime>> groups_;
  std::unordered_map<ServiceId, boost::local_shared_ptr<ServiceRuntime>> services_;
  std::vector<boost::local_shared_ptr<GroupRuntime>> taken_groups_;
  std::vector<TargetPointer> busy_;
  std::vector<boost::local_shared_ptr<GroupRuntime>> busy_groups_;
};

}  // namespace teal::proxy
