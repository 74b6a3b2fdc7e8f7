// What works and is hardly meant: `teal check` says it as warnings, nothing is refused for it.
//
// Cold path. Looks at finished structs and finds the places in the report, as config/validate.h.
#pragma once

#include "config/config.h"
#include "config/report.h"

namespace teal::config {

void advise(const Config& config, Report& report);

}  // namespace teal::config
