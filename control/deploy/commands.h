// Commands: what the control API asks of control, as an interface. The Controller is behind it in
// the product, a scripted fake in the API's tests; the API itself knows neither. Every method means
// what the method of the same name means in control/controller/controller.h.
//
// Control thread only. Holds nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/colour.h"
#include "base/counters.h"
#include "config/load.h"
#include "control/evidence/replay.h"
#include "control/reports/reports.h"

namespace teal::control {

struct AlertBatch;

/// POST /v1/deployments/{id}/...
enum class Command : std::uint8_t { proceed, pause, promote, stop, rollback };

template <class T>
using Done = std::function<void(ApiResult<T>)>;

class Commands {
 public:
  virtual ~Commands() = default;

  /// `as_sent`: the request as it came. With an idempotency key, which may be empty, the same text
  /// is a repetition and another one is refused.
  virtual ApiResult<DeploymentReport> deploy(const std::string& service,
                                             const config::DeploymentRequest& request,
                                             const std::string& idempotency_key,
                                             const std::string& as_sent) = 0;
  virtual void command(const DeploymentId& id, Command command, Done<DeploymentReport> done,
                       bool force) = 0;
  virtual void rollback(const std::string& service, Done<DeploymentReport> done, bool force) = 0;
  virtual void set_split(const std::string& service, Split split,
                         std::optional<std::uint64_t> if_match, Done<ServiceReport> done) = 0;
  virtual ApiResult<ServiceReport> put_target(const std::string& service, Colour colour,
                                              const Address& address) = 0;
  virtual ApiResult<ServiceReport> delete_target(const std::string& service, Colour colour,
                                                 const Address& address, bool force) = 0;
  virtual ApiResult<std::size_t> set_external_alarm(const std::string& name,
                                                    const std::string& service, bool firing,
                                                    const std::string& why) = 0;
  virtual ApiResult<std::size_t> resolve_alarm(const std::string& name,
                                               const std::string& service) = 0;
  virtual AlertsReport take_alerts(const AlertBatch& batch) = 0;

  virtual std::vector<ServiceReport> services() const = 0;
  virtual ApiResult<ServiceReport> service(const std::string& name) const = 0;
  virtual ApiResult<std::vector<ExternalAlarmReport>> external_alarms(
      const std::string& service) const = 0;
  virtual ApiResult<std::vector<DeploymentReport>> deployments(const std::string& service,
                                                               std::size_t limit) const = 0;
  virtual ApiResult<DeploymentReport> deployment(const DeploymentId& id) const = 0;
  virtual ApiResult<EvidenceReport> evidence(const DeploymentId& id) const = 0;
  virtual ApiResult<ReplayReport> replay(const DeploymentId& id,
                                         const ReplaySettings& settings) const = 0;

  virtual const std::deque<Announcement>& announcements() const = 0;
  virtual EventId last_event() const = 0;
  virtual std::uint64_t subscribe(std::function<void(const Announcement&)> listener) = 0;
  virtual void unsubscribe(std::uint64_t token) = 0;

  virtual std::vector<MetricSample> metrics() const = 0;
  virtual std::vector<MetricSample> service_metrics(const std::string& service) const = 0;
  virtual std::vector<std::string> service_names() const = 0;
  virtual std::vector<std::string> service_names_after(const std::string& after,
                                                       std::size_t limit) const = 0;
  virtual std::uint64_t service_version(const std::string& service) const = 0;
  virtual std::vector<ServiceCondition> conditions() const = 0;
  virtual const config::Deploy* deploy_defaults(const std::string& service) const = 0;
  virtual const std::map<std::string, std::string>& parked() const = 0;
  virtual bool store_is_healthy() const = 0;
};

}  // namespace teal::control
