#include "proxy/downstream/acceptor.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "proxy/downstream/connection_registry.h"
#include "proxy/downstream/proxy_header_reader.h"
#include "proxy/policy/address_rules.h"

namespace teal::proxy {
namespace {

/// Without free descriptors accept() fails at once for as long as the backlog waits: not a loop to
/// spin in.
constexpr Millis kRest{100};

}  // namespace

Acceptor::Acceptor(ConnectionRegistry& registry, net::Socket socket, ListenerId listener,
                   bool shared, std::uint32_t set)
    : registry_(registry),
      loop_(registry.loop()),
      socket_(std::move(socket)),
      listener_(listener),
      shared_(shared),
      set_(set),
      rest_([](void* self) { static_cast<Acceptor*>(self)->set_accepting(true); }, this) {}

Result<void> Acceptor::open() {
  const Result<void> added = loop_.reactor().add_listener(socket_.fd(), *this, shared_);
  is_watched_ = added.has_value();
  return added;
}

void Acceptor::close() {
  const boost::intrusive_ptr<Acceptor> alive(this);
  if (!socket_) return;
  accept_all();
  if (std::exchange(is_watched_, false)) loop_.reactor().remove(socket_.fd(), *this);
  rest_.cancel();
  socket_.close();
}

void Acceptor::set_accepting(bool accepts) {
  if (!socket_ || accepts == is_watched_) return;
  const boost::intrusive_ptr<Acceptor> alive(this);
  rest_.cancel();
  if (accepts) {
    // A rest is not the end of an overload.
    if (loop_.overload() < OverloadLevel::no_accepts) static_cast<void>(open());
    return;
  }
  is_watched_ = false;
  loop_.reactor().remove(socket_.fd(), *this);
}

ListenerShard& Acceptor::stats() const {
  return loop_.counters().listener(listener_);
}

void Acceptor::on_ready(net::Readiness /*ready*/) {
  if (is_watched_) accept_all();
}

void Acceptor::accept_all() {
  while (true) {
    net::Endpoint peer;
    peer.size = sizeof peer.storage;
    const int fd = ::accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&peer.storage), &peer.size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      on_accepted(net::Socket(fd), peer);
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) rest();
    return;
  }
}

void Acceptor::rest() {
  stats()[ListenerStat::accept_failures].add();
  const boost::intrusive_ptr<Acceptor> alive(this);
  if (std::exchange(is_watched_, false)) loop_.reactor().remove(socket_.fd(), *this);
  loop_.wheel().set(rest_, loop_.now() + kRest);
}

void Acceptor::on_accepted(net::Socket socket, const net::Endpoint& peer) {
  const ListenerView& view = loop_.routes().listener(listener_);
  const config::Listener& spec = *view.spec;
  auto& open = view.counts->connections;
  if (open.fetch_add(1, std::memory_order_relaxed) >= spec.limits.connections) {
    open.fetch_sub(1, std::memory_order_relaxed);
    stats()[ListenerStat::connections_refused].add();
    return;
  }
  Address address;
  if (spec.address.kind != Address::Kind::unix_socket) address = net::to_address(peer);
  // Where a header is to say who the client is, it is judged then (ProxyHeaderReader).
  if (!spec.addresses.empty() && !ProxyHeaderReader::is_expected(spec, address.host) &&
      !permits(spec.addresses, address.host)) [[unlikely]] {
    open.fetch_sub(1, std::memory_order_relaxed);
    stats()[ListenerStat::addresses_denied].add();
    return;
  }
  ConnectionPermit permit;
  if (!find_permit(socket, address.host, permit)) {
    open.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  stats()[ListenerStat::connections_accepted].add();
  registry_.assign_connection(
      {std::move(socket), listener_, std::move(address.host), address.port, std::move(permit)});
}

/// False: there is none for this client, or not enough descriptors for any. The kernel gives out
/// the lowest descriptor that is free, so its number says how many are not.
bool Acceptor::find_permit(const net::Socket& socket, const std::string& address,
                           ConnectionPermit& permit) {
  const PoolState& shared = loop_.shared();
  const int most = shared.descriptors_for_clients.load(std::memory_order_relaxed);
  // A client is worth more than a connection that waits for one.
  if (socket.fd() >= most && !loop_.idle_pool().give_way()) {
    stats()[ListenerStat::descriptors_refused].add();
    return false;
  }
  const ListenerView& view = loop_.routes().listener(listener_);
  ClientConnectionLimiter* const limiter = view.clients;
  // Where a header is to say who the client is, it is counted then (Downstream::take_ends).
  if (limiter == nullptr || ProxyHeaderReader::is_expected(*view.spec, address)) return true;
  permit = limiter->take(client_key(address));
  if (!permit) stats()[ListenerStat::clients_refused].add();
  return static_cast<bool>(permit);
}

}  // namespace teal::proxy
