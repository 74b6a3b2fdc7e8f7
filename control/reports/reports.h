// What control tells the outside about services and deployments, as plain values: the control API
// writes them as JSON, tests compare them. Snapshots; nobody keeps one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/service_state.h"
#include "base/time.h"
#include "config/config.h"
#include "control/engine/status.h"
#include "control/reports/event_id.h"
#include "health/judge/comparison_report.h"
#include "health/judge/episodes.h"
#include "health/judge/outlook.h"
#include "health/judge/verdict.h"

namespace teal::control {

struct TargetReport {
  TargetState state;
  WallTime since;  ///< Of the present health.
  /// Who says that it is one: "config", "api", "dns", "file"; in this order, and never nobody.
  std::vector<std::string> sources = {};
};

struct GroupReport {
  Colour colour = Colour::blue;
  bool live = false;
  std::string revision;
  std::vector<TargetReport> targets;
  Weight asked;
  /// Over the last ten seconds, split traffic only; empty without requests.
  std::optional<double> measured;  ///< Share, 0..1.
  double requests_per_second = 0;
  std::optional<double> error_rate;  ///< 0..1.
  std::optional<double> p50_ms, p99_ms;
  std::uint64_t requests = 0;  ///< Since the revision came, split traffic.
  std::uint64_t errors = 0;
  std::uint64_t shielded = 0;  ///< Of the errors, those that the live group was asked for.
  bool panicking = false;      ///< Too few are healthy: health is ignored.
  GroupInFlight in_flight{};   ///< Now; both audiences, and what is left of earlier revisions.
};

/// An external alarm that a service, or its running deployment, knows.
struct ExternalAlarmReport {
  std::string service, name;
  config::ExternalAlarm definition;
  std::optional<DeploymentId> deployment;  ///< The running one that watches it.
  health::Standing standing;
  std::string note;
  std::vector<health::Episode> episodes;  ///< Those that fire first; at most 100.
  std::size_t episodes_total = 0;
};

/// A release that stayed after a rollback into a group that serves nobody.
struct FallbackReport {
  Colour colour = Colour::green;
  std::string revision;
  DeploymentId deployment;  ///< Which ended with NO_HEALTHY_BASELINE.
  bool serves = false;      ///< The live group accepts no requests now, and this one does.
  /// Until it is retired by itself; nothing while the live group accepts no requests, or somebody
  /// has given it a share of them.
  std::optional<Millis> leaves_in;
  std::string text;  ///< For a person, with what to do.
};

/// One of the places where a service's targets are found.
struct SourceReport {
  std::string source;    ///< "dns:app.internal:9001", "file:/etc/teal/targets.json".
  std::string type;      ///< "both", "a", "aaaa", "srv", "file".
  std::string revision;  ///< What its targets run where it does not say.
  std::uint64_t targets = 0;
  std::optional<WallTime> last_success;
  std::optional<Millis> age;  ///< Of that.
  bool failing = false;       ///< The last look failed, wholly or in part.
  bool empty = false;         ///< The last answer named nobody.
  std::string last_problem;
  std::uint64_t held = 0;  ///< Targets that it does not name any more, and that are waited for.
  std::vector<std::string> refused;  ///< "127.0.0.1:80 is a loopback address"; at most 20.
  std::uint64_t refused_total = 0;   ///< In the last answer.
};

/// Targets of a revision that no group runs.
struct WaitingSet {
  std::string revision;
  std::vector<Address> targets;
};

struct DiscoveryReport {
  std::vector<SourceReport> sources;
  std::vector<WaitingSet> waiting;
  std::vector<Address> held_out;  ///< Found, and drained by a person.
  std::uint64_t left_out = 0;     ///< Found, but stand in the other group or find no room.
  std::uint64_t kept = 0;         ///< Not found any more, and stay, since nobody else would serve.
};

/// What whoever asks whether Teal is well is to hear of a service.
struct ServiceCondition {
  std::string service;
  /// No target of its live group has been probed yet: requests wait for the first answers.
  bool is_unprobed = false;
  std::string warning;  ///< For a person, with what to do; or empty.
};

struct ServiceReport {
  std::string name;
  Colour live = Colour::blue;
  Split split;
  std::uint64_t version = 0;  ///< Grows with every change of split, roles or membership: the ETag.
  PerColour<GroupReport> groups;
  std::optional<DeploymentId> deployment;       ///< The running one.
  std::optional<DeploymentId> last_deployment;  ///< The newest finished one.
  /// For how long the idle group is kept warm yet, for an instant rollback; and until when, where
  /// it has no share of the traffic: while it has one, that time stands still.
  std::optional<Millis> old_kept_for;
  std::optional<WallTime> old_kept_until;
  std::vector<ExternalAlarmReport> outside;  ///< Alarms that are not resolved, without episodes.
  std::optional<FallbackReport> fallback = std::nullopt;
  std::optional<DiscoveryReport> discovery = std::nullopt;  ///< Of a service with sources.
};

/// How an external alarm stands with those who fire it; of a running deployment.
struct OutsideReport {
  health::Standing::State state = health::Standing::State::resolved;
  std::optional<WallTime> since;  ///< Of what fires, or is held.
  bool operator==(const OutsideReport&) const = default;
};

struct AlarmReport {
  std::string name;
  std::string condition;  ///< "error_rate > 1% over 30s", "external".
  health::Verdict verdict;
  bool observed = false;  ///< `observe: true`: the verdict does nothing.
  std::optional<health::ComparisonReport> comparison = std::nullopt;
  /// What it counts as errors, where that is not the usual: every 5xx of all requests.
  std::optional<ErrorMeaning> counts = std::nullopt;
  /// What else is to be known: "fires since ..., ignored until it resolves". Often empty.
  std::string note = {};
  std::optional<OutsideReport> outside = std::nullopt;
  /// When what it lacks may come: "about 1m32s at this rate"; empty where nothing is known of that.
  std::string outlook = {};
  std::optional<Millis> evidence_in = std::nullopt;  ///< The same; nothing: never, or not known.
  bool operator==(const AlarmReport&) const = default;
};

/// What became of a batch of alerts.
struct AlertsReport {
  std::uint64_t matched = 0;           ///< Alerts that some service has an alarm for.
  std::vector<std::string> unmatched;  ///< Names of the others, each once.
};

struct TimelineEntry {
  WallTime at;
  Status status = Status::created;  ///< After the entry.
  std::string what;                 ///< One line for a person: "shift to 10%", "rolled back: ...".
};

/// Why a deployment does not go on at once, and what to do about it.
struct WaitReport {
  struct Command {
    std::string command;  ///< "teal continue shop"
    std::string does;     ///< "ends the watch"
  };

