#include "control/deploy/wait_report.h"

#include <algorithm>
#include <string>
#include <utility>

namespace teal::control {
namespace {

/// What a pause has interrupted: "in its bake, of which 3m are left".
struct Interrupted {
  Age since;

  std::string operator()(const state::Preparing& /*at*/) const {
    return "while it waits for healthy targets";
  }
  std::string operator()(const state::Shifting& /*at*/) const { return "in mid-shift"; }
  std::string operator()(const state::Baking& at) const {
    return "in a bake of which " + format_duration(std::max(Millis{0}, at.until - since)) +
           " are left";
  }
  std::string operator()(const state::Gated& /*at*/) const { return "at a gate"; }
  std::string operator()(const state::AwaitingEvidence& at) const {
    return at.until == kNever ? "while it holds for the live group" : "while it holds for evidence";
  }
};

/// "errors, slow and health".
std::string watchers(const config::Deploy& deploy) {
  std::string names;
  for (const config::Alarm& alarm : deploy.alarms)
    if (config::judges_alone(alarm) && !alarm.observe)
      names += (names.empty() ? "" : ", ") + alarm.name;
  return names.empty() ? "health" : names + " and health";
}

struct WaitOf {
  const DeploymentRunner& runner;
  const std::optional<health::Rates>& rates;

  using Wait = std::optional<WaitReport>;

  Wait operator()(const state::Gated& /*at*/) const {
    const Deployment& engine = runner.engine();
    const auto& gate = std::get<config::Gate>(runner.spec().deploy.plan.steps[engine.facts().step]);
    Wait wait = at("gate " + gate.name, "the plan goes on when somebody continues", "goes on");
    if (gate.timeout)
      wait->then =
          gate.on_timeout == config::Gate::OnTimeout::stop ? "it is stopped" : "it goes on";
    return wait;
  }
  Wait operator()(const state::Paused& paused) const {
    return at("request", "paused " + std::visit(Interrupted{paused.since}, paused.interrupted),
              "goes on");
  }
  Wait operator()(const state::AwaitingEvidence& awaiting) const {
    if (awaiting.until == kNever) {
      const DeploymentSpec& spec = runner.spec();
      return at("live_group",
                "no target of " + std::string(to_string(other(spec.colour))) + " (" +
                    spec.replaces + ") is healthy; " + spec.revision + " serves in its place",
                "takes one step without it");
    }
    std::string missing = runner.missing_evidence(rates);
    if (missing.empty()) missing = runner.engine().facts().missing_evidence;
    Wait wait = at("not_enough_evidence", "not enough evidence: " + missing, "goes on without it");
    wait->then = "it fails";
    return wait;
  }
  Wait operator()(const state::Watching& /*at*/) const {
    const DeploymentSpec& spec = runner.spec();
    Wait wait = at("watch_after",
                   spec.revision + " is live; " + watchers(spec.deploy) +
                       " may still take it back to " + spec.replaces,
                   "ends the watch");
    wait->then = "it has succeeded";
    return wait;
  }
  template <class State>
  Wait operator()(const State& /*at*/) const {
    return std::nullopt;
  }

 private:
  Wait at(std::string by, std::string why, std::string continuing) const {
    const std::string& service = runner.spec().service;
    WaitReport wait{std::string(runner.engine().phase()),
                    runner.phase_since(),
                    std::move(by),
                    std::move(why),
                    {},
                    {}};
    wait.commands.push_back({"teal continue " + service, std::move(continuing)});
    if (runner.spec().has_baseline)
      wait.commands.push_back({"teal rollback " + service, "takes the release back"});
    else
      wait.commands.push_back({"teal stop " + service, "gives the release up"});
    return wait;
  }
};

}  // namespace

std::optional<WaitReport> wait_of(const DeploymentRunner& runner,
                                  const std::optional<health::Rates>& rates) {
  if (runner.is_over()) return std::nullopt;
  return std::visit(WaitOf{runner, rates}, runner.engine().state());
}

}  // namespace teal::control
