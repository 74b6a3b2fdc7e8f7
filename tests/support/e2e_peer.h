// PythonPeer: a program of tests/support/ that speaks a protocol by another's implementation. It
// says on its first line that it is ready; a server says its port there.
//
// One thread.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/e2e_process.h"

namespace teal::e2e {

class PythonPeer {
 public:
  /// The script's name and its arguments.
  explicit PythonPeer(std::vector<std::string> arguments)
      : process_(command(std::move(arguments)), dir_ / "out", dir_ / "err") {
    EXPECT_TRUE(eventually([&] { return output().find('\n') != std::string::npos; })) << errors();
  }

  std::string address() const { return "127.0.0.1:" + first_line(); }
  std::string output() const { return read_file(dir_ / "out"); }
  std::string first_line() const { return output().substr(0, output().find('\n')); }
  std::string errors() const { return read_file(dir_ / "err"); }
  void signal(int number) const { process_.signal(number); }
  std::optional<ExitCode> wait(Deadline deadline = Deadline{}) { return process_.wait(deadline); }

 private:
  static std::vector<std::string> command(std::vector<std::string> arguments) {
    arguments[0] = std::string(TEAL_SOURCE_DIR) + "/tests/support/" + arguments[0];
    // Debian's own: its modules are not those of another Python.
    arguments.insert(arguments.begin(), "/usr/bin/python3");
    return arguments;
  }

  TempDir dir_;
  Process process_;
};

}  // namespace teal::e2e
