// What the store keeps of a service's discovery, within the service's own record: what each source
// named last, so that a start with a dead resolver begins with it, and what discovery has brought.
//
// Plain functions, any thread. An older record has nothing of it; what is no address is left out.
#pragma once

#include <boost/json/fwd.hpp>

#include "control/discovery/target_sets.h"

namespace teal::control {

boost::json::object discovery_record(const SavedSets& sets);
SavedSets read_discovery_record(const boost::json::object& record);

}  // namespace teal::control
