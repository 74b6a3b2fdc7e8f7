#include "proxy/worker/listener_sockets.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/io/listening_ports.h"

namespace teal::proxy {
namespace {

Error named(const config::Listener& listener, const Error& error) {
  return Error{Source::config, "listener " + listener.name + ": " + error.message()};
}

/// Those of other processes that have the port too would take turns with us.
Result<void> refuse_strangers(const config::Listener& spec) {
  for (const Address& stranger : net::foreign_listeners(spec.address.port))
    if (covers(stranger, spec.address))
      return named(spec, Error{Source::config, "cannot bind " + to_string(spec.address) +
                                                   ": another process listens "
                                                   "on " +
                                                   to_string(stranger) +
                                                   ", maybe another Teal; ss -ltnp shows "
                                                   "which"});
  return {};
}

Result<NewListener> open_one(const config::Listener& spec, net::Port port, std::uint32_t workers) {
  Result<net::Socket> first =
      net::listen_on(spec.address, port, static_cast<mode_t>(spec.socket_mode));
  if (!first) return named(spec, first.error());
  if (port == net::Port::shared)
    if (const Result<void> alone = refuse_strangers(spec); !alone) return alone.error();
  NewListener made{0, spec.name, spec.address, spec.address, spec.socket_mode, {}, {}};
  if (spec.address.kind == Address::Kind::unix_socket) {
    made.file = net::SocketFile(spec.address.host);
  } else {
    made.bound = net::local_address(*first);
    net::share_port(*first);
  }
  made.by_worker.push_back(std::move(*first));
  while (made.by_worker.size() < workers) {
    Result<net::Socket> socket = net::listen_beside(made.by_worker.front());
    if (!socket) {
      made.by_worker.clear();  // Before the file goes.
      return named(spec, socket.error());
    }
    made.by_worker.push_back(std::move(*socket));
  }
  return made;
}

}  // namespace

Result<std::vector<NewListener>> ListenerSockets::open(const ListenerPlan& plan,
                                                       const std::vector<OpenListener>& open,
                                                       std::uint32_t workers) {
  std::vector<NewListener> opened;
  for (const config::Listener& listener : plan.missing) {
    const bool is_shared = shares_port(listener, open, plan.missing);
    Result<NewListener> made =
        open_one(listener, is_shared ? net::Port::shared : net::Port::exclusive, workers);
    if (!made) {
      for (NewListener& each : opened) each.by_worker.clear();
      return made.error();
    }
    opened.push_back(std::move(*made));
  }
  return opened;
}

const Address* ListenerSockets::address_of(const std::string& listener) const {
  const auto found = std::ranges::find(listeners_, listener, &OpenListener::listener);
  return found == listeners_.end() ? nullptr : &found->bound;
}

void ListenerSockets::add(NewListener& listener) {
  listener.id = next_++;
  listeners_.push_back(
      {listener.id, listener.listener, listener.asked, listener.bound, listener.mode});
  files_.push_back({listener.id, std::move(listener.file)});
}

void ListenerSockets::take_over(const ListenerPlan::Taken& taken) {
  std::ranges::find(listeners_, taken.id, &OpenListener::id)->listener = taken.listener;
}

Result<void> ListenerSockets::set_mode(const std::string& listener, std::uint32_t mode) {
  const auto found = std::ranges::find(listeners_, listener, &OpenListener::listener);
  if (found == listeners_.end() || found->asked.kind != Address::Kind::unix_socket ||
      found->mode == mode)
    return {};
  if (!net::set_socket_mode(found->asked.host, static_cast<mode_t>(mode)))
    return Error{Source::internal,
                 "cannot set the mode of " + found->asked.host + ": " + std::strerror(errno)};
  found->mode = mode;
  return {};
}

void ListenerSockets::remove(SocketSetId id) {
  std::erase_if(files_, [id](const File& each) { return each.id == id; });
  std::erase_if(listeners_, [id](const OpenListener& each) { return each.id == id; });
}

}  // namespace teal::proxy
