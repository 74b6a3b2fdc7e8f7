// How the section `deploy` and its alarms are read, in a file and in a request.
#include <algorithm>

#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxSteps = 1000;
constexpr std::uint32_t kMaxTargets = 1000;
constexpr std::size_t kMaxAlarms = 32;
constexpr Millis kMaxDuration = hours{24 * 30};

void parse_gate(const Value& value, std::vector<Step>& steps) {
  Gate gate;
  if (!value.is_mapping()) {
    if (const auto name = value.name()) gate.name = *name;
  } else {
    Mapping keys(value);
    if (const auto name = keys.find("name")) {
      if (const auto given = name->name()) gate.name = *given;
    } else if (!keys.has("name")) {
      value.problem("has no name", "gates are continued by name");
    }
    if (const auto timeout = keys.find("timeout"))
      gate.timeout = timeout->duration(seconds{1}, kMaxDuration);
    keys.choice<Gate::OnTimeout>(
        "on_timeout", gate.on_timeout,
        {{"stop", Gate::OnTimeout::stop}, {"proceed", Gate::OnTimeout::proceed}});
    if (keys.has("on_timeout") && !keys.has("timeout"))
      value.report().add_at(value.path() + ".on_timeout", "means nothing without a timeout",
                            "add a timeout or remove it");
  }
  const bool again =
      !gate.name.empty() && std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
        const auto* other_gate = std::get_if<Gate>(&step);
        return other_gate != nullptr && other_gate->name == gate.name;
      });
  if (again) value.problem("there is a gate " + quoted(gate.name) + " before", "names are unique");
  steps.emplace_back(std::move(gate));
}

void parse_set_weight(const Value& value, Weight& reached, std::vector<Step>& steps) {
  const auto text = value.text();
  if (!text) return;
  const Result<Weight> weight = parse_weight(*text);
  if (!weight) {
    value.problem(weight.error().message());
    return;
  }
  if (*weight < reached) {
    value.problem("must not be below the " + to_string(reached) + " of an earlier step, not " +
                      to_string(*weight),
                  "a plan only moves forward; a rollback is what takes traffic back");
    return;
  }
  reached = *weight;
  steps.emplace_back(SetWeight{*weight});
}

void parse_step(const Value& value, Weight& reached, std::vector<Step>& steps) {
  Mapping keys(value);
  const auto weight = keys.find("set_weight");
  const auto bake = keys.find("bake");
  const auto gate = keys.find("gate");
  const int given = int{weight.has_value()} + int{bake.has_value()} + int{gate.has_value()};
  if (value.is_mapping() && given != 1 && value.node().entries.size() != 1)
    value.problem("a step is exactly one of set_weight, bake and gate",
                  "write one step per list item: - set_weight: 10%");
  if (weight) parse_set_weight(*weight, reached, steps);
  if (bake)
    if (const auto duration = bake->duration(Millis{1}, kMaxDuration))
      steps.emplace_back(Bake{*duration});
  if (gate) parse_gate(*gate, steps);
}

struct Condition {
  std::string_view key;
  LimitUnit unit;
  double quantile;  ///< Of the latency ones.
};
constexpr std::string_view kClientErrorRate = "client_error_rate";
constexpr Condition kConditions[] = {
    {"error_rate", LimitUnit::percent, 0},
    {kClientErrorRate, LimitUnit::percent, 0},
    {"latency_p50", LimitUnit::milliseconds, 0.5},
    {"latency_p90", LimitUnit::milliseconds, 0.9},
    {"latency_p95", LimitUnit::milliseconds, 0.95},
    {"latency_p99", LimitUnit::milliseconds, 0.99},
    {"latency_p999", LimitUnit::milliseconds, 0.999},
    {"request_rate", LimitUnit::per_second, 0},
};

