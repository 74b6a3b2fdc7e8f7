// Services that the store knows and the file does not name any more: what waits for their return.
//
// Pure.
#pragma once

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

/// In the order of their names.
std::vector<ParkedService> parked_services(const Contents& contents,
                                           const ServiceRegistry& services, Mono now);

}  // namespace teal::control
