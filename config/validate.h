// The rules that concern several keys or sections at once: names that must be known, addresses and
// routes that must be unique, what must not be missing. Looks at finished structs and finds the
// places in the report.
//
// Cold path. What concerns one key is checked where it is read.
#pragma once

#include "config/config.h"
#include "config/report.h"

namespace teal::config {

void validate(const Config& config, Report& report);

}  // namespace teal::config
