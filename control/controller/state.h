// The controller's inside: one object of the control thread. Its methods are spread over the files
// of this folder, one file for each concern; the first comment of a file says which
// (`./dev map control/controller`). controller.cc has the commands on deployments. What has rules
// of its own is a part (control/services/, control/deploy/): the controller asks it, and does.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "control/configuration/config_store.h"
#include "control/controller/controller.h"
#include "control/controller/idempotency_keys.h"
#include "control/deploy/announcer.h"
#include "control/deploy/deployment_runner.h"
#include "control/deploy/deployment_table.h"
#include "control/deploy/kept_evidence.h"
#include "control/deploy/publisher.h"
#include "control/deploy/sticky_keeper.h"
#include "control/registry/service_registry.h"
#include "control/services/absent_services.h"
#include "control/services/control_stats.h"
#include "control/services/drain_rules.h"
#include "control/services/health_policy.h"
#include "control/services/outside_alarms.h"
#include "control/services/own_targets.h"
#include "control/services/reporter.h"
#include "control/services/rollback_choice.h"
#include "control/services/serving.h"
#include "control/services/stages.h"
#include "control/store/pending_writes.h"
#include "control/traffic/traffic_figures.h"

namespace teal::control {

struct Controller::State {
  static constexpr std::size_t kMaxTargets = 1000;  ///< Per group.
  static constexpr Millis kJudgePause{5};
  static constexpr Millis kClockSaved{5000};
  static constexpr Millis kStoreRetry{1000};

  State(std::shared_ptr<const config::Config> the_config, const Clock& the_clock, Log& the_log,
        Ports& the_ports, std::unique_ptr<Store> store, SourceFactory sources);

  // ---- controller/rollback.cc -------------------------------------------------------------------
  /// `done` with the deployment as it is then, once everything is published and journalled.
  void answer_when_applied(DeploymentId id, Done<DeploymentReport> done,
                           std::vector<std::string> warnings = {});

  // ---- controller/turn.cc -----------------------------------------------------------------------
  /// Tells the engine, carries out what it wants and everything that follows from that.
  std::optional<ApiError> deliver(DeploymentRunner& runner, const Event& event);
  /// Tells the engine of an event that was decided by something seen earlier than now.
  std::optional<ApiError> deliver(DeploymentRunner& runner, const Event& event, Mono decided);
  void enqueue(DeploymentNumber number, Event event, Mono decided);
  void run_pending();
  std::optional<ApiError> process(DeploymentRunner& runner, const Event& event, Mono decided);
  bool apply(DeploymentRunner& runner, const std::vector<Action>& actions);
  void follow_up(DeploymentRunner& runner, const std::vector<Action>& actions, Mono decided);
  void finish(DeploymentRunner& runner, const Event& event);
  void open_rollback(DeploymentRunner& of, const action::OpenRollback& rollback, Mono decided);
  DeploymentRunner& begin(DeploymentSpec spec, Mono decided);
  void retire(const std::string& service, Colour colour);
  void empty_when_applied(const std::string& service, Colour colour);
  void prune(const std::string& service);
  bool flush();

  // ---- controller/services.cc -------------------------------------------------------------------
  /// `may_be_lost`: the store may miss it.
  void remove_when_applied(const std::string& service, Colour colour, TargetId id,
                           bool may_be_lost = false);

  // ---- controller/discovery.cc ------------------------------------------------------------------
  void follow_sets(ServiceEntry& entry);
  void save_found(ServiceEntry& entry);

  // ---- controller/health.cc ---------------------------------------------------------------------
  void check_health(ServiceEntry& entry, bool exactly);
  void deliver_fitness_when_applied(const DeploymentRunner& fit);
  void open_exposure(const DeploymentRunner& runner);

  // ---- controller/fallback.cc -------------------------------------------------------------------
  void deliver_baseline(ServiceEntry& entry, bool exactly);
  void watch_fallback(ServiceEntry& entry);
  void retire_fallback(ServiceEntry& entry, const std::string& why);

  // ---- controller/recovery.cc -------------------------------------------------------------------
  Result<void> recover(const Contents& contents);
  Result<void> recover_services(const Contents& contents);
  Result<void> recover_service(const config::Service& service, const ServiceRow& row);
  Result<void> recover_deployments(const Contents& contents);
  void resume(const std::string& service);

  // ---- controller/reconfigure.cc ----------------------------------------------------------------
  void take_out(const std::string& name);
  /// False: nothing has changed.
  bool renew(const config::Service& service);
  void put_in(const config::Service& service);
  Result<void> put_back(const config::Service& service, const Contents& contents);

  // ---- controller/sticky.cc ---------------------------------------------------------------------
  void take_up_sticky();
  void tick_sticky();

  // ---- controller/judge.cc ----------------------------------------------------------------------
  /// Tells the engine of the breach that the judges found, if there is one, and people of breaches
  /// that were only observed. `completed`: when the request ended that decided.
  void deliver_breach(DeploymentRunner& runner, const std::optional<event::AlarmBreached>& breach,
                      Mono completed);
  void begin_own_stage(DeploymentRunner& runner);
  void judge(DeploymentRunner& runner);
  void deliver_evidence(DeploymentRunner& runner, bool exactly);
  void run_kept(ServiceEntry& entry, Mono now);
  void run_timers(std::span<const ServiceId> visited);
  void run_deadlines();

  // ---- controller/compare.cc --------------------------------------------------------------------
  Result<void> restore_evidence(DeploymentRunner& runner);

  // ---- controller/controller.cc -----------------------------------------------------------------
  void say(Level level, std::string type, const std::string& service, std::string text,
           DeploymentId deployment = {});

  // ---- what it is made of, each part with rules of its own ------------------------------------
  std::shared_ptr<const config::Config> config;
  const Clock& clock;
  Ports& ports;
  SourceFactory make_source;
  Announcer announcer;
  PendingWrites writes;
  ServiceRegistry registry;
  Publisher publisher{ports, registry};
  StickyKeeper sticky;
  DeploymentTable deployments;
  IdempotencyKeys keys;
  ControlStats stats;
  TrafficFigures figures;
  Serving serving{registry, figures.windows, clock};
  OwnTargets own{ports, announcer};
  RollbackChoice rollbacks{deployments, registry, serving};
  DrainRules drains{deployments, serving};
  KeptEvidence kept{writes};
  Stages stages{registry, figures, publisher, ports, clock};
  HealthPolicy health_policy;
  OutsideAlarms outside;
  AbsentServices absent;
  ConfigStore configs{writes};
  Reporter reporter{registry, deployments, figures, serving, outside, ports, clock};

  // ---- where it is in its turn ----------------------------------------------------------------
  struct PendingEvent {
    DeploymentNumber number;
    Event event;
    Mono decided;
  };
  std::deque<PendingEvent> pending_events;
  bool is_delivering = false;
  std::set<ServiceId> exposed;     ///< Services whose states have an exposure, or had one.
  std::uint64_t events_asked = 0;  ///< Numbers of events that are to be reserved.
  Mono last_store_retry;
};

ApiError unknown_service(const std::string& name);
ApiError unknown_deployment(const DeploymentId& id);

}  // namespace teal::control
