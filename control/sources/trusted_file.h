// Reading a file that says where requests go: only what the system's administrator or Teal's own
// user has written is believed, and only where nobody else could have written it since.
//
// Blocks on the disk: on the thread that looks for targets.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "control/discovery/finding.h"

namespace teal::control {

struct TrustedFile {
  std::string text;
  std::optional<LookProblem> problem;  ///< Then there is no text.
};

/// The whole of a regular file of at most `most` bytes that belongs to root or to `user`, and that
/// neither its group nor others can write to. Symbolic links are followed.
TrustedFile read_trusted_file(const std::string& path, std::size_t most, unsigned user);

}  // namespace teal::control
