// What stands otherwise in one Teal than in another that has the same configuration: routes,
// services, groups, targets and their limits, by names and values, never by ids or pointers. Left
// out is what decides nothing: what has been counted, and what is counted for judges.
//
// Free functions.
#pragma once

#include <string>

#include "tests/support/sim_teal.h"

namespace teal::sim {

/// The first differences, one on each line; empty: there is none.
std::string differences(const SimTeal& one, const SimTeal& other);

}  // namespace teal::sim
