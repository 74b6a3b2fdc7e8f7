// Visit rules: when a tick has to look at a service although nothing happens to it, one rule for
// each thing that time alone, or traffic, can change. Whatever else changes wakes the service
// (ServiceEntry::edit() and its neighbours).
//
// Pure. Each answers the time from which on the service is to be looked at: `now` or earlier: with
// each tick; max: not for this.
#pragma once

#include "base/time.h"
#include "control/registry/service_registry.h"

namespace teal::control {

/// A kept group is to be retired, or the store to know how long it has yet. Never while it has a
/// share of the traffic: then its time stands still.
Mono kept_due(const ServiceEntry& entry);

/// The live group serves beside a fallback, or does no more, and that is news; or it has served for
/// long enough. A fallback that somebody gave a share to waits until that is taken away.
Mono fallback_due(const ServiceEntry& entry);

/// An ejection ends, or an interval in which targets are compared.
Mono outlier_due(const ServiceEntry& entry);

/// While the live group panics: what it answers decides whether it serves.
Mono panic_due(const ServiceEntry& entry, Mono now);

/// An episode of an outside alarm has waited long enough.
Mono episodes_due(const ServiceEntry& entry);

/// What was found is to be told to the store, or, since it changes a service once a second only, to
/// be acted on.
Mono discovery_due(const ServiceEntry& entry, Mono now);

/// The earliest of all. `is_shipped`: a deployment runs, which has clocks and judges of its own.
Mono next_visit(const ServiceEntry& entry, bool is_shipped, Mono now);

}  // namespace teal::control
