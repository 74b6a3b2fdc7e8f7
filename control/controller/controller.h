// Controller: the control thread's object. It owns the services' state, the running deployments,
// the judges and the store; takes commands and events, feeds them to the pure engine
// (control/engine/deployment.h) and carries out the actions through Ports and Store.
//
// Control thread only. Does not open sockets, read clocks, or know workers, JSON or HTTP. Every
// callback it is given is called on the control thread, possibly before the call returns where
// nothing is to be waited for.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/judged_event.h"
#include "base/log.h"
#include "base/outcome.h"
#include "base/service_state.h"
#include "base/time.h"
#include "config/load.h"
#include "control/deploy/commands.h"
#include "control/deploy/ports.h"
#include "control/discovery/finding.h"
#include "control/engine/protocol.h"
#include "health/judge/judge.h"

namespace teal::control {

class ConfigStore;
class Store;

class Controller final : public Commands {
 public:
  Controller(std::shared_ptr<const config::Config> config, const Clock& clock, Log& log,
             Ports& ports, std::unique_ptr<Store> store,
             SourceFactory make_source = health::make_source_in);
  ~Controller() override;

  /// Reads the store, replays the running deployments and publishes the first states.
  /// An Error: the store cannot be trusted; nothing was published.
  Result<void> start();

  // ---- another configuration ------------------------------------------------------------------
  /// Why these services cannot be gone over to now: a deployment runs where one would go.
  std::optional<ApiError> refuse(const config::Config& next) const;
  /// Goes over to it, as `generation`, with one publication: what is known of services that stay
  /// goes on, new ones begin as at a start, and what is known of those that are gone waits for
  /// their return. What the publication needs besides is with the Ports by now. `applied` once
  /// every worker runs on it.
  /// Requires: refuse() has found nothing.
  void reconfigure(std::shared_ptr<const config::Config> next,
                   const event::ConfigChanged& generation, std::function<void()> applied);

  /// What of the store concerns configurations. After start().
  ConfigStore& configs();
  void announce(Level level, const std::string& type, const std::string& text);

  // ---- events -------------------------------------------------------------------------------
  void on_health(TargetId target, Health health, const std::string& reason);
  void on_bad_outcome(const BadOutcome& outcome);
  /// Some exposure has been spent on.
  void on_exposed();
  /// What workers saw of targets whose groups are compared.
  void on_tallies(const std::vector<TargetTally>& tallies);
  /// Noted only; check_breach() judges. Of a service that there is not (any more): nothing.
  void on_judged_event(ServiceId service, const JudgedEvent& event);
  /// Asks the comparisons: at the end of a batch of events, and again while some wait for older
  /// requests to settle. `completed`: when the request ended that may decide. A breach is published
  /// before this returns. True while bad requests wait for older ones: then it is to be asked
  /// again.
  bool check_breach(Mono completed);
  /// A look at one of a service's sources. Of one that it does not have (any more): nothing.
  void on_found(const Finding& finding);
  /// The driver calls this every 100 ms or so: judges, timers, outlier returns.
  void tick();
  /// The process ends in good order, and no worker runs any more: writes what the judges stand on,
  /// so that the next start loses none of it. Nothing is to be called after it.
  void close();

