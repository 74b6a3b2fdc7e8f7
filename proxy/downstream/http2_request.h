// Http2Request: one request of an HTTP/2 connection: a stream of its session, and the client side
// that an exchange talks to. Keeps the part of a body that its exchange does not want yet, which
// the stream's window bounds.
//
// Owned by its Http2Downstream; used by the worker's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "net/http2/session.h"
#include "net/io/timer_wheel.h"
#include "proxy/exchange/client_side.h"
#include "proxy/loop/deferred_end.h"

namespace teal::proxy {

class CensusTaker;
class Exchange;
class Http2Downstream;

class Http2Request final : public net::Http2ServerStream, public ClientSide {
 public:
  Http2Request(Http2Downstream& connection, std::size_t index);
  ~Http2Request() override;

  /// Its place among the connection's requests, which changes.
  std::size_t index() const { return index_; }
  void set_index(std::size_t index) { index_ = index; }

  // ---- from the connection
  /// The stream is over, or the connection is; `in_order`: nobody broke it off.
  void on_gone(bool in_order);
  void on_shutdown();
  /// Gives the exchange what it wants of the body now, if it has asked.
  void resume_if_asked();
  void add_to_census(CensusTaker& census) const;
  /// Tells it of room, if it was told that there was none.
  void report_room();

  // ---- Http2ServerStream
  void on_request(net::RequestHead& head, net::Refusal rule) override;
  void on_body(std::string_view bytes) override;
  void on_end(const net::Fields& trailers) override;
  void on_refused(net::Refusal rule) override;

  // ---- ClientSide
  void send_continue() override;
  void send_interim(const net::ResponseHead& head) override;
  void send_head(const net::ResponseHead& head, const ResponseStyle& style) override;
  void send_switched(net::ResponseHead& head, const ResponseStyle& style) override;
  std::size_t send_local_reply(std::uint16_t status, std::string_view text,
                               const ResponseStyle& style, bool head_request) override;
  void send_body(std::string_view bytes) override;
  void send_end(const net::Fields& trailers) override;
  void send_truncated() override;
  bool is_output_blocked() const override;
  void resume_request() override;
  std::optional<net::ProxyAddresses> client_ends() const override;
  void on_exchange_done() override;

 private:
  bool takes_body() const;
  void feed();
  void set_deadline();
  void on_timeout();
  ResponseStyle style_for(const ResponseStyle& style) const;

  Http2Downstream& connection_;
  std::size_t index_;
  std::unique_ptr<Exchange> exchange_;
  std::string stash_;             ///< Of the body: what the exchange does not want yet.
  bool is_request_done_ = false;  ///< Its last byte has come.
  bool is_tunnel_ = false;        ///< The stream's bytes are another protocol's.
  bool was_asked_ = false;
  mutable bool was_blocked_ = false;  ///< And said so.
  DeferredEnd end_;                   ///< What the exchange does not know of yet.
  net::Timer timer_;  ///< The next piece of a body; later, for the client to take the response.
};

}  // namespace teal::proxy
