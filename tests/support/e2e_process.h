// Process: a program started by a test, its output in files, waited for with a deadline and stopped
// by its id. TempDir: a place for its files that is gone afterwards.
//
// The child is killed by the kernel if the test dies first.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/e2e_deadline.h"

namespace teal::e2e {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);

/// How a process ended: its exit code, or minus the signal that ended it.
using ExitCode = int;

class Process {
 public:
  /// Output is appended to the files. Throws std::runtime_error if it cannot be started.
  Process(const std::vector<std::string>& arguments, const std::string& stdout_path,
          const std::string& stderr_path, const std::string& directory = {});
  ~Process();  ///< Kills it if it still runs.
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t id() const { return id_; }
  void signal(int number) const;
  /// Nothing if it still runs at the deadline.
  std::optional<ExitCode> wait(Deadline deadline = Deadline{});
  bool has_ended();

 private:
  pid_t id_ = -1;
  std::optional<ExitCode> ended_;
};

struct Finished {
  ExitCode code = 0;
  std::string out, err;
};

/// Runs a program to its end; -1000 as its code if it did not end in time.
Finished run(const std::vector<std::string>& arguments, const std::string& input = {},
             Deadline deadline = Deadline{std::chrono::seconds{30}});

}  // namespace teal::e2e
