// Shard: one worker's counters. Written by that worker only (a relaxed load, add, store: no locked
// instruction, no shared cache line), read by the control thread at any time with relaxed loads. A
// reading is a value; readings of all shards are added up.
//
// Slots of traffic, services and listeners are made by the worker with the first of what they
// count, and never move or go away. Numbers only grow, except gauges.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/counter.h"
#include "base/counters.h"
#include "base/error_meaning.h"
#include "base/grpc_status.h"
#include "net/http/refusal.h"
#include "proxy/routing/route_index.h"
#include "proxy/routing/slot_table.h"
#include "proxy/telemetry/growing_array.h"
#include "proxy/telemetry/service_stats.h"

namespace teal::proxy {

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
  std::array<Counter, Histogram::kSize> buckets;
  Counter sum_micros;

  void record(std::uint64_t micros) {
    buckets[Histogram::index(micros)].add();
    sum_micros.add(micros);
  }
  void read_into(Histogram& sum) const;
};

/// Requests by number of meaning of "error" (base/error_meaning.h). Its memory is made with the
/// first of them: hardly any slot has one.
class MeaningShard {
 public:
  /// Writer only. A request that `counted_by` count has ended, and is an error to `errors` of them.
  void record(MeaningSet counted_by, MeaningSet errors);
  void read_into(TalliesByMeaning& sum) const;

 private:
  struct Counts {
    std::array<Counter, ErrorMeanings::kMaxMeanings> requests;
    std::array<Counter, ErrorMeanings::kMaxMeanings> errors;
  };
  std::unique_ptr<Counts> owned_;
  std::atomic<const Counts*> shown_{nullptr};
};

struct TrafficShard {
  explicit TrafficShard(SlotId of = kNoSlot) : slot(of) {}

  SlotId slot;
  std::array<std::array<Counter, TrafficCounters::kClasses>, 3> requests;
  Counter retries;
  std::array<Counter, kGrpcStatuses> grpc;
  Counter shielded;    ///< Failed here and were asked of the live group.
  ActiveCount active;  ///< Gauge: requests in flight.
  HistogramShard duration;
  HistogramShard given_up;
  HistogramShard first_byte;
  MeaningShard by_meaning;

  void read_into(TrafficCounters& sum) const;
  void read_into(RequestCounts& sum) const;
  void read_into(TalliesByMeaning& sum) const { by_meaning.read_into(sum); }
  void read_into(GrpcCounts& sum) const;
  /// How long the requests took that have ended or were given up.
  void read_into(Histogram& sum) const;
};

/// Everything of a worker that has no group, service or listener. One line each in shard.cc's table
/// names the metric.
enum class Stat : std::uint8_t {
  requests_active,  // gauge
  requests_without_route,
  request_header_timeouts,
  keep_alive_timeouts,
  stream_timeouts,  // of requests that ask no target any more
  client_aborts,
  access_log_dropped,
  bad_outcomes_dropped,   // reports to control over the flood limit
  judged_events_dropped,  // events of judged requests over the flood limit
  route_redirects,        // by a route
  route_responses,        // fixed responses by a route
  bodies_too_large,       // 413
  fields_twin,            // dropped: their names read like Teal's own (proxy/headers/odd_names.h)
  fields_underscored,     // dropped, as the listener says
  request_trailers,       // fields dropped that were not to be forwarded
  requests_looped,        // 508
  rate_limited,           // 429
  sticky_refused,         // cookies that are none of ours
  rate_limit_evictions,   // a bucket that was not full had to go
  overload_requests,      // 503
  overload_closed_idle,   // kept connections of clients that ended before their time
  compressed_gzip,        // responses
  compressed_brotli,      // responses
  compressions_skipped,   // the worker had as many as it may
  compression_bytes_in,   // of responses that are compressed
  compression_bytes_out,  // what was made of them
  misdirected,            // 421: the Host has other rules than the name of the handshake
  tunnels,                // upgraded connections, since they were
  tunnels_active,         // gauge
  tunnels_drained,
  splices_without_pipe,  // reads of a large body into memory instead
  proxy_header_timeouts,
  tls_handshake_timeouts,
  access_by_address,      // 403: allow, deny
  access_no_password,     // 401: came without one
  access_wrong_password,  // 401
  access_checks_full,     // 503: as many passwords wait for their check as may
  access_checks_late,     // 503: a check took too long to come to its turn
  access_auth_refused,    // by the answer of an auth service
  access_auth_failed,     // 502 to 504: the auth service gave no answer
  passwords_by_hash,
  passwords_by_cache,
  auths_by_service,
  auths_by_cache,
  count_,
};
inline constexpr std::size_t kStats = static_cast<std::size_t>(Stat::count_);

/// So many requests of a service have ended in one worker, in any of its streams. Whoever sees the
/// same number twice need not look at the streams, which are all over the memory: these numbers are
/// side by side.
class ActivityCount {
 public:
  /// Writer only, after what the request has left in its stream.
  void add() {
    value_.store(value_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  /// Whatever it counts can be read after it.
  std::uint64_t read() const { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Shard {
 public:
  static constexpr std::size_t kMaxSlots = SlotTable::kMaxSlots;
  static constexpr std::size_t kMaxServices = 65'536;  ///< That there ever were, by name.
  static constexpr std::size_t kMaxListeners = 4096;   ///< As well.

  // Writer only.
  /// Requires: slot < kMaxSlots.
  TrafficShard& traffic(SlotId slot) { return slots_.get(slot, slot); }
  Counter& operator[](Stat stat) { return stats_[stat]; }
  ServiceShard& service(ServiceId id) { return services_.get(id); }
  ListenerShard& listener(ListenerId id) { return listeners_.get(id); }
  ActivityCount& activity(ServiceId id) {
    return activities_.get(id / kActivities)[id % kActivities];
  }
  Counter& refused(net::Refusal rule) { return refusals_[static_cast<std::size_t>(rule)]; }

  Counter upstream_connections;  ///< Gauge: open now, of all services.

  // Reader. Null where the worker has counted nothing there yet.
  const TrafficShard* find(SlotId slot) const { return slots_.find(slot); }
  const ServiceShard* find_service(ServiceId id) const { return services_.find(id); }
  const ListenerShard* find_listener(ListenerId id) const { return listeners_.find(id); }
  std::uint64_t read_activity(ServiceId id) const {
    const Activities* const found = activities_.find(id / kActivities);
    return found == nullptr ? 0 : (*found)[id % kActivities].read();
  }
  std::uint64_t read(Stat stat) const { return stats_.read(stat); }
  std::uint64_t read(net::Refusal rule) const {
    return refusals_[static_cast<std::size_t>(rule)].read();
  }

 private:
  static constexpr std::size_t kActivities = 256;
  using Activities = std::array<ActivityCount, kActivities>;

  GrowingArray<TrafficShard, kMaxSlots> slots_;
  Counts<Stat> stats_;
  std::array<Counter, net::kRefusals> refusals_;
  GrowingArray<ServiceShard, kMaxServices> services_;
  GrowingArray<ListenerShard, kMaxListeners> listeners_;
  GrowingArray<Activities, kMaxServices / kActivities> activities_;
};

/// Samples of all workers' Stats and Refusals, added up, for the exporter.
std::vector<MetricSample> read_stats(std::span<const Shard* const> shards);

}  // namespace teal::proxy
