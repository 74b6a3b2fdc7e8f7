// ServiceRegistry: the one true copy of every service: roles, split, targets of both groups, how
// they are. A service is a name and the id that the name has for the life of the process, never a
// place in a list. Small operations that keep it consistent; who calls them decides and publishes.
//
// Control thread. Does not publish, journal, or know deployments.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/service_state.h"
#include "config/config.h"
#include "control/registry/service_entry.h"
#include "control/store/spec_json.h"

namespace teal::control {

/// A target where it stands now. The next change of its group's membership moves it.
struct FoundTarget {
  ServiceEntry* entry;
  Colour colour;
  std::size_t index;

  const TargetState& target() const { return entry->state().groups[colour].targets[index]; }
  TargetState& edit() const { return entry->edit().groups[colour].targets[index]; }
};

class ServiceRegistry {
 public:
  /// Names that one process may know; ids are never given out again. As many as the workers count
  /// for.
  static constexpr std::size_t kMaxNames = 65'536;

  ServiceRegistry() = default;
  ServiceRegistry(const ServiceRegistry&) = delete;
  ServiceRegistry& operator=(const ServiceRegistry&) = delete;

  /// As the file says. Ids are given out in this order.
  ServiceEntry& add(const config::Service& config, WallTime now);
  /// As the store says.
  ServiceEntry& add(const config::Service& config, const SavedService& saved, WallTime now,
                    Mono mono);
  /// False where there is none. Should it come back, it has the same id again.
  bool remove(const std::string& name);
  /// From now on the service is as `config` says, which outlives it or the next call. True: that is
  /// something else than before; only then does the next tick look at it. Requires: it is there.
  bool reconfigure(const config::Service& config, Mono now, WallTime wall);

  // ---- finding, in a time that does not depend on how many there are --------------------------
  /// To change something of it: the next tick looks at it. Its address is good until remove().
  ServiceEntry* find(const std::string& name);
  const ServiceEntry* find(const std::string& name) const;
  const ServiceEntry* at(ServiceId id) const { return slot(id); }
  /// Does not wake the service: its target's edit() does.
  std::optional<FoundTarget> find_target(TargetId id);
  /// All, by their ids.
  auto entries() const {
    return entries_ | std::views::filter([](const auto& each) { return each != nullptr; }) |
           std::views::transform([](const auto& each) -> const ServiceEntry& { return *each; });
  }
  std::size_t size() const { return size_; }
  /// So many names behind `after` in their order, "" being before all of them.
  std::vector<std::string> names_after(const std::string& after, std::size_t limit) const;
  /// All ids are below; some may be of services that were removed.
  std::size_t ids() const { return entries_.size(); }
  /// There is such a service, or was.
  bool knows(const std::string& name) const { return ids_.contains(name); }

  // ---- what is to be done ---------------------------------------------------------------------
  /// Those whose states have changed since they were asked for last, by their ids.
  std::vector<ServiceEntry*> take_changed();
  /// This one, if it has.
  bool take_changed(const ServiceEntry& entry) { return marks_.changed.erase(entry.id()) > 0; }
  /// Those that the store must know of, since they were asked for last.
  std::vector<ServiceEntry*> take_unsaved();
  /// Those that a tick is to look at now; each is to be settled by the end of it.
  std::vector<ServiceId> take_visits(Mono now) { return marks_.visits.take(now); }
  /// Those of them that there are still. To look at one does not wake it.
  auto visited(std::span<const ServiceId> ids) {
    return ids | std::views::transform([this](ServiceId id) { return slot(id); }) |
           std::views::filter([](const ServiceEntry* entry) { return entry != nullptr; }) |
           std::views::transform([](ServiceEntry* entry) -> ServiceEntry& { return *entry; });
  }
  /// No tick looks at it before `due`, unless something happens to it; max: nor ever.
  void settle(const ServiceEntry& entry, Mono due) { marks_.visits.set_due(entry.id(), due); }

  // ---- changes --------------------------------------------------------------------------------
  /// The group becomes `revision` on `targets`. Those that run it already stay as they are.
  void install(ServiceEntry& entry, Colour colour, const std::string& revision,
               const std::vector<Address>& targets, WallTime now);
  /// Adds a target, or takes a draining one back. False: it was there.
  bool put(ServiceEntry& entry, Colour colour, const Address& address, WallTime now);
  /// No new requests to the target, which is there; remove_drained() takes it out.
  void drain(ServiceEntry& entry, Colour colour, const Address& address);
  /// Both of many targets, as discovery wants it; who drains is named. The store may miss it.
  std::vector<TargetId> change_set(ServiceEntry& entry, const SetChanges& changes, WallTime now);
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
  /// Removes one target if it still drains. `may_be_lost`: the store may miss it.
  bool remove_drained(ServiceEntry& entry, Colour colour, TargetId id, bool may_be_lost = false);

 private:
  /// Where a target stands, or stood before its group's membership changed.
  struct Place {
    ServiceId service;
    Colour colour;
    std::size_t index;
  };

  ServiceEntry* slot(ServiceId id) const {
    return id < entries_.size() ? entries_[id].get() : nullptr;
  }
  ServiceEntry& add(const config::Service& config);
  std::vector<ServiceEntry*> take(std::set<ServiceId>& marked);
  TargetState make_target(ServiceEntry& entry, const Address& address, WallTime now);
  void let_go(ServiceEntry& entry, const TargetState& target);
  /// Notes where the group's targets stand.
  void place(const ServiceEntry& entry, Colour colour);

  ServiceMarks marks_;                                  ///< Outlives the entries.
  std::unordered_map<std::string, ServiceId> ids_;      ///< Of all that there ever were.
  std::vector<std::unique_ptr<ServiceEntry>> entries_;  ///< By id; null: it has been removed.
  std::size_t size_ = 0;
  std::set<std::string> names_;  ///< Of those that there are.
  std::unordered_map<TargetId, Place> places_;
  TargetId next_id_ = 1;
};

/// Targets that may get requests now.
std::size_t accepting(const GroupState& group);
std::vector<Address> addresses_of(const GroupState& group);
/// The group's colour and the address, for a sentence.
std::string target_text(Colour colour, const Address& address);

}  // namespace teal::control
