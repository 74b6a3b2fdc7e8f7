// ConnectionRegistry: the clients' connections that one worker serves: who serves an accepted one,
// which are open, and how all of them are told to end. And what all of them take their exchanges
// from.
//
// Owned by a Worker, used by its thread. Owns no connection: the reactor's registration does.
#pragma once

#include <cstddef>
#include <functional>
#include <unordered_set>

#include "proxy/downstream/accepted.h"
#include "proxy/exchange/exchange_pool.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/telemetry/census.h"

namespace teal::proxy {

class Downstream;

class ConnectionRegistry {
 public:
  explicit ConnectionRegistry(WorkerLoop& loop) : loop_(loop), exchanges_(loop) {}
  ConnectionRegistry(const ConnectionRegistry&) = delete;
  ConnectionRegistry& operator=(const ConnectionRegistry&) = delete;

  // ---- for connections
  WorkerLoop& loop() { return loop_; }
  ExchangePool& exchanges() { return exchanges_; }
  void opened(Downstream& downstream, ListenerId listener);
  /// The same connection under another object.
  void replaced(Downstream& old, Downstream& by);
  void closed(Downstream& downstream, ListenerId listener);

  // ---- for listening sockets
  /// Serves it, here or on a worker that has less to do.
  void assign_connection(AcceptedConnection accepted);

  // ---- for the worker
  bool is_empty() const { return open_.empty(); }
  /// Serves a connection that another worker has accepted.
  void serve_connection(AcceptedConnection accepted);
  /// A connection that was placed here is no more.
  void release_place(ListenerId listener);
  /// Ends them all, each with its request. `idle` is called by tell_idle() when none is left, those
  /// on their way here included.
  void drain(std::function<void()> idle);
  /// Those of one listener, which is no more, end after one request more; nobody waits for that.
  void drain_listener(ListenerId listener);
  /// After drain(), and each time that one has ended.
  void report_idle();
  /// Teal is overloaded, or more than it was.
  void shorten_idle_all();
  /// Ends them all now.
  void abort_all();
  /// A tick is over: goes on with the census of requests in flight, or begins the next one if it is
  /// time.
  void take_census();
  /// Control only. Null before the first; good until the next call.
  const Census* latest_census() { return census_box_.latest(); }

 private:
  WorkerLoop& loop_;
  ExchangePool exchanges_;
  std::unordered_set<Downstream*> open_;
  std::function<void()> on_idle_;  ///< Null: nobody waits for that.
  CensusTaker census_;
  CensusBox census_box_;
  std::size_t census_bucket_ = 0;   ///< Of open_, the next one to look at.
  std::size_t census_buckets_ = 0;  ///< As many as there were when it began.
};

}  // namespace teal::proxy
