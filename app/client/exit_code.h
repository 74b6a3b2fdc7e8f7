// What the command line says at its end to who started it; documented in `teal --help`.
#pragma once

namespace teal::app {

enum ExitCode : int {
  kSuccess = 0,
  kError = 1,
  kUsage = 2,
  kRolledBack = 3,
  /// Stopped or failed, and not rolled back; or there was nobody healthy to go back to, and the
  /// release stays as fallback (NO_HEALTHY_BASELINE).
  kNotDeployed = 4,
  kTimedOut = 5,
  /// Teal gave no answer: it could not be reached, or not in time. What became of a deployment, or
  /// of a command that was sent, is unknown.
  kUnreachable = 6,
};

}  // namespace teal::app
