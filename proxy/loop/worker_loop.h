// WorkerLoop: what the connections and requests of one worker need of its thread: the reactor and
// its timers, the clock as of this turn, buffers that all of them share, counters, random numbers,
// the present routes, and lists of who goes on when the present callback is over.
//
// Owned by a Worker and used by its thread alone: no locks, no shared reference counts
// (docs/adr/0002). Does not run by itself and knows no thread, no listening sockets and no clients:
// its owner calls, for each turn, begin_turn(), after each callback finish_callback(), and the rest
// below "for its owner". So a test may take it a step at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "base/rng.h"
#include "net/io/reactor.h"
#include "net/io/timer_wheel.h"
#include "net/tls/session.h"
#include "proxy/headers/compress.h"
#include "proxy/loop/channel.h"
#include "proxy/loop/group_queues.h"
#include "proxy/loop/idle_pool.h"
#include "proxy/loop/login_desk.h"
#include "proxy/loop/peer_workers.h"
#include "proxy/loop/pipe_pool.h"
#include "proxy/loop/pool_state.h"
#include "proxy/loop/runtime_registry.h"
#include "proxy/loop/target_runtime.h"
#include "proxy/loop/worker_routes.h"
#include "proxy/telemetry/access_log_buffer.h"
#include "proxy/telemetry/control_inbox.h"
#include "proxy/telemetry/report_sender.h"
#include "proxy/telemetry/shard.h"

namespace teal::proxy {

/// What auth services said of requests that are alike: the headers with which those go on.
using KnownAuths = ExpiringMap<std::vector<config::NamedValue>>;
inline constexpr std::size_t kMaxKnownAuths = 1024;

class WorkerLoop {
 public:
  struct Options {
    std::uint32_t worker = 0;  ///< Which one of the pool's.
    std::uint64_t seed = 0;
    const PoolState& shared;
    ControlInbox& control;
    PeerWorkers& peers;
  };

  /// `hooks`: how its owner hears of the reactor's turns; whoever gives none does not turn it.
  WorkerLoop(const Options& options, const RouteUpdate& first, net::Reactor::Hooks hooks = {});
  ~WorkerLoop();
  WorkerLoop(const WorkerLoop&) = delete;
  WorkerLoop& operator=(const WorkerLoop&) = delete;

  // ---- for connections and requests
  std::uint32_t worker() const { return worker_; }
  const PoolState& shared() const { return shared_; }
  ControlInbox& control() { return control_; }
  PeerWorkers& peers() { return peers_; }
  net::Reactor& reactor() { return reactor_; }
  net::TimerWheel& wheel() { return wheel_; }
  WriteBatch& writes() { return writes_; }
  PipePool& pipes() { return pipes_; }
  Shard& counters() { return *counters_; }
  Rng& rng() { return rng_; }
  Mono now() const { return now_; }
  WallTime wall() const { return wall_; }
  /// The Date header's text of this second.
  std::string_view date() const { return date_; }
  const WorkerRoutes& routes() const { return routes_; }
  net::TlsScratch& tls_scratch() { return tls_scratch_; }
  IdlePool& idle_pool() { return idle_pool_; }
  GroupQueues& queues() { return queues_; }
  RuntimeRegistry& runtimes() { return runtimes_; }
  ReportSender& reports() { return reports_; }
  LoginDesk& logins() { return logins_; }
  KnownAuths& auths() { return auths_; }
  AccessLogBuffer& access_log() { return access_log_; }
  bool is_draining() const { return is_draining_; }
  /// As of this turn.
  OverloadLevel overload() const { return overload_; }
  /// Clients' connections end with their request.
  bool ends_connections() const { return ends_connections_; }
  /// How long a connection of a client may be idle that may be for `keep_alive`.
  Millis idle_limit(Millis keep_alive) const {
    return overload_ == OverloadLevel::none ? keep_alive : short_idle_limit(keep_alive);
  }
  /// At least `size` bytes to read into; good until the callback's end.
  std::span<char> scratch(std::size_t size);
  std::vector<Candidate>& candidates() { return candidates_; }
  /// Calls channel.resume() when the present callback is over.
  void resume_soon(Channel& channel);
  /// Calls channel.resume() after the other connections' events have had their turn.
  void resume_next_turn(Channel& channel);
  /// Calls channel.finish_turn() when all events of this turn were handled: what many of them have
  /// to say to one connection leaves at once.
  void resume_after_turn(Channel& channel) { finish_turn_queue_.emplace_back(&channel); }
  /// Null: there are as many as there may be, or there is no memory.
  std::unique_ptr<Compressor> take_compressor(Coding coding);
  void give_back(std::unique_ptr<Compressor> compressor);

  // ---- for its owner
  /// The wait for events is over: the time is read.
  void begin_turn();
  /// What a callback wrote leaves, and whoever is to go on after it does.
  void finish_callback();
  /// All events of the turn were handled: those that resume_next_turn() named go on with the next
  /// finish_callback(). False: there are none.
  bool resume_next();
  /// Somebody has more to do before the next event.
  bool has_next() const { return !next_turn_queue_.empty(); }
  /// Calls finish_turn() of those that resume_after_turn() named; a finish_callback() is to follow,
  /// after which there may be more of them. False: there are none.
  bool finish_turns();
  /// The timers that are due fire.
  void tick();
  /// Goes over to what was published: requests that wait go on with it when the callback is over.
  void take_routes(const RouteUpdate& update);
  const Shard& shard() const { return *counters_; }
  void begin_drain() { is_draining_ = ends_connections_ = true; }
  /// From now on connections behave as of overload().
  void follow_overload();
  /// The thread is about to end: nobody goes on any more.
  void clear();

 private:
  Millis short_idle_limit(Millis keep_alive) const;

  const std::uint32_t worker_;
  const PoolState& shared_;
  ControlInbox& control_;
  PeerWorkers& peers_;
  Rng rng_;
  Mono now_;
  WallTime wall_;
  std::string date_;
  std::int64_t date_second_ = -1;
  net::TimerWheel wheel_;
  const std::unique_ptr<Shard> counters_;
  IdlePool idle_pool_;
  WriteBatch writes_;
  PipePool pipes_;
  std::vector<char> scratch_;
  std::vector<Candidate> candidates_;
  AccessLogBuffer access_log_;
  std::vector<boost::intrusive_ptr<Channel>> resume_queue_;
  std::vector<boost::intrusive_ptr<Channel>> next_turn_queue_;
  std::vector<boost::intrusive_ptr<Channel>> finish_turn_queue_;
  std::uint32_t compressors_ = 0;  ///< That are taken.
  OverloadLevel overload_ = OverloadLevel::none;
  bool is_draining_ = false;
  bool ends_connections_ = false;
  ReportSender reports_;
  RuntimeRegistry runtimes_;
  WorkerRoutes routes_;
  GroupQueues queues_;
  LoginDesk logins_;
  KnownAuths auths_{kMaxKnownAuths};
  net::TlsScratch tls_scratch_;
  net::Reactor reactor_;
};

}  // namespace teal::proxy
