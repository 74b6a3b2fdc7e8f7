// The operator's log through spdlog: one event a line on standard error, "time level message
// key=value ...". Thread-safe.
#pragma once

#include <memory>

#include "base/log.h"

namespace teal::app {

/// `quiet`: warnings and errors only.
std::unique_ptr<Log> make_operator_log(bool quiet);

}  // namespace teal::app
