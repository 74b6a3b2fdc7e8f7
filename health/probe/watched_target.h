// WatchedTarget: what the probe thread knows of one target, and TargetWatch: what it knows of one
// owner's. Forty thousand of them are in memory, so what they share is in their plan.
//
// Owned and used by the probe thread (health/probe/probe_loop.h).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "base/address.h"
#include "base/service_state.h"
#include "base/time.h"
#include "health/probe/deadlines.h"
#include "health/probe/probe_plan.h"
#include "health/probe/prober.h"
#include "health/probe/rise_fall.h"

namespace teal::health {

struct ProbedTarget {
  TargetId id = 0;
  Address address;
  Health health = Health::unknown;  ///< As it is known, where nobody has probed it yet.
};

struct TargetWatch;

/// Leaves its queue by itself.
using QueueHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// It waits for its deadline (the next probe), or in a queue for its turn, or is being probed and
/// has a deadline for that.
struct WatchedTarget : HasDeadline, QueueHook {
  WatchedTarget(ProbedTarget target, TargetWatch& of, const config::HealthCheck& check)
      : what(std::move(target)), owner(&of), rise_fall(check.rise, check.fall, what.health) {}

  ProbedTarget what;
  TargetWatch* owner;
  RiseFall rise_fall;
  Mono due{};      ///< When the last probe was to begin.
  Mono started{};  ///< When it did.
  boost::intrusive_ptr<Prober> prober;
};

using TargetQueue =
    boost::intrusive::list<WatchedTarget, boost::intrusive::constant_time_size<false>>;

struct TargetWatch {
  std::uint32_t id = 0;
  std::shared_ptr<const ProbePlan> plan;
  std::vector<std::unique_ptr<WatchedTarget>> targets;  ///< By id.
};

}  // namespace teal::health
