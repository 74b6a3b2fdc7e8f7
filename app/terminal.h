// Terminal: where the command line writes, and what is known about it. Made once from the process
// (app/cli.cc), by hand in tests.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "base/time.h"

namespace teal::app {

struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool is_tty = false;
  bool colour = false;  ///< Only on a terminal, and not where NO_COLOR is set.
  int columns = 100;
  /// The environment's TEAL_ADMIN, or the default.
  std::string admin = "127.0.0.1:9900";
  /// Lets time pass between two looks; false where the user wants to leave (Ctrl-C).
  std::function<bool(Millis)> pause;
};

}  // namespace teal::app
