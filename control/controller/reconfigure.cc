// The part of the Controller that goes over to another configuration: what control knows of each
// service goes on, whatever the file says now; those that are new begin as at a start, and what is
// known of those that are gone waits for their return.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "control/configuration/config_commands.h"
#include "control/controller/state.h"

namespace teal::control {

namespace {

/// Whether requests of clients that the split is for reach the service.
bool has_split_traffic(const config::Config& config, const config::Service& service) {
  const auto is_split = [&](const config::Match& match) {
    const auto listener =
        std::ranges::find(config.listeners, match.listener, &config::Listener::name);
    return listener != config.listeners.end() && listener->group == config::GroupChoice::split;
  };
  return std::ranges::any_of(service.match, is_split) ||
         std::ranges::any_of(service.routes, [&](const config::Route& route) {
           return std::ranges::any_of(route.match, is_split);
         });
}

/// A service that comes while Teal serves may have taken over the paths of another, or its name:
/// its targets get requests until their probes say otherwise.
void trust_targets(ServiceEntry& entry, WallTime now) {
  for (const Colour colour : kColours) {
    const bool serves =
        colour == entry.state().live || entry.state().split.of(colour) > Weight::none();
    if (!serves || !entry.config->health) continue;
    for (TargetState& target : entry.edit().groups[colour].targets) {
      if (target.health != Health::unknown) continue;
      target.health = Health::healthy;
      target.reason = "as no probe of it has ended yet";
      entry.since[target.id] = now;
    }
  }
}

using ByName = std::unordered_map<std::string_view, const config::Service*>;

ByName by_name(const config::Config& config) {
  ByName services;
  for (const config::Service& service : config.services) services.emplace(service.name, &service);
  return services;
}

/// `spec`: the service's in `next`; null: it would go.
std::optional<ApiError> refuse_while_shipped(const ServiceEntry& entry,
                                             const DeploymentRunner& running,
                                             const config::Config& present,
                                             const config::Config& next,
                                             const config::Service* spec) {
  const std::string& id = running.spec().id;
  std::string why;
  std::string remedy;
  if (spec == nullptr) {
    why = "service '" + entry.state().name + "' would go";
    remedy = "wait until it is over";
  } else if (has_split_traffic(present, *entry.config) && !has_split_traffic(next, *spec)) {
    why = "no listener of `group: split` would lead to service '" + entry.state().name + "'";
    remedy = "keep one until it is over";
  } else {
    return std::nullopt;
  }
  why += ", and " + id;
  why += " is running there";
  remedy += ", or end it: teal stop " + id;
  return not_loaded(409, "deployment-running", std::move(why), std::move(remedy));
}

/// What is going to listen may not be a target.
std::optional<ApiError> refuse_own_targets(const ServiceEntry& entry, const config::Service& spec,
                                           const OwnTargets& own) {
  for (const Colour colour : kColours)
    for (const TargetState& target : entry.state().groups[colour].targets)
      if (const auto socket = own.forbidden(spec, target.address)) {
        ApiError error = own_target(target.address, *socket, kNotLoaded);
        error.detail = "service '" + spec.name + "': target " + error.detail;
        return error;
      }
  return std::nullopt;
}

}  // namespace

std::optional<ApiError> Controller::refuse(const config::Config& next) const {
  const State& state = *state_;
  const ByName services = by_name(next);
  for (const ServiceEntry& entry : state.registry.entries()) {
    const auto stays = services.find(entry.state().name);
    const config::Service* const spec = stays == services.end() ? nullptr : stays->second;
    const DeploymentRunner* const running = state.deployments.active(entry.state().name);
    if (running != nullptr)
      if (auto refusal = refuse_while_shipped(entry, *running, *state.config, next, spec))
        return refusal;
    if (spec == nullptr) continue;
    if (auto refusal = refuse_own_targets(entry, *spec, state.own)) return refusal;
  }
  std::size_t names = state.registry.ids();
  for (const auto& [name, service] : services) {
    if (std::as_const(state.registry).find(std::string(name)) != nullptr) continue;
    if (!state.registry.knows(std::string(name))) ++names;
    if (state.absent.has(std::string(name))) continue;
    if (const Result<void> usable = state.own.refuse(*service); !usable)
      return not_loaded(422, "invalid-configuration", usable.error().message(),
                        "give the service other targets");
  }
  if (names > ServiceRegistry::kMaxNames)
    return not_loaded(422, "too-many-names",
                      "this process would have known more than " +
                          std::to_string(ServiceRegistry::kMaxNames) + " names of services",
                      "restart Teal, which forgets those that are gone");
  return std::nullopt;
}

void Controller::reconfigure(std::shared_ptr<const config::Config> next,
                             const event::ConfigChanged& generation,
                             std::function<void()> applied) {
  State& state = *state_;
  // Entries point into it until they are told.
  const std::shared_ptr<const config::Config> before = std::exchange(state.config, next);
  const ByName services = by_name(*next);
  std::vector<std::string> gone;
  for (const ServiceEntry& entry : state.registry.entries())
    if (!services.contains(entry.state().name)) gone.push_back(entry.state().name);
  for (const std::string& name : gone) state.take_out(name);
  std::vector<std::string> added;
  std::vector<std::string> changed;
  for (const config::Service& service : next->services) {
    if (std::as_const(state.registry).find(service.name) != nullptr) {
      if (state.renew(service)) changed.push_back(service.name);
      continue;
    }
    state.put_in(service);
    added.push_back(service.name);
  }
  state.sticky.configure(*state.config);
  state.take_up_sticky();
  // In one publication, with the routes of services that it does not tell of.
  state.publisher.renew();
  state.publisher.publish_changed(state.clock.mono());
  for (const std::string& name : added) {
    state.figures.begin(*state.registry.find(name), state.registry, state.clock.mono());
    state.resume(name);
  }
  for (const std::string& name : changed) {
    if (DeploymentRunner* const running = state.deployments.active(name))
      state.deliver(*running, generation);
    // Without their check its targets are healthy, and nobody else says so.
    state.check_health(*state.registry.find(name), false);
  }
  state.publisher.when_applied(std::move(applied));
  state.flush();
}

ConfigStore& Controller::configs() {
  return state_->configs;
}

void Controller::announce(Level level, const std::string& type, const std::string& text) {
  state_->say(level, type, "", text);
}

// ---- one service --------------------------------------------------------------------------------

/// What is known of it waits for its return, in the store and here.
void Controller::State::take_out(const std::string& name) {
  const ServiceEntry& entry = *registry.find(name);
  const ServiceRow row{name, to_json(entry.saved(clock.mono()))};
  writes.set(row);
  absent.add(row);
  outside.forget(entry.id());
  exposed.erase(entry.id());
  figures.forget(name);
  registry.remove(name);
  say(Level::info, "service.removed", name,
      "the configuration has no service '" + name +
          "' any more; what is known of it waits for its return");
}

/// Control's part of what the file says of a service that stays.
bool Controller::State::renew(const config::Service& service) {
  if (!registry.reconfigure(service, clock.mono(), clock.wall())) return false;
  const ServiceEntry& entry = *registry.find(service.name);
  outside.forget(entry.id());
  outside.know(entry);
  return true;
}

void Controller::State::put_in(const config::Service& service) {
  const std::optional<Contents> contents = absent.take(service.name);
  if (!contents) {
    outside.know(registry.add(service, clock.wall()));
    trust_targets(*registry.find(service.name), clock.wall());
    say(Level::info, "service.added", service.name, "it is served from now on");
    return;
  }
  if (const Result<void> back = put_back(service, *contents); back) {
    trust_targets(*registry.find(service.name), clock.wall());
    say(Level::info, "service.added", service.name, "it is back, as it was when it was gone");
    return;
  }
  registry.remove(service.name);
  outside.know(registry.add(service, clock.wall()));
  trust_targets(*registry.find(service.name), clock.wall());
  say(Level::error, "service.unusable", service.name,
      "what the store knows of it cannot be read: it begins as the file says");
}

Result<void> Controller::State::put_back(const config::Service& service, const Contents& contents) {
  if (contents.services.empty()) {
    outside.know(registry.add(service, clock.wall()));
  } else if (const Result<void> back = recover_service(service, contents.services.front()); !back) {
    return back.error();
  }
  return recover_deployments(contents);
}

}  // namespace teal::control