void parse_condition(const Condition& condition, const Value& value, Alarm& alarm) {
  const auto threshold = parse_threshold(value, condition.unit);
  if (!threshold) return;
  const bool above = threshold->op == Threshold::Op::above;
  switch (condition.unit) {
    case LimitUnit::percent:
      if (!above || threshold->limit >= 1)
        value.problem(
            "must be a condition from '> 0%' to below '> 100%', not " + quoted(value.node().text),
            "an error rate is only ever too high");
      alarm.condition =
          ErrorRateAlarm{*threshold, condition.key == kClientErrorRate ? ErrorMeaning::of_clients()
                                                                       : ErrorMeaning{}};
      break;
    case LimitUnit::milliseconds:
      alarm.condition = LatencyAlarm{condition.quantile, *threshold};
      break;
    case LimitUnit::per_second:
      if (!above && threshold->limit <= 0)
        value.problem("a rate is never below 0", "write a positive limit");
      alarm.condition = RequestRateAlarm{*threshold};
      break;
  }
}

/// How many conditions there are; each is read.
int parse_conditions(Mapping& keys, Alarm& alarm) {
  int given = 0;
  for (const Condition& condition : kConditions) {
    const auto value = keys.find(condition.key);
    given += int{keys.has(condition.key)};
    if (value) parse_condition(condition, *value, alarm);
  }
  if (const auto external = keys.find("external")) alarm.condition = parse_external(*external);
  return given + int{keys.has("external")} + int{parse_compare(keys, alarm)};
}

Alarm parse_alarm(const std::string& name, const Value& value) {
  Alarm alarm;
  alarm.name = name;
  Mapping keys(value);
  const int conditions = parse_conditions(keys, alarm);
  parse_meaning(keys, alarm);
  keys.duration("over", alarm.over, seconds{1}, hours{24});
  // A rate that is too low is low because requests are missing: they must not be waited for.
  const bool is_rate = std::holds_alternative<RequestRateAlarm>(alarm.condition);
  std::uint32_t minimum = is_rate ? 0 : 50;
  keys.integer("minimum_requests", minimum, is_rate ? 0 : 1, 1'000'000'000);
  alarm.minimum_requests = minimum;
  keys.boolean("observe", alarm.observe);
  if (conditions != 1)
    value.report().add_at(
        value.path(), "must have exactly one condition",
        "one of error_rate, client_error_rate, latency_p50, latency_p90, latency_p95, latency_p99, "
        "latency_p999, "
        "request_rate, compare and external; a second alarm for a second condition");
  if (conditions == 1 && keys.has("external"))
    for (const std::string_view key : {"over", "minimum_requests"})
      if (keys.has(key))
        value.report().add_at(value.path() + '.' + std::string(key),
                              "means nothing for an external alarm", "remove it");
  return alarm;
}

/// A request's alarms: each takes the place of the file's of that name or comes to them, and `null`
/// removes one.
void merge_alarms(const Value& value, std::vector<Alarm>& alarms) {
  std::string of_the_file;
  for (const Alarm& alarm : alarms) of_the_file += (of_the_file.empty() ? "" : ", ") + alarm.name;
  for (const auto& [key, given] : value.named(kMaxAlarms)) {
    const auto known = std::ranges::find(alarms, key, &Alarm::name);
    if (given.node().kind != Node::Kind::null) {
      Alarm alarm = parse_alarm(key, given);
      if (known != alarms.end())
        *known = std::move(alarm);
      else
        alarms.push_back(std::move(alarm));
    } else if (known != alarms.end()) {
      alarms.erase(known);
    } else {
      given.problem("there is no such alarm to remove",
                    of_the_file.empty() ? "the file has none" : "the file has: " + of_the_file);
    }
  }
  if (alarms.size() > kMaxAlarms)
    value.problem("there are " + std::to_string(alarms.size()) +
                      " alarms with those of the file; at most " + std::to_string(kMaxAlarms) +
                      " are allowed",
                  "remove some of the file's: \"name\": null");
}

void parse_rollback_on(const Value& value, RollbackOn& rollback_on) {
  RollbackOn given{false, false, false};
  const std::vector<Value> items = value.items(10);
  for (const Value& item : items) {
    const auto flag = item.choice<bool RollbackOn::*>(
        {{"DEPLOYMENT_FAILURE", &RollbackOn::deployment_failure},
         {"DEPLOYMENT_STOP_ON_ALARM", &RollbackOn::deployment_stop_on_alarm},
         {"DEPLOYMENT_STOP_ON_REQUEST", &RollbackOn::deployment_stop_on_request}});
    if (!flag) continue;
    if (given.*(*flag)) item.problem("is here a second time", "remove it");
    given.*(*flag) = true;
  }
  rollback_on = given;
}

void parse_minimum_healthy(const Value& value, MinimumHealthy& minimum) {
  if (value.node().kind == Node::Kind::scalar && value.node().text.ends_with('%')) {
    if (const auto percent = value.percent(1, 100)) minimum = MinimumHealthy{true, *percent};
    return;
  }
  if (!value.is_number())
    value.problem("must be a percentage like 75% or a number of targets");
  else if (const auto count = value.integer(1, kMaxTargets))
    minimum = MinimumHealthy{false, *count};
}

}  // namespace

