// Reactor: the sockets of one worker, in an edge-triggered epoll set of its own, whose descriptor
// the worker's io_context waits on (docs/adr/0008). A socket is registered once for reading and
// writing and never re-armed, which is what keeps a small request at four system calls.
//
// Owned and used by one worker's thread. A registration holds one strong reference to its watcher,
// and nothing else does: remove() may destroy the watcher, also from inside its own on_ready().
// Does not read or write sockets, and knows no timers (net/timer_wheel.h).
#pragma once

#include <sys/epoll.h>

#include <array>
#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "base/result.h"

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
class Watcher : public boost::intrusive_ref_counter<Watcher, boost::thread_unsafe_counter> {
 public:
  virtual ~Watcher() = default;
  /// Edge-triggered: what is not read or written until it would block is not announced again.
  virtual void on_ready(Readiness ready) = 0;
};

class Reactor {
 public:
  /// `before_turn` runs before each batch of events of a turn (read the clock), `after_each` after
  /// every single event (flush what it wrote), `after_turn` at the end.
  struct Hooks {
    std::function<void()> before_turn;
    std::function<void()> after_each;
    std::function<void()> after_turn;
  };

  Reactor(boost::asio::io_context& io, Hooks hooks);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  /// Begins to wait. The io_context then runs until stop().
  void start();
  void stop();

  /// Edge-triggered, both directions.
  Result<void> add(int fd, Watcher& watcher);
  /// Level-triggered, reading only: for listening sockets. `exclusive`: the socket is shared with
  /// other workers, wake only one of them (Unix sockets).
  Result<void> add_listener(int fd, Watcher& watcher, bool exclusive);
  /// Forgets the watcher, events already fetched for it included. The caller closes the socket.
  void remove(int fd, Watcher& watcher);

 private:
  void wait();
  void turn();
  Result<void> add(int fd, Watcher& watcher, std::uint32_t events);

  static constexpr int kBatch = 256;
  /// After a batch of so many events there are likely more: they are fetched without going back to
  /// the io_context, which costs two system calls, but only so often that its timers and posts (a
  /// new table) do not wait.
  static constexpr int kBusy = 8;
  static constexpr int kRounds = 4;
  boost::asio::posix::stream_descriptor epoll_;
  Hooks hooks_;
  std::array<epoll_event, kBatch> events_{};
  int next_ = 0;  ///< The next event of the batch to handle.
  int fetched_ = 0;
  bool stopped_ = false;
};

}  // namespace teal::net
