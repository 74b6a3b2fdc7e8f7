// Shard: one worker's counters. Written by that worker only (a relaxed load, add, store: no locked
// instruction, no shared cache line), read by the control thread at any time with relaxed loads. A
// reading is a value; readings of all shards are added up.
//
// Slots of traffic are made by the worker when it takes a new RouteTable, and never move or go
// away. Numbers only grow, except gauges.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/counters.h"
#include "base/grpc_status.h"
#include "net/proxy_protocol.h"
#include "net/refusal.h"
#include "net/tls_failure.h"
#include "proxy/route_table.h"

namespace teal::proxy {

/// A number with one writer and any readers.
class Count {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// How many requests count somewhere now. Each counts what it has to before it leaves: whoever
/// reads 0 reads all of that afterwards.
class ActiveCount {
 public:
  void add() {
    value_.store(value_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void subtract() {
    value_.store(value_.load(std::memory_order_relaxed) - 1, std::memory_order_release);
  }
  std::uint64_t read() const { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Histogram with single-writer buckets.
struct HistogramShard {
  std::array<Count, Histogram::kSize> buckets;
  Count sum_micros;

  void record(std::uint64_t micros) {
    buckets[Histogram::index(micros)].add();
    sum_micros.add(micros);
  }
  void read_into(Histogram& sum) const;
};

/// Finished calls of gRPC by status.
using GrpcCounts = std::array<std::uint64_t, kGrpcStatuses>;

struct TrafficShard {
  SlotId slot = kNoSlot;
  std::array<std::array<Count, TrafficCounters::kClasses>, 3> requests;
  Count retries;
  std::array<Count, kGrpcStatuses> grpc;
  Count shielded;      ///< Failed here and were asked of the live group.
  ActiveCount active;  ///< Gauge: requests in flight.
  HistogramShard duration;
  HistogramShard given_up;
  HistogramShard first_byte;

  void read_into(TrafficCounters& sum) const;
  void read_into(RequestCounts& sum) const;
  void read_into(GrpcCounts& sum) const;
  /// How long the requests took that have ended or were given up.
  void read_into(Histogram& sum) const;
};

/// Everything of a worker that is not per group. One line each in shard.cc's table names the
/// metric.
enum class Stat : std::uint8_t {
  connections_accepted,
  connections_active,       // gauge
  connections_handed_over,  // to a worker with fewer of them
  connections_refused,      // over the listener's limit
  accept_failures,          // out of descriptors or memory
  requests_active,          // gauge
  requests_without_route,
  requests_without_target,  // 503: nobody healthy
  requests_without_room,    // 503: pending queue full
  queue_timeouts,           // 503: waited too long for room
  request_header_timeouts,
  keep_alive_timeouts,
  request_body_timeouts,
  connect_timeouts,
  response_header_timeouts,
  stream_timeouts,
  request_timeouts,
  client_aborts,
  upstream_connects,
  upstream_connect_failures,
  upstream_reuses,
  upstream_idle_connections,    // gauge
  upstream_active_connections,  // gauge
  upstream_closed_idle,         // closed by the target while idle
  upstream_expired_idle,        // closed by us after upstream_idle
  upstream_surplus_idle,        // likewise, since the last seconds did not need them
  upstream_evicted_idle,        // likewise, since there are as many as there may be
  upstream_http2_connections,
  upstream_streams_refused,  // the target did nothing of them: REFUSED_STREAM, GOAWAY
  upstream_ping_timeouts,    // connections that gave no sign of life
  upstream_protocol_errors,
  upstream_truncated,   // died in mid-response
  retries_reused_died,  // the one transparent retry on a fresh connection
  retries_connect,      // another target after a failed connect
  retries_failed,       // another target after another failure
  retries_shield,       // the live group after the release
  retries_over_budget,  // not made: the group had its share of retries
  shield_over_budget,
  shield_not_repeatable,
  shield_not_replayable,
  shield_without_target,
  exposure_diverted,  // to the live group at once: the budget had no room
  exposure_replayed,  // on the live group: the budget had no room for what might be seen
  access_log_dropped,
  bad_outcomes_dropped,   // reports to control over the flood limit
  judged_events_dropped,  // likewise
  redirects,              // to HTTPS, by a listener that only does that
  route_redirects,        // by a route
  route_responses,        // likewise: fixed ones
  bodies_too_large,       // 413
  fields_twin,            // dropped: their names read like Teal's own (proxy/odd_names.h)
  fields_underscored,     // dropped, as the listener says
  request_trailers,       // fields dropped that were not to be forwarded
  requests_looped,        // 508
  rate_limited,           // 429
  sticky_refused,         // cookies that are none of ours
  rate_limit_evictions,   // a bucket that was not full had to go
  clients_refused,        // connections over connections_per_client
  descriptors_refused,    // connections over what is left to clients
  overload_requests,      // 503
  overload_closed_idle,   // kept connections of clients that ended before their time
  compressed_gzip,        // responses
  compressed_brotli,      // likewise
  compressions_skipped,   // the worker had as many as it may
  compression_bytes_in,   // of responses that are compressed
  compression_bytes_out,  // what was made of them
  misdirected,            // 421: the Host has other rules than the name of the handshake
  http2_connections,
  tunnels,         // upgraded connections, since they were
  tunnels_active,  // gauge
  tunnels_drained,
  tunnel_timeouts,
  proxy_headers,  // of the PROXY protocol, taken
  proxy_header_timeouts,
  tls_handshakes,        // full ones, of clients
  tls_handshakes_short,  // resumed
  tls_handshake_timeouts,
  upstream_tls_refused,  // the target's certificate is not good
  upstream_tls_failures,
  count_,
};
inline constexpr std::size_t kStats = static_cast<std::size_t>(Stat::count_);

class Shard {
 public:
  static constexpr std::size_t kMaxSlots = SlotBook::kMaxSlots;

  /// Writer only. Makes slots up to and including `slot`.
  /// Requires: slot < kMaxSlots.
  TrafficShard& traffic(SlotId slot);
  Count& operator[](Stat stat) { return stats_[static_cast<std::size_t>(stat)]; }
  Count& tls_failed(net::TlsFailure why) { return tls_failures_[static_cast<std::size_t>(why)]; }
  Count& proxy_refused(net::ProxyFault why) { return proxy_faults_[static_cast<std::size_t>(why)]; }
  Count& refused(net::Refusal rule) { return refusals_[static_cast<std::size_t>(rule)]; }

  /// Reader. Null where this worker has not made the slot yet.
  const TrafficShard* find(SlotId slot) const;
  std::uint64_t read(Stat stat) const { return stats_[static_cast<std::size_t>(stat)].read(); }
  std::uint64_t read(net::TlsFailure why) const {
    return tls_failures_[static_cast<std::size_t>(why)].read();
  }
  std::uint64_t read(net::ProxyFault why) const {
    return proxy_faults_[static_cast<std::size_t>(why)].read();
  }
  std::uint64_t read(net::Refusal rule) const {
    return refusals_[static_cast<std::size_t>(rule)].read();
  }

 private:
  std::array<std::atomic<TrafficShard*>, kMaxSlots> slots_{};
  std::vector<std::unique_ptr<TrafficShard>> owned_;
  std::array<Count, kStats> stats_;
  std::array<Count, net::kRefusals> refusals_;
  std::array<Count, static_cast<std::size_t>(net::TlsFailure::count_)> tls_failures_;
  std::array<Count, static_cast<std::size_t>(net::ProxyFault::count_)> proxy_faults_;
};

/// Samples of all workers' Stats and Refusals, added up, for the exporter.
std::vector<MetricSample> read_stats(std::span<const Shard* const> shards);

}  // namespace teal::proxy
