// Ports: the only things control can do to the world outside its thread. app/ implements them with
// the worker pool and the prober; tests implement them with vectors.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/own_sockets.h"
#include "base/publication.h"
#include "base/sticky_secrets.h"
#include "base/time.h"

namespace teal::control {

/// All requests that have ended, client aborts included.
inline std::uint64_t requests_of(const RequestCounts& requests) {
  std::uint64_t sum = 0;
  for (const auto& by_class : requests)
    for (const std::uint64_t count : by_class) sum += count;
  return sum;
}

class Ports {
 public:
  virtual ~Ports() = default;

  /// Hand these services to every worker, and the targets in them to the prober; the others stay as
  /// they are. `applied` is called on the control thread once every worker runs on it, with the
  /// time at which the last one began to; never from inside publish(). Publications are applied in
  /// order.
  virtual void publish(Publication publication, std::function<void(Mono at)> applied) = 0;

  /// What sticky cookies are made with from the next publication on, which carries them to all
  /// sticky services, also where it names none of them.
  virtual void set_sticky_secrets(const StickySecrets& secrets) = 0;

  /// Bytes that nobody can guess.
  virtual void draw_random(std::span<std::uint8_t> out) = 0;

  /// The sum of all workers' counters of one stream of traffic now; zeros where nothing is counted
  /// for it.
  virtual TrafficCounters read_traffic(const TrafficKey& key) = 0;

  /// How many requests of the stream have ended, client aborts included, in all workers:
  /// requests_of() what read_traffic() would say, for a handful of loads. Where that is as it was,
  /// none of the stream's durations, classes and errors has changed either.
  virtual std::uint64_t read_requests(const TrafficKey& key) = 0;

  /// As long as it is the same, no request of the service has ended: read_requests() of all its
  /// streams would say what they said. Cheap enough to be asked of thousands.
  virtual std::uint64_t read_activity(ServiceId service) = 0;

  /// The sum over all workers of what began in the stage's deployment, and of that in the stage.
  virtual StageReading read_stage(const TrafficKey& key, Stage stage) = 0;

  /// How many of what began in the deployment have ended: cheap enough for every batch of events.
  virtual Tallies read_tallies(const TrafficKey& key, std::uint64_t deployment) = 0;

  /// Of one group, now.
  virtual GroupInFlight read_in_flight(const std::string& service, Colour colour) = 0;

  /// Every judged request that began before has ended or was told of (Controller::on_judged_event).
  virtual Mono watermark() = 0;

  /// The socket of this very process that a target at this address would be.
  virtual std::optional<OwnSocket> own_socket(const Address& target) = 0;

  /// Look again (Controller::check_breach) as soon as watermark() is later than this; max: no need.
  virtual void notify_at_watermark(Mono began) = 0;

  /// Calls `call` then, or soon if that is past, and never from inside this. What was asked for
  /// before is forgotten.
  virtual void call_at(Mono deadline, std::function<void()> call) = 0;
};

}  // namespace teal::control
