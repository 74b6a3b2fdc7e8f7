// The JSON form of the engine's events, in which the journal keeps them; it reads back to equal
// values. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "control/engine/protocol.h"

namespace teal::control {

/// One line of JSON for the journal.
std::string to_json(const Event& event);
Result<Event> event_from_json(std::string_view json);

}  // namespace teal::control
