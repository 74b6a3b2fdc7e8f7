#include "app/client/reconnect.h"

#include <algorithm>
#include <ostream>

#include "base/printable.h"

namespace teal::app {

bool Reconnect::lost(const std::string& why, Millis most) {
  if (!is_lost_) terminal_.err << "teal: " << printable(why) << "; trying again\n" << std::flush;
  is_lost_ = true;
  const Millis now = std::min(next_, most);
  next_ = std::min(next_ * 2, kMaxPause);
  return terminal_.pause(now);
}

void Reconnect::back() {
  if (is_lost_) terminal_.err << "teal: Teal answers again\n" << std::flush;
  is_lost_ = false;
  next_ = kMinPause;
}

}  // namespace teal::app
