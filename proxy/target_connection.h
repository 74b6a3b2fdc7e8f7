// TargetConnection: what all connections to targets share, whatever they speak: the target, and the
// way to it through connect() and the TLS handshake.
//
// Owned by the reactor's registration, used by its worker's thread. Does not know HTTP; upstream.h
// and upstream_http2.h do.
#pragma once

#include <string>

#include <boost/smart_ptr/local_shared_ptr.hpp>

#include "base/outcome.h"
#include "proxy/channel.h"
#include "proxy/target_runtime.h"

namespace teal::proxy {

class TargetConnection : public Channel {
 public:
  ~TargetConnection() override;

 protected:
  TargetConnection(Worker& worker, net::Stream stream,
                   boost::local_shared_ptr<TargetRuntime> target);
  /// A connection of type Made that begins to be made. Null: it failed at once.
  template <class Made>
  static boost::intrusive_ptr<Made> begin(Worker& worker,
                                          const boost::local_shared_ptr<TargetRuntime>& target) {
    Result<net::Socket> socket = net::start_connect(target->endpoint);
    if (!socket) return nullptr;
    boost::intrusive_ptr<Made> made(new Made(worker, net::Stream(std::move(*socket)), target));
    return made->begin_to_connect() ? made : nullptr;
  }

  /// Goes on as far as the socket lets it; on_open() or on_failed() comes of it in the end.
  void go_on_connecting(net::Readiness ready);
  virtual void on_open() = 0;
  /// TLS offers nothing else.
  void speak_http1() { protocol_ = config::TargetProtocol::http1; }
  virtual void on_failed(Failure failure) = 0;

  // ---- the gauges of connections
  void count_opened();
  void count_idle(bool idle);
  void count_closed(bool was_idle);

  boost::local_shared_ptr<TargetRuntime> target_;
  std::string proxy_header_;  ///< What the connection begins with, before TLS.

 private:
  bool begin_to_connect();
  void shake_hands();

  config::TargetProtocol protocol_;
};

}  // namespace teal::proxy
