// ControlInbox: what workers tell control, as far as it is not read from their counters. WorkerPool
// carries it to the control thread.
//
// Called on worker threads. A call returns at once; control hears of it when it comes to it.
#pragma once

#include <vector>

#include "base/outcome.h"

namespace teal::proxy {

class ControlInbox {
 public:
  /// The worker has put a batch of reports (ReportSender) for control to take.
  virtual void reported() = 0;
  /// The exposure of some service's deployment has news.
  virtual void exposed() = 0;
  /// What the worker saw of the targets that are compared, about once a second.
  virtual void tallies(std::vector<TargetTally> tallies) = 0;

 protected:
  ~ControlInbox() = default;
};

}  // namespace teal::proxy
