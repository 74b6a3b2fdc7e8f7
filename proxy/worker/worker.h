// Worker: one thread with its own listening sockets and everything that is behind them: the loop
// that its connections use, the connections, and the way by which other threads reach it. Inside it
// is single-threaded by construction: no locks, no shared reference counts (docs/adr/0002).
//
// Made and stopped by WorkerPool (control thread), which talks to it by post only.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "net/io/socket.h"
#include "proxy/downstream/connection_registry.h"
#include "proxy/loop/parked_thread.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

class Acceptor;

/// A table on its way to a worker.
struct PendingTable {
  std::shared_ptr<const RouteTable> table;
  std::function<void()> applied;  ///< Called on the worker's thread, when it runs on the table.
};

class Worker {
 public:
  struct ListenerSocket {
    net::Socket socket;
    std::size_t listener = 0;
    bool shared = false;  ///< With other workers (Unix sockets).
  };

  Worker(const WorkerLoop::Options& options, const RouteTable& first,
         std::shared_ptr<const TlsTable> tls, std::vector<ListenerSocket> sockets);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // ---- for the pool, any thread
  void start(ParkedThread thread);
  void join();
  /// Runs it on the worker's thread, in the order given.
  void post(std::function<void()> work);
  const Shard& shard() const { return loop_.shard(); }
  InFlightWatermark::Reading read_watermark() const { return reports_.read_watermark(); }
  /// Control only. Null before the first; good until the next call.
  const Census* latest_census() { return connections_.latest_census(); }
  /// As InFlightWatermark::want().
  void notify_at_watermark(Mono began) { reports_.notify_at_watermark(began); }
  /// Control: what there is to be told. The worker may send the next batch.
  std::optional<ReportBatch> take_reports();
  /// Tables are taken in the order in which they are given, and before the worker's next event: a
  /// busy worker has hundreds in a turn.
  void publish_table(PendingTable news);

  // ---- for the pool, posted
  /// For the connections to come.
  void take_tls(std::shared_ptr<const TlsTable> tls) { loop_.take_tls(std::move(tls)); }
  /// No new connections; the open ones end with their request. `idle` is called when none is left.
  void drain(std::function<void()> idle);
  /// Cuts what still runs and leaves the loop.
  void stop();
  /// Serves a connection that another worker has accepted.
  void adopt(AcceptedConnection accepted);
  /// There may be room for those of its requests that wait there.
  void on_called(const GroupLimits& group);
  const PinnedTable& table() const { return loop_.table(); }

 private:
  void run();
  void run_posted();
  void apply_tables();
  void after_each();
  void after_turn();
  void tick();
  void each_second();
  void follow_overload();
  Millis until_next_turn() const;

  WorkerLoop loop_;
  ReportSender& reports_;  ///< The loop's.
  ConnectionRegistry connections_;
  std::vector<boost::intrusive_ptr<Acceptor>> acceptors_;
  boost::asio::io_context io_;  ///< Brings what other threads post.
  std::atomic<bool> has_pending_tables_{false};
  std::mutex pending_tables_mutex_;  ///< Taken once per publication.
  std::deque<PendingTable> pending_tables_;
  bool is_taking_news_ = false;
  Mono next_tick_;                                ///< Of the loop.
  Mono second_;                                   ///< When each_second() was last called.
  OverloadLevel followed_ = OverloadLevel::none;  ///< What the connections have been told.
  bool is_stopping_ = false;
  ParkedThread thread_;
};

}  // namespace teal::proxy
