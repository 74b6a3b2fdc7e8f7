// The names that a running Teal knows, for whoever is typing one: found quickly or not at all.
//
// Blocks for as long as the client does. Says nothing where nobody answers.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/client/all_services.h"

namespace teal::app {

struct KnownNames {
  using Named = std::pair<std::string, std::string>;  ///< A name, and what it is.
  std::vector<Named> services;
  std::vector<Named> deployments;  ///< The running one of each service, or else its last.
};

/// Of the first page of services, which are a thousand; none where there is no good answer.
KnownNames ask_for_names(const Ask& ask);

}  // namespace teal::app
