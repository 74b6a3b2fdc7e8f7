#include "control/store/spec_json.h"

#include <boost/json.hpp>

#include <stdexcept>

#include "control/store/alarm_json.h"
#include "control/store/discovery_json.h"
#include "control/store/episode_record.h"
#include "control/store/stored_json.h"

namespace teal::control {
namespace {

namespace json = boost::json;

// ---- small values -----------------------------------------------------------------------------

Colour colour(const json::object& object, const char* key) {
  const std::optional<Colour> parsed = parse_colour(text(object, key));
  if (!parsed) throw std::invalid_argument("'" + text(object, key) + "' is not a colour");
  return *parsed;
}

json::array addresses(const std::vector<Address>& list) {
  json::array array;
  for (const Address& address : list) array.emplace_back(to_string(address));
  return array;
}
/// An older version may have stored what is not an address; nobody can be reached there, and it is
/// left out rather than be in the way of a start.
std::vector<Address> addresses(const json::object& object, const char* key) {
  std::vector<Address> list;
  for (const json::value& entry : object.at(key).as_array())
    if (const auto address = parse_target_address(json::value_to<std::string>(entry)))
      list.push_back(*address);
  return list;
}

/// An enumerator by its number, which is part of the store's format.
template <class Enum>
Enum enumerator(const json::object& object, const char* key, Enum last) {
  const auto value = number<std::uint8_t>(object, key);
  if (value > static_cast<std::uint8_t>(last)) throw std::invalid_argument(key);
  return static_cast<Enum>(value);
}

Weight weight(std::uint32_t basis_points) {
  if (basis_points > Weight::kWhole) throw std::invalid_argument("a weight above 100%");
  return Weight{basis_points};
}

// ---- plans ------------------------------------------------------------------------------------

json::object write(const config::Step& step) {
  return std::visit(
      Overloaded{
          [](const config::SetWeight& s) -> json::object {
            return {{"set_weight", s.weight.basis_points()}};
          },
          [](const config::Bake& s) -> json::object { return {{"bake_ms", s.duration.count()}}; },
          [](const config::Gate& s) -> json::object {
            json::object gate{{"gate", s.name},
                              {"on_timeout", static_cast<std::uint8_t>(s.on_timeout)}};
            if (s.timeout) gate["timeout_ms"] = s.timeout->count();
            return gate;
          }},
      step);
}

config::Step read_step(const json::object& object) {
  if (object.contains("set_weight"))
    return config::SetWeight{weight(number<std::uint32_t>(object, "set_weight"))};
  if (object.contains("bake_ms")) return config::Bake{millis(object, "bake_ms")};
  config::Gate gate;
  gate.name = text(object, "gate");
  gate.on_timeout = enumerator(object, "on_timeout", config::Gate::OnTimeout::proceed);
  if (object.contains("timeout_ms")) gate.timeout = millis(object, "timeout_ms");
  return gate;
}

json::object write(const config::Plan& plan) {
  json::array steps;
  for (const config::Step& step : plan.steps) steps.emplace_back(write(step));
  return {{"name", plan.name}, {"steps", std::move(steps)}};
}

config::Plan read_plan(const json::object& object) {
  config::Plan plan{text(object, "name"), {}};
  for (const json::value& step : object.at("steps").as_array())
    plan.steps.push_back(read_step(step.as_object()));
  return plan;
}

// ---- deploy -----------------------------------------------------------------------------------

json::object write(const config::Deploy& deploy) {
  json::array alarms;
  for (const config::Alarm& alarm : deploy.alarms) alarms.emplace_back(alarm_to_json(alarm));
  json::object object{
      {"plan", write(deploy.plan)},
      {"on_failure", deploy.rollback_on.deployment_failure},
      {"on_alarm", deploy.rollback_on.deployment_stop_on_alarm},
      {"on_request", deploy.rollback_on.deployment_stop_on_request},
      {"alarms", std::move(alarms)},
      {"block_on_firing_alarm", deploy.block_on_firing_alarm},
      {"minimum_is_percent", deploy.minimum_healthy.is_percent},
      {"minimum", deploy.minimum_healthy.value},
      {"healthy_deadline_ms", deploy.healthy_deadline.count()},
      {"not_enough_evidence", static_cast<std::uint8_t>(deploy.not_enough_evidence)},
      {"evidence_deadline_ms", deploy.evidence_deadline.count()},
      {"exposure_budget", deploy.exposure_budget},
      {"keep_old_ms", deploy.keep_old.count()}};
  if (deploy.watch_after) object["watch_after_ms"] = deploy.watch_after->count();
  return object;
}

config::Deploy read_deploy(const json::object& object) {
  config::Deploy deploy;
  deploy.plan = read_plan(object.at("plan").as_object());
  deploy.rollback_on = {object.at("on_failure").as_bool(), object.at("on_alarm").as_bool(),
                        object.at("on_request").as_bool()};
  for (const json::value& alarm : object.at("alarms").as_array())
    deploy.alarms.push_back(alarm_from_json(alarm.as_object()));
  if (!ErrorMeanings::fits(config::meanings_in(deploy.alarms)))
    throw std::invalid_argument("more kinds of errors than there may be");
  deploy.block_on_firing_alarm = object.at("block_on_firing_alarm").as_bool();
  deploy.minimum_healthy = {object.at("minimum_is_percent").as_bool(),
                            number<std::uint32_t>(object, "minimum")};
  deploy.healthy_deadline = millis(object, "healthy_deadline_ms");
  deploy.not_enough_evidence =
      enumerator(object, "not_enough_evidence", config::NotEnoughEvidence::rollback);
  deploy.evidence_deadline = millis(object, "evidence_deadline_ms");
  // Not in the records of older Teals.
  if (object.contains("exposure_budget"))
    deploy.exposure_budget = number<std::uint32_t>(object, "exposure_budget");
  deploy.keep_old = millis(object, "keep_old_ms");
  if (object.contains("watch_after_ms")) deploy.watch_after = millis(object, "watch_after_ms");
  return deploy;
}

DeploymentSpec read_spec(const json::object& object) {
  DeploymentSpec spec;
  spec.id = text(object, "id");
  spec.service = text(object, "service");
  spec.kind = enumerator(object, "kind", Kind::rollback);
  spec.colour = colour(object, "colour");
  spec.revision = text(object, "revision");
  spec.replaces = text(object, "replaces");
  spec.targets = addresses(object, "targets");
  spec.replaced_targets = addresses(object, "replaced_targets");
  spec.deploy = read_deploy(object.at("deploy").as_object());
  spec.minimum_healthy = number<std::uint32_t>(object, "minimum_healthy");
  if (spec.minimum_healthy == 0) throw std::invalid_argument("minimum_healthy is 0");
  spec.has_baseline = object.at("has_baseline").as_bool();
  // Deployments of older Teals end with the cut-over.
  if (object.contains("watch_ms")) spec.watch = millis(object, "watch_ms");
  spec.way = enumerator(object, "way", RollbackMethod::reinstall);
  spec.rollback_of = text(object, "rollback_of");
  spec.why = text(object, "why");
  return spec;
}

// ---- services ---------------------------------------------------------------------------------

json::object write(const GroupState& group, bool retiring) {
  json::array targets;
  for (const TargetState& target : group.targets)
    targets.emplace_back(
        json::object{{"address", to_string(target.address)}, {"draining", target.draining}});
  return {{"revision", group.revision}, {"retiring", retiring}, {"targets", std::move(targets)}};
}

GroupState read_group(const json::object& object, std::vector<std::string>& unusable) {
  GroupState group;
  group.revision = text(object, "revision");
  for (const json::value& entry : object.at("targets").as_array()) {
    const auto address = parse_target_address(text(entry.as_object(), "address"));
    if (!address) {
      unusable.push_back(address.error().message());
      continue;
    }
    TargetState target;
    target.address = *address;
    target.draining = entry.as_object().at("draining").as_bool();
    group.targets.push_back(std::move(target));
  }
  return group;
}

SavedService read_service(const json::object& object) {
  SavedService saved;
  saved.state.name = text(object, "name");
  saved.state.live = colour(object, "live");
  saved.state.split =
      Split::with(Colour::green, weight(number<std::uint32_t>(object, "green_weight")));
  saved.version = number<std::uint64_t>(object, "version");
  for (const Colour side : kColours) {
    const json::object& group = object.at(to_string(side)).as_object();
    saved.state.groups[side] = read_group(group, saved.unusable);
    saved.retiring[side] = group.at("retiring").as_bool();
  }
  if (object.contains("kept")) saved.kept = Kept{colour(object, "kept"), Millis{0}};
  if (object.contains("kept_left_ms")) saved.kept->left = millis(object, "kept_left_ms");
  if (object.contains("kept_until")) saved.kept_until = WallTime{millis(object, "kept_until")};
  saved.episodes = read_episode_records(object);
  if (object.contains("discovery"))
    saved.discovery = read_discovery_record(object.at("discovery").as_object());
  if (object.contains("fallback")) {
    saved.fallback = Fallback{colour(object, "fallback"), millis(object, "fallback_keep_old_ms"),
                              text(object, "fallback_of")};
    saved.state.groups[saved.fallback->colour].fallback = true;
  }
  return saved;
}

template <class Read>
auto read_text(std::string_view written, Read read)
    -> Result<decltype(read(std::declval<const json::object&>()))> {
  const auto bad = [&](std::string_view why) {
    return Error{Source::internal, "the store holds a record that this Teal cannot read (" +
                                       std::string(why) +
                                       "): " + std::string(written.substr(0, 200))};
  };
  boost::system::error_code status;
  const json::value value = json::parse(written, status);
  if (status) return bad(status.message());
  if (!value.is_object()) return bad("not an object");
  try {
    return read(value.get_object());
  } catch (const std::exception& error) {
    return bad(error.what());
  }
}

}  // namespace

std::string to_json(const DeploymentSpec& spec) {
  return json::serialize(json::object{{"id", spec.id},
                                      {"service", spec.service},
                                      {"kind", static_cast<std::uint8_t>(spec.kind)},
                                      {"colour", to_string(spec.colour)},
                                      {"revision", spec.revision},
                                      {"replaces", spec.replaces},
                                      {"targets", addresses(spec.targets)},
                                      {"replaced_targets", addresses(spec.replaced_targets)},
                                      {"deploy", write(spec.deploy)},
                                      {"minimum_healthy", spec.minimum_healthy},
                                      {"has_baseline", spec.has_baseline},
                                      {"watch_ms", spec.watch.count()},
                                      {"way", static_cast<std::uint8_t>(spec.way)},
                                      {"rollback_of", spec.rollback_of},
                                      {"why", spec.why}});
}

Result<DeploymentSpec> spec_from_json(std::string_view written) {
  return read_text(written, read_spec);
}

std::string to_json(const SavedService& saved) {
  json::object object{{"name", saved.state.name},
                      {"live", to_string(saved.state.live)},
                      {"green_weight", saved.state.split.of(Colour::green).basis_points()},
                      {"version", saved.version}};
  for (const Colour side : kColours)
    object[to_string(side)] = write(saved.state.groups[side], saved.retiring[side]);
  if (saved.kept) {
    object["kept"] = to_string(saved.kept->colour);
    object["kept_left_ms"] = saved.kept->left.count();
  }
  if (saved.fallback) {
    object["fallback"] = to_string(saved.fallback->colour);
    object["fallback_keep_old_ms"] = saved.fallback->keep_old.count();
    object["fallback_of"] = saved.fallback->deployment;
  }
  object["episodes"] = episode_records(saved.episodes);
  if (!saved.discovery.is_empty()) object["discovery"] = discovery_record(saved.discovery);
  return json::serialize(object);
}

Result<SavedService> service_from_json(std::string_view written) {
  return read_text(written, read_service);
}

}  // namespace teal::control
