#include "proxy/downstream/proxy_header_reader.h"

#include <cerrno>
#include <utility>

#include "net/io/proxy_protocol.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/policy/address_rules.h"

namespace teal::proxy {

ProxyHeaderReader::ProxyHeaderReader(ConnectionRegistry& registry, AcceptedConnection accepted)
    : Downstream(registry, std::move(accepted),
                 [](void* self) { static_cast<ProxyHeaderReader*>(self)->on_timeout(); }) {
  loop_.wheel().set(timer_, loop_.now() + timeouts_.proxy_header);
}

boost::intrusive_ptr<ProxyHeaderReader> ProxyHeaderReader::make(ConnectionRegistry& registry,
                                                                AcceptedConnection accepted) {
  return new ProxyHeaderReader(registry, std::move(accepted));
}

bool ProxyHeaderReader::is_expected(const config::Listener& spec, const std::string& peer_address) {
  if (!spec.proxy_protocol) return false;
  if (peer_address.empty()) return true;  // A Unix socket.
  const auto ip = parse_ip(peer_address);
  return ip.has_value() && any_contains(spec.proxy_protocol->from, *ip);
}

void ProxyHeaderReader::on_ready(net::Readiness ready) {
  mark_ready(ready);
  const std::span<char> scratch = loop_.scratch(net::kMaxProxyHeader);
  const ssize_t size = net::peek(stream_.socket(), scratch);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (size <= 0) {
    close();
    return;
  }
  net::ProxyStep step = net::read_proxy_header({scratch.data(), static_cast<std::size_t>(size)});
  switch (step.event) {
    case net::ProxyStep::Event::need_more:
      if (ready.ended) close();
      return;
    case net::ProxyStep::Event::refused:
      stats().proxy_faults[step.fault].add();
      close();
      return;
    case net::ProxyStep::Event::done: break;
  }
  net::skip(stream_.socket(), scratch.first(step.consumed));
  stats()[ListenerStat::proxy_headers].add();
  if (!permits(spec().addresses, step.addresses ? step.addresses->source.host : peer_address_)) {
    stats()[ListenerStat::addresses_denied].add();
    close();
    return;
  }
  if (step.addresses && !take_ends(std::move(*step.addresses))) {
    close();
    return;
  }
  go_on_greeted(*this);
}

void ProxyHeaderReader::on_timeout() {
  loop_.counters()[Stat::proxy_header_timeouts].add();
  close();
}

}  // namespace teal::proxy