void parse_plan(const Value& value, Plan& plan) {
  if (!value.is_list()) {
    const auto name = value.text();
    if (!name) return;
    Result<Plan> preset = parse_plan_name(*name);
    if (preset)
      plan = *std::move(preset);
    else
      value.problem(preset.error().message());
    return;
  }
  Plan custom{"custom", {}};
  Weight reached;
  for (const Value& item : value.items(kMaxSteps)) parse_step(item, reached, custom.steps);
  if (value.node().items.empty())
    value.problem("a list of steps must not be empty", "write AllAtOnce to shift in one go");
  plan = std::move(custom);
}

std::vector<Alarm> parse_alarms(const Value& value) {
  std::vector<Alarm> alarms;
  for (const auto& [name, alarm] : value.named(kMaxAlarms, Names::visible))
    alarms.push_back(parse_alarm(name, alarm));
  return alarms;
}

void parse_deploy(Mapping& keys, Deploy& deploy, bool is_request) {
  if (const auto plan = keys.find("plan")) parse_plan(*plan, deploy.plan);
  if (const auto words = keys.find("rollback_on")) parse_rollback_on(*words, deploy.rollback_on);
  if (const auto alarms = is_request ? keys.find("alarms") : keys.section("alarms")) {
    if (is_request)
      merge_alarms(*alarms, deploy.alarms);
    else
      deploy.alarms = parse_alarms(*alarms);
    check_paths(*alarms, deploy.alarms);
  }
  keys.choice<bool>("alarms_at_start", deploy.block_on_firing_alarm,
                    {{"ignore", false}, {"block", true}});
  if (const auto minimum = keys.find("minimum_healthy"))
    parse_minimum_healthy(*minimum, deploy.minimum_healthy);
  keys.duration("healthy_deadline", deploy.healthy_deadline, seconds{1}, hours{24});
  keys.choice<NotEnoughEvidence>("not_enough_evidence", deploy.not_enough_evidence,
                                 {{"hold", NotEnoughEvidence::hold},
                                  {"proceed", NotEnoughEvidence::proceed},
                                  {"rollback", NotEnoughEvidence::rollback}});
  keys.duration("evidence_deadline", deploy.evidence_deadline, seconds{1}, kMaxDuration);
  keys.integer("exposure_budget", deploy.exposure_budget, 0, 1'000'000);
  const auto keep_old = keys.find("keep_old");
  if (keep_old)
    if (const auto given = keep_old->duration(Millis{0}, kMaxDuration)) deploy.keep_old = *given;
  const auto watch_after = keys.find("watch_after");
  if (watch_after)
    if (const auto given = watch_after->duration(Millis{0}, kMaxDuration))
      deploy.watch_after = given;
  if (!deploy.watch_after || *deploy.watch_after <= deploy.keep_old) return;
  if (watch_after)
    watch_after->problem("must not be above keep_old (" + format_duration(deploy.keep_old) +
                             "): behind that nothing is warm to go back to",
                         "raise keep_old or lower watch_after");
  else if (keep_old)
    keep_old->problem("must not be below the service's watch_after (" +
                          format_duration(*deploy.watch_after) +
                          "): behind it nothing is warm to go back to",
                      "give watch_after, too");
}

}  // namespace teal::config
