// What the system says about this process, for the exporter. Reads /proc; a figure that cannot be
// read is 0.
#pragma once

#include "base/time.h"
#include "control/metrics/exporter.h"

namespace teal::app {

control::ProcessFigures read_process_figures(WallTime started);

}  // namespace teal::app
