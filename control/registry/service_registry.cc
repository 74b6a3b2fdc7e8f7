#include "control/registry/service_registry.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace teal::control {
namespace {

constexpr std::chrono::hours kMaxKept{24 * 30};  ///< As the configuration allows.

}  // namespace

ServiceEntry& ServiceRegistry::add(const config::Service& config) {
  const ServiceId id =
      ids_.try_emplace(config.name, static_cast<ServiceId>(ids_.size())).first->second;
  if (id >= entries_.size()) entries_.resize(id + 1);
  TEAL_ASSERT(entries_[id] == nullptr);
  entries_[id] = std::make_unique<ServiceEntry>(config, id, marks_);
  ++size_;
  names_.insert(config.name);
  return *entries_[id];
}

ServiceEntry& ServiceRegistry::add(const config::Service& config, WallTime now) {
  ServiceEntry& entry = add(config);
  ServiceState& state = entry.edit();
  state.live = config.live;
  state.split = Split::all_to(config.live);
  for (const Colour colour : kColours) {
    state.groups[colour].revision = config.groups[colour].revision;
    state.groups[colour].targets.reserve(config.groups[colour].targets.size());
    for (const Address& address : config.groups[colour].targets)
      state.groups[colour].targets.push_back(make_target(entry, address, now));
    place(entry, colour);
  }
  return entry;
}

ServiceEntry& ServiceRegistry::add(const config::Service& config, const SavedService& saved,
                                   WallTime now, Mono mono) {
  ServiceEntry& entry = add(config);
  ServiceState& state = entry.edit();
  const ServiceId id = entry.id();
  state = saved.state;
  state.id = id;
  state.name = config.name;
  entry.version = saved.version;
  entry.retiring = saved.retiring;
  if (saved.kept)
    entry.keep(saved.kept->colour,
               saved.kept_until ? std::clamp<Millis>(*saved.kept_until - now, Millis{0}, kMaxKept)
                                : saved.kept->left,
               mono);
  // As the store has it, but for the form that newer Teals have.
  marks_.unsaved.erase(id);
  if (saved.kept_until) entry.note_unsaved();
  entry.fallback = saved.fallback;
  entry.sets.restore(saved.discovery);
  for (const Colour colour : kColours) {
    for (TargetState& target : state.groups[colour].targets) {
      const bool draining = target.draining;
      target = make_target(entry, target.address, now);
      target.draining = draining;
    }
    place(entry, colour);
  }
  return entry;
}

bool ServiceRegistry::remove(const std::string& name) {
  const ServiceEntry* const entry = find(name);
  if (entry == nullptr) return false;
  const ServiceId id = entry->id();
  for (const Colour colour : kColours)
    for (const TargetState& target : entry->state().groups[colour].targets)
      places_.erase(target.id);
  names_.erase(entry->state().name);
  entries_[id].reset();
  --size_;
  marks_.changed.erase(id);
  marks_.unsaved.erase(id);
  marks_.visits.forget(id);
  return true;
}

bool ServiceRegistry::reconfigure(const config::Service& config, Mono now, WallTime wall) {
  return slot(ids_.at(config.name))->reconfigure(config, now, wall);
}

ServiceEntry* ServiceRegistry::find(const std::string& name) {
  const auto id = ids_.find(name);
  ServiceEntry* const entry = id == ids_.end() ? nullptr : slot(id->second);
  if (entry != nullptr) entry->wake();
  return entry;
}

const ServiceEntry* ServiceRegistry::find(const std::string& name) const {
  const auto id = ids_.find(name);
  return id == ids_.end() ? nullptr : slot(id->second);
}

std::vector<std::string> ServiceRegistry::names_after(const std::string& after,
                                                      std::size_t limit) const {
  std::vector<std::string> names;
  for (auto name = names_.upper_bound(after); name != names_.end() && names.size() < limit; ++name)
    names.push_back(*name);
  return names;
}

std::optional<FoundTarget> ServiceRegistry::find_target(TargetId id) {
  const auto found = places_.find(id);
  if (found == places_.end()) return std::nullopt;
  Place& place = found->second;
  ServiceEntry* const entry = slot(place.service);
  const std::vector<TargetState>& targets = entry->state().groups[place.colour].targets;
  if (place.index >= targets.size() || targets[place.index].id != id) {
    // Others have left before it.
    const auto moved = std::ranges::find(targets, id, &TargetState::id);
    if (moved == targets.end()) return std::nullopt;
    place.index = static_cast<std::size_t>(moved - targets.begin());
  }
  return FoundTarget{entry, place.colour, place.index};
}

std::vector<ServiceEntry*> ServiceRegistry::take(std::set<ServiceId>& marked) {
  std::vector<ServiceEntry*> taken;
  taken.reserve(marked.size());
  for (const ServiceId id : std::exchange(marked, {})) taken.push_back(slot(id));
  return taken;
}

std::vector<ServiceEntry*> ServiceRegistry::take_changed() {
  return take(marks_.changed);
}

std::vector<ServiceEntry*> ServiceRegistry::take_unsaved() {
  return take(marks_.unsaved);
}

void ServiceRegistry::place(const ServiceEntry& entry, Colour colour) {
  const std::vector<TargetState>& targets = entry.state().groups[colour].targets;
  for (std::size_t index = 0; index < targets.size(); ++index)
    places_[targets[index].id] = {entry.id(), colour, index};
}

TargetState ServiceRegistry::make_target(ServiceEntry& entry, const Address& address,
                                         WallTime now) {
  TargetState target;
  target.id = next_id_++;
  target.address = address;
  target.health = entry.config->health ? Health::unknown : Health::healthy;
  target.reason = entry.config->health ? "not probed yet" : "no health check";
  entry.since[target.id] = now;
  return target;
}

