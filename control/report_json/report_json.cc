#include "control/report_json/report_json.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <boost/json.hpp>

#include "control/report_json/json_values.h"

namespace teal::control {
namespace {

namespace json = boost::json;

/// Never negative: what is overdue ends now.
json::value left(const std::optional<WallTime>& end, WallTime now) {
  if (!end) return nullptr;
  return std::max<std::int64_t>(0, (*end - now).count());
}

json::object to_json(const TargetReport& target) {
  json::object out;
  out["address"] = text(to_string(target.state.address));
  out["health"] = text(to_string(target.state.health));
  out["ejected"] = target.state.ejected;
  out["draining"] = target.state.draining;
  out["accepts_requests"] = target.state.accepts_requests();
  out["reason"] = text(target.state.reason);
  out["since"] = text(format_time(target.since));
  json::array sources;
  for (const std::string& source : target.sources) sources.emplace_back(text(source));
  out["sources"] = std::move(sources);
  return out;
}

json::value to_json(const std::optional<FallbackReport>& fallback) {
  if (!fallback) return nullptr;
  json::object out;
  out["group"] = text(to_string(fallback->colour));
  out["revision"] = text(fallback->revision);
  out["deployment"] = text(fallback->deployment);
  out["serves"] = fallback->serves;
  out["leaves_in_ms"] =
      fallback->leaves_in ? json::value(fallback->leaves_in->count()) : json::value(nullptr);
  out["text"] = text(fallback->text);
  return out;
}

json::object to_json(const GroupReport& group) {
  json::object out;
  out["role"] = group.live ? "live" : "idle";
  out["revision"] = text(group.revision);
  out["asked"] = text(to_string(group.asked));
  out["measured"] = or_null(group.measured);
  out["requests_per_second"] = rounded(group.requests_per_second);
  out["error_rate"] = or_null(group.error_rate);
  out["p50_ms"] = or_null(group.p50_ms);
  out["p99_ms"] = or_null(group.p99_ms);
  out["requests"] = group.requests;
  out["errors"] = group.errors;
  out["shielded"] = group.shielded;
  out["panicking"] = group.panicking;
  out["in_flight"] = group.in_flight.requests;
  out["oldest_in_flight_ms"] = group.in_flight.requests == 0
                                   ? json::value(nullptr)
                                   : or_null(std::optional(group.in_flight.oldest));
  std::uint64_t healthy = 0;
  json::array targets;
  for (const TargetReport& target : group.targets) {
    if (target.state.accepts_requests()) ++healthy;
    targets.push_back(to_json(target));
  }
  out["targets_healthy"] = healthy;
  out["targets_total"] = std::uint64_t{group.targets.size()};
  out["targets"] = std::move(targets);
  return out;
}

struct StepToJson {
  json::object operator()(const config::SetWeight& step) const {
    return {{"type", "set_weight"}, {"weight", text(to_string(step.weight))}};
  }
  json::object operator()(const config::Bake& step) const {
    return {{"type", "bake"}, {"duration_ms", step.duration.count()}};
  }
  json::object operator()(const config::Gate& step) const {
    json::object out{{"type", "gate"}, {"name", text(step.name)}};
    out["timeout_ms"] = step.timeout ? json::value(step.timeout->count()) : json::value(nullptr);
    out["on_timeout"] = step.on_timeout == config::Gate::OnTimeout::stop ? "stop" : "proceed";
    return out;
  }
};

json::object to_json(const config::Plan& plan) {
  json::array steps;
  for (const config::Step& step : plan.steps) {
    json::object out = std::visit(StepToJson{}, step);
    out["description"] = text(config::describe(step));
    steps.push_back(std::move(out));
  }
  json::object out;
  out["name"] = text(plan.name);
  out["description"] = text(config::describe(plan));
  out["steps"] = std::move(steps);
  return out;
}

json::object to_json(const TimelineEntry& entry) {
  return {{"at", text(format_time(entry.at))},
          {"status", text(to_string(entry.status))},
          {"what", text(entry.what)}};
}

json::value wait_to_json(const DeploymentReport& report, WallTime now) {
  const std::optional<WaitReport>& wait = report.wait;
  if (!wait) return nullptr;
  json::array commands;
  for (const WaitReport::Command& one : wait->commands)
    commands.push_back(json::object{{"command", text(one.command)}, {"does", text(one.does)}});
  json::object out;
  out["phase"] = text(wait->phase);
  out["since"] = text(format_time(wait->since));
  out["by"] = text(wait->by);
  out["why"] = text(wait->why);
  out["ends"] = or_null(report.step_ends);
  out["ends_in_ms"] = left(report.step_ends, now);
  out["then"] = text(wait->then);
  out["commands"] = std::move(commands);
  return out;
}

/// What happens at the present step, in words; after the last one nothing is left to describe.
std::string present_step(const DeploymentReport& report) {
  if (report.step >= report.plan.steps.size()) return {};
  return config::describe(report.plan.steps[report.step]);
}

}  // namespace

json::object to_summary(const DeploymentReport& report) {
  json::object out;
  out["id"] = text(report.id);
  out["service"] = text(report.service);
  out["kind"] = text(to_string(report.kind));
  out["status"] = text(to_string(report.status));
  out["phase"] = text(report.phase);
  out["revision"] = text(report.revision);
  out["replaces"] = text(report.replaces);
  out["group"] = text(to_string(report.colour));
  out["weight"] = text(to_string(report.weight));
  out["created"] = text(format_time(report.created));
  out["finished"] = or_null(report.finished);
  out["error_code"] = text(report.error_code);
  out["reason"] = text(report.reason);
  out["rollback_of"] = or_null(report.rollback_of);
  out["rolled_back_by"] = or_null(report.rolled_back_by);
  out["rollback_took_ms"] = or_null(report.rollback_took);
  return out;
}

json::object to_json(const DeploymentReport& report, WallTime now) {
  json::object out = to_summary(report);
  json::array targets;
  for (const Address& target : report.targets) targets.emplace_back(text(to_string(target)));
  out["targets"] = std::move(targets);
  out["plan"] = to_json(report.plan);
  out["step"] = std::uint64_t{report.step};
  out["step_description"] = text(present_step(report));
  out["step_ends"] = or_null(report.step_ends);
  out["step_ends_in_ms"] = left(report.step_ends, now);
  out["wait"] = wait_to_json(report, now);
  json::array alarms;
  for (const AlarmReport& alarm : report.alarms) alarms.push_back(to_json(alarm));
  out["alarms"] = std::move(alarms);
  out["exposure"] = nullptr;
  if (report.exposure_budget > 0)
    out["exposure"] =
        json::object{{"budget", report.exposure_budget}, {"spent", report.exposure_spent}};
  json::array warnings;
  for (const std::string& warning : report.warnings) warnings.emplace_back(text(warning));
  out["warnings"] = std::move(warnings);
  json::array timeline;
  for (const TimelineEntry& entry : report.timeline) timeline.push_back(to_json(entry));
  out["timeline"] = std::move(timeline);
  return out;
}

json::object to_json(const ServiceReport& report, const DeploymentReport* running,
                     const DeploymentReport* last, WallTime now) {
  json::object out;
  out["name"] = text(report.name);
  out["live"] = text(to_string(report.live));
  out["version"] = report.version;
  json::object split;
  json::object groups;
  for (const Colour colour : kColours) {
    split[to_string(colour)] = text(to_string(report.split.of(colour)));
    groups[to_string(colour)] = to_json(report.groups[colour]);
  }
  out["split"] = std::move(split);
  out["groups"] = std::move(groups);
  out["deployment"] = running != nullptr ? json::value(to_json(*running, now)) : nullptr;
  out["last_deployment"] = last != nullptr ? json::value(to_summary(*last)) : nullptr;
  out["old_kept_until"] = or_null(report.old_kept_until);
  out["old_kept_for_ms"] =
      report.old_kept_for ? json::value(report.old_kept_for->count()) : json::value(nullptr);
  json::array outside;
  for (const ExternalAlarmReport& alarm : report.outside) outside.push_back(to_summary(alarm));
  out["outside_alarms"] = std::move(outside);
  out["fallback"] = to_json(report.fallback);
  out["discovery"] = to_json(report.discovery);
  return out;
}

json::object to_json(const Announcement& announcement) {
  json::object out;
  out["id"] = text(to_string(announcement.id));
  out["sequence"] = announcement.id.number;
  out["at"] = text(format_time(announcement.at));
  out["type"] = text(announcement.type);
  out["service"] = text(announcement.service);
  out["deployment"] = text(announcement.deployment);
  out["text"] = text(announcement.text);
  return out;
}

}  // namespace teal::control
