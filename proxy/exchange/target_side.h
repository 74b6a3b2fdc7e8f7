// TargetSide: what an exchange may ask of the connection (or, with HTTP/2, the stream) that its
// request goes out by. The exchange knows no protocol and no transport; this is the seam,
// ClientSide's counterpart.
//
// Worker thread. A side serves one exchange at a time, from the moment when reach() gives it until
// release(), discard() or abandon(), each of which is the last call; so long it lives. Its events
// are Exchange::on_connected() and those of the response. Calls never fail: what becomes of the
// connection is told by Exchange::on_upstream_failed(), never from inside a call.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/smart_ptr/local_shared_ptr.hpp>

#include "config/config.h"
#include "net/http/message.h"
#include "proxy/headers/rewrite.h"

namespace teal::proxy {

class Exchange;
class WorkerLoop;
struct TargetRuntime;

class TargetSide {
 public:
  virtual ~TargetSide() = default;

  /// The request can go out; until then Exchange::on_connected() is to come.
  virtual bool is_connected() const = 0;
  /// It cannot, though the target was reached, since that takes none for now
  /// (Exchange::on_full()).
  virtual bool is_full() const { return false; }

  /// The request may go out on it with what it says of an upgrade.
  virtual bool takes_upgrade(const net::RequestHead& head, const UpgradeStyle& upgrade) const = 0;

  // ---- the request. Bytes need to live to the end of the callback only.
  /// The framing says whether send_body() and send_end() follow.
  virtual void send_head(const net::RequestHead& head, const RequestStyle& style) = 0;
  virtual void send_body(std::string_view bytes) = 0;
  /// Of a request with a body.
  virtual void send_end(const net::Fields& trailers) = 0;
  /// After 101, which every side says for it: bodies are another protocol's bytes both ways,
  /// send_end() is the end of ours, and the response's end leaves the side to be written to.
  virtual void begin_tunnel() = 0;
  /// More waits than the target takes; Exchange::on_upstream_unblocked() follows.
  virtual bool is_blocked() const = 0;
  /// After send_end(): all of it has left. Until then Exchange::on_upstream_unblocked() follows.
  virtual bool is_drained() const = 0;

  // ---- the response
  /// Nothing more of it for now: the client takes no more.
  virtual void pause() = 0;
  virtual void unpause() = 0;

  // ---- for what may be tried again (proxy/policy/retry.h)
  /// The connection has carried other requests, and if anything of it failed, it did.
  virtual bool is_kept() const = 0;
  /// The request may come back through no fault of the target's, to be sent again.
  virtual bool may_come_back() const { return is_kept(); }
  /// After Failure::not_begun: the connection took other requests instead.
  virtual bool was_left_behind() const { return false; }
  /// Some byte of the request may have reached who works on it.
  virtual bool is_sent() const = 0;
  /// Some byte of the response has come.
  virtual bool has_response_begun() const = 0;

  // ---- the end
  /// The response is whole: the connection may be kept for the next request.
  virtual void release() = 0;
  /// Nobody wants the response that has begun; where that costs little the connection is kept.
  virtual void discard() = 0;
  /// It is of no more use.
  virtual void abandon() = 0;
};

/// What is wanted of a target for a request.
struct UpstreamOptions {
  net::Method method = net::Method::get;
  std::size_t max_read = 0;  ///< Of the response at once.
  bool fresh = false;        ///< Not a connection that others have used.
  bool may_switch = false;   ///< The answer may be 101.
  /// What the connection has begun with, or is to (net/io/proxy_protocol.h): one that names a
  /// client is for that client's requests only.
  std::string proxy_header = {};
};

struct Acquired {
  TargetSide* side = nullptr;  ///< Null: it failed at once.
  /// And without the target's doing: Teal itself has no descriptor for a connection, or no memory.
  bool is_own_lack = false;
};

/// A side for `exchange`: a kept connection, or one that begins to be made. Counts it.
Acquired acquire_upstream(WorkerLoop& loop, const boost::local_shared_ptr<TargetRuntime>& target,
                          Exchange& exchange, const UpstreamOptions& wanted);

}  // namespace teal::proxy
