// TargetSets: who says that a service has which targets. Each source has what it is believed to
// name (control/discovery/source_memory.h), a set for each revision; the group that runs a
// revision, whatever its colour, is to have that set for targets, beside those that the file and
// the API have put there. next_changes() compares, and says what is to be done.
//
// Discovery takes away only what it has brought: `ours`. A target that a person drains stays away
// until no source names it any more.
//
// Pure: times are given. Control thread; does not change groups (control/registry/), publish or
// tell anybody (control/controller/discovery.cc).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/service_state.h"
#include "base/time.h"
#include "config/discovery.h"
#include "control/discovery/source_memory.h"

namespace teal::control {

/// What the store keeps of a service's discovery.
struct SavedSets {
  std::vector<SavedSource> sources;
  std::vector<FoundTargetPlace> ours;  ///< Sorted.
  std::vector<Address> held_out;       ///< Sorted.

  bool is_empty() const { return sources.empty() && ours.empty() && held_out.empty(); }
  bool operator==(const SavedSets&) const = default;
};

/// What is to be done with one group.
struct SetChanges {
  Colour colour = Colour::blue;
  std::vector<Address> add;    ///< Or take back, where it drains.
  std::vector<Address> drain;  ///< Sorted.
  std::size_t kept = 0;        ///< Would be drained, but nobody else would serve then.
  std::size_t left_out = 0;    ///< Would be added, but stand in the other group or find no room.

  bool is_nothing() const { return add.empty() && drain.empty(); }
  bool operator==(const SetChanges&) const = default;
};

class TargetSets {
 public:
  static constexpr std::size_t kMaxTargets = 1000;  ///< Of a group.
  static constexpr Millis kPause{1000};             ///< Between two changes of the service.
  /// With those that have gone: a rollback may put them back, and they are to go again.
  static constexpr std::size_t kMaxOurs = 4000;

  /// From now on these are the sources. Those that were there keep what they know; what the others
  /// brought is let go.
  void reconfigure(std::span<const config::DiscoverSource> sources);
  bool has_sources() const { return !sources_.empty(); }
  /// There is something to do for a tick, or may be.
  bool is_idle() const { return sources_.empty() && ours_.empty(); }

  /// Null: it is not (any more) a source of the service.
  SourceMemory* find(const std::string& source);
  std::span<const SourceMemory> sources() const { return sources_; }
  /// To be called after a source has taken a finding.
  void settle();

  /// What is named for the revision and not held out, in order.
  std::vector<Address> of(const std::string& revision) const;
  /// The kinds of sources that name it: "dns", "file".
  std::vector<std::string_view> kinds(const std::string& revision, const Address& address) const;
  /// Discovery brought it, and nobody else has put it there; also where it has gone since.
  bool is_ours(const std::string& revision, const Address& address) const {
    return ours_.contains({revision, address});
  }
  /// Sets of revisions that no group runs.
  std::map<std::string, std::vector<Address>> waiting(const ServiceState& service) const;

  // ---- what others do with targets ------------------------------------------------------------
  /// A group is to run the revision on these, which of() gave.
  void take_over(const std::string& revision, const std::vector<Address>& targets);
  /// A person names it: it is not ours to take away.
  void named(const std::string& revision, const Address& address);
  /// A person drains it.
  void drained(const Address& address);

  /// What each group lacks and has too much, whenever that may be done.
  std::vector<SetChanges> compare(const ServiceState& service,
                                  const PerColour<bool>& retiring) const;
  /// What of it is to be done now: nothing before the pause is over.
  std::vector<SetChanges> next_changes(const ServiceState& service, const PerColour<bool>& retiring,
                                       Mono now) const;
  /// They are carried out.
  void done(const ServiceState& service, const SetChanges& changes, Mono now);
  /// When next_changes() may say more than now; max: when something happens.
  Mono due(const ServiceState& service, const PerColour<bool>& retiring, Mono now) const;

  SavedSets saved() const;
  void restore(const SavedSets& saved);

 private:
  std::set<Address> named_for(const std::string& revision) const;
  SetChanges changes_of(const ServiceState& service, Colour colour) const;
  void prune(const ServiceState& service);
  void drop_absent(const GroupState& group, const std::set<Address>& named,
                   SetChanges& changes) const;
  bool may_be_empty() const;
  bool is_waiting_for_answers() const;

  std::vector<SourceMemory> sources_;
  std::set<FoundTargetPlace> ours_;
  std::set<Address> held_out_;
  std::optional<Mono> changed_;  ///< The last time.
};

}  // namespace teal::control
