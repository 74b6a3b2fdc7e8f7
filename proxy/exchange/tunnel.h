// Tunnel: what an exchange is once its target has agreed to speak another protocol on the
// connection (101, RFC 9110, section 7.8), WebSocket in most cases. Bytes go both ways as they are;
// a side that takes no more stops the other, a side that has ended leaves the other its word.
//
// With the 101 the request is over for all numbers and for the judge, who look at how long an
// answer took and not at how long two programs talk. What remains is a tunnel: counted for itself,
// logged at its end, and of the routing truth it keeps only copies of what it needs, so that it
// holds no old view. It stays with its target through every shift; when the target leaves its
// group the tunnel gets `tunnel_drain`.
//
// Owned by its exchange and there only while there is a tunnel; its worker's thread. It sets the
// exchange's timer, and says when it is over; the exchange then lets go of the target's side and
// destroys it. Does not agree to a change of protocol (exchange/upgrade.cc), count bytes or log.
#pragma once

#include <string>
#include <string_view>

#include "base/rng.h"
#include "base/time.h"
#include "config/config.h"
#include "net/io/timer_wheel.h"
#include "proxy/exchange/client_side.h"
#include "proxy/exchange/target_side.h"
#include "proxy/loop/target_users.h"
#include "proxy/telemetry/access_log.h"
#include "proxy/telemetry/shard.h"

namespace teal::proxy {

struct TargetRuntime;

class Tunnel final : public TargetTunnel {
 public:
  /// What it connects. All of it outlives the tunnel, but for the target's side once it is over.
  struct Ends {
    ClientSide& client;
    TargetSide& target_side;
    TargetRuntime& target;
  };
  /// Of the service, for the log and for its deadlines.
  struct Labels {
    std::string service;
    std::string revision;
    config::ServiceTimeouts timeouts;
  };

  /// Counts it, and tells the target of it. `timer` is set by it from now on; whose it is calls
  /// on_deadline() when it fires.
  Tunnel(const Ends& ends, Labels labels, Shard& counters, net::TimerWheel& wheel,
         net::Timer& timer, Mono now);
  ~Tunnel();
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  const std::string& service() const { return labels_.service; }
  const std::string& revision() const { return labels_.revision; }

  /// The client has not ended its part.
  bool wants_client_bytes() const { return !client_ended_; }
  void on_client_bytes(std::string_view bytes, Mono now);
  void on_target_bytes(std::string_view bytes, Mono now);
  // True: the tunnel is over.
  [[nodiscard]] bool on_client_end(Mono now);
  [[nodiscard]] bool on_target_end(Mono now);
  /// Both sides have ended, and the target has all that the client said: what the client said last
  /// has to reach it first. The client's side waits by itself.
  bool is_over() const;
  /// A side that took no more takes bytes again.
  void on_unblocked(Mono now) { set_deadline(now); }

  /// The target has left its group: the tunnel ends some time within `tunnel_drain`.
  void on_target_retired(Mono now, Rng& rng) override;
  /// The timer has fired: why the tunnel is over. Counts that.
  Termination on_deadline(Mono now);
  /// The client is gone: how the tunnel ends. Counts an abort.
  Termination on_client_gone(bool in_order);

  /// It is over, and the target's side was let go of: tells the client, who sees an end in order
  /// unless somebody was cut off in the middle. `client_is_gone`: there is nobody to tell.
  void end_client(Termination why, bool client_is_gone);

 private:
  void set_deadline(Mono now);

  ClientSide& client_;
  TargetSide& target_side_;
  TargetRuntime& target_;
  Labels labels_;
  Shard& counters_;
  net::TimerWheel& wheel_;
  net::Timer& timer_;
  Mono drained_ = Mono::max();  ///< When it is to end, since its target was retired.
  bool client_ended_ = false;
  bool target_ended_ = false;
};

}  // namespace teal::proxy
