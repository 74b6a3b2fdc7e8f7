// What became of one read or write that does not wait.
#pragma once

#include <cstddef>

namespace teal::net {

struct ReadResult {
  std::size_t size = 0;
  bool drained = false;  ///< Wait for the next readiness before reading again.
  /// The peer will send no more. Over TLS it has said so: an end without that is an error.
  bool eof = false;
  int error = 0;  ///< errno, or 0.
};

struct WriteResult {
  std::size_t size = 0;
  int error = 0;  ///< errno, or 0; what would block is size < asked and no error.
};

}  // namespace teal::net
