// Requests by chance: for what random configurations name (sim_names.h), for what is near to that,
// and for what is odd.
//
// Pure given the generator.
#pragma once

#include <string>
#include <vector>

#include "base/rng.h"
#include "tests/support/sim_teal.h"

namespace teal::sim {

/// `cookies`: that were given to clients.
SimRequest random_request(Rng& rng, const std::vector<std::string>& cookies);

}  // namespace teal::sim
