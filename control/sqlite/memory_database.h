// Databases in memory, of bytes that somebody has: to look at them, or to change a copy.
//
// Any thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "control/sqlite/sqlite_statement.h"

namespace teal::control {

/// Reads these bytes, which outlive it. Null: there is no memory.
Database read_in_memory(unsigned char* bytes, std::size_t size);
/// A copy that may be changed and grow. Null: there is no memory.
Database copy_into_memory(std::string_view bytes);

}  // namespace teal::control
