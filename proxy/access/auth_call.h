// AuthCall: the request by which a gate asks another service whether a client's request may go on.
// It is a request as clients make them, without a client: an exchange of its own goes by that
// service's split, balancer, health, limits and kept connections, and this is its client side,
// which gathers the answer.
//
// Part of one exchange's gate, on its worker's thread; makes one call after the other. Keeps at
// most 64 KiB of an answer, which is refused if it is longer. Does not read what the answer is for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/route.h"
#include "net/io/timer_wheel.h"
#include "proxy/exchange/client_side.h"
#include "proxy/loop/route_pin.h"
#include "proxy/request/local_reply.h"
#include "proxy/request/request.h"

namespace teal::proxy {

class CensusTaker;
class Exchange;
class WorkerLoop;

class AuthCall final : ClientSide {
 public:
  static constexpr std::size_t kMaxBody = std::size_t{64} * 1024;

  /// passed: 2xx. refused: another answer. failed: there was none that can be used.
  enum class State : std::uint8_t { waits, passed, refused, failed };
  using Done = void (*)(void* owner);

  AuthCall(WorkerLoop& loop, Done done, void* owner);
  ~AuthCall() override;
  AuthCall(const AuthCall&) = delete;
  AuthCall& operator=(const AuthCall&) = delete;

  /// Asks about `request`, for the gate of `route`. waits: done() follows, unless cancel() comes
  /// first; until then both stay as they are.
  void begin(const RoutePin& route, const Request& request,
             const std::optional<net::ProxyAddresses>& client_ends);
  State state() const { return state_; }
  /// Does nothing where it does not wait.
  void cancel();
  /// Of a 2xx: the headers that the route names.
  std::vector<config::NamedValue> take_fields() { return std::move(fields_); }
  /// What the client gets; `is_bare`: without the answer's own body and headers. Lives as long as
  /// this makes no other call. Requires: refused or failed.
  LocalReply take_reply(bool is_bare);
  void add_to_census(CensusTaker& census) const;

 private:
  // ---- ClientSide
  void send_continue() override {}
  void send_interim(const net::ResponseHead& /*head*/) override {}
  void send_head(const net::ResponseHead& head, const ResponseStyle& style) override;
  void send_switched(net::ResponseHead& head, const ResponseStyle& style) override;
  std::size_t send_local_reply(std::uint16_t status, std::string_view text,
                               const ResponseStyle& style, bool head_request) override;
  void send_body(std::string_view bytes) override;
  void send_end(const net::Fields& /*trailers*/) override { is_whole_ = true; }
  void send_truncated() override {}
  bool is_output_blocked() const override { return is_too_long_; }
  void resume_request() override {}
  std::optional<net::ProxyAddresses> client_ends() const override { return client_ends_; }
  void on_exchange_done() override;

  void take_copies(const net::ResponseHead& head);
  void take_lines(const net::ResponseHead& head);
  void give_up_soon();
  void end();
  State outcome() const;

  WorkerLoop& loop_;
  const Done done_;
  void* const owner_;
  std::unique_ptr<Exchange> exchange_;
  net::Timer end_timer_;  ///< Ends a call whose answer is too long, from outside of its exchange.
  State state_ = State::failed;
  bool is_running_ = false;
  bool is_called_ = false;  ///< begin() or cancel() is under way, and looks at the outcome itself.
  bool is_whole_ = false;   ///< The answer.
  bool is_too_long_ = false;                          ///< Likewise.
  const std::vector<std::string>* copied_ = nullptr;  ///< The names of headers; of the route.
  std::optional<net::ProxyAddresses> client_ends_;
  std::uint16_t status_ = 0;  ///< Of the answer; 0: there was none.
  std::uint16_t failed_ = 0;  ///< What Teal would have answered in its place; 0: nothing.
  std::vector<config::NamedValue> fields_;
  std::string content_type_;
  std::string lines_;
  std::string body_;
};

}  // namespace teal::proxy
