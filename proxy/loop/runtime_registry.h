// RuntimeRegistry: what one worker keeps about targets, groups and services from one RouteTable to
// the next (target_runtime.h), by id and by name. Makes of a RouteTable the WorkerTable that
// requests pin, and lets go of the targets that a new one does not have.
//
// Owned by its worker's loop, used by the worker's thread. Reads no clock, and knows connections
// only by what they have to do when nobody needs them any more.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/outcome.h"
#include "base/rng.h"
#include "base/siphash.h"
#include "proxy/loop/idle_pool.h"
#include "proxy/loop/target_runtime.h"
#include "proxy/telemetry/shard.h"

namespace teal::proxy {

class RuntimeRegistry {
 public:
  /// `worker`: which one, for what the workers share. `draws`: what splitters are seeded with,
  /// besides `rng`.
  RuntimeRegistry(std::uint32_t worker, const SipKey& draws, Rng& rng, Shard& counters)
      : worker_(worker), draws_(draws), rng_(rng), counters_(counters) {}

  /// The table as requests use it. What it has keeps its runtime, or gets one; the targets that it
  /// does not have are marked as retired, until drop_retired().
  PinnedTable pin(const RouteTable& routes);
  /// Closes the idle connections of retired targets and ends their tunnels in time. Their requests
  /// hold what they still need. Call it when the worker runs on the new table.
  void drop_retired(Mono now);

  using Groups = std::unordered_map<std::string, boost::local_shared_ptr<GroupRuntime>>;
  /// All that there have been, by "service/colour".
  const Groups& groups() const { return groups_; }
  /// Null: none has these limits.
  boost::local_shared_ptr<GroupRuntime> group_of(const GroupLimits& limits) const;

  /// A second is over: by what there was at most in it others are measured in the next.
  void end_second();
  /// What was seen of the targets that are compared, since the last call.
  std::vector<TargetTally> take_tallies();
  /// Closes the idle connections that no target needs. `is_short`: Teal is overloaded.
  void close_surplus(IdlePool& pool, bool is_short);
  void close_all_idle();

 private:
  boost::local_shared_ptr<GroupRuntime> group_runtime(const GroupView& view, Colour colour,
                                                      const ServiceView& service);
  boost::local_shared_ptr<TargetRuntime> target_runtime(
      const GroupView& view, std::size_t index, const config::Service& service,
      const boost::local_shared_ptr<GroupRuntime>& group);

  const std::uint32_t worker_;
  const SipKey draws_;
  Rng& rng_;
  Shard& counters_;
  std::unordered_map<TargetId, boost::local_shared_ptr<TargetRuntime>> targets_;
  Groups groups_;
  std::unordered_map<const GroupLimits*, boost::local_shared_ptr<GroupRuntime>> groups_by_limits_;
  std::unordered_map<std::string, boost::local_shared_ptr<ServiceRuntime>> services_;
};

}  // namespace teal::proxy
