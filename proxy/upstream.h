// Upstream: one connection to a target. Connects, carries one request at a time for an exchange,
// and between requests waits in its target's pool with its readiness still watched, so that a
// target's close is noticed before the connection is used again.
//
// Owned by the reactor's registration, its exchange and the pool of its worker. Does not choose
// targets or retry (exchange.h), and does not buffer beyond one read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/outcome.h"
#include "net/http1_parser.h"
#include "net/timer_wheel.h"
#include "proxy/channel.h"
#include "proxy/target_runtime.h"

namespace teal::proxy {

class Upstream final : public Channel {
 public:
  /// Begins to connect. An Error: it failed at once.
  static Result<boost::intrusive_ptr<Upstream>> connect(
      Worker& worker, const boost::local_shared_ptr<TargetRuntime>& target);
  ~Upstream() override;

  /// From now on this connection works for `exchange`, which gets the response's events.
  /// `most_read`: at once.
  void attach(Exchange& exchange, net::Method method, std::size_t most_read);
  bool is_connected() const { return state_ != State::connecting; }
  /// Its requests so far, the present one included.
  std::uint32_t requests() const { return requests_; }
  /// Some byte of the present response has come.
  bool has_response_begun() const { return response_begun_; }
  TargetRuntime& target() { return *target_; }

  // ---- for the exchange: the request
  void send(std::string_view bytes) { write_view(bytes); }
  using Channel::output;
  /// Do not read the response for now: the client takes no more.
  void pause() { paused_ = true; }
  void unpause();
  /// The exchange is done with it: keep it for the next request.
  void release();
  /// The exchange has no use for the response that has begun: throw the rest away, and keep the
  /// connection if that is little and comes soon.
  void discard();
  /// The exchange is done with it, and it is of no more use.
  void abandon();
  /// Closes a connection that nobody uses: kept, or with the rest of a response to throw away.
  void close_idle();

  void on_ready(net::Readiness ready) override;
  void resume() override;

 private:
  enum class State : std::uint8_t { connecting, busy, discarding, idle, closed };

  Upstream(Worker& worker, net::Socket socket, boost::local_shared_ptr<TargetRuntime> target);
  void on_connect_ended();
  void shake_hands();
  void read_response();
  /// False: the exchange is done, or the connection is.
  bool parse(std::string_view input);
  void fail(Failure failure, net::Refusal rule);
  /// One step of a response that nobody wants. False: that was all of it.
  bool discard_step(const net::ParseStep& step, bool is_last_input);
  bool is_reading() const;
  void on_idle_input();
  void leave_pool();
  void on_idle_timeout();
  void count_closed();

  boost::local_shared_ptr<TargetRuntime> target_;
  State state_ = State::connecting;
  Exchange* exchange_ = nullptr;
  bool paused_ = false;
  bool response_begun_ = false;
  std::uint32_t requests_ = 0;
  std::size_t discarded_ = 0;
  std::size_t read_size_;
  std::size_t most_read_ = 0;
  net::ResponseParser parser_;
  std::string stash_;  ///< Input that is not a whole head, chunk line or trailer section yet.
  net::Timer timer_;   ///< Idle expiry, and the end of discarding.
};

}  // namespace teal::proxy