void ServiceRegistry::let_go(ServiceEntry& entry, const TargetState& target) {
  entry.outlier.forget(target.id);
  entry.since.erase(target.id);
  places_.erase(target.id);
}

void ServiceRegistry::install(ServiceEntry& entry, Colour colour, const std::string& revision,
                              const std::vector<Address>& targets, WallTime now) {
  GroupState& group = entry.edit().groups[colour];
  std::vector<TargetState> installed;
  for (const Address& address : targets) {
    const auto there = std::find_if(group.targets.begin(), group.targets.end(),
                                    [&](const TargetState& t) { return t.address == address; });
    // Another revision on the same address is another process: it must be probed anew.
    if (there != group.targets.end() && group.revision == revision) {
      there->draining = false;
      installed.push_back(std::move(*there));
      group.targets.erase(there);
    } else {
      installed.push_back(make_target(entry, address, now));
    }
  }
  for (const TargetState& gone : group.targets) let_go(entry, gone);
  if (entry.fallback && entry.fallback->colour == colour) forget_fallback(entry);
  group = GroupState{revision, std::move(installed)};
  place(entry, colour);
  entry.retiring[colour] = false;
  if (entry.kept && entry.kept->colour == colour) entry.kept.reset();
  entry.touch();
}

bool ServiceRegistry::put(ServiceEntry& entry, Colour colour, const Address& address,
                          WallTime now) {
  GroupState& group = entry.edit().groups[colour];
  const auto there = std::ranges::find(group.targets, address, &TargetState::address);
  if (there != group.targets.end() && !there->draining) return false;
  if (there != group.targets.end())
    there->draining = false;
  else
    group.targets.push_back(make_target(entry, address, now));
  place(entry, colour);
  entry.touch();
  return true;
}

void ServiceRegistry::drain(ServiceEntry& entry, Colour colour, const Address& address) {
  for (TargetState& target : entry.edit().groups[colour].targets)
    if (target.address == address) target.draining = true;
  entry.touch();
}

std::vector<TargetId> ServiceRegistry::change_set(ServiceEntry& entry, const SetChanges& changes,
                                                  WallTime now) {
  std::vector<TargetState>& targets = entry.edit().groups[changes.colour].targets;
  for (const Address& address : changes.add) {
    const auto there = std::ranges::find(targets, address, &TargetState::address);
    if (there != targets.end())
      there->draining = false;
    else
      targets.push_back(make_target(entry, address, now));
  }
  std::vector<TargetId> draining;
  for (TargetState& target : targets) {
    if (!std::ranges::binary_search(changes.drain, target.address)) continue;
    target.draining = true;
    draining.push_back(target.id);
  }
  place(entry, changes.colour);
  ++entry.version;
  entry.note_found();
  return draining;
}

void ServiceRegistry::retire(ServiceEntry& entry, Colour colour) {
  for (TargetState& target : entry.edit().groups[colour].targets) target.draining = true;
  entry.retiring[colour] = true;
  if (entry.kept && entry.kept->colour == colour) entry.kept.reset();
  if (entry.fallback && entry.fallback->colour == colour) forget_fallback(entry);
  entry.touch();
}

void ServiceRegistry::keep_fallback(ServiceEntry& entry, const Fallback& fallback) {
  GroupState& group = entry.edit().groups[fallback.colour];
  if (entry.retiring[fallback.colour] || group.targets.empty()) return;
  group.fallback = true;
  entry.fallback = fallback;
  entry.live_back.reset();
  if (entry.kept && entry.kept->colour == fallback.colour) entry.kept.reset();
  entry.touch();
}

void ServiceRegistry::forget_fallback(ServiceEntry& entry) {
  entry.edit().groups[entry.fallback->colour].fallback = false;
  entry.fallback.reset();
  entry.live_back.reset();
  entry.touch();
}

bool ServiceRegistry::clear_retired(ServiceEntry& entry, Colour colour) {
  if (!entry.retiring[colour]) return false;
  GroupState& group = entry.edit().groups[colour];
  // A target that was put in since stays.
  std::erase_if(group.targets, [&](const TargetState& target) {
    if (target.draining) let_go(entry, target);
    return target.draining;
  });
  if (group.targets.empty()) group.revision.clear();
  entry.retiring[colour] = false;
  entry.touch();
  return true;
}

void ServiceRegistry::drop(ServiceEntry& entry, Colour colour, const Address& address) {
  std::erase_if(entry.edit().groups[colour].targets, [&](const TargetState& target) {
    const bool is_it = target.address == address;
    if (is_it) let_go(entry, target);
    return is_it;
  });
  entry.touch();
}

bool ServiceRegistry::remove_drained(ServiceEntry& entry, Colour colour, TargetId id,
                                     bool may_be_lost) {
  auto& targets = entry.edit().groups[colour].targets;
  const auto found = std::find_if(targets.begin(), targets.end(), [&](const TargetState& target) {
    return target.id == id && target.draining;
  });
  if (found == targets.end()) return false;
  let_go(entry, *found);
  targets.erase(found);
  if (may_be_lost) {
    ++entry.version;
    entry.note_found();
  } else {
    entry.touch();
  }
  return true;
}

std::size_t accepting(const GroupState& group) {
  return static_cast<std::size_t>(
      std::count_if(group.targets.begin(), group.targets.end(),
                    [](const TargetState& target) { return target.accepts_requests(); }));
}

std::string target_text(Colour colour, const Address& address) {
  return std::string(to_string(colour)) + " " + to_string(address);
}

std::vector<Address> addresses_of(const GroupState& group) {
  std::vector<Address> addresses;
  for (const TargetState& target : group.targets)
    if (!target.draining) addresses.push_back(target.address);
  return addresses;
}

}  // namespace teal::control
