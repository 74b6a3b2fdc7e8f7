// Reactor: the sockets of one worker in an edge-triggered epoll set, which its thread waits on
// (docs/adr/0008). A socket is registered once for reading and writing and never re-armed, and a
// turn takes one system call of its own: that is what keeps a small request at four.
//
// Owned and used by one worker's thread, but for wake(). A registration holds one strong reference
// to its handler, and nothing else does: remove() may destroy the handler, also from inside its own
// on_ready(). Does not read or write sockets, and knows no timers (net/io/timer_wheel.h).
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <functional>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "base/result.h"
#include "base/time.h"

namespace teal::net {

struct Readiness {
  bool read = false;
  bool write = false;
  /// The peer has ended its side or the connection is broken: no further readiness will be
  /// announced, so read until the end shows itself, however short a read is.
  bool ended = false;
  bool broken = false;  ///< Reset, or closed in both directions.
};

/// Something with a socket. Reference counts are plain integers: one thread only.
class EventHandler
    : public boost::intrusive_ref_counter<EventHandler, boost::thread_unsafe_counter> {
 public:
  virtual ~EventHandler() = default;
  /// Edge-triggered: what is not read or written until it would block is not announced again.
  virtual void on_ready(Readiness ready) = 0;
};

class Reactor {
 public:
  /// `before_turn` runs when the wait is over (read the clock), `after_each` after every single
  /// event (flush what it wrote), `woken` once after wake(), `after_turn` at the end.
  struct Hooks {
    std::function<void()> before_turn;
    std::function<void()> after_each;
    std::function<void()> woken;
    std::function<void()> after_turn;
  };

  explicit Reactor(Hooks hooks);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  /// Waits for events, so long at most, and handles those that there are.
  void turn(Millis at_most);
  /// The last turn has handled all that the system had to tell when it began.
  bool is_drained() const { return is_drained_; }
  /// Any thread: ends the wait, the present one or else the next.
  void wake();

  /// Edge-triggered, both directions.
  Result<void> add(int fd, EventHandler& handler);
  /// Level-triggered, reading only: for listening sockets. `exclusive`: the socket is shared with
  /// other workers, wake only one of them (Unix sockets).
  Result<void> add_listener(int fd, EventHandler& handler, bool exclusive);
  /// Forgets the handler, events already fetched for it included; the socket stays open.
  void remove(int fd, EventHandler& handler);
  /// Forgets the handler of a socket that the caller has just closed: the kernel took that out of
  /// the set, as there never is a second descriptor of a connection (epoll(7), Q6).
  void remove_closed(EventHandler& handler);

 private:
  void on_woken();
  void forget(EventHandler& handler);
  Result<void> add(int fd, EventHandler& handler, std::uint32_t events);

  static constexpr int kBatch = 256;
  Hooks hooks_;
  const int epoll_;
  const int wake_fd_;  ///< An eventfd in the set, for wake().
  std::atomic<bool> is_wake_pending_{false};
  std::array<epoll_event, kBatch> events_{};
  int next_ = 0;  ///< The next event of the batch to handle.
  int fetched_ = 0;
  bool is_drained_ = true;
};

}  // namespace teal::net
