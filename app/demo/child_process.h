// A process that we started: this very binary with other arguments. It ends when its owner goes
// away.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace teal::app {

class ChildProcess {
 public:
  /// Starts this binary with `arguments`; standard error goes to `log_path`, standard output to us,
  /// standard input stays open as long as we live.
  static Result<ChildProcess> start(const std::vector<std::string>& arguments,
                                    const std::string& log_path);
  ChildProcess(ChildProcess&& from) noexcept;
  ChildProcess& operator=(ChildProcess&& from) noexcept;
  ~ChildProcess();  ///< SIGTERM, then SIGKILL if it does not go within 3 s.

  /// The next line of its standard output; nothing if it ends or is silent for `patience`.
  std::optional<std::string> read_line(Millis patience);
  void stop();
  /// Let it run on when we end.
  void release();
  pid_t pid() const { return pid_; }

 private:
  ChildProcess() = default;

  pid_t pid_ = -1;
  int input_ = -1;   ///< Its standard input.
  int output_ = -1;  ///< Its standard output.
  std::string buffered_;
};

}  // namespace teal::app