  std::string phase;  ///< "Gated", "Paused", "Holding" or "Watching".
  WallTime since;
  std::string
      by;  ///< Who made it wait: "gate qa", "request", "not_enough_evidence", "watch_after".
  std::string why;   ///< One sentence.
  std::string then;  ///< What happens when the time is over: "it is stopped". Empty without an end.
  std::vector<Command> commands;
};

struct DeploymentReport {
  DeploymentId id;
  std::string service;
  Kind kind = Kind::deploy;
  Status status = Status::created;
  std::string phase;              ///< The engine's state: "Preparing", "Baking", "Gated"...
  std::string revision;           ///< What it makes live.
  std::string replaces;           ///< The revision it replaces.
  Colour colour = Colour::green;  ///< The group that gets the revision.
  std::vector<Address> targets;   ///< On which it runs, as asked for at the start.
  config::Plan plan;
  std::size_t step = 0;  ///< Index into plan.steps of the present step; size() at the end.
  Weight weight;         ///< The release's present share.
  std::optional<WallTime> step_ends;  ///< When the present wait ends by itself.
  std::optional<WaitReport> wait;
  WallTime created;
  std::optional<WallTime> finished;
  /// CodeDeploy's error words where it did not succeed: ALARM_ACTIVE, HEALTH_CONSTRAINTS,
  /// MANUAL_STOP, TIMEOUT..., and one that it has not, NO_HEALTHY_BASELINE: the release stays as
  /// fallback (ServiceReport::fallback). And a sentence.
  std::string error_code;
  std::string reason;
  std::optional<DeploymentId> rollback_of;  ///< kind rollback: the one taken back.
  std::optional<DeploymentId> rolled_back_by;
  std::vector<AlarmReport> alarms;
  std::uint32_t exposure_budget = 0;  ///< 0: none, or nothing limits the release any more.
  std::uint32_t exposure_spent = 0;
  std::vector<TimelineEntry> timeline;
  /// From the deciding event to "every worker applied the rollback", where it was rolled back.
  std::optional<Micros> rollback_took;
  /// What whoever looks, or has just commanded, should know. For a person.
  std::vector<std::string> warnings;
};

/// One line of GET /v1/events.
struct Announcement {
  EventId id;  ///< Its number grows, with holes where a process did not end in good order.
  WallTime at;
  std::string type;  ///< "deployment.baking", "target.unhealthy", "split.changed", "store.failed"
  std::string service;      ///< May be empty.
  DeploymentId deployment;  ///< May be empty.
  std::string text;         ///< For a person.
};

/// Why a command was not carried out; becomes problem+json (RFC 9457).
struct ApiError {
  int status = 400;    ///< HTTP status: 400, 404, 409, 412, 422, 503.
  std::string type;    ///< Last part of the problem type: "deployment-running".
  std::string title;   ///< The kind of problem in a few words.
  std::string detail;  ///< This case of it.
  std::string remedy;  ///< What to do about it.
};

[[noreturn]] void throw_exception_from_error(const ApiError& error,
                                             const boost::source_location& where);

template <class T>
using ApiResult = boost::system::result<T, ApiError>;

}  // namespace teal::control
