#include "proxy/tls_greeting.h"

#include <memory>
#include <utility>

#include "proxy/downstream_http1.h"
#include "proxy/downstream_http2.h"
#include "proxy/worker.h"

namespace teal::proxy {

TlsGreeting::TlsGreeting(Worker& worker, net::Socket socket, std::size_t listener,
                         const std::string& peer_address)
    : Downstream(worker, std::move(socket), listener, peer_address,
                 [](void* self) { static_cast<TlsGreeting*>(self)->on_timeout(); }) {
  stream_.start_tls(std::make_unique<net::TlsSession>(worker.tls().listeners[listener],
                                                      worker.tls_scratch(), stream_.socket().fd()));
  worker.wheel().set(timer_, worker.now() + timeouts_.tls_handshake);
}

boost::intrusive_ptr<TlsGreeting> TlsGreeting::make(Worker& worker, net::Socket socket,
                                                    std::size_t listener,
                                                    const std::string& peer_address) {
  return new TlsGreeting(worker, std::move(socket), listener, peer_address);
}

void TlsGreeting::on_ready(net::Readiness ready) {
  mark_ready(ready);
  net::TlsSession& tls = *stream_.tls();
  switch (tls.shake()) {
    case net::TlsSession::Progress::waiting: return;
    case net::TlsSession::Progress::failed:
      worker_.counters().tls_failed(tls.failure()).add();
      close();
      return;
    case net::TlsSession::Progress::done: break;
  }
  worker_.counters()[tls.was_resumed() ? Stat::tls_handshakes_short : Stat::tls_handshakes].add();
  if (tls.is_http2()) {
    Http2Downstream::take_over(*this);
  } else {
    Http1Downstream::take_over(*this);
  }
}

void TlsGreeting::on_timeout() {
  worker_.counters()[Stat::tls_handshake_timeouts].add();
  close();
}

}  // namespace teal::proxy
