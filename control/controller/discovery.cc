// What is found of the services' targets, on its way into their groups: what is believed of it
// (control/discovery/target_sets.h decides), what is told of it, and what becomes of the targets.
#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/quoted.h"
#include "control/controller/state.h"
#include "control/discovery/address_rules.h"

namespace teal::control {

namespace {

constexpr std::size_t kShown = 5;

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// The first few of them.
std::string listed(std::span<const Address> addresses) {
  std::string text;
  for (const Address& address : addresses.first(std::min(addresses.size(), kShown)))
    text += (text.empty() ? "" : ", ") + to_string(address);
  if (addresses.size() > kShown)
    text += " and " + std::to_string(addresses.size() - kShown) + " more";
  return text;
}

std::string refusals_text(const std::map<Address, std::string>& refused) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& [address, why] : refused) {
    if (shown++ == kShown) break;
    text += (text.empty() ? "" : ", ") + to_string(address) + " " + why;
  }
  if (refused.size() > kShown) text += " and " + std::to_string(refused.size() - kShown) + " more";
  return text;
}

/// Takes out what may not be a target, and says why not.
std::map<Address, std::string> sort_out(const OwnTargets& own, const ServiceEntry& entry,
                                        const config::DiscoverSource& source, Finding& finding) {
  std::map<Address, std::string> refused;
  if (!finding.entries) return refused;
  const bool is_dns = source.kind == config::DiscoverSource::Kind::dns;
  std::erase_if(*finding.entries, [&](const FoundTargetPlace& each) {
    std::string why;
    if (const auto socket = own.forbidden(*entry.config, each.address))
      why = "is " + socket->name + " of this Teal";
    else if (is_dns)
      why = why_not_believed(each.address, source.allow_ranges);
    if (why.empty()) return false;
    refused.emplace(each.address, std::move(why));
    return true;
  });
  return refused;
}

/// An event of a look, as people hear of it.
struct Told {
  Level level;
  const char* type;
  std::string text;
};

std::vector<Told> in_words(const SourceMemory& memory, const SourceMemory::News& news) {
  std::vector<Told> all;
  const std::string stay =
      counted(memory.known().size(), "target") + (memory.known().size() == 1 ? " stays" : " stay");
  const auto tell = [&](Level level, const char* type, const std::string& text) {
    all.push_back({level, type, source_text(memory.spec()) + ": " + text});
  };
  if (news.is_failed)
    tell(Level::warning, "discovery.failed", shortened(memory.last_problem()) + "; " + stay);
  if (news.is_recovered)
    tell(Level::info, "discovery.recovered",
         "answers again, and names " + counted(memory.known().size(), "target"));
  if (news.is_empty && !memory.spec().allow_empty)
    tell(Level::warning, "discovery.empty", memory.last_problem() + "; " + stay);
  if (news.is_held)
    tell(Level::warning, "discovery.held",
         "more than half of its targets are not named any more; " +
             counted(memory.held(), "target") + " will go if " +
             format_duration(SourceMemory::kHold) + " do not bring them back");
  if (news.is_refused)
    tell(Level::warning, "discovery.refused",
         refusals_text(memory.refused()) +
             (memory.spec().kind == config::DiscoverSource::Kind::dns
                  ? "; allow_ranges names what may be believed all the same"
                  : ""));
  return all;
}

}  // namespace

void Controller::on_found(const Finding& finding) {
  State& state = *state_;
  ServiceEntry* const entry = state.registry.find(finding.service);
  SourceMemory* const memory = entry == nullptr ? nullptr : entry->sets.find(finding.source);
  if (memory == nullptr) return;
  Finding believed = finding;
  const std::map<Address, std::string> refused =
      sort_out(state.own, *entry, memory->spec(), believed);
  const SourceMemory::News news =
      memory->take(believed, refused, state.clock.mono(), state.clock.wall());
  entry->sets.settle();
  if (news.is_changed) entry->note_found();
  for (const Told& each : in_words(*memory, news))
    state.say(each.level, each.type, entry->state().name, each.text);
  state.follow_sets(*entry);
}

/// Does what there is to do now that what is found and what the groups have differ.
void Controller::State::follow_sets(ServiceEntry& entry) {
  const std::vector<SetChanges> all =
      entry.sets.next_changes(entry.state(), entry.retiring, clock.mono());
  for (const SetChanges& changes : all) {
    const std::vector<TargetId> draining = registry.change_set(entry, changes, clock.wall());
    entry.sets.done(entry.state(), changes, clock.mono());
    publisher.publish(entry);
    const std::string colour = std::string(to_string(changes.colour)) + " ";
    if (!changes.add.empty())
      say(Level::info, "target.added", entry.state().name,
          colour + listed(changes.add) + " (found)");
    if (!changes.drain.empty())
      say(Level::info, "target.draining", entry.state().name,
          colour + listed(changes.drain) + " (not found any more)");
    for (const TargetId id : draining)
      remove_when_applied(entry.state().name, changes.colour, id, true);
  }
  if (!all.empty()) check_health(entry, false);
}

/// Once a second at most, and not waited for.
void Controller::State::save_found(ServiceEntry& entry) {
  const Mono now = clock.mono();
  if (!entry.is_found_unsaved || now - entry.found_saved < ServiceEntry::kFoundSaved) return;
  entry.is_found_unsaved = false;
  entry.found_saved = now;
  writes.set(ServiceRow{entry.state().name, to_json(entry.saved(now))}, true);
  writes.flush();
}

}  // namespace teal::control
