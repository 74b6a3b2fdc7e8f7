// AbsentServices: what the store knows of services that the configuration does not name, waiting
// for their return, and which of them have a deployment that stands still.
//
// Control thread. Reads no store and tells nobody: the Controller does.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/registry/service_registry.h"
#include "control/store/store.h"

namespace teal::control {

struct ParkedService {
  std::string name;
  DeploymentId deployment;  ///< That stands still; empty: none does.
  std::string text;         ///< For a person.
};

/// In the order of their names. Pure.
std::vector<ParkedService> parked_services(const Contents& contents,
                                           const ServiceRegistry& services, Mono now);

class AbsentServices {
 public:
  /// The rows of all services that are not among `services`.
  void begin(const Contents& contents, const ServiceRegistry& services);
  /// Its deployment stands still.
  void park(const ParkedService& service) { parked_[service.name] = service.text; }
  /// It has just gone, and no deployment of it runs.
  void add(const ServiceRow& row) { contents_[row.name].services = {row}; }

  bool has(const std::string& service) const { return contents_.contains(service); }
  /// It is back. Nothing: it was never there.
  std::optional<Contents> take(const std::string& service);

  /// By name, those whose deployments stand still: in words for a person.
  const std::map<std::string, std::string>& parked() const { return parked_; }

 private:
  std::map<std::string, Contents> contents_;
  std::map<std::string, std::string> parked_;
};

}  // namespace teal::control
