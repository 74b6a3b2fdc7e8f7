#include "app/system/control_priority.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace teal::app {
namespace {

constexpr int kSteps = 10;

}  // namespace

ControlPriority::ControlPriority(Log& log) : log_(log), ordinary_(::getpriority(PRIO_PROCESS, 0)) {}

void ControlPriority::raise() {
  if (std::exchange(was_tried_, true) || set(true)) return;
  log_.info(
      "the control thread may not go before the workers: under full load a verdict on a "
      "release may wait for a millisecond",
      {{"reason", std::strerror(errno)}, {"remedy", "CAP_SYS_NICE, or LimitNICE=-10"}});
}

/// On Linux the process 0 is the calling thread.
bool ControlPriority::set(bool raised) {
  if (::setpriority(PRIO_PROCESS, 0, raised ? ordinary_ - kSteps : ordinary_) != 0) return false;
  is_raised_ = raised;
  return true;
}

ControlPriority::Ordinary::Ordinary(ControlPriority& priority)
    : priority_(priority), was_raised_(priority.is_raised_) {
  if (was_raised_) priority_.set(false);
}

ControlPriority::Ordinary::~Ordinary() {
  if (was_raised_) priority_.set(true);
}

}  // namespace teal::app
