#include "proxy/exchange/tunnel.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "proxy/loop/target_runtime.h"

namespace teal::proxy {

Tunnel::Tunnel(const Ends& ends, Labels labels, Shard& counters, net::TimerWheel& wheel,
               net::Timer& timer, Mono now)
    : client_(ends.client),
      target_side_(ends.target_side),
      target_(ends.target),
      labels_(std::move(labels)),
      counters_(counters),
      wheel_(wheel),
      timer_(timer) {
  auto& tunnels = target_.connections().tunnels;
  tunnel_index = tunnels.size();
  tunnels.push_back(this);
  counters_[Stat::tunnels].add();
  counters_[Stat::tunnels_active].add();
  set_deadline(now);
}

Tunnel::~Tunnel() {
  auto& tunnels = target_.connections().tunnels;
  TEAL_ASSERT(tunnels[tunnel_index] == this);
  tunnels[tunnel_index] = tunnels.back();
  tunnels[tunnel_index]->tunnel_index = tunnel_index;
  tunnels.pop_back();
  counters_[Stat::tunnels_active].subtract();
}

void Tunnel::on_client_bytes(std::string_view bytes, Mono now) {
  target_side_.send_body(bytes);
  set_deadline(now);
}

void Tunnel::on_target_bytes(std::string_view bytes, Mono now) {
  client_.send_body(bytes);
  set_deadline(now);
}

bool Tunnel::on_client_end(Mono now) {
  if (std::exchange(client_ended_, true)) return false;
  target_side_.send_end({});
  set_deadline(now);
  return is_over();
}

bool Tunnel::on_target_end(Mono now) {
  if (std::exchange(target_ended_, true)) return false;
  client_.send_end({});
  set_deadline(now);
  return is_over();
}

bool Tunnel::is_over() const {
  return client_ended_ && target_ended_ && target_side_.is_drained();
}

/// Each at a moment of its own: clients that all come back at once are a flood.
void Tunnel::on_target_retired(Mono now, Rng& rng) {
  const auto drain = static_cast<std::uint32_t>(labels_.timeouts.tunnel_drain.count());
  drained_ = now + Millis{drain - rng.below(drain / 10 + 1)};
  set_deadline(now);
}

Termination Tunnel::on_deadline(Mono now) {
  if (now >= drained_) {
    counters_[Stat::tunnels_drained].add();
    return Termination::tunnel_drained;
  }
  (*target_.stats)[ServiceStat::tunnel_timeouts].add();
  return Termination::tunnel_idle;
}

/// Behind the end of the target's side there is nothing that a client could break off: how it
/// leaves then is its own affair.
Termination Tunnel::on_client_gone(bool in_order) {
  if (in_order || target_ended_) return Termination::ok;
  counters_[Stat::client_aborts].add();
  return Termination::client_gone;
}

void Tunnel::end_client(Termination why, bool client_is_gone) {
  const bool is_stuck = why == Termination::tunnel_idle && client_.is_output_blocked();
  if (is_stuck || why == Termination::upstream_truncated || why == Termination::refused) {
    client_.send_truncated();
  } else if (!target_ended_ && !client_is_gone) {
    client_.send_end({});
  }
}

/// Where one side has ended its part nobody may be left to end the other.
void Tunnel::set_deadline(Mono now) {
  const config::ServiceTimeouts& limits = labels_.timeouts;
  const bool is_half = client_ended_ || target_ended_;
  const Millis idle =
      is_half ? std::min(limits.tunnel_idle, limits.stream_idle) : limits.tunnel_idle;
  const Mono deadline = std::min(idle.count() > 0 ? now + idle : Mono::max(), drained_);
  if (deadline == Mono::max()) {
    timer_.cancel();
  } else {
    wheel_.set(timer_, deadline);
  }
}

}  // namespace teal::proxy
