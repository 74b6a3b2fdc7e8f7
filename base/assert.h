// TEAL_ASSERT states what must be true of our own code. It is on in release builds: a front door
// that crashes is restarted in a safe state, one that shifts by a wrong weight hurts people.
//
// Not for anything the outside world can cause: that is a Result (base/result.h).
#pragma once

#include <string_view>

namespace teal {

/// Says on standard error what did not hold, and aborts.
[[noreturn]] void assertion_failed(std::string_view expression, const char* file, unsigned line);

}  // namespace teal

#define TEAL_ASSERT(expression)                                  \
  do {                                                           \
    if (!(expression)) [[unlikely]]                              \
      ::teal::assertion_failed(#expression, __FILE__, __LINE__); \
  } while (false)
