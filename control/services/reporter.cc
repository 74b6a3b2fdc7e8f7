#include "control/services/reporter.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/rng.h"
#include "control/deploy/wait_report.h"
#include "control/services/discovery_report.h"

namespace teal::control {
namespace {

void add_outlooks(const health::Rates& rates, std::vector<AlarmReport>& alarms) {
  for (AlarmReport& alarm : alarms) {
    const auto* lacking = std::get_if<health::NotEnoughEvidence>(&alarm.verdict);
    if (lacking == nullptr || !lacking->shortfall) continue;
    alarm.outlook = health::outlook_of(*lacking->shortfall, rates);
    alarm.evidence_in = health::time_until(*lacking->shortfall, rates);
  }
}

/// The step goes on while nobody else would answer: no phase says that.
std::optional<std::string> serves_everybody(const DeploymentRunner& runner) {
  const DeploymentSpec& spec = runner.spec();
  const DeploymentFacts& facts = runner.engine().facts();
  const auto* held = std::get_if<state::AwaitingEvidence>(&runner.engine().state());
  if (runner.is_over() || spec.kind != Kind::deploy || !spec.has_baseline ||
      facts.weight == Weight::none() || standing(facts.baseline) != Baseline::dead ||
      (held != nullptr && held->until == kNever))
    return std::nullopt;
  const std::string nobody = "no target of " + std::string(to_string(other(spec.colour))) + " (" +
                             spec.replaces + ") is healthy: ";
  if (facts.is_live) return nobody + "there is nobody to take " + spec.revision + " back to";
  return nobody + spec.revision + " serves everybody";
}

/// Requests for it are answered 503.
bool is_unserved(const ServiceEntry& entry) {
  const ServiceState& service = entry.state();
  return std::ranges::none_of(kColours, [&](Colour colour) {
    if (colour != service.live && service.split.of(colour) == Weight::none()) return false;
    const bool panics =
        colour == service.live && is_panicking(service, entry.config->panic_percent);
    return panics || accepts_requests(service.groups[colour]);
  });
}

}  // namespace

GroupReport Reporter::group(const ServiceEntry& entry, Colour colour) const {
  const GroupState& group = entry.state().groups[colour];
  GroupReport report;
  report.colour = colour;
  report.live = entry.state().live == colour;
  report.revision = group.revision;
  report.asked = entry.state().split.of(colour);
  for (const TargetState& target : group.targets) {
    const auto since = entry.since.find(target.id);
    report.targets.push_back({target, since == entry.since.end() ? WallTime{} : since->second,
                              sources_of(entry, colour, target.address)});
  }
  const TrafficTotals total = figures_.cache.totals(entry.state().name, colour, group.revision);
  report.requests = total.tally.requests;
  report.errors = total.tally.errors;
  report.shielded = total.shielded;
  report.in_flight = ports_.read_in_flight(entry.state().name, colour);
  report.panicking = report.live && is_panicking(entry.state(), entry.config->panic_percent);
  const auto recent = figures_.windows.recent(entry.state().name, colour);
  if (!recent || recent->span.count() <= 0) return report;
  const auto requests = static_cast<double>(recent->tally.requests);
  report.requests_per_second = requests * 1e6 / static_cast<double>(recent->span.count());
  if (requests > 0) report.error_rate = static_cast<double>(recent->tally.errors) / requests;
  const Histogram duration = figures_.windows.durations(entry.state().name, colour);
  const auto millis = [&](double quantile) -> std::optional<double> {
    const auto micros = duration.quantile(quantile);
    if (!micros) return std::nullopt;
    return static_cast<double>(*micros) / 1000.0;
  };
  report.p50_ms = millis(0.5);
  report.p99_ms = millis(0.99);
  return report;
}

ServiceReport Reporter::service(const ServiceEntry& entry) const {
  ServiceReport report;
  report.name = entry.state().name;
  report.live = entry.state().live;
  report.split = entry.state().split;
  report.version = entry.version;
  for (const Colour colour : kColours) report.groups[colour] = group(entry, colour);
  if (const auto shares = figures_.windows.shares(report.name))
    for (const Colour colour : kColours) report.groups[colour].measured = (*shares)[colour];
  if (const DeploymentRunner* last = deployments_.newest_finished(report.name))
    report.last_deployment = last->spec().id;
  if (const DeploymentRunner* runner = deployments_.active(report.name))
    report.deployment = runner->spec().id;
  report.old_kept_for = entry.kept_for(clock_.mono());
  if (entry.kept && entry.state().split.of(entry.kept->colour) == Weight::none())
    report.old_kept_until = clock_.wall() + *report.old_kept_for;
  for (const config::Alarm& alarm : outside_.of(entry)) {
    ExternalAlarmReport outside = outside_.report(entry, alarm);
    if (outside.standing.state == health::Standing::State::resolved) continue;
    report.outside.push_back(std::move(outside));
  }
  report.fallback = serving_.fallback(entry);
  report.discovery = discovery_report(entry, clock_.wall());
  return report;
}

std::uint64_t Reporter::version(const ServiceEntry& entry) const {
  const std::string& name = entry.state().name;
  if (deployments_.active(name) != nullptr || entry.kept || entry.fallback) return 0;
  if (entry.sets.has_sources()) return 0;  // They have their ages.
  for (const config::Alarm& alarm : outside_.of(entry))
    if (outside_.report(entry, alarm).standing.state != health::Standing::State::resolved) return 0;
  const DeploymentRunner* const last = deployments_.newest_finished(name);
  std::uint64_t version =
      mix64(entry.edits() + mix64(entry.version) + (last == nullptr ? 0 : mix64(last->number)));
  for (const Colour colour : kColours) {
    const auto recent = figures_.windows.recent(name, colour);
    if (recent && recent->tally.requests > 0) return 0;
    if (ports_.read_in_flight(name, colour).requests > 0) return 0;
    // As service() shows them: they may be a little older than what the workers have counted.
    const TrafficTotals shown =
        figures_.cache.totals(name, colour, entry.state().groups[colour].revision);
    version = mix64(version + shown.tally.requests);
    version = mix64(version + shown.tally.errors);
    version = mix64(version + shown.shielded);
  }
  return std::max<std::uint64_t>(version, 1);
}

std::optional<ServiceCondition> Reporter::condition(const ServiceEntry& entry) const {
  const ServiceState& service = entry.state();
  const GroupState& live = service.groups[service.live];
  if (!entry.fallback && accepts_requests(live)) return std::nullopt;
  ServiceCondition condition{service.name, false, {}};
  condition.is_unprobed =
      !live.targets.empty() && std::ranges::all_of(live.targets, [](const TargetState& target) {
        return target.health == Health::unknown;
      });
  if (const auto fallback = serving_.fallback(entry)) {
    condition.warning = fallback->text;
  } else if (is_unserved(entry)) {
    condition.warning = "no target serves it: none of " + std::string(to_string(service.live)) +
                        " accepts requests; mend them, or give it another with `teal target add`";
  }
  if (!condition.is_unprobed && condition.warning.empty()) return std::nullopt;
  return condition;
}

void Reporter::add_end(const DeploymentRunner& runner, DeploymentReport& report) const {
  const Deployment& engine = runner.engine();
  if (const auto* failed = std::get_if<state::Failed>(&engine.state())) {
    report.error_code = failed->code;
    report.reason = failed->why;
  } else if (const auto* stopped = std::get_if<state::Stopped>(&engine.state())) {
    report.error_code = stopped->code;
    report.reason = stopped->why;
  } else if (runner.is_abandoned) {
    report.status = Status::stopped;
    report.error_code = "INTERNAL_ERROR";
    report.reason = "the store failed for long and its journal ends early";
  } else {
    report.reason = runner.spec().why;
    const auto* succeeded = std::get_if<state::Succeeded>(&engine.state());
    if (succeeded != nullptr && !succeeded->unjudged.empty())
      report.reason = "not judged since the cut-over: " + succeeded->unjudged;
  }
  // What it says of its release is history.
  if (report.error_code == kNoHealthyBaseline && !serving_.is_fallback_of(runner))
    report.reason += ", and is retired by now";
}

DeploymentReport Reporter::deployment(const DeploymentRunner& runner) const {
  const DeploymentSpec& spec = runner.spec();
  const Deployment& engine = runner.engine();
  DeploymentReport report;
  report.id = spec.id;
  report.service = spec.service;
  report.kind = spec.kind;
  report.status = engine.status();
  report.phase = engine.phase();
  report.revision = spec.revision;
  report.replaces = spec.replaces;
  report.colour = spec.colour;
  report.targets = spec.targets;
  if (spec.kind == Kind::deploy) report.plan = spec.deploy.plan;
  report.step = spec.kind == Kind::deploy ? engine.facts().step : 0;
  report.weight = engine.facts().weight;
  const std::optional<Age> ends = engine.wait_ends();
  if (ends && !runner.is_over())
    report.step_ends = clock_.wall() + (*ends - runner.age(clock_.mono()));
  const std::optional<health::Rates> rates =
      runner.is_over() ? std::nullopt : figures_.windows.rates(spec.service, spec.colour);
  report.wait = wait_of(runner, rates);
  report.created = runner.created;
  report.finished = runner.finished;
  if (spec.kind == Kind::rollback) report.rollback_of = spec.rollback_of;
  report.rolled_back_by = runner.rolled_back_by;
  if (spec.kind == Kind::deploy) {
    report.alarms = runner.alarms();
    if (deployments_.active(spec.service) == &runner)
      outside_.add_to(*services_.find(spec.service), report);
    if (rates) add_outlooks(*rates, report.alarms);
    // Nothing limits what is live.
    if (!engine.is_watching()) report.exposure_budget = spec.deploy.exposure_budget;
    report.exposure_spent = engine.facts().exposed;
  }
  report.timeline = runner.timeline();
  report.rollback_took = runner.rollback_took;
  add_end(runner, report);
  if (std::optional<std::string> alone = serves_everybody(runner))
    report.warnings.push_back(*std::move(alone));
  return report;
}

}  // namespace teal::control
