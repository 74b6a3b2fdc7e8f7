// Http1Upstream: one connection to a target that speaks HTTP/1. Connects, carries one request at a
// time for an exchange, and between requests waits in its target's pool with its readiness still
// watched, so that a target's close is noticed before the connection is used again. Where the
// service lets TLS choose, and it chooses HTTP/2, an Http2Upstream goes on with it.
//
// Owned by the reactor's registration and the pool of its worker. Does not choose targets or retry
// (exchange.h), and does not buffer beyond one read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/outcome.h"
#include "net/http1/parser.h"
#include "net/io/timer_wheel.h"
#include "proxy/exchange/target_side.h"
#include "proxy/upstream/target_connection.h"

namespace teal::proxy {

class Http1Upstream final : public TargetConnection, public TargetSide {
 public:
  /// Begins to connect. An Error: it failed at once, Source::internal if for want of Teal's own.
  static Result<Http1Upstream*> connect(WorkerLoop& loop,
                                        const boost::local_shared_ptr<TargetRuntime>& target,
                                        Exchange& exchange, const UpstreamOptions& wanted);
  /// The connection of the pool that was used last, for the next request; null: there is none.
  static Http1Upstream* reuse(TargetRuntime& target, Exchange& exchange,
                              const UpstreamOptions& wanted);
  ~Http1Upstream() override;

  /// Also one with the rest of a response to throw away.
  void close_idle() override;

  // ---- TargetSide
  bool is_connected() const override { return state_ != State::connecting; }
  bool takes_upgrade(const net::RequestHead& /*head*/,
                     const UpgradeStyle& /*upgrade*/) const override {
    return true;
  }
  void send_head(const net::RequestHead& head, const RequestStyle& style) override;
  void send_body(std::string_view bytes) override;
  void send_end(const net::Fields& trailers) override;
  void begin_tunnel() override;
  bool is_blocked() const override { return Channel::is_blocked(); }
  bool is_drained() const override { return !Channel::is_blocked(); }
  void pause() override { is_paused_ = true; }
  void unpause() override;
  bool is_kept() const override { return requests_ > 1; }
  bool is_sent() const override { return written() > 0; }
  bool has_response_begun() const override { return has_response_begun_; }
  void release() override;
  /// Throws the rest away, and keeps the connection if that is little and comes soon.
  void discard() override;
  void abandon() override;

  void on_ready(net::Readiness ready) override;
  void resume() override;

 private:
  enum class State : std::uint8_t { connecting, busy, discarding, idle, closed };

  friend class TargetConnection;
  Http1Upstream(WorkerLoop& loop, net::Stream stream,
                boost::local_shared_ptr<TargetRuntime> target);
  /// From now on this connection works for `exchange`, which gets the response's events.
  void attach(Exchange& exchange, const UpstreamOptions& wanted);
  void on_open() override;
  void on_failed(Failure failure) override { fail(failure, net::Refusal::none); }
  void become_http2();
  void read_response();
  /// What of a large body can go to the client without being shown; nothing: read it.
  std::optional<net::ReadResult> splice_body();
  /// False: the exchange is done, or the connection is.
  bool parse(std::string_view input);
  void fail(Failure failure, net::Refusal rule);
  /// One step of a response that nobody wants. False: that was all of it.
  bool discard_step(const net::ParseStep& step, bool is_last_input);
  bool is_reading() const;
  void on_idle_input();
  void forget_name();
  void on_idle_timeout();

  State state_ = State::connecting;
  Exchange* exchange_ = nullptr;
  bool is_paused_ = false;
  bool is_chunked_ = false;       ///< The request's body.
  bool is_tunnel_ = false;        ///< Not HTTP any more.
  bool has_input_ended_ = false;  ///< The target sends no more.
  bool has_response_begun_ = false;
  bool is_spliced_ = false;  ///< Of the body the last bytes so far.
  std::uint32_t requests_ = 0;
  std::size_t discarded_ = 0;
  std::size_t read_size_;
  std::size_t max_read_ = 0;
  net::ResponseParser parser_;
  std::string stash_;  ///< Input that is not a whole head, chunk line or trailer section yet.
  net::Timer timer_;   ///< Idle expiry, and the end of discarding.
};

}  // namespace teal::proxy