  // ---- commands -----------------------------------------------------------------------------
  /// The same idempotency key within a day gives the same deployment; with another body, 422.
  ApiResult<DeploymentReport> deploy(const std::string& service,
                                     const config::DeploymentRequest& request,
                                     const std::string& idempotency_key,
                                     const std::string& as_sent) override;
  /// `done` once the consequence is published on every worker and journalled. A rollback answers
  /// with the rollback's own deployment, also where that is under way already; the others with the
  /// one commanded.
  /// `force`, of stop and rollback: what stays as fallback, or did so after the deployment ended,
  /// is retired at once, whoever serves then.
  void command(const DeploymentId& id, Command command, Done<DeploymentReport> done,
               bool force = false) override;
  /// Takes back the running deployment, else the newest whose revision still has traffic: as a rule
  /// the one that made the live revision live. Forced: else the fallback, where there is one.
  /// Answers like Command::rollback.
  void rollback(const std::string& service, Done<DeploymentReport> done,
                bool force = false) override;
  /// By hand; 409 while a deployment runs. `if_match` is ServiceReport::version. `done` once no
  /// request that starts later sees the old split.
  void set_split(const std::string& service, Split split, std::optional<std::uint64_t> if_match,
                 Done<ServiceReport> done) override;
  /// Adds a target, or takes a draining one back. 422 where it is a socket of this process's own.
  ApiResult<ServiceReport> put_target(const std::string& service, Colour colour,
                                      const Address& address) override;
  /// Drains a target: no new requests; removed once the workers have let go of it. 409 where a
  /// running deployment would be left with less than its minimum_healthy, unless `force`: then the
  /// minimum is counted anew, of what is left.
  ApiResult<ServiceReport> delete_target(const std::string& service, Colour colour,
                                         const Address& address, bool force = false) override;
  /// An outside alarm by name; `service` empty: all that know it. It has an episode of its own
  /// beside those of alerts. Answers how many services know it; none is a 404.
  ApiResult<std::size_t> set_external_alarm(const std::string& name, const std::string& service,
                                            bool firing, const std::string& why) override;
  /// A person says that nothing of it fires any more: all of its episodes are over.
  ApiResult<std::size_t> resolve_alarm(const std::string& name,
                                       const std::string& service) override;
  /// Alerts, each for the alarms that it concerns: of the service that its label teal_service
  /// names, or of all.
  AlertsReport take_alerts(const AlertBatch& batch) override;

  // ---- reports ------------------------------------------------------------------------------
  std::vector<ServiceReport> services() const override;
  ApiResult<ServiceReport> service(const std::string& name) const override;
  /// In the order of services; `service` empty: of all.
  ApiResult<std::vector<ExternalAlarmReport>> external_alarms(
      const std::string& service) const override;
  /// Newest first.
  ApiResult<std::vector<DeploymentReport>> deployments(const std::string& service,
                                                       std::size_t limit) const override;
  ApiResult<DeploymentReport> deployment(const DeploymentId& id) const override;
  ApiResult<EvidenceReport> evidence(const DeploymentId& id) const override;
  ApiResult<ReplayReport> replay(const DeploymentId& id,
                                 const ReplaySettings& settings) const override;

  /// The last announcements (at most 1000), oldest first, for late subscribers.
  const std::deque<Announcement>& announcements() const override;
  /// The id of the newest announcement of this store, an earlier process's where there is none.
  EventId last_event() const override;
  /// Calls `listener` for every later one; until the token is given to unsubscribe.
  std::uint64_t subscribe(std::function<void(const Announcement&)> listener) override;
  void unsubscribe(std::uint64_t token) override;

  /// For the exporter: store failures, rollbacks by reason, deployments by outcome, publications.
  std::vector<MetricSample> metrics() const override;
  /// Counters, those included that are still 0; nothing for an unknown service.
  std::vector<MetricSample> service_metrics(const std::string& service) const override;
  std::vector<std::string> service_names() const override;
  /// So many behind `after` in the order of names, "" being before all of them.
  std::vector<std::string> service_names_after(const std::string& after,
                                               std::size_t limit) const override;
  /// Equal as long as service() tells the same, up to counts of requests that are a second old; 0:
  /// that may be another each time, since time goes by in it or requests are in flight.
  std::uint64_t service_version(const std::string& service) const override;
  /// Services of which something is to be said to whoever asks whether Teal is well.
  std::vector<ServiceCondition> conditions() const override;
  /// The service's `deploy` section, as defaults for a request; null for an unknown service.
  const config::Deploy* deploy_defaults(const std::string& service) const override;
  /// By service: deployments that stand still because the file has no such service any more. In
  /// words for a person.
  const std::map<std::string, std::string>& parked() const override;
  /// False while the store fails: /readyz says so, traffic goes on.
  bool store_is_healthy() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace teal::control
