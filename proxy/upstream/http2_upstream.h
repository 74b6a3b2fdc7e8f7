// Http2Upstream: one connection to a target that speaks HTTP/2, shared by the requests that its
// worker has for the target: feeds its session (net/http2/session.h), owns its streams, and writes
// what they have to say once a turn, so that many requests leave in one system call.
//
//   connecting --TLS--> greeting --SETTINGS--> open --GOAWAY--> draining --last stream--> closed
//
// Requests join it while it connects, and are sent when the target's SETTINGS say how many it
// takes: whoever speaks something else has been sent none. While it takes none (0) they wait.
//
// A target that leaves its connections after so many requests, as nginx does, leaves the streams
// behind that are too many. Of its next ones each gets that many, and those that are more another;
// until one has served them all and stays.
//
// Owned by the reactor's registration and the pool of its worker (TargetRuntime::http2). Does not
// choose targets or retry (exchange.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "net/http2/session.h"
#include "net/io/timer_wheel.h"
#include "proxy/loop/http2_channel.h"
#include "proxy/upstream/http2_target_stream.h"
#include "proxy/upstream/target_connection.h"

namespace teal::proxy {

class Http2Upstream final : public Http2Channel<TargetConnection> {
 public:
  /// Begins to connect, with HTTP/2 for certain. An Error: it failed at once, Source::internal if
  /// for want of Teal's own.
  static Result<Http2Upstream*> connect(WorkerLoop& loop,
                                        const boost::local_shared_ptr<TargetRuntime>& target);
  /// Goes on with a connection whose target has chosen HTTP/2, and with the request that waits for
  /// it.
  static void take_over(WorkerLoop& loop, net::Stream stream,
                        const boost::local_shared_ptr<TargetRuntime>& target, Exchange& exchange,
                        const UpstreamOptions& wanted);
  /// One of the target's that takes one more request, or null. `fresh`: only one in the making.
  static Http2Upstream* with_room(TargetRuntime& target, bool fresh);
  ~Http2Upstream() override;

  TargetSide& open_stream(Exchange& exchange, const UpstreamOptions& wanted);
  /// Requests go out on it at once.
  bool is_ready() const { return phase_ == Phase::open; }
  /// The target was reached, but takes no stream for now.
  bool takes_none() const { return phase_ == Phase::greeting && session_->has_settings(); }
  void close_idle() override { end(); }
  void retire() override;

  // ---- for its streams
  /// To be told when the present input is used up.
  void note_input(Http2TargetStream& stream) { streams_with_input_.push_back(&stream); }
  /// Its exchange has let go of it.
  void on_left(Http2TargetStream& stream);

  // ---- Channel
  void on_ready(net::Readiness ready) override;
  void resume() override;
  void finish_turn() override;

 private:
  enum class Phase : std::uint8_t { connecting, greeting, open, draining, closed };
  using Streams = std::vector<std::unique_ptr<Http2TargetStream>>;

  friend class TargetConnection;
  Http2Upstream(WorkerLoop& loop, net::Stream stream,
                boost::local_shared_ptr<TargetRuntime> target);
  void on_open() override;
  void on_failed(Failure failure) override { fail_all(failure, net::Refusal::none); }
  void make_session();
  bool has_room(bool fresh) const;
  bool is_at_its_end() const;
  bool is_leaving() const;
  void note_leaving();
  void note_staying();
  template <class Notify>
  void notify_streams(Notify notify);
  void begin_to_take();
  void admit(std::uint32_t room);
  void reassign_stream(std::unique_ptr<Http2TargetStream> stream);
  void add(std::unique_ptr<Http2TargetStream> stream);
  std::unique_ptr<Http2TargetStream> take_out(std::size_t index);
  void retire_if_finished(const Http2TargetStream& stream);
  void read_input();
  void after_feed();
  void reap_closed_streams();
  void update_idle();
  void note_need();
  void leave_pool();
  /// The connection is gone or of no use: its streams are told.
  void fail_all(Failure failure, net::Refusal rule);
  /// Ends it politely. Requires: nobody has a request on it.
  void end();
  void set_deadline();
  void on_timeout();

  Phase phase_ = Phase::connecting;
  bool is_idle_ = false;        ///< As the gauges have it.
  bool is_stale_ = false;       ///< Somebody gave up waiting for it: who comes now tries another.
  bool is_feeding_ = false;     ///< The session is reading: its streams must stay.
  bool is_pinged_ = false;      ///< Nothing came since.
  std::uint32_t attached_ = 0;  ///< Streams with an exchange.
  std::uint32_t requests_ = 0;  ///< So far, those that wait included.
  Streams streams_;
  Streams finished_streams_;  ///< Kept to the end of the turn, since one of them may be calling.
  std::vector<Http2TargetStream*> streams_with_input_;
  Mono idle_since_;
  Mono last_input_;
  Mono next_ping_;
  net::Timer timer_;  ///< Idle expiry, and signs of life.
};

}  // namespace teal::proxy
