#include "control/controller/controller.h"

#include <utility>

#include "control/controller/state.h"

namespace teal::control {

namespace {

Event event_of(Command command) {
  switch (command) {
    case Command::proceed: return event::Proceed{};
    case Command::pause: return event::Pause{};
    case Command::promote: return event::Promote{};
    case Command::stop: return event::Stop{};
    case Command::rollback: break;
  }
  return event::Rollback{"rolled back on request"};
}

}  // namespace

ApiError unknown_service(const std::string& name) {
  return {404, "unknown-service", "There is no such service", "no service is called '" + name + "'",
          "`teal status` lists them"};
}

ApiError unknown_deployment(const DeploymentId& id) {
  return {404, "unknown-deployment", "There is no such deployment",
          "no deployment is called '" + id + "'", "`teal history SERVICE` lists them"};
}

Controller::State::State(std::shared_ptr<const config::Config> the_config, const Clock& the_clock,
                         Log& the_log, Ports& the_ports, std::unique_ptr<Store> store,
                         SourceFactory sources)
    : config(std::move(the_config)),
      clock(the_clock),
      ports(the_ports),
      make_source(std::move(sources)),
      announcer(the_clock, the_log),
      writes(std::move(store),
             [this](bool healthy, const std::string& why) {
               if (healthy)
                 say(Level::info, "store.recovered", "", "the store works again");
               else
                 say(Level::error, "store.failed", "",
                     why + "; traffic and rollbacks go on, new deployments wait");
             }),
      sticky(*config, [this](std::span<std::uint8_t> out) { ports.draw_random(out); }),
      figures(the_ports),
      health_policy(
          registry, clock, announcer, stats,
          {.publish =
               [this](ServiceEntry& entry) { publisher.publish_health(entry, clock.mono()); },
           .check = [this](ServiceEntry& entry) { check_health(entry, false); },
           .check_live =
               [this](ServiceEntry& entry) {
                 serving.note_live(entry);
                 deliver_baseline(entry, false);
               }}),
      outside(registry, deployments, clock, announcer, the_log, [this](DeploymentRunner& runner) {
        figures.cache.renew();
        judge(runner);
      }) {}

Controller::Controller(std::shared_ptr<const config::Config> config, const Clock& clock, Log& log,
                       Ports& ports, std::unique_ptr<Store> store, SourceFactory make_source)
    : state_(std::make_unique<State>(std::move(config), clock, log, ports, std::move(store),
                                     std::move(make_source))) {}

Controller::~Controller() = default;

void Controller::State::say(Level level, std::string type, const std::string& service,
                            std::string text, DeploymentId deployment) {
  announcer.say(level, std::move(type), service, std::move(deployment), std::move(text));
}

// ---- commands -----------------------------------------------------------------------------------

void Controller::command(const DeploymentId& id, Command command, Done<DeploymentReport> done,
                         bool force) {
  State& state = *state_;
  DeploymentRunner* runner = find_served(state.deployments, state.registry, id);
  if (runner == nullptr) return done(unknown_deployment(id));
  const DeploymentRunner* const under_way =
      command == Command::rollback ? state.rollbacks.running(*runner) : nullptr;
  if (under_way != nullptr && !force)
    return state.answer_when_applied(under_way->spec().id, std::move(done));
  const bool is_rollback = runner->spec().kind == Kind::rollback;
  const bool gives_up = command == Command::stop || command == Command::rollback;
  std::optional<ApiError> refusal;
  const bool is_done = force && gives_up && state.serving.is_fallback_of(*runner) &&
                       (runner->is_over() || under_way != nullptr);
  if (is_done) {
    // Nothing is left of it but its fallback.
  } else if (runner->is_abandoned) {
    refusal = ApiError{409, "not-now", "The deployment cannot do that now",
                       "its journal ends early", "command the newest deployment of the service"};
  } else if (command == Command::rollback && runner->is_over() && !is_rollback) {
    refusal = state.rollbacks.refuse_late(*runner, force);
  }
  if (!refusal && !is_done) refusal = state.deliver(*runner, event_of(command));
  if (refusal) return done(*refusal);
  DeploymentId answer = id;
  if (command == Command::rollback && !is_done && runner->rolled_back_by)
    answer = *runner->rolled_back_by;
  if (!force || !gives_up) return state.answer_when_applied(std::move(answer), std::move(done));
  // The rollback knows only once it is applied whether something stays.
  state.publisher.when_applied([&state, id, answer, done = std::move(done)] {
    const DeploymentRunner* given_up = find_served(state.deployments, state.registry, id);
    std::vector<std::string> warnings;
    if (given_up != nullptr && state.serving.is_fallback_of(*given_up)) {
      ServiceEntry& entry = *state.registry.find(given_up->spec().service);
      if (const auto unserved = state.serving.left_without(entry, entry.fallback->colour))
        warnings.push_back(*unserved);
      state.retire_fallback(entry, "retired on request");
    }
    state.answer_when_applied(answer, done, warnings);
  });
}

// ---- the rest -----------------------------------------------------------------------------------

const std::deque<Announcement>& Controller::announcements() const {
  return state_->announcer.last();
}

EventId Controller::last_event() const {
  return state_->announcer.last_id();
}

std::uint64_t Controller::subscribe(std::function<void(const Announcement&)> listener) {
  return state_->announcer.subscribe(std::move(listener));
}

void Controller::unsubscribe(std::uint64_t token) {
  state_->announcer.unsubscribe(token);
}

const config::Deploy* Controller::deploy_defaults(const std::string& service) const {
  const ServiceEntry* entry = state_->registry.find(service);
  return entry == nullptr ? nullptr : &entry->config->deploy;
}

const std::map<std::string, std::string>& Controller::parked() const {
  return state_->absent.parked();
}

bool Controller::store_is_healthy() const {
  return state_->writes.is_healthy();
}

}  // namespace teal::control
