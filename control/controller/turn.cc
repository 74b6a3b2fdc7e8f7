// The part of the Controller that carries out what the engines want, in the order that
// durability and rollbacks ask for.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "control/controller/state.h"

namespace teal::control {

namespace {

/// The group that a rollback takes traffic from.
Colour release_colour(const DeploymentSpec& spec) {
  return spec.kind == Kind::deploy ? spec.colour : other(spec.colour);
}

Level level_of(const std::string& type) {
  if (type == "deployment.fallback") return Level::error;
  if (type == "deployment.holding" || type == "deployment.plan_skipped") return Level::warning;
  return type == "deployment.failed" || type == "deployment.stopped" ? Level::warning : Level::info;
}

bool opens_rollback(const std::vector<Action>& actions) {
  return std::any_of(actions.begin(), actions.end(), [](const Action& action) {
    return std::holds_alternative<action::OpenRollback>(action);
  });
}

}  // namespace

std::optional<ApiError> Controller::State::deliver(DeploymentRunner& runner, const Event& event) {
  return deliver(runner, event, clock.mono());
}

std::optional<ApiError> Controller::State::deliver(DeploymentRunner& runner, const Event& event,
                                                   Mono decided) {
  const bool outermost = !std::exchange(is_delivering, true);
  std::optional<ApiError> refusal = process(runner, event, decided);
  if (outermost) {
    is_delivering = false;
    run_pending();
  }
  return refusal;
}

void Controller::State::enqueue(DeploymentNumber number, Event event, Mono decided) {
  pending_events.push_back({number, std::move(event), decided});
}

void Controller::State::run_pending() {
  if (std::exchange(is_delivering, true)) return;
  while (!pending_events.empty()) {
    const PendingEvent next = std::move(pending_events.front());
    pending_events.pop_front();
    if (DeploymentRunner* runner = deployments.find(next.number))
      process(*runner, next.event, next.decided);
  }
  is_delivering = false;
  flush();
}

std::optional<ApiError> Controller::State::process(DeploymentRunner& runner, const Event& event,
                                                   Mono decided) {
  const Age age = runner.age(clock.mono());
  const WallTime at = clock.wall();
  const DeploymentState before = runner.engine().state();
  const DeploymentFacts facts_before = runner.engine().facts();
  const bool was_over = runner.is_over();
  const std::vector<Action> actions = runner.step(event, age, at);
  const auto asks_to_wake = [](const Action& each) {
    return std::holds_alternative<action::WakeAt>(each);
  };
  if (std::ranges::any_of(actions, asks_to_wake))
    if (const std::optional<Mono> due = deployments.next_deadline())
      ports.call_at(*due, [this] { run_deadlines(); });
  if (!actions.empty())
    if (const auto* refused = std::get_if<action::Refuse>(&actions.front()))
      return ApiError{409, "not-now", "The deployment cannot do that now", refused->detail,
                      refused->remedy};
  // What changed nothing need not be remembered: the journal's length follows the story.
  if (actions.empty() && before == runner.engine().state() &&
      facts_before == runner.engine().facts())
    return std::nullopt;
  // A verdict on the traffic that an applied split lets through must not wait for a disk. Should a
  // power failure take the event away, the workers apply the split again, and judges say again what
  // they lack.
  const bool is_repeatable = std::holds_alternative<event::SplitApplied>(event) ||
                             std::holds_alternative<event::Evidence>(event) ||
                             std::holds_alternative<event::ConfigChanged>(event);
  const bool may_be_lost = is_repeatable && !runner.is_over();
  writes.add(runner.journal(event, age, at), may_be_lost);
  if (const auto* applied = std::get_if<event::SplitApplied>(&event))
    runner.begin_step(applied->shift, clock.mono());

  ServiceEntry* entry = registry.find(runner.spec().service);
  TEAL_ASSERT(entry != nullptr);
  // What is live now is not a release any more.
  if (runner.engine().is_watching() && entry->state().exposure) entry->edit().exposure = nullptr;
  const Colour release = release_colour(runner.spec());
  const Weight weight_before = entry->state().split.of(release);
  const bool changes_traffic = apply(runner, actions);
  // Everything is journalled before it happens, but for taking traffic away from a release: that
  // waits for no disk. Its journal entries follow when the turn ends.
  const bool urgent = entry->state().split.of(release) < weight_before || opens_rollback(actions);
  // Where nothing is to happen the end of the turn is early enough, and no rollback waits for it.
  if (!urgent && !actions.empty()) flush();
  if (stages.begins_own(runner))
    begin_own_stage(runner);
  else if (changes_traffic)
    publisher.publish(*entry);
  follow_up(runner, actions, decided);
  if (!was_over && runner.is_over()) finish(runner, event);
  return std::nullopt;
}

/// What the actions mean for the services. True if the workers must know.
bool Controller::State::apply(DeploymentRunner& runner, const std::vector<Action>& actions) {
  ServiceEntry& entry = *registry.find(runner.spec().service);
  bool changes = false;
  for (const Action& action : actions) {
    if (const auto* targets = std::get_if<action::RegisterTargets>(&action)) {
      if (entry.fallback && entry.fallback->colour == targets->colour)
        say(Level::warning, "fallback.replaced", entry.state().name,
            entry.state().groups[targets->colour].revision + " in " +
                std::string(to_string(targets->colour)) +
                ", which stayed as fallback, gives its place to " + targets->revision,
            runner.spec().id);
      registry.install(entry, targets->colour, targets->revision,
                       own.without(*entry.config, targets->targets), clock.wall());
      changes = true;
    } else if (const auto* split = std::get_if<action::Publish>(&action)) {
      if (entry.state().live != split->live && entry.kept) entry.kept.reset();
      if (entry.state().live != split->live) entry.live_lost.reset();
      if (entry.fallback && entry.fallback->colour == split->live) registry.forget_fallback(entry);
      if (entry.state().live != split->live || entry.state().split != split->split) entry.touch();
      entry.count_kept(clock.mono());
      ServiceState& state = entry.edit();
      state.live = split->live;
      state.split = split->split;
      stages.set_stage(entry, runner);
      stages.set_judging(entry, runner, *split);
      changes = true;
    } else if (const auto* keep = std::get_if<action::KeepOld>(&action)) {
      entry.keep(keep->colour, keep->duration, clock.mono());
    } else if (const auto* gone = std::get_if<action::RetireGroup>(&action)) {
      registry.retire(entry, gone->colour);
      changes = true;
    } else if (const auto* stays = std::get_if<action::KeepFallback>(&action)) {
      registry.keep_fallback(entry, {stays->colour, stays->keep_old, runner.spec().id});
      changes = true;
    }
  }
  return changes;
}

void Controller::State::follow_up(DeploymentRunner& runner, const std::vector<Action>& actions,
                                  Mono decided) {
  const std::string service = runner.spec().service;
  for (const Action& action : actions) {
    if (const auto* split = std::get_if<action::Publish>(&action)) {
      publisher.when_applied([this, number = runner.number, shift = split->shift, decided] {
        // As the workers took it: this thread may be writing to the disk meanwhile.
        const Mono at = std::max(publisher.applied_at(), decided);
        const auto took = std::chrono::duration_cast<Micros>(at - decided);
        enqueue(number, event::SplitApplied{shift, took}, decided);
        run_pending();
      });
      say(Level::info, "split.changed", service, to_string(split->split), runner.spec().id);
    } else if (const auto* gone = std::get_if<action::RetireGroup>(&action)) {
      empty_when_applied(service, gone->colour);
    } else if (std::holds_alternative<action::RegisterTargets>(action)) {
      // Who is not probed is healthy from here on, and nobody else says so.
      publisher.when_applied([this, service] {
        if (ServiceEntry* const entry = registry.find(service)) check_health(*entry, false);
      });
    } else if (const auto* rollback = std::get_if<action::OpenRollback>(&action)) {
      open_rollback(runner, *rollback, decided);
    } else if (const auto* said = std::get_if<action::Announce>(&action)) {
      say(level_of(said->type), said->type, service, said->text, runner.spec().id);
    }
  }
}

void Controller::State::finish(DeploymentRunner& runner, const Event& event) {
  const DeploymentSpec& spec = runner.spec();
  stats.count_end(spec.service, spec.kind, runner.engine().status());
  // The verdict was quicker than the counters.
  if (spec.kind == Kind::deploy) {
    figures.cache.renew();
    runner.conclude_evidence(stages.reading_of(runner));
  }
  kept.conclude(runner);
  runner.release_judges();
  deployments.end(runner);
  ServiceEntry& entry = *registry.find(spec.service);
  // Nobody listens any more.
  if (spec.kind == Kind::deploy && std::exchange(entry.edit().judging, std::nullopt))
    publisher.publish(entry);
  // What is live now is not a release any more. Where one stays with its share, so does its limit.
  if (runner.engine().status() == Status::succeeded && spec.kind == Kind::deploy)
    entry.edit().exposure = nullptr;
  // Nobody judges any more.
  const bool had_meanings = std::exchange(entry.edit().meanings, nullptr) != nullptr;
  if (std::exchange(entry.edit().watches_ages, false) || had_meanings) publisher.publish(entry);
  const auto* applied = std::get_if<event::SplitApplied>(&event);
  if (spec.kind == Kind::rollback && applied != nullptr) {
    runner.rollback_took = applied->took;
    if (DeploymentRunner* taken_back = deployments.find(spec.rollback_of))
      taken_back->rollback_took = applied->took;
  }
  prune(spec.service);
}

DeploymentRunner& Controller::State::begin(DeploymentSpec spec, Mono decided) {
  DeploymentRunner& begun = deployments.create(std::move(spec), clock.wall(), clock.mono());
  const DeploymentSpec& known = begun.spec();
  writes.add(DeploymentRow{begun.number, known.service, begun.created, to_json(known)});
  ServiceEntry& entry = *registry.find(known.service);
  // The release has no traffic yet: nobody changes groups by it.
  if (known.kind == Kind::deploy) entry.edit().draw = begun.number;
  serving.note_live(entry);
  if (const event::BaselineHealth health = serving.baseline_of(begun);
      known.has_baseline && standing(health) != Baseline::fine)
    enqueue(begun.number, health, decided);
  enqueue(begun.number, event::Begin{}, decided);
  return begun;
}

void Controller::State::open_rollback(DeploymentRunner& of, const action::OpenRollback& rollback,
                                      Mono decided) {
  const DeploymentSpec& failed = of.spec();
  const ServiceEntry& entry = *registry.find(failed.service);
  DeploymentSpec spec;
  spec.service = failed.service;
  spec.kind = Kind::rollback;
  spec.colour = other(failed.colour);
  spec.revision = failed.replaces;
  spec.replaces = failed.revision;
  spec.replaced_targets = failed.targets;
  spec.targets = failed.replaced_targets;
  spec.deploy = failed.deploy;
  spec.rollback_of = failed.id;
  spec.why = rollback.code + ": " + rollback.why;
  spec.minimum_healthy = failed.deploy.minimum_healthy.of(spec.targets.size());
  const GroupState& old = entry.state().groups[spec.colour];
  const bool warm = old.revision == failed.replaces && accepting(old) > 0;
  if (entry.state().live == spec.colour)
    spec.way = RollbackMethod::undo;
  else
    spec.way = warm ? RollbackMethod::swap : RollbackMethod::reinstall;
  stats.count_rollback(failed.service, rollback.code);
  of.rolled_back_by = begin(std::move(spec), decided).spec().id;
}

void Controller::State::retire(const std::string& service, Colour colour) {
  ServiceEntry& entry = *registry.find(service);
  registry.retire(entry, colour);
  flush();
  publisher.publish(entry);
  empty_when_applied(service, colour);
}

/// The running requests of a group hold the table they started with, so it may go as soon as no
/// worker hands out new ones.
void Controller::State::empty_when_applied(const std::string& service, Colour colour) {
  publisher.when_applied([this, service, colour] {
    ServiceEntry* const found = registry.find(service);
    if (found == nullptr) return;  // The configuration has it no more.
    ServiceEntry& entry = *found;
    if (!registry.clear_retired(entry, colour)) return;
    say(Level::info, "group.retired", service, std::string(to_string(colour)) + " is empty");
    flush();
    publisher.publish(entry);
  });
}

void Controller::State::prune(const std::string& service) {
  // A rollback of the service takes this one back, however many tries have failed since. The one
  // that is being carried out is among the newest and stays.
  const DeploymentRunner* maker = rollbacks.made_live(*registry.find(service));
  for (const DeploymentNumber number : deployments.prune(service, maker)) writes.forget(number);
}

bool Controller::State::flush() {
  for (ServiceEntry* const entry : registry.take_unsaved()) {
    entry->is_found_unsaved = false;
    writes.set(ServiceRow{entry->state().name, to_json(entry->saved(clock.mono()))});
  }
  if (announcer.wants_room()) {
    events_asked = announcer.room();
    writes.reserve_events(events_asked);
  }
  if (!writes.flush()) return false;
  kept.on_written(deployments);
  announcer.reserve(events_asked);
  return true;
}

}  // namespace teal::control
