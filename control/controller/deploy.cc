// The part of the Controller that begins deployments, or says why it does not.
#include <algorithm>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "control/controller/state.h"
#include "control/store/request_digest.h"

namespace teal::control {

namespace {

using Request = config::DeploymentRequest;

ApiError refused(int status, std::string type, std::string detail, std::string remedy) {
  return {status, std::move(type), "The deployment was not started", std::move(detail),
          std::move(remedy)};
}

std::string listed(const std::vector<TargetState>& targets) {
  std::string text;
  for (const TargetState& target : targets)
    text += (text.empty() ? "" : ", ") + to_string(target.address);
  return text;
}

/// A name as a shell takes it.
std::string shell_word(const std::string& name) {
  const auto is_plain = [](char c) {
    return is_alnum(c) || std::string_view("-_.:/").find(c) != std::string_view::npos;
  };
  if (std::ranges::all_of(name, is_plain)) return name;
  std::string word = "'";
  for (const char c : name) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word += "'";
}

std::optional<ApiError> refuse_targets(const std::vector<Address>& targets,
                                       const ServiceState& service) {
  if (targets.empty())
    return refused(422, "no-targets",
                   "the request names no targets, none is found of the revision, and the file has "
                   "none",
                   "give `targets`: the addresses of the new release");
  if (targets.size() > 1000)
    return refused(422, "too-many-targets", "a group has at most 1000 targets",
                   "deploy fewer targets");
  std::set<Address> seen;
  for (const Address& target : targets) {
    if (!seen.insert(target).second)
      return refused(422, "duplicate-target", to_string(target) + " is listed twice",
                     "list every target once");
    for (const TargetState& live : service.groups[service.live].targets)
      if (live.address == target)
        return refused(
            422, "target-is-live",
            to_string(target) + " serves in the live group " + std::string(to_string(service.live)),
            "start the new release on an address of its own");
  }
  return std::nullopt;
}

/// Without targets in the request it is the file's that are meant, unless something else is known
/// to run there: that would be shipped under the new release's name.
std::optional<ApiError> refuse_lack_of_targets(const Request& request, const ServiceEntry& entry,
                                               const std::vector<Address>& found) {
  if (request.lists_no_targets)
    return refused(422, "no-targets", "the request's list of targets is empty",
                   "name the addresses of the new release, or leave `targets` out for the file's");
  const Colour idle = other(entry.state().live);
  const GroupState& group = entry.state().groups[idle];
  if (!request.targets.empty() || !found.empty() || group.targets.empty() ||
      group.revision.empty() || group.revision == request.revision)
    return std::nullopt;
  // Not the addresses that are known: whoever types what he is told to must not ship those.
  const std::string command =
      "teal deploy " + entry.state().name + " --revision " + request.revision + " --target IP:PORT";
  return refused(409, "idle-group-is-warm",
                 std::string(to_string(idle)) + " runs " + group.revision + " on " +
                     listed(group.targets) + ", and the request names no targets for " +
                     request.revision,
                 "say where " + request.revision + " runs: " + command);
}

/// An outside alarm that fires already, where the request says that this is in the way.
std::optional<ApiError> refuse_firing(const Request& request, const ServiceEntry& entry) {
  if (!request.deploy.block_on_firing_alarm) return std::nullopt;
  for (const config::Alarm& alarm : request.deploy.alarms) {
    if (!std::holds_alternative<config::ExternalAlarm>(alarm.condition)) continue;
    const health::Standing standing = entry.episodes.standing(alarm.name, false);
    if (standing.state != health::Standing::State::firing) continue;
    std::string detail = "alarm " + alarm.name + " fires since " + format_time(standing.since);
    if (!standing.why.empty()) detail.append(": ").append(standing.why);
    detail += ", and alarms_at_start is block";
    std::string remedy = "`teal alarms " + entry.state().name;
    remedy.append("` shows it; deploy when it has resolved, or with `--alarms-at-start ignore` ")
        .append("(deploy.alarms_at_start in the file); where its resolve was lost, `teal alarm ")
        .append(shell_word(alarm.name))
        .append(" resolved --all --service ")
        .append(entry.state().name)
        .append("`");
    return refused(409, "alarm-firing", std::move(detail), std::move(remedy));
  }
  return std::nullopt;
}

/// The request's, else what is found of the revision, else the file's.
std::vector<Address> choose_targets(const Request& request, const ServiceEntry& entry,
                                    const std::vector<Address>& found) {
  if (!request.targets.empty()) return request.targets;
  if (!found.empty()) return found;
  return entry.config->groups[other(entry.state().live)].targets;
}

DeploymentSpec make_spec(const Request& request, std::vector<Address> targets,
                         const ServiceEntry& entry) {
  DeploymentSpec spec;
  spec.service = entry.state().name;
  spec.colour = other(entry.state().live);
  spec.revision = request.revision;
  spec.replaces = entry.state().groups[entry.state().live].revision;
  spec.replaced_targets = addresses_of(entry.state().groups[entry.state().live]);
  spec.deploy = request.deploy;
  spec.minimum_healthy = request.deploy.minimum_healthy.of(targets.size());
  spec.targets = std::move(targets);
  spec.has_baseline = !spec.replaced_targets.empty();
  if (spec.has_baseline) spec.watch = config::watch_time(request.deploy);
  return spec;
}

std::vector<std::string> forewarn(const Request& request, const ServiceEntry& entry,
                                  const DeploymentTable& deployments,
                                  const StatusWindows& windows) {
  std::vector<std::string> warnings;
  const Colour idle = other(entry.state().live);
  const GroupState& old = entry.state().groups[idle];
  const bool is_warm = accepting(old) > 0 && !old.revision.empty() &&
                       old.revision != request.revision && !entry.retiring[idle];
  const std::string gives_way = old.revision + " in " + std::string(to_string(idle)) +
                                ", to which it could be taken back at once, gives its place to " +
                                request.revision + " now";
  if (const DeploymentRunner* watched = deployments.active(entry.state().name))
    warnings.push_back("the watch of " + watched->spec().id + " ends: " + watched->spec().revision +
                       " stays live" + (is_warm ? "; " + gives_way : ""));
  else if (is_warm && entry.kept)
    warnings.push_back(entry.state().groups[entry.state().live].revision +
                       " stays live: " + gives_way);
  const auto rates = windows.rates(entry.state().name, idle);
  std::vector<std::string> lacking =
      health::shortages(health::needs_of(request.deploy),
                        rates ? std::optional(rates->release + rates->live) : std::nullopt);
  // Nobody is waited for where nothing serves yet.
  if (accepting(entry.state().groups[entry.state().live]) == 0) lacking.clear();
  warnings.insert(warnings.end(), lacking.begin(), lacking.end());
  return warnings;
}

/// The idle group, or the service as a whole, is needed for something else.
std::optional<ApiError> refuse_while_in_use(const ServiceEntry& entry,
                                            const DeploymentRunner* running,
                                            const Serving& serving) {
  const std::string& service = entry.state().name;
  if (running != nullptr && !running->engine().is_watching())
    return refused(
        409, "deployment-running",
        running->spec().id + " is running (" + std::string(running->engine().phase()) + ")",
        "wait for it, promote it, or stop it");
  const Colour idle = other(entry.state().live);
  if (entry.state().split.of(idle) > Weight::none())
    return refused(
        409, "idle-group-has-traffic",
        std::string(to_string(idle)) + " still gets " + to_string(entry.state().split.of(idle)) +
            " of the traffic",
        take_share(entry, idle) + " takes that away" +
            (entry.fallback ? "" : "; or take the release back: `teal rollback " + service + "`"));
  if (serving.serves_alone(entry, idle))
    return refused(409, "fallback-serves",
                   entry.state().groups[idle].revision + " in " + std::string(to_string(idle)) +
                       " serves as fallback, since no target of " +
                       std::string(to_string(entry.state().live)) +
                       " is healthy, and the new release would take its place",
                   "mend " + std::string(to_string(entry.state().live)) + " (`teal target add " +
                       service + " " + std::string(to_string(entry.state().live)) +
                       " IP:PORT` gives it another target), or give the fallback up first: "
                       "`teal rollback " +
                       entry.fallback->deployment + " --force`");
  return std::nullopt;
}

/// The deployment's record is gone, and the key must not start another one.
ApiError forgotten(const KeyRow& row) {
  return refused(409, "deployment-forgotten",
                 "the Idempotency-Key started " + deployment_id(row.deployment) + " at " +
                     format_time(row.at) + "; it is over, and its record is not kept any more",
                 "nothing has to be done; to ship that revision again, use a new key");
}

}  // namespace

ApiResult<DeploymentReport> Controller::deploy(const std::string& service, const Request& request,
                                               const std::string& idempotency_key,
                                               const std::string& as_sent) {
  State& state = *state_;
  const ServiceEntry* entry = state.registry.find(service);
  if (entry == nullptr) return unknown_service(service);
  if (const auto known = state.keys.find(idempotency_key, as_sent, state.clock.mono())) {
    if (!*known) return known->error();
    const DeploymentRunner* started = state.deployments.find(known->value().deployment);
    if (started == nullptr) return forgotten(known->value());
    return state.reporter.deployment(*started);
  }
  DeploymentRunner* const running = state.deployments.active(service);
  if (const auto refusal = refuse_while_in_use(*entry, running, state.serving)) return *refusal;
  if (request.revision.empty())
    return refused(422, "no-revision", "the request names no revision", "give `revision`");
  const std::vector<Address> found = entry->sets.of(request.revision);
  if (const auto refusal = refuse_lack_of_targets(request, *entry, found)) return *refusal;
  const bool is_found = request.targets.empty() && !found.empty();
  std::vector<Address> targets = choose_targets(request, *entry, found);
  if (const auto refusal = refuse_targets(targets, entry->state())) return *refusal;
  for (const Address& target : targets)
    if (const auto own = state.own.forbidden(*entry->config, target))
      return own_target(target, *own, "The deployment was not started");
  if (const auto refusal = refuse_firing(request, *entry)) return *refusal;
  // Whoever cannot write down what it does must not begin anything new; and whether it can, only
  // writing tells.
  state.registry.find(service)->note_unsaved();
  if (!state.flush())
    return refused(503, "store-failing", "the store cannot be written",
                   "repair the store; GET /readyz tells when it works again");

  const std::vector<std::string> warnings =
      forewarn(request, *entry, state.deployments, state.figures.windows);
  // What is only watched any more is in nobody's way, and has come to its end with the next one.
  if (running != nullptr)
    state.deliver(*running,
                  event::Proceed{"the watch ends: " + request.revision + " is to be shipped"});
  ServiceEntry& shipped = *state.registry.find(service);
  if (is_found) shipped.sets.take_over(request.revision, targets);
  for (const Address& target : request.targets) shipped.sets.named(request.revision, target);
  if (shipped.sets.has_sources()) shipped.note_unsaved();
  DeploymentRunner& runner =
      state.begin(make_spec(request, std::move(targets), *entry), state.clock.mono());
  const DeploymentNumber number = runner.number;
  if (!idempotency_key.empty()) {
    const KeyRow row{idempotency_key, request_digest(as_sent), number, state.clock.wall()};
    for (std::string& forgotten_key : state.keys.add(row, state.clock.mono()))
      state.writes.forget_key(std::move(forgotten_key));
    state.writes.add(row);
  }
  state.open_exposure(runner);
  state.figures.cache.renew();
  runner.watch(state.make_source, patience_of(*entry->config));
  state.outside.begin(*state.registry.find(service), runner);
  state.run_pending();
  for (const std::string& warning : warnings)
    state.say(Level::warning, "deployment.warned", service, warning, deployment_id(number));
  state.check_health(*state.registry.find(service), false);
  DeploymentReport report = state.reporter.deployment(*state.deployments.find(number));
  report.warnings.insert(report.warnings.begin(), warnings.begin(), warnings.end());
  return report;
}

}  // namespace teal::control
