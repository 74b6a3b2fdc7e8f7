// ControlPriority: the control thread goes before the workers on the core that it shares with one
// (nice(7), ten steps). A verdict takes it some fifty microseconds, but at full load a fair
// scheduler lets it pay first for what it did before, and that is a deployment's beginning, most of
// all, after which a broken release fails within the millisecond.
//
// Needs CAP_SYS_NICE or a limit for it (systemd: LimitNICE=-10); without, that is said once, and
// verdicts take up to a scheduler's turn longer. Control thread: it is the caller's priority that
// changes.
#pragma once

#include "base/log.h"

namespace teal::app {

class ControlPriority {
 public:
  /// Remembers the caller's priority as the ordinary one.
  explicit ControlPriority(Log& log);

  /// From now on, if it may. After the workers' threads were started: they would inherit it.
  void raise();

  /// Work that takes its time and that no verdict waits for is done at the ordinary priority, lest
  /// requests wait for all of it.
  class Ordinary {
   public:
    explicit Ordinary(ControlPriority& priority);
    ~Ordinary();
    Ordinary(const Ordinary&) = delete;
    Ordinary& operator=(const Ordinary&) = delete;

   private:
    ControlPriority& priority_;
    const bool was_raised_;
  };

 private:
  bool set(bool raised);

  Log& log_;
  const int ordinary_;
  bool is_raised_ = false;
  bool was_tried_ = false;
};

}  // namespace teal::app
