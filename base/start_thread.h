// Starts a thread, where the system may have none to give: an Error with the remedy then, not an
// exception.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "base/result.h"

namespace teal {

/// `name`: as ps and top show it, at most 15 bytes. `what`: for a person, as in "cannot start the
/// thread of probes". Whoever holds `thread` joins it. Requires: it does not run.
Result<void> start_thread(std::thread& thread, const std::string& name, const std::string& what,
                          std::function<void()> body);

}  // namespace teal
