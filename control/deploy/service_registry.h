// ServiceRegistry: the one true copy of every service: roles, split, targets of both groups, how
// they are. Small operations that keep it consistent; who calls them decides and publishes.
//
// Control thread. Does not publish, journal, or know deployments.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/service_state.h"
#include "config/config.h"
#include "control/store/spec_json.h"
#include "health/judge/episodes.h"
#include "health/outlier.h"

namespace teal::control {

struct ServiceEntry {
  explicit ServiceEntry(const config::Service& the_config)
      : config(&the_config), outlier(the_config.outlier) {}

  const config::Service* config;
  ServiceState state;
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
  health::EpisodeTable episodes;       ///< Of external alarms.
  std::map<TargetId, WallTime> since;  ///< Of the present health.
  health::Outlier outlier;
  std::uint64_t exposure_of = 0;  ///< The number of the deployment that state.exposure belongs to.
  bool panicking = false;         ///< The live group, as last announced.
  bool unsaved = false;

  /// Something changed that the store must know.
  void touch() {
    ++version;
    unsaved = true;
  }
  /// From now on the idle group is kept for so long.
  void keep(Colour colour, Millis duration, Mono now);
  /// Takes off what has passed since the last time, unless the kept group had a share of the
  /// traffic meanwhile: to be called before that changes.
  void count_kept(Mono now);
  /// What is left of it now; nothing where nothing is kept.
  std::optional<Millis> kept_for(Mono now) const;
  SavedService saved(Mono now) const;
};

struct FoundTarget {
  ServiceEntry* entry;
  Colour colour;
  TargetState* target;
};

class ServiceRegistry {
 public:
  /// As the file says.
  void add(const config::Service& config, WallTime now);
  /// As the store says.
  void add(const config::Service& config, const SavedService& saved, WallTime now, Mono mono);

  ServiceEntry* find(const std::string& name);
  const ServiceEntry* find(const std::string& name) const;
  std::optional<FoundTarget> find(TargetId id);
  std::vector<ServiceEntry>& entries() { return entries_; }
  const std::vector<ServiceEntry>& entries() const { return entries_; }
  std::vector<ServiceState> states() const;

  /// The group becomes `revision` on `targets`. Those that run it already stay as they are.
  void install(ServiceEntry& entry, Colour colour, const std::string& revision,
               const std::vector<Address>& targets, WallTime now);
  /// Adds a target, or takes a draining one back. False: it was there.
  bool put(ServiceEntry& entry, Colour colour, const Address& address, WallTime now);
  /// No new requests to the whole group; clear_retired() empties it.
  void retire(ServiceEntry& entry, Colour colour);
  /// The group serves what the live one cannot, until it is retired or gets another release.
  /// Nothing happens to one that is retiring or empty.
  void keep_fallback(ServiceEntry& entry, const Fallback& fallback);
  void forget_fallback(ServiceEntry& entry);
  /// Empties the group if it still retires.
  bool clear_retired(ServiceEntry& entry, Colour colour);
  /// Takes a target out at once: before the first publication only, when nobody has it yet.
  void drop(ServiceEntry& entry, Colour colour, const Address& address);
  /// Removes one target if it still drains.
  bool remove_drained(ServiceEntry& entry, Colour colour, TargetId id);

 private:
  TargetState make_target(ServiceEntry& entry, const Address& address, WallTime now);
  void let_go(ServiceEntry& entry, const TargetState& target);

  std::vector<ServiceEntry> entries_;
  TargetId next_id_ = 1;
};

/// Targets that may get requests now.
std::size_t accepting(const GroupState& group);
std::vector<Address> addresses_of(const GroupState& group);
/// The group's colour and the address, for a sentence.
std::string target_text(Colour colour, const Address& address);

}  // namespace teal::control
