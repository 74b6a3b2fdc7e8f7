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

TargetState* find_target(GroupState& group, const Address& address) {
  const auto found = std::find_if(group.targets.begin(), group.targets.end(),
                                  [&](const TargetState& t) { return t.address == address; });
  return found == group.targets.end() ? nullptr : &*found;
}

std::string target_text(Colour colour, const Address& address) {
  return std::string(to_string(colour)) + " " + to_string(address);
}

/// What a deployment's minimum_healthy is of so many targets; never more than there are.
std::uint32_t recounted(const DeploymentSpec& spec, std::size_t targets) {
  return std::min(spec.deploy.minimum_healthy.of(targets), static_cast<std::uint32_t>(targets));
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

ApiError own_target(const Address& target, const OwnSocket& own, std::string title) {
  return refused(422, own.is_admin ? "target-is-admin-address" : "target-is-own-listener",
                 std::move(title), why_not_own(target, own), remedy_for_own(own));
}

void Controller::set_split(const std::string& service, Split split,
                           std::optional<std::uint64_t> if_match, Done<ServiceReport> done) {
  State& state = *state_;
  ServiceEntry* entry = state.book.find(service);
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
  if (const auto refusal = refuse_split(entry->state, split)) return done(*refusal);
  const Colour idle = other(entry->state.live);
  const bool urgent = split.of(idle) < entry->state.split.of(idle);
  if (entry->state.split != split) {
    entry->count_kept(state.clock.mono());
    entry->state.split = split;
    entry->state.exposure = nullptr;  // From here on it is a person's own risk.
    entry->touch();
    // Taking traffic away from a release waits for no disk.
    if (!urgent) state.flush();
    state.publish();
    state.flush();
    state.say(Level::info, "split.changed", service, to_string(split) + " by hand");
  }
  state.publisher.when_applied(
      [&state, service, done = std::move(done)] { done(state.report(*state.book.find(service))); });
}

ApiResult<ServiceReport> Controller::put_target(const std::string& service, Colour colour,
                                                const Address& address) {
  State& state = *state_;
  ServiceEntry* entry = state.book.find(service);
  if (entry == nullptr) return unknown_service(service);
  if (const auto own = state.forbidden_own(*entry->config, address))
    return own_target(address, *own, "The target was not added");
  if (find_target(entry->state.groups[other(colour)], address) != nullptr)
    return refused(409, "target-in-other-group", "The target was not added",
                   to_string(address) + " is a target of " + std::string(to_string(other(colour))),
                   "one process runs one release: remove it there first");
  if (entry->state.groups[colour].targets.size() >= State::kMaxTargets &&
      find_target(entry->state.groups[colour], address) == nullptr)
    return refused(422, "too-many-targets", "The target was not added",
                   "a group has at most 1000 targets", "remove others first");
  if (state.book.put(*entry, colour, address, state.clock.wall())) {
    state.flush();
    state.publish();
    state.say(Level::info, "target.added", service, target_text(colour, address));
    state.check_health(*entry, false);
  }
  return state.report(*entry);
}

std::optional<OwnSocket> Controller::State::forbidden_own(const config::Service& service,
                                                          const Address& target) {
  std::optional<OwnSocket> own = ports.own_socket(target);
  if (own && !own->is_admin && service.allows_own) own.reset();
  return own;
}

std::vector<Address> Controller::State::without_own(const config::Service& service,
                                                    const std::vector<Address>& targets) {
  std::vector<Address> usable;
  for (const Address& target : targets) {
    if (const auto own = forbidden_own(service, target))
      say(Level::error, "target.own", service.name,
          why_not_own(target, *own) + "; the target is not used; " + remedy_for_own(*own));
    else
      usable.push_back(target);
  }
  return usable;
}

DeploymentRunner* Controller::State::counting(const ServiceEntry& entry, Colour colour) const {
  DeploymentRunner* runner = deployments.active(entry.state.name);
  if (runner == nullptr || runner->spec().colour != colour) return nullptr;
  const bool counts = runner->spec().kind == Kind::deploy ||
                      std::holds_alternative<state::Reinstalling>(runner->engine().state());
  return counts ? runner : nullptr;
}

/// The last one of the group that a running deployment would go back to.
std::optional<ApiError> Controller::State::refuse_drain_of_old(const ServiceEntry& entry,
                                                               Colour colour,
                                                               const TargetState& target) const {
  const DeploymentRunner* runner = deployments.active(entry.state.name);
  if (runner == nullptr || runner->spec().kind != Kind::deploy || !runner->spec().has_baseline ||
      runner->spec().colour == colour || target.draining)
    return std::nullopt;
  const GroupState& old = entry.state.groups[colour];
  const bool is_last =
      target.accepts_requests() ? accepting(old) == 1 : addresses_of(old).size() == 1;
  if (!is_last) return std::nullopt;
  const std::string& id = runner->spec().id;
  const std::string old_text = std::string(to_string(colour)) + " (" + old.revision + ")";
  return refused(409, "last-of-old-group", "The target was not removed",
                 target_text(colour, target.address) + " is the last one of " + old_text +
                     ", and " + id + " is not over: nobody would be left to take " +
                     runner->spec().revision + " back to",
                 "wait until " + id + " is over, or take it out all the same: teal target drain " +
                     entry.state.name + " " + target_text(colour, target.address) + " --force");
}

std::optional<ApiError> Controller::State::refuse_drain(const ServiceEntry& entry, Colour colour,
                                                        const TargetState& target,
                                                        bool force) const {
  const std::string title = "The target was not removed";
  const DeploymentRunner* runner = counting(entry, colour);
  if (target.accepts_requests() && accepting(entry.state.groups[colour]) == 1 &&
      (entry.state.split.of(colour) > Weight::none() || serves_alone(entry, colour)))
    return refused(409, "last-target", title,
                   target_text(colour, target.address) + " is the last healthy one and has traffic",
                   "move the traffic away or add another target first");
  if (!force)
    if (std::optional<ApiError> refusal = refuse_drain_of_old(entry, colour, target))
      return refusal;
  if (runner == nullptr || target.draining) return std::nullopt;
  const std::size_t left = addresses_of(entry.state.groups[colour]).size() - 1;
  const std::string& id = runner->spec().id;
  if (left == 0)
    return refused(409, "last-target", title,
                   target_text(colour, target.address) + " is the last target that " + id + " has",
                   "add another target first, or give the deployment up: teal stop " + id);
  const event::HealthChanged health = release_health(*runner);
  const bool is_counted = !target.ejected && target.health != Health::unhealthy;
  const std::uint32_t able = health.healthy + health.unknown - (is_counted ? 1 : 0);
  const std::uint32_t minimum = runner->engine().minimum();
  if (force || able >= minimum) return std::nullopt;
  const bool has_traffic = runner->engine().facts().weight > Weight::none();
  const bool goes_back =
      runner->spec().deploy.rollback_on.deployment_failure && runner->spec().has_baseline;
  const std::string what = !has_traffic ? "it would wait for others, and fail in time"
                           : goes_back  ? "it would be rolled back"
                                        : "it would fail, and leave the traffic where it is";
  return refused(409, "below-minimum-healthy", title,
                 id + " needs " + std::to_string(minimum) + " healthy targets of " +
                     std::string(to_string(colour)) + " and would have " + std::to_string(able) +
                     ": " + what,
                 "add another target first, or count anew (" +
                     std::to_string(recounted(runner->spec(), left)) + " of " +
                     std::to_string(left) + "): teal target drain " + entry.state.name + " " +
                     target_text(colour, target.address) + " --force");
}

ApiResult<ServiceReport> Controller::delete_target(const std::string& service, Colour colour,
                                                   const Address& address, bool force) {
  State& state = *state_;
  ServiceEntry* entry = state.book.find(service);
  if (entry == nullptr) return unknown_service(service);
  GroupState& group = entry->state.groups[colour];
  TargetState* target = find_target(group, address);
  if (target == nullptr)
    return refused(404, "unknown-target", "There is no such target",
                   target_text(colour, address) + " is not registered",
                   "`teal status " + service + " --output json` lists the targets");
  if (const auto refusal = state.refuse_drain(*entry, colour, *target, force)) return *refusal;
  const TargetId id = target->id;
  if (!target->draining) {
    target->draining = true;
    entry->touch();
    DeploymentRunner* counts = force ? state.counting(*entry, colour) : nullptr;
    if (counts != nullptr)
      state.tell(*counts, event::Recounted{recounted(counts->spec(), addresses_of(group).size())});
    state.flush();
    state.publish();
    state.say(Level::info, "target.draining", service, target_text(colour, address));
    state.check_health(*entry, counts != nullptr);
    state.remove_when_applied(service, colour, id);
  }
  return state.report(*entry);
}

void Controller::State::remove_when_applied(const std::string& service, Colour colour,
                                            TargetId id) {
  publisher.when_applied([this, service, colour, id] {
    ServiceEntry& entry = *book.find(service);
    const auto& targets = entry.state.groups[colour].targets;
    const auto leaving = std::ranges::find(targets, id, &TargetState::id);
    if (leaving == targets.end()) return;
    const std::string text = target_text(colour, leaving->address);
    if (!book.remove_drained(entry, colour, id)) return;
    flush();
    publish();
    say(Level::info, "target.removed", service, text);
  });
}

}  // namespace teal::control
