// ServiceEntry: all that control knows of one service: its state, what of it the workers have, and
// what is remembered between two events. Nobody changes the state without the entry's being noted
// (ServiceMarks): so publications, writes and ticks find what has changed and look at nothing else.
//
// Control thread. Does not publish, journal, or know deployments.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include <boost/container/flat_map.hpp>

#include "base/publication.h"
#include "base/service_state.h"
#include "config/config.h"
#include "control/discovery/target_sets.h"
#include "control/registry/health_turns.h"
#include "control/registry/visits.h"
#include "control/store/spec_json.h"
#include "health/judge/episodes.h"
#include "health/outlier.h"

namespace teal::control {

/// What is to be done about services, by their ids.
struct ServiceMarks {
  std::set<ServiceId> changed;  ///< Their states, since they were published last.
  std::set<ServiceId> unsaved;  ///< The store must know of them.
  Visits visits;                ///< By ticks.
};

class ServiceEntry {
 public:
  /// How old what the store knows of a kept group's time may be.
  static constexpr Millis kKeptSaved{60'000};
  /// And what it knows of what was found.
  static constexpr Millis kFoundSaved{1000};

  /// `marks` outlive it.
  ServiceEntry(const config::Service& the_config, ServiceId id, ServiceMarks& marks)
      : config(&the_config), outlier(the_config.outlier), marks_(marks) {
    state_.id = id;
    state_.name = the_config.name;
    sets.reconfigure(the_config.discover);
    edit();
  }
  ServiceEntry(const ServiceEntry&) = delete;
  ServiceEntry& operator=(const ServiceEntry&) = delete;

  ServiceId id() const { return state_.id; }
  const ServiceState& state() const { return state_; }
  /// To change it: the service's next publication has it, and the next tick looks at it.
  ServiceState& edit() {
    ++edits_;
    marks_.changed.insert(id());
    wake();
    return state_;
  }
  /// Grows with every edit().
  std::uint64_t edits() const { return edits_; }
  /// Something changed that the store must know.
  void touch() {
    ++version;
    note_unsaved();
  }
  /// As touch(), of what is no new version.
  void note_unsaved() {
    marks_.unsaved.insert(id());
    wake();
  }
  /// Something of what was found changed. The store is told soon, and it may be lost.
  void note_found() {
    is_found_unsaved = true;
    wake();
  }
  /// Something changed that a tick may have to do with.
  void wake() { marks_.visits.wake(id()); }

  /// From now on the service is as `next` says, which outlives it or the next call. What is known
  /// of targets stays: whoever probes them now changes it. False: nothing has changed.
  bool reconfigure(const config::Service& next, Mono now, WallTime wall);

  /// From now on the idle group is kept for so long.
  void keep(Colour colour, Millis duration, Mono now);
  /// Takes off what has passed since the last time, unless the kept group had a share of the
  /// traffic meanwhile: to be called before that changes.
  void count_kept(Mono now);
  /// What is left of it now; nothing where nothing is kept.
  std::optional<Millis> kept_for(Mono now) const;
  SavedService saved(Mono now) const;

  const config::Service* config;
  SharedService published;  ///< As every worker has been told; null: not yet.
  HealthTurns health_turns;
  std::uint64_t version = 1;  ///< Grows with every change of split, roles or membership.
  PerColour<bool> retiring;
  /// The idle group stays warm: `kept->left` as of `kept_counted`.
  std::optional<Kept> kept;
  Mono kept_counted, kept_saved;
  std::optional<Fallback> fallback;
  /// Since when the live group accepts no requests; nothing: it does.
  std::optional<Mono> live_lost;
  /// Since when it does again beside a fallback.
  std::optional<Mono> live_back;
  health::EpisodeTable episodes;                         ///< Of external alarms.
  boost::container::flat_map<TargetId, WallTime> since;  ///< Of the present health.
  health::Outlier outlier;
  TargetSets sets;  ///< Of what is found.
  bool is_found_unsaved = false;
  Mono found_saved;               ///< The last time that the store was told.
  std::uint64_t exposure_of = 0;  ///< The number of the deployment that the exposure belongs to.
  bool panicking = false;         ///< The live group, as last announced.

 private:
  ServiceState state_;
  std::uint64_t edits_ = 0;
  ServiceMarks& marks_;
};

}  // namespace teal::control
