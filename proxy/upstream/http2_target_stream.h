// Http2TargetStream: one request to a target over HTTP/2: a stream of its connection's session, and
// the target side that an exchange talks to. Keeps the part of a response that the client does not
// take yet, which the stream's window bounds.
//
// Owned by its Http2Upstream, or handed from one to another before its request is sent; used by the
// worker's thread. When its exchange has let go of it the rest of the stream is nobody's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/outcome.h"
#include "net/http2/session.h"
#include "proxy/exchange/target_side.h"
#include "proxy/loop/deferred_end.h"

namespace teal::proxy {

class Http2Upstream;

class Http2TargetStream final : public net::Http2ClientStream, public TargetSide {
 public:
  /// `kept`: the connection has carried others.
  Http2TargetStream(Http2Upstream& connection, std::size_t index, Exchange& exchange,
                    const UpstreamOptions& wanted, bool kept);
  ~Http2TargetStream() override;

  /// Its place among the connection's streams, which changes.
  std::size_t index() const { return index_; }
  void set_index(std::size_t index) { index_ = index; }

  // ---- from the connection
  /// Another connection is to carry it, which is not made yet either.
  void move_to(Http2Upstream& connection) { connection_ = &connection; }
  /// Neither the session nor the exchange refers to it any more.
  bool is_over() const { return exchange_ == nullptr && (is_closed_ || !is_submitted_); }
  void on_ready();
  /// The target takes no stream for now.
  void on_full();
  /// The connection's input is used up for now.
  void after_input();
  /// The session is done with the stream.
  void on_closed(net::Http2Error error);
  /// The connection is gone.
  void fail(Failure failure, net::Refusal rule);
  /// No connection could be had for it. `is_own_lack`: not by the target's doing.
  void fail_to_connect(bool is_own_lack);
  /// Gives the exchange what it wants of the response now.
  void feed();
  /// After the connection's output: tells the exchange what it has to know.
  void after_output();

  // ---- Http2ClientStream
  void on_response(net::ResponseHead& head) override;
  void on_body(std::string_view bytes) override;
  void on_end(const net::Fields& trailers) override;
  void on_refused(net::Refusal rule) override;

  // ---- TargetSide
  bool is_connected() const override { return is_connected_; }
  bool is_full() const override;
  bool takes_upgrade(const net::RequestHead& head, const UpgradeStyle& upgrade) const override;
  void send_head(const net::RequestHead& head, const RequestStyle& style) override;
  void send_body(std::string_view bytes) override;
  void send_end(const net::Fields& trailers) override;
  void begin_tunnel() override;
  bool is_blocked() const override;
  bool is_drained() const override;
  void pause() override { is_paused_ = true; }
  void unpause() override;
  bool is_kept() const override { return is_kept_ && !was_reset_; }
  bool may_come_back() const override { return true; }
  bool was_left_behind() const override { return was_refused_ && was_left_; }
  bool is_sent() const override { return is_begun() && !was_refused_; }
  bool has_response_begun() const override { return has_response_begun_; }
  void release() override { leave(); }
  void discard() override { leave(); }
  void abandon() override { leave(); }

 private:
  void say_switched(net::ResponseHead& head, ByteBuffer& bytes) const;
  void give_rest();
  void leave();
  void deliver(std::string_view bytes);

  Http2Upstream* connection_;
  std::size_t index_;
  Exchange* exchange_;  ///< Null: it has let go.
  std::size_t max_read_;
  bool is_kept_;
  bool is_connected_ = false;
  bool is_submitted_ = false;
  bool is_unsendable_ = false;  ///< The session took no further request.
  bool is_closed_ = false;      ///< The session has let go.
  bool was_refused_ = false;    ///< The target says that it did nothing of it.
  bool was_left_ = false;       ///< By a GOAWAY; others were not.
  bool was_reset_ = false;      ///< The stream alone: its connection goes on.
  bool has_response_begun_ = false;
  bool is_response_done_ = false;  ///< Its last byte has come.
  bool is_tunnel_ = false;
  bool is_paused_ = false;
  bool has_noted_input_ = false;
  mutable bool was_blocked_ = false;  ///< And said so.
  mutable bool was_undrained_ = false;
  std::string protocol_;  ///< What the request asks to change to.
  std::string accept_;    ///< The answer to the WebSocket key that does not go out.
  std::string stash_;     ///< Of the response: what the client does not take yet.
  DeferredEnd end_;
};

}  // namespace teal::proxy
