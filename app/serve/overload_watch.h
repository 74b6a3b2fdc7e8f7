// OverloadWatch: looks at memory, connections and descriptors with each tick of control, asks the
// ladder (proxy/policy/overload.h), publishes its level to the workers, and tells the log and the
// metrics.
//
// Control thread. Keeps descriptors back for what must go on while clients take all they can get:
// the control API, probes, the store, and connections to targets.
#pragma once

#include <cstdint>
#include <vector>

#include "base/counters.h"
#include "base/log.h"
#include "base/time.h"
#include "config/config.h"
#include "proxy/policy/overload.h"
#include "proxy/worker/pool.h"

namespace teal::app {

/// The least of what this process's cgroup and those above it may have resident; 0: no limit.
std::uint64_t read_cgroup_memory_limit();

/// So many targets are probed at a time of so many descriptors at most; 0: no limit of descriptors.
std::uint64_t probe_limit(std::uint64_t descriptors);

/// How many descriptors are kept back of so many, where `probes` may be under way.
std::uint64_t reserved_descriptors(std::uint64_t limit, std::uint64_t probes);

/// So many idle connections to targets are kept of so many descriptors, where nobody says how many;
/// 0: no limit of descriptors.
std::uint32_t idle_upstream_limit(std::uint64_t descriptors);

class OverloadWatch {
 public:
  OverloadWatch(const config::Overload& spec, proxy::WorkerPool& pool, Log& log);

  /// From the next tick on.
  void configure(const config::Overload& spec) { spec_ = spec; }
  /// `descriptors`: how many the process may have, 0: no limit. So many `probes` may be under way
  /// at a time.
  void tick(Mono now, std::uint64_t descriptors, std::uint64_t probes);
  std::vector<MetricSample> samples() const;

 private:
  proxy::Usages read_usages(std::uint64_t descriptors, std::uint64_t probes);

  config::Overload spec_;
  proxy::WorkerPool& pool_;
  Log& log_;
  const std::uint64_t memory_limit_;
  proxy::OverloadLadder ladder_;
  proxy::Usages usages_;
  std::uint64_t changes_ = 0;
};

}  // namespace teal::app
