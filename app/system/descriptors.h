// How many descriptors this process may have open (RLIMIT_NOFILE).
//
// Any thread. What is made of the number is app/serve/overload_watch.h's.
#pragma once

#include <cstdint>

namespace teal::app {

/// As many as the system allows: a proxy needs two for each request in flight.
void raise_descriptor_limit();

/// What the process may have now; 0: no limit.
std::uint64_t read_descriptor_limit();

}  // namespace teal::app
