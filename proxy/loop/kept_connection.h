// KeptConnection: a connection to a target, as far as those know it who keep it between requests
// and end it when nobody needs it: the pool (idle_pool.h) and its target's lists
// (target_runtime.h).
//
// Worker thread. What it speaks and how it is made is upstream/'s.
#pragma once

#include "proxy/loop/channel.h"
#include "proxy/telemetry/service_stats.h"

namespace teal::proxy {

class KeptConnection : public Channel {
 public:
  /// Closes a connection that nobody uses.
  virtual void close_idle() = 0;
  /// Takes no further requests, and ends with the last one; at once where nobody uses it.
  virtual void retire() { close_idle(); }
  /// The worker's numbers of the target's service.
  virtual ServiceShard& stats() = 0;

 protected:
  using Channel::Channel;
};

}  // namespace teal::proxy
