// OutsideAlarms: what others say of alarms (Alertmanager's webhook, POST /v1/alarms/{name}) on its
// way to the episodes of each service that knows the alarm, and from there to the judges of its
// running deployment; and what is told of it: to people, to the API and to Prometheus.
//
// Control thread. An alarm's episodes, and whether they can be a release's fault, are
// health/judge/episodes.h's. Does not write to the store: it marks the services that changed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/counters.h"
#include "base/log.h"
#include "config/config.h"
#include "control/deploy/alertmanager.h"
#include "control/deploy/announcer.h"
#include "control/deploy/deployment_table.h"
#include "control/registry/service_registry.h"
#include "control/reports/reports.h"
#include "control/services/alarm_index.h"
#include "control/services/control_stats.h"

namespace teal::control {

class OutsideAlarms {
 public:
  /// Asks the judges of a running deployment, which has been told of its alarms by now.
  using Judge = std::function<void(DeploymentRunner&)>;

  OutsideAlarms(ServiceRegistry& services, const DeploymentTable& deployments, const Clock& clock,
                Announcer& announcer, Log& log, Judge judge)
      : services_(services),
        deployments_(deployments),
        clock_(clock),
        announcer_(announcer),
        log_(log),
        judge_(std::move(judge)) {}

  /// The service's alarms of the configuration are known from here on.
  void know(const ServiceEntry& entry) { index_.add(entry.id(), entry.config->deploy.alarms); }

  /// Not any more.
  void forget(ServiceId service) { index_.remove(service); }

  // ---- words ----------------------------------------------------------------------------------
  /// `service` empty: of every service. Each answers how many services know the alarm.
  std::size_t set(const std::string& name, const std::string& service, bool firing,
                  const std::string& why);
  /// A person says that none of its episodes fires any more.
  std::size_t resolve(const std::string& name, const std::string& service);
  /// Alerts, each for the alarms that it concerns.
  AlertsReport take(const AlertBatch& batch);

  // ---- deployments, time and restarts ---------------------------------------------------------
  /// A deployment begins: what fires by now is not its fault.
  void begin(ServiceEntry& entry, DeploymentRunner& runner);
  /// After a restart: what the store says still counts, or does not.
  void resume(ServiceEntry& entry);
  /// After a restart: tells the running deployment of all of its service's alarms.
  void report_all(const ServiceEntry& entry, DeploymentRunner& runner) const;
  /// What time alone does to alarms of these services. True: something has changed that is to be
  /// written.
  bool advance(std::span<const ServiceId> visited);

  // ---- reports (control/services/outside_reports.cc) ------------------------------------------
  /// External alarms by name: the running deployment's, and those of the file that it does not
  /// have.
  std::vector<config::Alarm> of(const ServiceEntry& entry) const;
  /// Without its episodes.
  ExternalAlarmReport report(const ServiceEntry& entry, const config::Alarm& alarm) const;
  /// All of the service, with their newest episodes.
  std::vector<ExternalAlarmReport> reports(const ServiceEntry& entry) const;
  /// Says in the report of the service's running deployment how its external alarms stand.
  void add_to(const ServiceEntry& entry, DeploymentReport& report) const;
  /// Of the process.
  void add_metrics(std::vector<MetricSample>& samples) const;
  /// Of one service.
  void add_metrics(const ServiceEntry& entry, std::vector<MetricSample>& samples) const;

  /// The present time by both clocks, as episodes want it.
  health::EpisodeTable::Now now() const { return {clock_.mono(), clock_.wall()}; }

 private:
  /// An alarm about which outside words were heard: how it stood before, and whether something new
  /// fires.
  struct Touch {
    health::Standing before;
    bool has_fired = false;
  };
  using Touched = std::map<std::string, Touch>;
  using Externals = std::map<ServiceId, std::vector<config::Alarm>>;

  static health::EpisodeTable::Patience patience_of(const config::Alarm& alarm);
  /// When the running deployment began; nothing where none is judged.
  std::optional<WallTime> judged_since(const ServiceEntry& entry) const;
  /// The running deployment that watches the alarm.
  std::optional<DeploymentId> watching(const ServiceEntry& entry, const config::Alarm& alarm) const;
  /// The services that may know the alarm; `service` as in set().
  std::set<ServiceId> knowing(const std::string& name, const std::string& service) const;
  /// The services that the alert may concern.
  std::set<ServiceId> concerned(const Alert& alert) const;
  /// Those whose running deployments have external alarms, which may be others than the file's.
  void add_running(std::set<ServiceId>& services) const;
  /// False: no service has an alarm for it.
  bool take(const Alert& alert, Externals& externals, std::map<ServiceId, Touched>& touched);
  void hear(ServiceEntry& entry, const config::Alarm& alarm, const health::AlertWord& word,
            Touched& touched);
  /// The judges hear of it first: nobody who reads of it is waited for.
  void report_changes(ServiceEntry& entry, const Touched& touched);
  void report_standing(const ServiceEntry& entry, DeploymentRunner& runner,
                       const std::string& name) const;
  void say_standing(const ServiceEntry& entry, const std::string& name, const Touch& touch,
                    const health::Standing& now);
  void say_unmatched(const std::vector<const Alert*>& unmatched);
  void say_truncated(const AlertBatch& batch);
  void say(Level level, std::string type, const std::string& service, std::string text,
           DeploymentId deployment = {});

  ServiceRegistry& services_;
  const DeploymentTable& deployments_;
  const Clock& clock_;
  Announcer& announcer_;
  Log& log_;
  Judge judge_;
  AlarmIndex index_;
  AlertStats stats_;
  std::set<std::string> truncated_groups_;  ///< Announced, until one comes whole.
};

}  // namespace teal::control
