// The faces of requests that a target or its group may have to call: those that wait for room, and
// those that have become tunnels.
//
// Worker thread. Who is listed takes itself out before it is gone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/rng.h"
#include "base/time.h"

namespace teal::proxy {

/// In GroupRuntime::waiting.
class WaitingRequest {
 public:
  virtual ~WaitingRequest() = default;
  /// A target of the group has room, or the routing truth has changed. It leaves the queue and
  /// tries; where the room is gone again it goes back to its place.
  virtual void on_room() = 0;
  virtual Mono queued_at() const = 0;
  /// Of this worker's, in the order in which they came.
  virtual std::uint64_t queue_number() const = 0;
  /// Not all targets of the group are for it any more.
  virtual bool has_tried_targets() const = 0;
};

/// In TargetRuntime::tunnels.
class TargetTunnel {
 public:
  /// The target has left its group: the tunnel is to end, in time.
  virtual void on_target_retired(Mono now, Rng& rng) = 0;
  std::size_t tunnel_index = 0;  ///< In the target's list.

 protected:
  ~TargetTunnel() = default;
};

}  // namespace teal::proxy
