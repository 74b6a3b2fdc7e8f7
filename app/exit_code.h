// What the command line says at its end to who started it; documented in `teal --help`.
#pragma once

namespace teal::app {

enum ExitCode : int {
  kSuccess = 0,
  kError = 1,
  kUsage = 2,
  kRolledBack = 3,
  kNotDeployed = 4,  ///< Stopped or failed, and not rolled back.
  kTimedOut = 5,
};

}  // namespace teal::app
