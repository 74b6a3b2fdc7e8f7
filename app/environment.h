// What `${NAME}` in a configuration stands for: the variables of the process.
//
// Read once, at the beginning, by whoever reads a configuration.
#pragma once

#include "config/load.h"

namespace teal::app {

config::Variables environment();

}  // namespace teal::app
