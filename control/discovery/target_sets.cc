#include "control/discovery/target_sets.h"

#include <algorithm>
#include <utility>

namespace teal::control {
namespace {

const TargetState* find(const GroupState& group, const Address& address) {
  const auto found = std::ranges::find(group.targets, address, &TargetState::address);
  return found == group.targets.end() ? nullptr : &*found;
}

std::string_view kind_of(const config::DiscoverSource& source) {
  return source.kind == config::DiscoverSource::Kind::file ? "file" : "dns";
}

}  // namespace

void TargetSets::reconfigure(std::span<const config::DiscoverSource> sources) {
  std::vector<SourceMemory> next;
  next.reserve(sources.size());
  for (const config::DiscoverSource& source : sources) {
    const auto same = std::ranges::find_if(sources_, [&](const SourceMemory& memory) {
      return is_same_source(memory.spec(), source);
    });
    if (same == sources_.end()) {
      next.emplace_back(source);
    } else {
      next.push_back(std::move(*same));
      sources_.erase(same);
      next.back().respecify(source);
    }
  }
  sources_ = std::move(next);
  settle();
}

SourceMemory* TargetSets::find(const std::string& source) {
  const auto found = std::ranges::find_if(
      sources_, [&](const SourceMemory& memory) { return source_text(memory.spec()) == source; });
  return found == sources_.end() ? nullptr : &*found;
}

void TargetSets::settle() {
  std::erase_if(held_out_, [&](const Address& address) {
    return std::ranges::none_of(sources_,
                                [&](const SourceMemory& memory) { return memory.names(address); });
  });
}

std::set<Address> TargetSets::named_for(const std::string& revision) const {
  std::set<Address> named;
  for (const SourceMemory& memory : sources_) {
    // They are sorted, the revision first.
    auto each = memory.known().lower_bound({revision, Address{Address::Kind::ip4, "", 0}});
    for (; each != memory.known().end() && each->revision == revision; ++each)
      if (!held_out_.contains(each->address)) named.insert(each->address);
  }
  return named;
}

std::vector<Address> TargetSets::of(const std::string& revision) const {
  const std::set<Address> named = named_for(revision);
  return {named.begin(), named.end()};
}

std::vector<std::string_view> TargetSets::kinds(const std::string& revision,
                                                const Address& address) const {
  std::vector<std::string_view> kinds;
  for (const SourceMemory& memory : sources_) {
    const std::string_view kind = kind_of(memory.spec());
    if (memory.known().contains({revision, address}) &&
        std::ranges::find(kinds, kind) == kinds.end())
      kinds.push_back(kind);
  }
  std::ranges::sort(kinds);
  return kinds;
}

std::map<std::string, std::vector<Address>> TargetSets::waiting(const ServiceState& service) const {
  std::map<std::string, std::vector<Address>> waiting;
  for (const SourceMemory& memory : sources_)
    for (const FoundTargetPlace& each : memory.known()) {
      if (std::ranges::any_of(kColours, [&](Colour colour) {
            return service.groups[colour].revision == each.revision;
          }))
        continue;
      waiting.try_emplace(each.revision);
    }
  for (auto& [revision, targets] : waiting) targets = of(revision);
  return waiting;
}

void TargetSets::take_over(const std::string& revision, const std::vector<Address>& targets) {
  for (const Address& address : targets) ours_.insert({revision, address});
}

void TargetSets::named(const std::string& revision, const Address& address) {
  held_out_.erase(address);
  ours_.erase({revision, address});
}

void TargetSets::drained(const Address& address) {
  if (std::ranges::any_of(sources_,
                          [&](const SourceMemory& memory) { return memory.names(address); }))
    held_out_.insert(address);
}

bool TargetSets::may_be_empty() const {
  return std::ranges::any_of(sources_,
                             [](const SourceMemory& memory) { return memory.spec().allow_empty; });
}

/// A source that has not said anything yet may name what no other does.
bool TargetSets::is_waiting_for_answers() const {
  return !std::ranges::all_of(sources_, &SourceMemory::has_answered);
}

/// What is ours and nobody names. Somebody who serves has to stay, or, where nobody does, anybody
/// at all: a publication of our own turns no service that answers into one that does not.
void TargetSets::drop_absent(const GroupState& group, const std::set<Address>& named,
                             SetChanges& changes) const {
  std::size_t serving = 0;
  std::size_t there = changes.add.size();
  std::vector<const TargetState*> absent;
  for (const TargetState& target : group.targets) {
    if (target.draining) continue;
    ++there;
    if (target.accepts_requests()) ++serving;
    if (!named.contains(target.address) && is_ours(group.revision, target.address))
      absent.push_back(&target);
  }
  // Those go first that serve nobody.
  std::ranges::stable_sort(absent, {}, &TargetState::accepts_requests);
  for (const TargetState* target : absent) {
    const bool is_last = target->accepts_requests() ? serving == 1 : there == 1;
    if (is_last && !may_be_empty()) {
      ++changes.kept;
      continue;
    }
    if (target->accepts_requests()) --serving;
    --there;
    changes.drain.push_back(target->address);
  }
  std::ranges::sort(changes.drain);
}

SetChanges TargetSets::changes_of(const ServiceState& service, Colour colour) const {
  const GroupState& group = service.groups[colour];
  const GroupState& elsewhere = service.groups[other(colour)];
  SetChanges changes;
  changes.colour = colour;
  const std::set<Address> named = named_for(group.revision);
  const auto room =
      static_cast<std::ptrdiff_t>(kMaxTargets) - static_cast<std::ptrdiff_t>(group.targets.size());
  for (const Address& address : named) {
    const TargetState* const there = teal::control::find(group, address);
    if (there != nullptr && !there->draining) continue;
    const bool fits =
        there != nullptr || std::cmp_less(changes.add.size(), std::max<std::ptrdiff_t>(room, 0));
    if (teal::control::find(elsewhere, address) != nullptr || !fits)
      ++changes.left_out;
    else
      changes.add.push_back(address);
  }
  if (!is_waiting_for_answers()) drop_absent(group, named, changes);
  return changes;
}

std::vector<SetChanges> TargetSets::compare(const ServiceState& service,
                                            const PerColour<bool>& retiring) const {
  std::vector<SetChanges> all;
  if (is_idle()) return all;
  for (const Colour colour : kColours) {
    const std::string& revision = service.groups[colour].revision;
    if (revision.empty() || retiring[colour]) continue;
    // Where both run the same, it is the live group's.
    if (colour != service.live && revision == service.groups[service.live].revision) continue;
    all.push_back(changes_of(service, colour));
  }
  return all;
}

std::vector<SetChanges> TargetSets::next_changes(const ServiceState& service,
                                                 const PerColour<bool>& retiring, Mono now) const {
  if (changed_ && now - *changed_ < kPause) return {};
  std::vector<SetChanges> changes = compare(service, retiring);
  std::erase_if(changes, &SetChanges::is_nothing);
  return changes;
}

void TargetSets::done(const ServiceState& service, const SetChanges& changes, Mono now) {
  changed_ = now;
  take_over(service.groups[changes.colour].revision, changes.add);
  prune(service);
}

void TargetSets::prune(const ServiceState& service) {
  if (ours_.size() <= kMaxOurs) return;
  std::set<FoundTargetPlace> there;
  for (const Colour colour : kColours)
    for (const TargetState& target : service.groups[colour].targets)
      there.insert({service.groups[colour].revision, target.address});
  std::erase_if(ours_, [&](const FoundTargetPlace& each) { return !there.contains(each); });
}

Mono TargetSets::due(const ServiceState& service, const PerColour<bool>& retiring, Mono now) const {
  if (!changed_ || is_idle()) return Mono::max();
  const Mono over = *changed_ + kPause;
  if (over <= now) return Mono::max();
  return next_changes(service, retiring, over).empty() ? Mono::max() : over;
}

SavedSets TargetSets::saved() const {
  SavedSets saved;
  for (const SourceMemory& memory : sources_) saved.sources.push_back(memory.saved());
  saved.ours.assign(ours_.begin(), ours_.end());
  saved.held_out.assign(held_out_.begin(), held_out_.end());
  return saved;
}

void TargetSets::restore(const SavedSets& saved) {
  ours_.insert(saved.ours.begin(), saved.ours.end());
  held_out_.insert(saved.held_out.begin(), saved.held_out.end());
  for (const SavedSource& source : saved.sources)
    if (SourceMemory* const memory = find(source.source)) memory->restore(source);
  settle();
}

}  // namespace teal::control
