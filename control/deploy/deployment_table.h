// DeploymentTable: every deployment that control knows, by number: at most one of a service runs,
// and of the others the last kKept are history. It numbers them, finds them and forgets them.
//
// Control thread. Does not step deployments, journal them or write to the store.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "control/deploy/deployment_runner.h"
#include "control/engine/protocol.h"
#include "control/registry/service_registry.h"
#include "control/store/store.h"

namespace teal::control {

class DeploymentTable {
 public:
  static constexpr std::size_t kKept = 100;  ///< Finished ones, per service.
  using Runners = std::map<DeploymentNumber, std::unique_ptr<DeploymentRunner>>;

  /// The next number, and from now on the service's running one. The caller has made sure that no
  /// other runs, or has brought it to its end. The spec gets its id.
  DeploymentRunner& create(DeploymentSpec spec, WallTime created, Mono now);
  /// As the store has it; its journal is to be replayed, and settle() called when all are there.
  DeploymentRunner& restore(DeploymentNumber number, DeploymentSpec spec, WallTime created,
                            Mono now);
  /// The store has this number for a service that is not served.
  void skip_number(DeploymentNumber number);
  /// All are replayed: finds out which run. One active deployment per service, the newest: an older
  /// one without an end is one whose journal the failing store cut short, and is abandoned.
  void settle();
  /// The same of one service, whose deployments were restored later than others.
  void settle(const std::string& service);

  /// Null: it is not known, or not any more.
  DeploymentRunner* find(DeploymentNumber number) const;
  DeploymentRunner* find(const DeploymentId& id) const;
  /// The service's running one, or null.
  DeploymentRunner* active(const std::string& service) const;
  /// The newest of the service, running or not, or null.
  const DeploymentRunner* newest(const std::string& service) const;
  /// The newest of the service that is over, or null.
  const DeploymentRunner* newest_finished(const std::string& service) const;
  /// The running ones, in the order of their services' names: a copy, since telling one may end it.
  std::vector<DeploymentNumber> running() const;
  /// The earliest of the running ones'; nothing: no engine has asked to be woken.
  std::optional<Mono> next_deadline() const;
  /// By number.
  const Runners& all() const { return runners_; }
  /// Of the service, the newest first.
  std::vector<DeploymentRunner*> of(const std::string& service) const;

  /// It runs no more.
  void end(const DeploymentRunner& runner);
  /// History has an end: forgets the oldest finished deployments of the service, but for `kept`,
  /// and says which.
  std::vector<DeploymentNumber> prune(const std::string& service, const DeploymentRunner* kept);

 private:
  DeploymentRunner& add(DeploymentNumber number, DeploymentSpec spec, WallTime created, Mono now);

  Runners runners_;
  std::unordered_map<std::string, std::set<DeploymentNumber>> by_service_;
  std::map<std::string, DeploymentNumber> running_;  ///< By service.
  DeploymentNumber next_number_ = 1;
};

/// Null also where its service is not served any more.
DeploymentRunner* find_served(const DeploymentTable& deployments, const ServiceRegistry& services,
                              const DeploymentId& id);

}  // namespace teal::control
