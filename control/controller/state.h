// The controller's inside: one object of the control thread. Its methods are spread over the files
// of this folder, one file for each concern; the first comment of a file says which
// (`./dev map control/controller`). controller.cc has the commands on deployments.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "control/controller/controller.h"
#include "control/controller/idempotency_keys.h"
#include "control/deploy/alertmanager.h"
#include "control/deploy/announcer.h"
#include "control/deploy/deployment_runner.h"
#include "control/deploy/deployment_table.h"
#include "control/deploy/publisher.h"
#include "control/deploy/service_registry.h"
#include "control/deploy/sticky_keeper.h"
#include "control/evidence/live_baseline.h"
#include "control/services/control_stats.h"
#include "control/services/status_windows.h"
#include "control/services/traffic_cache.h"
#include "control/store/pending_writes.h"

namespace teal::control {

/// 422: the target would be this Teal itself.
ApiError own_target(const Address& target, const OwnSocket& own, std::string title);

/// Its live group accepts requests, as far as anybody knows.
bool live_serves(const ServiceEntry& entry);

/// The command that leaves the group without traffic, in quotes.
std::string take_share(const ServiceEntry& entry, Colour colour);

/// Of the targets that do not drain; an ejected one counts as unhealthy.
event::HealthChanged health_of(const GroupState& group);

struct Controller::State {
  static constexpr std::size_t kMaxTargets = 1000;  ///< Per group.
  static constexpr Millis kJudgePause{5};
  static constexpr Millis kClockSaved{5000};
  static constexpr Millis kKeptSaved{60'000};
  static constexpr Millis kStoreRetry{1000};

  State(std::shared_ptr<const config::Config> the_config, const Clock& the_clock, Log& the_log,
        Ports& the_ports, std::unique_ptr<Store> store, SourceFactory sources);

  // ---- controller/deploy.cc ---------------------------------------------------------------------
  std::optional<ApiResult<DeploymentReport>> answer_of_key(const std::string& key,
                                                           const std::string& as_sent);
  std::vector<std::string> forewarn(const config::DeploymentRequest& request,
                                    const ServiceEntry& entry) const;
  void remember_key(const std::string& key, const std::string& as_sent, DeploymentNumber number);

  // ---- controller/rollback.cc -------------------------------------------------------------------
  std::optional<ApiError> refuse_late_rollback(const DeploymentRunner& runner, bool force) const;
  /// What it would take back serves as fallback only.
  ApiError refuse_fallback(const ServiceEntry& entry, std::string title) const;
  /// Its revision gets traffic in its group.
  bool serves(const DeploymentRunner& runner) const;
  /// The finished deployment, or rollback, by which the live group became live; null: the file's.
  const DeploymentRunner* made_live(const ServiceEntry& entry) const;
  /// The rollback that the deployment is, or is being taken back by, where that is under way.
  const DeploymentRunner* running_rollback(const DeploymentRunner& runner) const;
  /// What a rollback of the service takes back now.
  ApiResult<DeploymentId> to_roll_back(const ServiceEntry& entry) const;
  /// `done` with the deployment as it is then, once everything is published and journalled.
  void answer_when_applied(DeploymentId id, Done<DeploymentReport> done,
                           std::vector<std::string> warnings = {});

  // ---- controller/turn.cc -----------------------------------------------------------------------
  /// Tells the engine, carries out what it wants and everything that follows from that.
  std::optional<ApiError> tell(DeploymentRunner& runner, const Event& event);
  /// The same where what decided was seen earlier than now.
  std::optional<ApiError> tell(DeploymentRunner& runner, const Event& event, Mono decided);
  void later(DeploymentNumber number, Event event, Mono decided);
  void drain();
  std::optional<ApiError> carry_out(DeploymentRunner& runner, const Event& event, Mono decided);
  bool apply(DeploymentRunner& runner, const std::vector<Action>& actions);
  void follow_up(DeploymentRunner& runner, const std::vector<Action>& actions, Mono decided);
  void finish(DeploymentRunner& runner, const Event& event);
  void open_rollback(DeploymentRunner& of, const action::OpenRollback& rollback, Mono decided);
  DeploymentRunner& begin(DeploymentSpec spec, Mono decided);
  void retire(const std::string& service, Colour colour);
  void empty_when_applied(const std::string& service, Colour colour);
  void prune(const std::string& service);
  bool flush();
  void publish();
  /// Health alone: at most twenty times a second.
  void publish_health();

  // ---- controller/services.cc -------------------------------------------------------------------
  /// The socket of our own that the address is, where a target of the service may not be that.
  std::optional<OwnSocket> forbidden_own(const config::Service& service, const Address& target);
  /// Without those, each of which is told of.
  std::vector<Address> without_own(const config::Service& service,
                                   const std::vector<Address>& targets);
  void remove_when_applied(const std::string& service, Colour colour, TargetId id);
  /// Where the target counts in a running deployment that would have too few without it. Forced:
  /// only where it is the last of them.
  std::optional<ApiError> refuse_drain(const ServiceEntry& entry, Colour colour,
                                       const TargetState& target, bool force) const;
  std::optional<ApiError> refuse_drain_of_old(const ServiceEntry& entry, Colour colour,
                                              const TargetState& target) const;
  /// The running deployment whose minimum_healthy counts the targets of the group.
  DeploymentRunner* counting(const ServiceEntry& entry, Colour colour) const;

  // ---- controller/health.cc ---------------------------------------------------------------------
  void check_health(ServiceEntry& entry, bool exactly);
  void tell_fitness_when_applied(const DeploymentRunner& fit);
  event::HealthChanged release_health(const DeploymentRunner& runner) const;
  void eject(ServiceEntry& entry, TargetId target, const std::string& reason);
  void compare_targets();
  void return_ejected();
  void watch_panic();
  void open_exposure(const DeploymentRunner& runner);

  // ---- controller/alarms.cc ---------------------------------------------------------------------
  /// External alarms by name: the running deployment's, and those of the file that it does not
  /// have.
  std::vector<config::Alarm> externals(const ServiceEntry& entry) const;
  /// When the running deployment began; nothing where none is judged.
  std::optional<WallTime> judged_since(const ServiceEntry& entry) const;
  health::EpisodeBook::Now episode_time() const { return {clock.mono(), clock.wall()}; }
  /// An alarm about which outside words were heard: how it stood before, and whether something new
  /// fires.
  struct Touch {
    health::Standing before;
    bool has_fired = false;
  };
  using Touched = std::map<std::string, Touch>;
  void hear(ServiceEntry& entry, const config::Alarm& alarm, const health::AlertWord& word,
            Touched& touched);
  void tell_outside(ServiceEntry& entry, const Touched& touched);
  void tell_standing(const ServiceEntry& entry, DeploymentRunner& runner, const std::string& name);
  /// A deployment begins: what fires by now is not its fault.
  void begin_outside(ServiceEntry& entry, DeploymentRunner& runner);
  /// After a restart: what the store says still counts, or does not.
  void resume_outside(ServiceEntry& entry);
  void advance_outside();
  void say_standing(const ServiceEntry& entry, const std::string& name, const Touch& touch,
                    const health::Standing& now);
  void say_unmatched(const std::vector<const Alert*>& unmatched);
  void say_truncated(const AlertBatch& batch);

  // ---- controller/alarm_reports.cc --------------------------------------------------------------
  static health::EpisodeBook::Patience alarm_patience(const config::Alarm& alarm);
  /// The running deployment that watches the alarm.
  std::optional<DeploymentId> watching(const ServiceEntry& entry, const config::Alarm& alarm) const;
  /// Without its episodes.
  ExternalAlarmReport external_report(const ServiceEntry& entry, const config::Alarm& alarm) const;
  void report_outside(const ServiceEntry& entry, DeploymentReport& report) const;
  void add_outside_metrics(std::vector<MetricSample>& samples) const;
  /// Of one service.
  void add_outside_metrics(const ServiceEntry& entry, std::vector<MetricSample>& samples) const;

  // ---- controller/fallback.cc -------------------------------------------------------------------
  bool serves_in_panic(const ServiceEntry& entry) const;
  void note_live(ServiceEntry& entry);
  event::BaselineHealth baseline_of(const DeploymentRunner& runner) const;
  void tell_baseline(ServiceEntry& entry, bool exactly);
  void watch_fallback(ServiceEntry& entry);
  void retire_fallback(ServiceEntry& entry, const std::string& why);
  std::optional<std::string> left_without(const ServiceEntry& entry, Colour retired) const;
  bool is_fallback_of(const DeploymentRunner& runner) const;
  bool serves_alone(const ServiceEntry& entry, Colour colour) const;
  std::optional<FallbackReport> fallback_report(const ServiceEntry& entry) const;

  // ---- controller/recovery.cc -------------------------------------------------------------------
  Result<void> recover(const Contents& contents);
  Result<void> recover_services(const Contents& contents);
  Result<void> recover_deployments(const Contents& contents);
  /// Of services that the file does not name any more: what waits for their return.
  void tell_parked(const Contents& contents);
  void tell_parked(const std::string& service, const DeploymentRow* newest,
                   const Contents& contents);
  Result<void> refuse_own(const config::Service& service);
  void drop_own(ServiceEntry& entry);
  void resume_active();

  // ---- controller/sticky.cc ---------------------------------------------------------------------
  void recover_sticky(const Contents& contents);
  void save_sticky();
  void tick_sticky();

  // ---- controller/judge.cc ----------------------------------------------------------------------
  /// Of what began in the deployment, whatever colour is live.
  health::Reading reading_of(const DeploymentRunner& runner) const;
  health::CountsReading read_counts(const DeploymentRunner& runner) const;
  /// Tells the engine of the breach that the judges found, if there is one, and people of breaches
  /// that were only observed. `completed`: when the request ended that decided.
  void tell_breach(DeploymentRunner& runner, const std::optional<event::AlarmBreached>& breach,
                   Mono completed);
  void set_stage(ServiceEntry& entry, const DeploymentRunner& runner);
  bool begins_own_stage(const DeploymentRunner& runner) const;
  void begin_own_stage(DeploymentRunner& runner);
  void judge(DeploymentRunner& runner);
  void judge_all();
  void tell_evidence(DeploymentRunner& runner, bool exactly);
  void run_kept(ServiceEntry& entry, Mono now);
  void run_timers();
  /// Reads what every group has done: for the windows, and of live groups for the baselines.
  void feed_windows();
  void feed_baselines();

  // ---- controller/compare.cc --------------------------------------------------------------------
  Millis patience_of(const DeploymentRunner& runner) const;
  /// What the workers are to tell while the deployment's last publication is in force.
  void set_judging(ServiceEntry& entry, DeploymentRunner& runner, const action::Publish& publish);
  void save_evidence(DeploymentRunner& runner);
  Result<void> restore_evidence(DeploymentRunner& runner);
  Result<Evidence> evidence_of(const DeploymentRunner& runner) const;
  /// What the alarms of a deployment that ended before this process began said last.
  void tell_kept_alarms(const DeploymentRunner& runner, const Evidence& kept,
                        DeploymentReport& report) const;

  // ---- controller/reports.cc --------------------------------------------------------------------
  ServiceReport report(const ServiceEntry& entry) const;
  GroupReport report(const ServiceEntry& entry, Colour colour) const;
  DeploymentReport report(const DeploymentRunner& runner) const;
  void report_end(const DeploymentRunner& runner, DeploymentReport& report) const;

  // ---- controller/controller.cc -----------------------------------------------------------------
  void say(Level level, std::string type, const std::string& service, std::string text,
           DeploymentId deployment = {});

  std::shared_ptr<const config::Config> config;
  const Clock& clock;
  Ports& ports;
  SourceFactory make_source;
  Log& log;
  Announcer announcer;
  mutable PendingWrites ledger;
  Publisher publisher;
  ServiceRegistry book;
  StickyKeeper sticky;
  DeploymentTable deployments;
  std::uint64_t events_asked = 0;  ///< Numbers of events that are to be reserved.
  IdempotencyKeys keys;

  struct PendingEvent {
    DeploymentNumber number;
    Event event;
    Mono decided;
  };
  std::deque<PendingEvent> pending_events;
  bool in_turn = false;
  bool health_unpublished = false;

  TrafficCache traffic;
  StatusWindows windows;
  LiveBaseline baselines;
  Mono judged;
  Mono store_tried;

  ControlStats stats;

  /// Services that the file does not name any more, each with what its deployment, which stands
  /// still, was doing.
  std::map<std::string, std::string> parked;

  AlertStats alerts;
  std::set<std::string> truncated_groups;  ///< Announced, until one comes whole.
};

ApiError unknown_service(const std::string& name);
ApiError unknown_deployment(const DeploymentId& id);

}  // namespace teal::control
