// Worker: one thread with its own listening sockets and everything that is behind them: the loop
// that its connections use, the connections, and the way by which other threads reach it. Inside it
// is single-threaded by construction: no locks, no shared reference counts (docs/adr/0002).
//
// Made and stopped by WorkerPool (control thread), which talks to it by post only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "net/io/mailbox.h"
#include "proxy/downstream/connection_registry.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/worker/parked_thread.h"
#include "proxy/worker/worker_change.h"

namespace teal::proxy {

class Acceptor;

class Worker {
 public:
  Worker(const WorkerLoop::Options& options, const RouteUpdate& first,
         std::vector<ListenerSocket> sockets);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // ---- for the pool, any thread
  void start(ParkedThread thread);
  void join();
  /// Runs it on the worker's thread, in the order given, and before the worker's next event: a busy
  /// worker has hundreds in a turn.
  void post(std::function<void()> work) { mailbox_.put(std::move(work)); }
  const Shard& shard() const { return loop_.shard(); }
  InFlightWatermark::Reading read_watermark() const { return reports_.read_watermark(); }
  /// Control only. Null before the first; good until the next call.
  const Census* latest_census() { return connections_.latest_census(); }
  /// As InFlightWatermark::want().
  void notify_at_watermark(Mono began) { reports_.notify_at_watermark(began); }
  /// Control: what there is to be told. The worker may send the next batch.
  std::optional<ReportBatch> take_reports();

  // ---- for the pool, posted
  void take_routes(const RouteUpdate& update);
  /// With the routes of the same configuration, after them.
  void take_change(WorkerChange change);
  /// No new connections; the open ones end with their request. `idle` is called when none is left.
  void drain(std::function<void()> idle);
  /// Cuts what still runs and leaves the loop.
  void stop();
  /// Serves a connection that another worker has accepted.
  void serve_connection(AcceptedConnection accepted);
  /// There may be room for those of its requests that wait there.
  void on_called(const GroupLimits& group);
  /// A password has been checked.
  void on_login_checked(std::uint64_t ticket, bool is_good);
  const WorkerRoutes& routes() const { return loop_.routes(); }

 private:
  void run();
  void add_listener(ListenerSocket socket);
  void read_mail();
  void after_each();
  void after_turn();
  void tick();
  void each_second();
  void follow_overload();
  bool has_looked();
  Millis until_next_turn() const;

  WorkerLoop loop_;
  ReportSender& reports_;  ///< The loop's.
  ConnectionRegistry connections_;
  std::vector<boost::intrusive_ptr<Acceptor>> acceptors_;
  net::Mailbox<std::function<void()>> mailbox_;
  bool is_reading_mail_ = false;
  Mono next_tick_;      ///< Of the loop.
  int late_turns_ = 0;  ///< Since it should have been.
  /// Since there was mail or a connection; no more than it takes to rest.
  int quiet_ticks_ = 0;
  Mono last_second_;                                      ///< When each_second() was last called.
  OverloadLevel applied_overload_ = OverloadLevel::none;  ///< What the connections have been told.
  bool is_stopping_ = false;
  ParkedThread thread_;
};

}  // namespace teal::proxy
