// The part of the Controller that makes of the store what was before the last end.
#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <span>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "base/hex.h"
#include "control/controller/state.h"
#include "control/deploy/replay.h"
#include "control/services/absent_services.h"

namespace teal::control {

namespace {

/// But for what was found.
bool same_targets(const ServiceEntry& entry, Colour colour) {
  const config::Group& file = entry.config->groups[colour];
  const GroupState& stored = entry.state().groups[colour];
  std::vector<Address> told = addresses_of(stored);
  std::erase_if(
      told, [&](const Address& address) { return entry.sets.is_ours(stored.revision, address); });
  return file.revision == stored.revision && file.targets == told;
}

/// As whoever looks for the file wants it.
std::string absolute(const std::string& path) {
  std::error_code failed;
  const std::filesystem::path whole = std::filesystem::absolute(path, failed);
  return failed ? path : whole.lexically_normal().string();
}

/// What other deployments, and its service, know of one that is in the history.
void note_history(const DeploymentRunner& runner, const DeploymentTable& deployments,
                  ServiceRegistry& services) {
  const DeploymentSpec& spec = runner.spec();
  if (spec.kind == Kind::deploy)
    if (ServiceEntry* const entry = services.find(spec.service))
      entry->edit().draw = std::max(entry->state().draw, runner.number);
  if (spec.kind != Kind::rollback) return;
  if (DeploymentRunner* taken_back = deployments.find(spec.rollback_of)) {
    taken_back->rolled_back_by = spec.id;
    taken_back->rollback_took = runner.rollback_took;
  }
}

}  // namespace

Result<void> Controller::start() {
  State& state = *state_;
  const Result<Contents> contents = state.writes.load();
  if (!contents) return contents.error();
  std::array<std::uint8_t, 4> process{};
  state.ports.draw_random(process);
  state.announcer.begin(contents->id, contents->reserved_events, to_hex(process));
  state.flush();  // Before the first event, so that its number is this process's for good.
  const Result<void> recovered = state.recover(*contents);
  if (!recovered) return recovered.error();
  if (contents->services.empty() && contents->deployments.empty())
    state.say(Level::warning, "store.new", "",
              "no earlier state was found in " + absolute(state.config->state_path) +
                  ": every service begins with the groups of the configuration file");
  for (const ParkedService& each : parked_services(*contents, state.registry, state.clock.mono())) {
    const bool stands_still = !each.deployment.empty();
    if (stands_still) state.absent.park(each);
    state.say(stands_still ? Level::warning : Level::info,
              stands_still ? "deployment.parked" : "service.parked", each.name, each.text,
              each.deployment);
  }
  state.sticky.begin(contents->secrets);
  state.take_up_sticky();
  state.flush();  // What was left out of the state is not said again by the next start.
  state.publisher.publish_changed(state.clock.mono());
  state.absent.begin(*contents, state.registry);
  state.configs.begin(*contents);
  // Windows are differences of readings: without one from before the first request they would not
  // see what comes before the first tick.
  state.figures.begin(state.registry, state.clock.mono());
  for (const config::Service& service : state.config->services) state.resume(service.name);
  return {};
}

Result<void> Controller::State::recover(const Contents& contents) {
  const Result<void> services = recover_services(contents);
  if (!services) return services.error();
  const Result<void> recovered = recover_deployments(contents);
  if (!recovered) return recovered.error();
  // How long Teal was down only the date can tell.
  for (const KeyRow& row : contents.keys) keys.restore(row, clock.wall(), clock.mono());
  return {};
}

Result<void> Controller::State::recover_services(const Contents& contents) {
  const WallTime now = clock.wall();
  std::unordered_map<std::string_view, const ServiceRow*> rows;
  for (const ServiceRow& row : contents.services) rows.emplace(row.name, &row);
  for (const config::Service& service : config->services) {
    const auto known = rows.find(service.name);
    if (known == rows.end()) {
      if (const Result<void> usable = own.refuse(service); !usable) return usable.error();
      outside.know(registry.add(service, now));
      continue;
    }
    if (const Result<void> back = recover_service(service, *known->second); !back)
      return back.error();
  }
  return {};
}

Result<void> Controller::State::recover_service(const config::Service& service,
                                                const ServiceRow& row) {
  const Result<SavedService> saved = service_from_json(row.state);
  if (!saved) return saved.error();
  ServiceEntry& entry = registry.add(service, *saved, clock.wall(), clock.mono());
  outside.know(entry);
  entry.episodes.restore(saved->episodes, outside.now());
  for (const std::string& why : saved->unusable) {
    entry.touch();
    say(Level::error, "target.unusable", service.name,
        "a stored target is left out: " + why + "; register it anew if it is wanted");
  }
  own.drop(registry, entry);
  if (!same_targets(entry, Colour::blue) || !same_targets(entry, Colour::green) ||
      service.live != saved->state.live)
    say(Level::info, "config.ignored", service.name,
        "the file's groups differ from what deployments decided since; the store's word counts");
  return {};
}

Result<void> Controller::State::recover_deployments(const Contents& contents) {
  // The others are kept for their return (AbsentServices).
  const auto is_served = [this](const std::string& service) {
    return std::as_const(registry).find(service) != nullptr;
  };
  const Result<void> replayed = replay_deployments(contents, is_served, clock.mono(), deployments);
  if (!replayed) return replayed.error();
  // Those of services that came back earlier, or are still away, are settled.
  std::set<std::string> named;
  for (const ServiceRow& row : contents.services) named.insert(row.name);
  for (const DeploymentRow& row : contents.deployments) named.insert(row.service);
  for (const std::string& service : named) {
    deployments.settle(service);
    for (const DeploymentRunner* runner : deployments.of(service))
      note_history(*runner, deployments, registry);
  }
  return {};
}

/// What was under way goes on.
void Controller::State::resume(const std::string& service) {
  ServiceEntry& entry = *registry.find(service);
  for (const Colour colour : kColours) {
    if (entry.retiring[colour]) {
      empty_when_applied(service, colour);
      continue;
    }
    for (const TargetState& target : entry.state().groups[colour].targets)
      if (target.draining) remove_when_applied(service, colour, target.id);
  }
  outside.resume(entry);
  DeploymentRunner* runner = deployments.active(service);
  if (runner == nullptr) return;
  // The workers' counters begin at nothing, and so do the judges.
  runner->watch(make_source, patience_of(*entry.config));
  outside.report_all(entry, *runner);
  open_exposure(*runner);
  if (const Result<void> restored = restore_evidence(*runner); !restored)
    say(Level::warning, "evidence.lost", service, restored.error().message(), runner->spec().id);
  deliver(*runner, event::Resumed{});
  check_health(entry, false);
}

}  // namespace teal::control
