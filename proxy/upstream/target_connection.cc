#include "proxy/upstream/target_connection.h"

#include <utility>

#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

TargetConnection::TargetConnection(WorkerLoop& loop, net::Stream stream,
                                   boost::local_shared_ptr<TargetRuntime> target)
    : KeptConnection(loop, std::move(stream)),
      target_(std::move(target)),
      protocol_(target_->spec().upstream.protocol) {}

TargetConnection::~TargetConnection() = default;

/// Where descriptors are short an idle connection gives its own, and its number: that says how many
/// are free.
Result<net::Socket> TargetConnection::start_connect(WorkerLoop& loop, const net::Endpoint& to) {
  const int most = loop.shared().descriptors_for_targets.load(std::memory_order_relaxed);
  Result<net::Socket> socket = net::start_connect(to);
  if (!socket && socket.error().source() == Source::internal && loop.idle_pool().give_way())
    socket = net::start_connect(to);
  if (!socket || socket->fd() < most || !loop.idle_pool().give_way()) return socket;
  Result<net::Socket> lower = net::duplicate(*socket);
  return lower ? std::move(lower) : std::move(socket);
}

bool TargetConnection::begin_to_connect() {
  start_unconnected();
  const int most = loop_.shared().descriptors_for_targets.load(std::memory_order_relaxed);
  if (stream_.socket().fd() >= most || !watch()) return false;
  count_opened();
  (*target_->stats)[ServiceStat::upstream_connects].add();
  return true;
}

void TargetConnection::go_on_connecting(net::Readiness ready) {
  if (stream_.tls() != nullptr) {
    shake_hands();
    return;
  }
  if (!ready.write && !ready.broken) return;
  // A new socket takes so little at once.
  if (net::connect_error(stream_.socket()) != 0 ||
      (!proxy_header_.empty() && stream_.write(proxy_header_).size != proxy_header_.size())) {
    (*target_->stats)[ServiceStat::upstream_connect_failures].add();
    on_failed(Failure::connect);
    return;
  }
  const net::TlsClient* const tls = target_->tls().get();
  if (tls == nullptr) {
    on_open();
    return;
  }
  stream_.start_tls(std::make_unique<net::TlsSession>(*tls, target_->shared->address, protocol_,
                                                      loop_.tls_scratch(), stream_.socket().fd()));
  shake_hands();
}

void TargetConnection::shake_hands() {
  switch (stream_.tls()->handshake()) {
    case net::TlsSession::Progress::waiting: return;
    case net::TlsSession::Progress::done: on_open(); return;
    case net::TlsSession::Progress::failed: break;
  }
  ServiceShard& counters = *target_->stats;
  const bool is_refused = stream_.tls()->failure() == net::TlsFailure::certificate_refused;
  counters[is_refused ? ServiceStat::upstream_tls_refused : ServiceStat::upstream_tls_failures]
      .add();
  counters[ServiceStat::upstream_connect_failures].add();
  on_failed(Failure::tls);
}

// ---- in use, idle or closed ---------------------------------------------------------------------

void TargetConnection::count_opened() {
  (*target_->stats)[ServiceStat::upstream_active_connections].add();
  loop_.counters().upstream_connections.add();
}

bool TargetConnection::become_idle(IdleList& list) {
  ServiceShard& counters = *target_->stats;
  if (const auto& most = target_->spec().limits.idle_per_target) [[unlikely]] {
    if (!target_->shared->idle.take(*most)) {
      counters[ServiceStat::upstream_evicted_idle].add();
      return false;
    }
    is_capped_ = true;
  }
  if (!loop_.idle_pool().admit()) [[unlikely]] {
    counters[ServiceStat::upstream_evicted_idle].add();
    uncap();
    return false;
  }
  loop_.runtimes().note_busy(target_);
  list.push(of_target_);
  loop_.idle_pool().push(by_age_);
  ++target_->idle;
  counters[ServiceStat::upstream_active_connections].subtract();
  counters[ServiceStat::upstream_idle_connections].add();
  return true;
}

inline void TargetConnection::leave_idle() {
  by_age_.unlink();
  of_target_.unlink();
  --target_->idle;
  loop_.idle_pool().leave();
  if (is_capped_) [[unlikely]]
    uncap();
  (*target_->stats)[ServiceStat::upstream_idle_connections].subtract();
}

void TargetConnection::end_idle() {
  leave_idle();
  (*target_->stats)[ServiceStat::upstream_active_connections].add();
}

void TargetConnection::count_closed(bool was_idle) {
  loop_.counters().upstream_connections.subtract();
  if (was_idle)
    leave_idle();
  else
    (*target_->stats)[ServiceStat::upstream_active_connections].subtract();
}

void TargetConnection::uncap() {
  if (std::exchange(is_capped_, false)) target_->shared->idle.give_back();
}

}  // namespace teal::proxy
