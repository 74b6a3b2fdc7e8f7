#include "control/deploy/service_registry.h"

#include <algorithm>
#include <utility>

namespace teal::control {
namespace {

constexpr std::chrono::hours kMaxKept{24 * 30};  ///< As the configuration allows.

}  // namespace

void ServiceEntry::keep(Colour colour, Millis duration, Mono now) {
  kept = Kept{colour, duration};
  kept_counted = kept_saved = now;
  unsaved = true;
}

std::optional<Millis> ServiceEntry::kept_for(Mono now) const {
  if (!kept) return std::nullopt;
  if (state.split.of(kept->colour) > Weight::none()) return kept->left;
  const auto passed = std::chrono::duration_cast<Millis>(now - kept_counted);
  return std::max(Millis{0}, kept->left - passed);
}

void ServiceEntry::count_kept(Mono now) {
  if (!kept) return;
  const bool counts = state.split.of(kept->colour) == Weight::none();
  const auto passed = std::chrono::duration_cast<Millis>(now - kept_counted);
  if (counts) kept->left = std::max(Millis{0}, kept->left - passed);
  // What is less than a millisecond counts the next time.
  kept_counted = counts ? kept_counted + passed : now;
}

SavedService ServiceEntry::saved(Mono now) const {
  SavedService saved{state, version, retiring, kept, episodes.saved()};
  saved.fallback = fallback;
  if (saved.kept) saved.kept->left = *kept_for(now);
  return saved;
}

void ServiceRegistry::add(const config::Service& config, WallTime now) {
  ServiceEntry entry{config};
  entry.state.name = config.name;
  entry.state.live = config.live;
  entry.state.split = Split::all_to(config.live);
  for (const Colour colour : kColours) {
    entry.state.groups[colour].revision = config.groups[colour].revision;
    for (const Address& address : config.groups[colour].targets)
      entry.state.groups[colour].targets.push_back(make_target(entry, address, now));
  }
  entries_.push_back(std::move(entry));
}

void ServiceRegistry::add(const config::Service& config, const SavedService& saved, WallTime now,
                          Mono mono) {
  ServiceEntry entry{config};
  entry.state = saved.state;
  entry.state.name = config.name;
  entry.version = saved.version;
  entry.retiring = saved.retiring;
  if (saved.kept)
    entry.keep(saved.kept->colour,
               saved.kept_until ? std::clamp<Millis>(*saved.kept_until - now, Millis{0}, kMaxKept)
                                : saved.kept->left,
               mono);
  entry.unsaved = saved.kept_until.has_value();
  entry.fallback = saved.fallback;
  for (const Colour colour : kColours) {
    for (TargetState& target : entry.state.groups[colour].targets) {
      const bool draining = target.draining;
      target = make_target(entry, target.address, now);
      target.draining = draining;
    }
  }
  entries_.push_back(std::move(entry));
}

ServiceEntry* ServiceRegistry::find(const std::string& name) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const ServiceEntry& entry) {
    return entry.state.name == name;
  });
  return found == entries_.end() ? nullptr : &*found;
}

const ServiceEntry* ServiceRegistry::find(const std::string& name) const {
  return const_cast<ServiceRegistry*>(this)->find(name);
}

std::optional<FoundTarget> ServiceRegistry::find(TargetId id) {
  for (ServiceEntry& entry : entries_)
    for (const Colour colour : kColours)
      for (TargetState& target : entry.state.groups[colour].targets)
        if (target.id == id) return FoundTarget{&entry, colour, &target};
  return std::nullopt;
}

std::vector<ServiceState> ServiceRegistry::states() const {
  std::vector<ServiceState> states;
  states.reserve(entries_.size());
  for (const ServiceEntry& entry : entries_) states.push_back(entry.state);
  return states;
}

TargetState ServiceRegistry::make_target(ServiceEntry& entry, const Address& address,
                                         WallTime now) {
  TargetState target;
  target.id = next_id_++;
  target.address = address;
  target.health = entry.config->health ? Health::unknown : Health::healthy;
  target.reason = entry.config->health ? "not probed yet" : "no health check is configured";
  entry.since[target.id] = now;
  return target;
}

void ServiceRegistry::let_go(ServiceEntry& entry, const TargetState& target) {
  entry.outlier.forget(target.id);
  entry.since.erase(target.id);
}

void ServiceRegistry::install(ServiceEntry& entry, Colour colour, const std::string& revision,
                              const std::vector<Address>& targets, WallTime now) {
  GroupState& group = entry.state.groups[colour];
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
  entry.retiring[colour] = false;
  if (entry.kept && entry.kept->colour == colour) entry.kept.reset();
  entry.touch();
}

bool ServiceRegistry::put(ServiceEntry& entry, Colour colour, const Address& address,
                          WallTime now) {
  GroupState& group = entry.state.groups[colour];
  const auto there = std::find_if(group.targets.begin(), group.targets.end(),
                                  [&](const TargetState& t) { return t.address == address; });
  if (there != group.targets.end() && !there->draining) return false;
  if (there != group.targets.end())
    there->draining = false;
  else
    group.targets.push_back(make_target(entry, address, now));
  entry.touch();
  return true;
}

void ServiceRegistry::retire(ServiceEntry& entry, Colour colour) {
  for (TargetState& target : entry.state.groups[colour].targets) target.draining = true;
  entry.retiring[colour] = true;
  if (entry.kept && entry.kept->colour == colour) entry.kept.reset();
  if (entry.fallback && entry.fallback->colour == colour) forget_fallback(entry);
  entry.touch();
}

void ServiceRegistry::keep_fallback(ServiceEntry& entry, const Fallback& fallback) {
  GroupState& group = entry.state.groups[fallback.colour];
  if (entry.retiring[fallback.colour] || group.targets.empty()) return;
  group.fallback = true;
  entry.fallback = fallback;
  entry.live_back.reset();
  if (entry.kept && entry.kept->colour == fallback.colour) entry.kept.reset();
  entry.touch();
}

void ServiceRegistry::forget_fallback(ServiceEntry& entry) {
  entry.state.groups[entry.fallback->colour].fallback = false;
  entry.fallback.reset();
  entry.live_back.reset();
  entry.touch();
}

bool ServiceRegistry::clear_retired(ServiceEntry& entry, Colour colour) {
  if (!entry.retiring[colour]) return false;
  GroupState& group = entry.state.groups[colour];
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
  std::erase_if(entry.state.groups[colour].targets, [&](const TargetState& target) {
    const bool is_it = target.address == address;
    if (is_it) let_go(entry, target);
    return is_it;
  });
  entry.touch();
}

bool ServiceRegistry::remove_drained(ServiceEntry& entry, Colour colour, TargetId id) {
  auto& targets = entry.state.groups[colour].targets;
  const auto found = std::find_if(targets.begin(), targets.end(), [&](const TargetState& target) {
    return target.id == id && target.draining;
  });
  if (found == targets.end()) return false;
  let_go(entry, *found);
  targets.erase(found);
  entry.touch();
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
