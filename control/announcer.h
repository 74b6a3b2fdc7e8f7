// Announcer: everything worth telling a person, numbered: the last thousand lines for late
// subscribers, the subscribers, and the operator's log.
//
// Control thread. Does not know HTTP; a listener that is slow must queue for itself.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "base/log.h"
#include "control/reports.h"

namespace teal::control {

class Announcer {
 public:
  static constexpr std::size_t kKept = 1000;
  using Listener = std::function<void(const Announcement&)>;

  Announcer(const Clock& clock, Log& log) : clock_(clock), log_(log) {}

  void say(Level level, std::string type, std::string service, DeploymentId deployment,
           std::string text);
  const std::deque<Announcement>& last() const { return last_; }
  std::uint64_t subscribe(Listener listener);
  void unsubscribe(std::uint64_t token) { listeners_.erase(token); }

 private:
  const Clock& clock_;
  Log& log_;
  std::deque<Announcement> last_;
  std::map<std::uint64_t, Listener> listeners_;
  std::uint64_t sequence_ = 0;
  std::uint64_t next_token_ = 1;
};

}  // namespace teal::control
