// Publisher: hands the services' states to the workers and remembers who waits for their word.
// A publication that changes nothing is not made; whoever wanted it waits for the last one.
// Changes of health alone may come in a small burst, but no more than twenty a second for long.
//
// Control thread. Does not decide what is published.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/time.h"
#include "control/deploy/ports.h"

namespace teal::control {

class Publisher {
 public:
  static constexpr Millis kHealthPause{50};  ///< Earns one turn.
  static constexpr int kHealthBurst = 10;    ///< Turns that can be saved up.

  explicit Publisher(Ports& ports) : ports_(ports), self_(std::make_shared<Publisher*>(this)) {}
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Unless every worker has been handed just these.
  void publish(const std::vector<ServiceState>& states);
  /// Something else than the states has changed that goes with them: the next publication is made.
  void renew() { is_renewed_ = true; }
  /// True when one more change of health may go out now: the next ones of a flood wait.
  bool take_health_turn(Mono now);
  /// Once every worker runs on the last publication; at once where that is so already.
  void when_applied(std::function<void()> then);

  std::uint64_t count() const { return count_; }
  /// When the last worker took the last publication that all run on.
  Mono applied_at() const { return applied_at_; }

 private:
  void applied(std::uint64_t version, Mono at);

  Ports& ports_;
  std::shared_ptr<Publisher*> self_;  ///< Late acknowledgements must not find a dead publisher.
  std::vector<ServiceState> published_;
  bool is_renewed_ = true;
  std::uint64_t count_ = 0;
  std::uint64_t applied_ = 0;
  Mono applied_at_;
  int turns_ = kHealthBurst;
  Mono refilled_;
  std::deque<std::pair<std::uint64_t, std::function<void()>>> waiting_;
};

}  // namespace teal::control
