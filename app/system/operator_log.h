// The operator's log through spdlog: one event a line on standard error, "time level message
// key=value ...". What comes from outside is escaped (base/printable.h): it forges no line and
// moves no cursor. Thread-safe.
//
// Where standard error takes nothing (a full disk, a closed pipe) lines are lost, and the next one
// that is taken is preceded by how many; a line that was cut is ended first.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"

namespace teal::app {

/// `quiet`: warnings and errors only. `descriptor` is not closed.
std::unique_ptr<Log> make_operator_log(bool quiet, int descriptor = 2);

/// The message and its fields as one line, without its end.
std::string operator_line(std::string_view message, std::initializer_list<LogField> fields);

}  // namespace teal::app
