// The part of the Controller that carries out commands on services: splits by hand, targets.
#include <algorithm>
#include <utility>

#include "control/controller/state.h"

namespace teal::control {

namespace {

ApiError refused(int status, std::string type, std::string title, std::string detail,
                 std::string remedy) {
  return {status, std::move(type), std::move(title), std::move(detail), std::move(remedy)};
}

const TargetState* find_target(const GroupState& group, const Address& address) {
  const auto found = std::find_if(group.targets.begin(), group.targets.end(),
                                  [&](const TargetState& t) { return t.address == address; });
  return found == group.targets.end() ? nullptr : &*found;
}

/// Groups that are to get traffic must be able to take it.
std::optional<ApiError> refuse_split(const ServiceState& service, Split split) {
  for (const Colour colour : kColours) {
    if (split.of(colour) == Weight::none() || accepting(service.groups[colour]) > 0) continue;
    // What it has already cannot be refused; lowering it must always be possible.
    if (split.of(colour) <= service.split.of(colour)) continue;
    // Nor can it for a live group that has a fallback: that serves without a share.
    if (colour == service.live && service.groups[other(colour)].fallback) continue;
    return refused(422, "no-healthy-targets", "The split was not changed",
                   std::string(to_string(colour)) + " has no healthy target",
                   "add healthy targets to the group, or give it 0%");
  }
  return std::nullopt;
}

}  // namespace

void Controller::set_split(const std::string& service, Split split,
                           std::optional<std::uint64_t> if_match, Done<ServiceReport> done) {
  State& state = *state_;
  ServiceEntry* entry = state.registry.find(service);
  if (entry == nullptr) return done(unknown_service(service));
  if (const DeploymentRunner* running = state.deployments.active(service))
    return done(refused(409, "deployment-running", "The split was not changed",
                        running->spec().id + " is running and owns the split",
                        running->engine().is_watching()
                            ? "`teal continue " + service + "` ends its watch"
                            : "steer the deployment instead"));
  if (if_match && *if_match != entry->version)
    return done(refused(412, "changed-meanwhile", "The split was not changed",
                        "the service is at version " + std::to_string(entry->version),
                        "read it again and decide anew"));
  if (const auto refusal = refuse_split(entry->state(), split)) return done(*refusal);
  const Colour idle = other(entry->state().live);
  const bool urgent = split.of(idle) < entry->state().split.of(idle);
  if (entry->state().split != split) {
    entry->count_kept(state.clock.mono());
    ServiceState& changed = entry->edit();
    changed.split = split;
    changed.exposure = nullptr;  // From here on it is a person's own risk.
    entry->touch();
    // Taking traffic away from a release waits for no disk.
    if (!urgent) state.flush();
    state.publisher.publish(*entry);
    state.flush();
    state.say(Level::info, "split.changed", service, to_string(split) + " by hand");
  }
  state.publisher.when_applied([&state, service, done = std::move(done)] {
    const ServiceEntry* const shifted = state.registry.find(service);
    if (shifted == nullptr) return done(unknown_service(service));
    done(state.reporter.service(*shifted));
  });
}

ApiResult<ServiceReport> Controller::put_target(const std::string& service, Colour colour,
                                                const Address& address) {
  State& state = *state_;
  ServiceEntry* entry = state.registry.find(service);
  if (entry == nullptr) return unknown_service(service);
  if (const auto own = state.own.forbidden(*entry->config, address))
    return own_target(address, *own, "The target was not added");
  if (find_target(entry->state().groups[other(colour)], address) != nullptr)
    return refused(409, "target-in-other-group", "The target was not added",
                   to_string(address) + " is a target of " + std::string(to_string(other(colour))),
                   "one process runs one release: remove it there first");
  if (entry->state().groups[colour].targets.size() >= State::kMaxTargets &&
      find_target(entry->state().groups[colour], address) == nullptr)
    return refused(422, "too-many-targets", "The target was not added",
                   "a group has at most 1000 targets", "remove others first");
  const std::string& revision = entry->state().groups[colour].revision;
  if (entry->sets.is_ours(revision, address)) entry->touch();
  entry->sets.named(revision, address);
  if (state.registry.put(*entry, colour, address, state.clock.wall())) {
    state.flush();
    state.publisher.publish(*entry);
    state.say(Level::info, "target.added", service, target_text(colour, address));
    state.check_health(*entry, false);
  } else {
    state.flush();
  }
  return state.reporter.service(*entry);
}

ApiResult<ServiceReport> Controller::delete_target(const std::string& service, Colour colour,
                                                   const Address& address, bool force) {
  State& state = *state_;
  ServiceEntry* entry = state.registry.find(service);
  if (entry == nullptr) return unknown_service(service);
  const GroupState& group = entry->state().groups[colour];
  const TargetState* target = find_target(group, address);
  if (target == nullptr)
    return refused(404, "unknown-target", "There is no such target",
                   target_text(colour, address) + " is not registered",
                   "`teal status " + service + " --output json` lists the targets");
  if (const auto refusal = state.drains.refuse(*entry, colour, *target, force)) return *refusal;
  const TargetId id = target->id;
  entry->sets.drained(address);
  if (!target->draining) {
    state.registry.drain(*entry, colour, address);
    DeploymentRunner* counts = force ? state.drains.counting(*entry, colour) : nullptr;
    if (counts != nullptr)
      state.deliver(*counts,
                    event::Recounted{recounted(counts->spec(), addresses_of(group).size())});
    state.flush();
    state.publisher.publish(*entry);
    state.say(Level::info, "target.draining", service, target_text(colour, address));
    state.check_health(*entry, counts != nullptr);
    state.remove_when_applied(service, colour, id);
  }
  return state.reporter.service(*entry);
}

void Controller::State::remove_when_applied(const std::string& service, Colour colour, TargetId id,
                                            bool may_be_lost) {
  publisher.when_applied([this, service, colour, id, may_be_lost] {
    ServiceEntry* const found = registry.find(service);
    if (found == nullptr) return;  // The configuration has it no more.
    ServiceEntry& entry = *found;
    const auto& targets = entry.state().groups[colour].targets;
    const auto leaving = std::ranges::find(targets, id, &TargetState::id);
    if (leaving == targets.end()) return;
    const std::string text = target_text(colour, leaving->address);
    if (!registry.remove_drained(entry, colour, id, may_be_lost)) return;
    if (!may_be_lost) flush();
    publisher.publish(entry);
    say(Level::info, "target.removed", service, text);
  });
}

}  // namespace teal::control
