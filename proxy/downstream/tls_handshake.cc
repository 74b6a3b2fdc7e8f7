#include "proxy/downstream/tls_handshake.h"

#include <memory>
#include <utility>

#include "proxy/downstream/http1.h"
#include "proxy/downstream/http2.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

TlsHandshake::TlsHandshake(ConnectionRegistry& registry, AcceptedConnection accepted)
    : Downstream(registry, std::move(accepted), &TlsHandshake::on_timer) {
  begin();
}

TlsHandshake::TlsHandshake(Downstream& from) : Downstream(from, &TlsHandshake::on_timer) {
  begin();
}

void TlsHandshake::begin() {
  stream_.start_tls(std::make_unique<net::TlsSession>(loop_.routes().listener(listener_).tls,
                                                      loop_.tls_scratch(), stream_.socket().fd()));
  loop_.wheel().set(timer_, loop_.now() + timeouts_.tls_handshake);
}

boost::intrusive_ptr<TlsHandshake> TlsHandshake::make(ConnectionRegistry& registry,
                                                      AcceptedConnection accepted) {
  return new TlsHandshake(registry, std::move(accepted));
}

void TlsHandshake::take_over(Downstream& from) {
  // Registering it anew announces what is there already.
  boost::intrusive_ptr<TlsHandshake>(new TlsHandshake(from))->start();
}

void TlsHandshake::on_ready(net::Readiness ready) {
  mark_ready(ready);
  net::TlsSession& tls = *stream_.tls();
  switch (tls.handshake()) {
    case net::TlsSession::Progress::waiting: return;
    case net::TlsSession::Progress::failed:
      stats().tls_failures[tls.failure()].add();
      close();
      return;
    case net::TlsSession::Progress::done: break;
  }
  stats()[tls.was_resumed() ? ListenerStat::tls_handshakes_short : ListenerStat::tls_handshakes]
      .add();
  if (tls.is_http2()) {
    Http2Downstream::take_over(*this);
  } else {
    Http1Downstream::take_over(*this);
  }
}

void TlsHandshake::on_timeout() {
  loop_.counters()[Stat::tls_handshake_timeouts].add();
  close();
}

}  // namespace teal::proxy
