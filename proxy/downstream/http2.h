// Http2Downstream: one client connection speaking HTTP/2: feeds its session (net/http2/session.h),
// owns its requests, and writes what they have to say once a turn, so that the answers of many
// targets leave in one system call.
//
// Owned by the reactor's registration; used by its worker's thread. A client that takes no output
// is not read from either: nothing piles up for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "net/http2/session.h"
#include "proxy/downstream/downstream.h"
#include "proxy/downstream/http2_request.h"
#include "proxy/loop/http2_channel.h"

namespace teal::proxy {

class Http2Downstream final : public Http2Channel<Downstream>, public net::Http2Session::Requests {
 public:
  /// Goes on with a connection whose client has chosen HTTP/2.
  static void take_over(Downstream& from);
  ~Http2Downstream() override;

  void drain() override;
  /// Those that are on their way are served (RFC 9113, section 6.8).
  void finish_soon() override { drain(); }
  void abort() override;
  void shorten_idle() override;
  void add_to_census(CensusTaker& census) const override;
  void on_ready(net::Readiness ready) override;
  void resume() override;
  void finish_turn() override;

  // ---- for its requests
  using Downstream::ends;
  using Downstream::has_local_replies;
  using Downstream::local_reply;
  using Downstream::peer;
  ConnectionRegistry& registry() { return registry_; }
  ListenerId listener() const { return listener_; }
  std::string_view hsts() const { return spec().hsts; }
  /// How long a client may take over the end of a response.
  Millis flush_timeout() const { return timeouts_.keep_alive; }
  /// Answers what no target is to see, and logs it.
  void answer(Http2Request& request, const LocalReply& answer, std::string_view detail,
              const net::RequestHead& head);

  // ---- Http2Session::Requests
  net::Http2ServerStream& open_stream() override;
  void on_malformed(const net::RequestHead& head, net::Refusal rule) override;

 private:
  explicit Http2Downstream(Downstream& from);

  void read_input();
  void reap_closed_streams();
  /// `in_order`: the client has closed the connection.
  void lose_all(bool in_order = false);
  void end_after_output();
  void set_deadline();
  void on_timeout();
  void start_shutdown();

  const std::uint32_t requests_limit_;
  std::vector<std::unique_ptr<Http2Request>> requests_;
  std::uint32_t begun_ = 0;  ///< Requests so far.
  bool is_pinged_ = false;   ///< Nothing came since.
  Mono opened_;
  Mono idle_since_;
  Mono last_input_;
  Mono head_since_ = Mono::max();
  Mono shutdown_at_ = Mono::max();  ///< The second step of the end.
};

}  // namespace teal::proxy
