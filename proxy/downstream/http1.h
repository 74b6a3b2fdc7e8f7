// Http1Downstream: one client connection speaking HTTP/1. Reads requests, feeds them to one
// exchange after the other (pipelined requests wait their turn), writes what the exchange sends.
//
// Owned by the reactor's registration; used by its worker's thread. Holds no buffer while idle:
// bytes are read into the worker's scratch buffer, and only what cannot be used yet is kept.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/http1/parser.h"
#include "proxy/downstream/downstream.h"
#include "proxy/exchange/client_side.h"

namespace teal::proxy {

class Exchange;

class Http1Downstream final : public Downstream, public ClientSide {
 public:
  static boost::intrusive_ptr<Http1Downstream> make(ConnectionRegistry& registry,
                                                    AcceptedConnection accepted);
  /// Goes on with a connection that has greeted.
  static void take_over(Downstream& from);
  ~Http1Downstream() override;

  void drain() override;
  void finish_soon() override;
  void abort() override;
  void shorten_idle() override;
  void add_to_census(CensusTaker& census) const override;

  void on_ready(net::Readiness ready) override;
  void resume() override;

  // ---- ClientSide
  void send_continue() override;
  void send_interim(const net::ResponseHead& head) override;
  void send_head(const net::ResponseHead& head, const ResponseStyle& style) override;
  void send_switched(net::ResponseHead& head, const ResponseStyle& style) override;
  std::size_t send_local_reply(std::uint16_t status, std::string_view text,
                               const ResponseStyle& style, bool head_request) override;
  void send_body(std::string_view bytes) override;
  Channel* bare_output() override;
  void send_end(const net::Fields& trailers) override;
  void send_truncated() override;
  bool is_output_blocked() const override { return is_blocked(); }
  void resume_request() override;
  std::optional<net::ProxyAddresses> client_ends() const override { return ends(); }
  void on_exchange_done() override;

 private:
  static constexpr std::size_t kMaxReadBytes = 256 * 1024;
  /// Kept of further requests while one runs, to see whether the end of TLS stands behind them.
  static constexpr std::size_t kMaxAhead = std::size_t{16} * 1024;

  Http1Downstream(ConnectionRegistry& registry, AcceptedConnection accepted);
  explicit Http1Downstream(Downstream& from);

  bool wants_input() const;
  void pump();
  std::string_view parse(std::string_view input);
  bool is_http2(std::string_view input) const;
  /// `more_came`: bytes stand behind the head.
  void begin_exchange(bool more_came);
  void on_input_ended(bool broken);
  void mark_end_read();
  void look_for_end();
  bool read_ahead();
  bool serves_half_closed() const;
  void refuse(net::Refusal rule);
  /// An answer to what never became a request, and its line in the log.
  void answer_and_end(const LocalReply& answer, std::string_view detail,
                      const net::RequestHead* head = nullptr);
  void next_request();
  /// Of a connection whose last output is there.
  void end_with_output(Ending ending);
  void set_input_deadline();
  void on_timeout();
  static void on_timer(void* self) { static_cast<Http1Downstream*>(self)->on_timeout(); }

  std::uint32_t requests_limit_;
  bool is_request_done_ = true;      ///< The present request's last byte has been taken.
  bool closes_after_ = false;        ///< No further request after this one.
  net::Framing framing_;             ///< Of the response, as the client gets it.
  bool is_tunnel_ = false;           ///< Bytes are another protocol's.
  bool has_input_ended_ = false;     ///< Of a tunnel: the client sends no more.
  bool is_end_read_ = false;         ///< The end of the client's bytes, where it is not a tunnel's.
  bool has_head_begun_ = false;      ///< The head's deadline runs.
  Mono served_until_ = Mono::max();  ///< Its requests, since the client has ended its side.
  std::uint32_t requests_ = 0;
  std::size_t read_size_ = kFirstRead;
  net::RequestParser parser_;
  std::unique_ptr<Exchange> exchange_;
};

}  // namespace teal::proxy
