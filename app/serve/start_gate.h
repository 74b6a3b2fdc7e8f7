// StartGate: holds the first publication back until the targets' first health checks are in, so
// that a restart answers nobody 503 for want of an answer that comes in milliseconds. Clients that
// connect meanwhile wait in the listeners' backlog. A target that says nothing holds it up for
// kPatience at most.
//
// Control thread. Knows no sockets and no health: it looks at the states it is offered.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/service_state.h"
#include "base/time.h"

namespace teal::app {

class StartGate {
 public:
  static constexpr Millis kPatience{2000};

  struct Publication {
    std::uint64_t version = 0;
    std::vector<ServiceState> states;
    std::function<void(Mono at)> applied;
  };

  StartGate(boost::asio::io_context& io, std::function<void(Publication)> open)
      : timer_(io), open_(std::move(open)) {}

  bool is_open() const { return is_open_; }

  /// A newer publication takes an older one's place and answers for it too.
  /// Requires: !is_open().
  void offer(Publication publication) {
    const bool first = !held_.applied;
    if (!first)
      publication.applied = [older = std::move(held_.applied),
                             newer = std::move(publication.applied)](Mono at) {
        older(at);
        newer(at);
      };
    held_ = std::move(publication);
    if (is_known(held_.states)) {
      let_go();
    } else if (first) {
      timer_.expires_after(kPatience);
      timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) let_go();
      });
    }
  }

 private:
  static bool is_known(const std::vector<ServiceState>& states) {
    for (const ServiceState& service : states)
      for (const Colour colour : kColours) {
        const auto& targets = service.groups[colour].targets;
        if (std::any_of(targets.begin(), targets.end(),
                        [](const TargetState& target) { return target.health == Health::unknown; }))
          return false;
      }
    return true;
  }

  void let_go() {
    if (std::exchange(is_open_, true)) return;
    timer_.cancel();
    open_(std::move(held_));
  }

  boost::asio::steady_timer timer_;
  std::function<void(Publication)> open_;
  Publication held_;
  bool is_open_ = false;
};

}  // namespace teal::app
