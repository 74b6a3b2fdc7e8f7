// Publisher: hands services that have changed to the workers and remembers who waits for their
// word. A publication has a snapshot of each service that it is about and that is not as the
// workers have it (base/publication.h); one that changes nothing is not made, and whoever wanted it
// waits for the last one. What it costs depends on the services that it is about, and not on how
// many there are.
//
// Changes of health alone may come in a small burst, but no more than twenty a second for long, for
// each service apart; what has to wait goes with the next tick.
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
#include "control/registry/service_registry.h"

namespace teal::control {

class Publisher {
 public:
  Publisher(Ports& ports, ServiceRegistry& services)
      : ports_(ports), services_(services), self_(std::make_shared<Publisher*>(this)) {}
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// The service, and no other, unless every worker has been handed just this. The first
  /// publication has all of them.
  void publish(ServiceEntry& service);
  /// Health alone: at once, or with the next publish_changed().
  void publish_health(ServiceEntry& service, Mono now);
  /// All that have changed, those included whose health has had to wait.
  void publish_changed(Mono now);
  /// Something else than the services has changed that goes with them: the next publication is
  /// made, be it of none.
  void renew() { is_renewed_ = true; }
  /// Once every worker runs on the last publication; at once where that is so already.
  void when_applied(std::function<void()> then);

  std::uint64_t count() const { return count_; }
  /// When the last worker took the last publication that all run on.
  Mono applied_at() const { return applied_at_; }

 private:
  void hand_over(const std::vector<ServiceEntry*>& services);
  void applied(std::uint64_t version, Mono at);

  Ports& ports_;
  ServiceRegistry& services_;
  std::shared_ptr<Publisher*> self_;  ///< Late acknowledgements must not find a dead publisher.
  bool is_renewed_ = true;
  std::uint64_t count_ = 0;
  std::uint64_t applied_ = 0;
  Mono applied_at_;
  std::deque<std::pair<std::uint64_t, std::function<void()>>> waiting_;
};

}  // namespace teal::control
