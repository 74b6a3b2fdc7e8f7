// Announcer: everything worth telling a person, numbered: the last thousand lines for late
// subscribers, the subscribers, and the operator's log.
//
// Numbers are reserved in the store by the thousand, so that an event costs no write and a later
// process, whatever became of this one, begins behind all that were given out.
//
// Control thread. Does not know HTTP or write to the store; a listener that is slow must queue for
// itself.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "base/log.h"
#include "control/reports/reports.h"

namespace teal::control {

class Announcer {
 public:
  static constexpr std::size_t kKept = 1000;
  static constexpr std::uint64_t kBlock = 1000;  ///< Numbers that are reserved at a time.
  using Listener = std::function<void(const Announcement&)>;

  Announcer(const Clock& clock, Log& log) : clock_(clock), log_(log) {}

  /// Before the first say(): the store's id, the last number that it has reserved, and a word that
  /// is this process's alone.
  void begin(std::string store, std::uint64_t reserved, const std::string& process);

  void say(Level level, std::string type, std::string service, DeploymentId deployment,
           std::string text);
  const std::deque<Announcement>& last() const { return last_; }
  /// Of the newest announcement of this store; an earlier process's where this one made none.
  EventId last_id() const { return id_of(number_); }
  std::uint64_t subscribe(Listener listener);
  void unsubscribe(std::uint64_t token) { listeners_.erase(token); }

  /// True when half of a block is used up: room() is to be written.
  bool wants_room() const { return number_ + kBlock / 2 > reserved_; }
  /// What is to be reserved then.
  std::uint64_t room() const { return number_ + kBlock; }
  /// It is written.
  void reserve(std::uint64_t last) { reserved_ = std::max(reserved_, last); }

 private:
  EventId id_of(std::uint64_t number) const {
    return {number <= reserved_ ? store_ : unreserved_, number};
  }

  const Clock& clock_;
  Log& log_;
  std::deque<Announcement> last_;
  std::map<std::uint64_t, Listener> listeners_;
  std::string store_, unreserved_;
  std::uint64_t number_ = 0;
  std::uint64_t reserved_ = 0;
  std::uint64_t next_token_ = 1;
};

}  // namespace teal::control
