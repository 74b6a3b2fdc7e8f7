// Downstream: one client connection speaking HTTP/1. Reads requests, feeds them to one exchange
// after the other (pipelined requests wait their turn), writes what the exchange sends.
//
// Owned by the reactor's registration; used by its worker's thread. Holds no buffer while idle:
// bytes are read into the worker's scratch buffer, and only what cannot be used yet is kept.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/http1_parser.h"
#include "net/timer_wheel.h"
#include "proxy/access_log.h"
#include "proxy/channel.h"
#include "proxy/client_side.h"

namespace teal::proxy {

class Exchange;

class Downstream final : public Channel, public ClientSide {
 public:
  /// A connection has been accepted.
  static void open(Worker& worker, net::Socket socket, std::size_t listener,
                   const std::string& peer_address);
  ~Downstream() override;

  /// Ends after the running request, at once if there is none.
  void drain();
  /// Ends now.
  void cut();

  void on_ready(net::Readiness ready) override;
  void resume() override;

  // ---- ClientSide
  void send_continue() override;
  void send_interim(const net::ResponseHead& head) override;
  void send_head(const net::ResponseHead& head, const ResponseStyle& style) override;
  void send_own(std::uint16_t status, std::string_view text, const ResponseStyle& style,
                bool head_request) override;
  void send_body(std::string_view bytes) override;
  void send_end(const net::Fields& trailers) override;
  void send_truncated() override;
  bool is_output_blocked() const override { return is_blocked(); }
  void resume_request() override;
  void on_exchange_done() override;

 private:
  /// The TLS handshake; reading a head (or waiting for one); an exchange runs; our last bytes go
  /// out; waiting for the client to have read them.
  enum class Phase : std::uint8_t { handshake, head, exchange, closing, lingering, closed };
  enum class Ending : std::uint8_t { none, orderly, linger, reset };

  Downstream(Worker& worker, net::Socket socket, std::size_t listener,
             const std::string& peer_address, const config::Listener& spec);

  bool wants_input() const;
  void pump();
  std::string_view parse(std::string_view input);
  void shake_hands();
  void begin_exchange();
  /// Answers what no target is to see: true if it did.
  bool answer_here(const net::RequestHead& head);
  const config::Listener& spec() const;
  void on_input_ended(bool broken);
  void refuse(net::Refusal rule);
  /// An answer to what never became a request, and its line in the log.
  void answer_and_end(std::uint16_t status, std::string_view text, Termination termination,
                      std::string_view detail, const net::RequestHead* head = nullptr,
                      std::string_view location = {});
  void next_request();
  void end_connection(Ending ending);
  void try_to_end();
  void close();
  void set_input_deadline();
  void on_timeout();

  const std::size_t listener_;
  const config::ListenerTimeouts timeouts_;
  const std::uint32_t requests_limit_;
  std::string peer_address_;
  bool trusted_ = false;
  Phase phase_ = Phase::head;
  Ending ending_ = Ending::none;
  bool request_done_ = true;  ///< The present request's last byte has been taken.
  bool close_after_ = false;  ///< No further request after this one.
  bool responded_ = false;    ///< Some byte of the present response went out.
  net::Framing framing_;      ///< Of the response, as the client gets it.
  bool head_begun_ = false;   ///< The head's deadline runs.
  std::uint32_t requests_ = 0;
  std::size_t read_size_;
  std::size_t lingered_ = 0;
  net::RequestParser parser_;
  std::string stash_;
  std::unique_ptr<Exchange> exchange_;
  net::Timer timer_;
};

}  // namespace teal::proxy
