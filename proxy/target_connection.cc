#include "proxy/target_connection.h"

#include <utility>

#include "proxy/worker.h"

namespace teal::proxy {

TargetConnection::TargetConnection(Worker& worker, net::Stream stream,
                                   boost::local_shared_ptr<TargetRuntime> target)
    : Channel(worker, std::move(stream)),
      target_(std::move(target)),
      protocol_(target_->spoken.protocol) {}

TargetConnection::~TargetConnection() = default;

bool TargetConnection::begin_to_connect() {
  start_unconnected();
  const int most = worker_.shared().descriptors_for_targets.load(std::memory_order_relaxed);
  if (stream_.socket().fd() >= most || !watch()) return false;
  count_opened();
  worker_.counters()[Stat::upstream_connects].add();
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
    worker_.counters()[Stat::upstream_connect_failures].add();
    on_failed(Failure::connect);
    return;
  }
  const net::TlsClient* const tls = worker_.tls().services[target_->service].get();
  if (tls == nullptr) {
    on_open();
    return;
  }
  stream_.start_tls(std::make_unique<net::TlsSession>(
      *tls, target_->where, protocol_, worker_.tls_scratch(), stream_.socket().fd()));
  shake_hands();
}

void TargetConnection::shake_hands() {
  switch (stream_.tls()->shake()) {
    case net::TlsSession::Progress::waiting: return;
    case net::TlsSession::Progress::done: on_open(); return;
    case net::TlsSession::Progress::failed: break;
  }
  Shard& counters = worker_.counters();
  const bool is_refused = stream_.tls()->failure() == net::TlsFailure::certificate_refused;
  counters[is_refused ? Stat::upstream_tls_refused : Stat::upstream_tls_failures].add();
  counters[Stat::upstream_connect_failures].add();
  on_failed(Failure::tls);
}

void TargetConnection::count_opened() {
  worker_.counters()[Stat::upstream_active_connections].add();
}

void TargetConnection::count_idle(bool idle) {
  Shard& counters = worker_.counters();
  counters[idle ? Stat::upstream_active_connections : Stat::upstream_idle_connections].subtract();
  counters[idle ? Stat::upstream_idle_connections : Stat::upstream_active_connections].add();
}

void TargetConnection::count_closed(bool was_idle) {
  worker_.counters()[was_idle ? Stat::upstream_idle_connections : Stat::upstream_active_connections]
      .subtract();
}

}  // namespace teal::proxy
