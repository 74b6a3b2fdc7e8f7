#include "proxy/worker/listener_sockets.h"

#include <algorithm>
#include <utility>

namespace teal::proxy {
namespace {

bool is_wildcard(const Address& address) {
  return address.kind != Address::Kind::unix_socket &&
         (address.host == "0.0.0.0" || address.host == "::");
}

/// Another listener of ours has the port at all addresses. It asked for it exclusively, for this
/// one too.
bool is_covered(const config::Config& config, const Address& address) {
  return std::any_of(
      config.listeners.begin(), config.listeners.end(), [&](const config::Listener& other) {
        return is_wildcard(other.address) && other.address.kind == address.kind &&
               other.address.port == address.port && address.port != 0 && other.address != address;
      });
}

/// The listeners, those first that have a port at all addresses.
std::vector<std::size_t> in_order_of_opening(const config::Config& config) {
  std::vector<std::size_t> order(config.listeners.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t i) { return is_wildcard(config.listeners[i].address); });
  return order;
}

/// Those of the first configuration are numbered in its order (RouteBuilder::configure).
ListenerId id_of(std::size_t place) {
  return static_cast<ListenerId>(place);
}

Error named(const config::Listener& listener, const Error& error) {
  return Error{Source::config, "listener " + listener.name + ": " + error.message()};
}

}  // namespace

Result<net::Socket> ListenerSockets::open_first(const config::Config& config,
                                                std::size_t listener) {
  const config::Listener& spec = config.listeners[listener];
  const bool covered = is_covered(config, spec.address);
  Result<net::Socket> socket =
      net::listen_on(spec.address, covered ? net::Port::shared : net::Port::exclusive,
                     static_cast<mode_t>(spec.socket_mode));
  if (!socket) return named(spec, socket.error());
  if (spec.address.kind == Address::Kind::unix_socket) {
    addresses_[listener] = spec.address;
    files_.emplace_back(spec.address.host);
  } else {
    addresses_[listener] = net::local_address(*socket);
    net::share_port(*socket);
  }
  return socket;
}

Result<ListenerSockets> ListenerSockets::open(const config::Config& config, std::uint32_t workers) {
  ListenerSockets opened;
  opened.addresses_.resize(config.listeners.size());
  std::vector<net::Socket> firsts(config.listeners.size());
  for (const std::size_t listener : in_order_of_opening(config)) {
    Result<net::Socket> first = opened.open_first(config, listener);
    if (!first) return first.error();
    firsts[listener] = std::move(*first);
  }
  opened.by_worker_.resize(workers);
  for (std::uint32_t worker = 1; worker < workers; ++worker) {
    for (std::size_t listener = 0; listener < firsts.size(); ++listener) {
      Result<net::Socket> socket = net::listen_beside(firsts[listener]);
      if (!socket) return named(config.listeners[listener], socket.error());
      const bool is_unix = config.listeners[listener].address.kind == Address::Kind::unix_socket;
      opened.by_worker_[worker].push_back({std::move(*socket), id_of(listener), is_unix});
    }
  }
  for (std::size_t listener = 0; listener < firsts.size(); ++listener) {
    const bool is_unix = config.listeners[listener].address.kind == Address::Kind::unix_socket;
    opened.by_worker_[0].push_back({std::move(firsts[listener]), id_of(listener), is_unix});
  }
  return opened;
}

}  // namespace teal::proxy
