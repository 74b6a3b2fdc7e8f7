// Terminal: where the command line writes, and what is known about it. Made once from the process
// (app/cli.cc), by hand in tests.
#pragma once

#include <functional>
#include <iosfwd>
#include <limits>
#include <string>

#include "base/clock.h"
#include "base/time.h"

namespace teal::app {

struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool is_tty = false;
  bool colour = false;  ///< Only on a terminal, and not where NO_COLOR is set.
  int columns = 100;    ///< Of a terminal.
  /// The environment's TEAL_ADMIN, or the default.
  std::string admin = "127.0.0.1:9900";
  /// Lets time pass between two looks; false where the user wants to leave (Ctrl-C).
  std::function<bool(Millis)> pause;
  /// What deadlines are measured by.
  std::function<Mono()> now = [] { return SystemClock{}.mono(); };
  /// Lets Ctrl-C end the process again, which between two pauses waits for the next; may be empty.
  std::function<void()> unblock = {};
  /// How long somebody who is typing waits for names that only a running Teal knows.
  Millis typing_limit{200};

  /// Longer lines are cut; where there is no terminal, none is.
  int width() const { return is_tty ? columns : std::numeric_limits<int>::max(); }
};

}  // namespace teal::app
