// AresChannel: one channel of c-ares on the event loop of the thread that looks for targets:
// questions go out over UDP or over TCP, and the reply comes back as bytes. c-ares says which
// sockets it waits for, and lets go of them before it closes them.
//
// That one thread only. Blocks on nothing. Does not read replies (net/dns/message.h), nor decide
// when to ask (control/discovery/question_book.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "control/discovery/question_book.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace teal::control {

class AresChannel {
 public:
  enum class Transport : std::uint8_t {
    udp,
    tcp,
    /// UDP, where a resolver's failure is a reply: the next one is not asked.
    plain,
  };
  /// Of one try of one resolver.
  static constexpr int kTries = 2;

  /// The bytes of a reply, or none and the problem. The bytes are good until it returns.
  using Done = std::function<void(std::span<const std::uint8_t> reply, const LookProblem& problem)>;

  /// No resolvers: those of /etc/resolv.conf. An Error: c-ares cannot begin.
  static Result<std::unique_ptr<AresChannel>> open(boost::asio::io_context& io, Transport transport,
                                                   const std::vector<Address>& resolvers,
                                                   Millis timeout);
  /// Whoever waits for a reply is forgotten.
  ~AresChannel();
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;

  /// `done` may be called before it returns, and must not destroy the channel.
  void ask(const Question& question, Done done);
  bool is_idle() const;

 private:
  struct State;
  explicit AresChannel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace teal::control
