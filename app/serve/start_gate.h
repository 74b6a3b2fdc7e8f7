// StartGate: holds the first publication back until targets have been looked for once and their
// first health checks are in, so that a restart answers nobody 503 for want of an answer that comes
// in milliseconds. Clients that connect meanwhile wait in the listeners' backlog. A target or a
// resolver that says nothing holds it up for kPatience at most.
//
// Control thread. Knows no sockets: it looks at what it is offered.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/publication.h"
#include "base/time.h"

namespace teal::app {

class StartGate {
 public:
  static constexpr Millis kPatience{2000};

  using Applied = std::function<void(Mono at)>;

  StartGate(boost::asio::io_context& io, std::function<void(Publication, Applied)> open)
      : timer_(io), open_(std::move(open)) {}

  bool is_open() const { return is_open_; }

  /// So many others have to say something first. Requires: nothing was offered yet.
  void await(std::size_t others) { awaited_ = others; }
  /// One of them has.
  void came() {
    if (awaited_ == 0) return;
    --awaited_;
    if (awaited_ == 0 && unknown_ == 0 && !applied_.empty()) let_go();
  }

  /// What a newer publication says of a service takes the place of what an older one did, and both
  /// are answered for. Requires: !is_open().
  void offer(Publication publication, Applied applied) {
    const bool is_first = applied_.empty();
    applied_.push_back(std::move(applied));
    version_ = publication.version;
    for (SharedService& service : publication.services) {
      Held& held = held_[service->id];
      unknown_ -= std::exchange(held.unknown, unknown_in(*service));
      unknown_ += held.unknown;
      held.service = std::move(service);
    }
    if (unknown_ == 0 && awaited_ == 0) {
      let_go();
    } else if (is_first) {
      timer_.expires_after(kPatience);
      timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) let_go();
      });
    }
  }

 private:
  struct Held {
    SharedService service;
    std::size_t unknown = 0;  ///< Targets whose health is.
  };

  static std::size_t unknown_in(const ServiceSnapshot& service) {
    std::size_t unknown = 0;
    for (const Colour colour : kColours)
      unknown += static_cast<std::size_t>(std::ranges::count(
          *service.groups[colour].targets, Health::unknown, &TargetState::health));
    return unknown;
  }

  void let_go() {
    if (std::exchange(is_open_, true)) return;
    timer_.cancel();
    Publication all{version_, {}};
    for (auto& [id, held] : std::exchange(held_, {})) all.services.push_back(held.service);
    open_(std::move(all), [applied = std::exchange(applied_, {})](Mono at) {
      for (const Applied& each : applied) each(at);
    });
  }

  boost::asio::steady_timer timer_;
  std::function<void(Publication, Applied)> open_;
  std::uint64_t version_ = 0;
  std::map<ServiceId, Held> held_;
  std::size_t unknown_ = 0;       ///< Of all services.
  std::size_t awaited_ = 0;       ///< Sources that have not been looked at yet.
  std::vector<Applied> applied_;  ///< Of all offers, in their order.
  bool is_open_ = false;
};

}  // namespace teal::app
