// TargetConnection: what all connections to targets share, whatever they speak: the target, and the
// way to it through connect() and the TLS handshake, and what it is to be idle.
//
// Owned by the reactor's registration, used by its worker's thread. Does not know HTTP;
// upstream/http1_upstream.h and upstream/http2_upstream.h do.
#pragma once

#include <string>

#include <boost/smart_ptr/local_shared_ptr.hpp>

#include "base/outcome.h"
#include "base/result.h"
#include "proxy/loop/kept_connection.h"
#include "proxy/loop/target_runtime.h"

namespace teal::proxy {

class TargetConnection : public KeptConnection {
 public:
  ~TargetConnection() override;

  ServiceShard& stats() override { return *target_->stats; }

 protected:
  TargetConnection(WorkerLoop& loop, net::Stream stream,
                   boost::local_shared_ptr<TargetRuntime> target);
  /// A connection of type Made that begins to be made. An Error: it failed at once, of
  /// Source::internal where the target has no part in that.
  template <class Made>
  static Result<boost::intrusive_ptr<Made>> begin(
      WorkerLoop& loop, const boost::local_shared_ptr<TargetRuntime>& target) {
    Result<net::Socket> socket = start_connect(loop, net::to_endpoint(target->shared->address));
    if (!socket) return socket.error();
    boost::intrusive_ptr<Made> made(new Made(loop, net::Stream(std::move(*socket)), target));
    if (!made->begin_to_connect()) return Error{Source::internal, "no descriptor is left", true};
    return made;
  }

  /// Goes on as far as the socket lets it; on_open() or on_failed() comes of it in the end.
  void go_on_connecting(net::Readiness ready);
  virtual void on_open() = 0;
  /// TLS offers nothing else.
  void speak_http1() { protocol_ = config::TargetProtocol::http1; }
  virtual void on_failed(Failure failure) = 0;

  // ---- in use, idle or closed, as the metrics and the pool have it
  void count_opened();
  /// In use no more. False: there is no place for one more idle connection.
  bool become_idle(IdleList& list);
  /// In use again.
  void end_idle();
  void count_closed(bool was_idle);

  boost::local_shared_ptr<TargetRuntime> target_;
  std::string proxy_header_;  ///< What the connection begins with, before TLS.

 private:
  static Result<net::Socket> start_connect(WorkerLoop& loop, const net::Endpoint& to);
  bool begin_to_connect();
  void leave_idle();
  void uncap();
  void shake_hands();

  config::TargetProtocol protocol_;
  IdleHook by_age_{this};
  IdleHook of_target_{this};
  bool is_capped_ = false;  ///< Counted in SharedTarget::idle.
};

}  // namespace teal::proxy
