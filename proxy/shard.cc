#include "proxy/shard.h"

#include "base/assert.h"

namespace teal::proxy {

namespace {

using Type = MetricSample::Type;

/// How the exporter shows a Stat. Several may be one metric told apart by a label.
struct Metric {
  Stat stat;
  Type type;
  std::string_view name;
  std::string_view help;
  std::string_view label = {};
  std::string_view value = {};
};

constexpr std::string_view kUnserved = "teal_requests_unserved_total";
constexpr std::string_view kUnservedHelp = "Requests that no target was asked for, by reason.";
constexpr std::string_view kTimeouts = "teal_timeouts_total";
constexpr std::string_view kTimeoutsHelp = "Timeouts that ran out, by the phase they limit.";
constexpr std::string_view kRetries = "teal_upstream_retries_total";
constexpr std::string_view kRetriesHelp = "Upstream attempts beyond a request's first, by reason.";
constexpr std::string_view kClosed = "teal_upstream_idle_connections_closed_total";
constexpr std::string_view kClosedHelp = "Kept connections that were closed unused, by who did it.";

constexpr std::string_view kUnshielded = "teal_shield_refused_total";
constexpr std::string_view kUnshieldedHelp =
    "Failures on a release that the shield is for and did not keep from the client, by reason.";
constexpr std::string_view kExposure = "teal_exposure_withheld_total";
constexpr std::string_view kExposureHelp =
    "Requests that the live group got because the exposure budget had no room for them.";
constexpr std::string_view kOverClient = "teal_downstream_connections_turned_away_total";
constexpr std::string_view kOverClientHelp =
    "Client connections closed at once: the client had its share, or descriptors ran out.";
constexpr std::string_view kCompressed = "teal_compressed_responses_total";
constexpr std::string_view kCompressedHelp = "Responses compressed for clients, by coding.";
constexpr std::string_view kPacked = "teal_compression_bytes_total";
constexpr std::string_view kPackedHelp =
    "Bytes of compressed responses, as the target sent and as the client got them.";
constexpr std::string_view kFields = "teal_request_fields_dropped_total";
constexpr std::string_view kFieldsHelp =
    "Header and trailer fields of requests that were not forwarded, by reason.";
constexpr std::string_view kRouteAnswers = "teal_route_answers_total";
constexpr std::string_view kRouteAnswersHelp =
    "Requests that a route answered itself, by kind; they count for no group.";
constexpr std::string_view kHandshakes = "teal_tls_handshakes_total";
constexpr std::string_view kHandshakesHelp = "TLS handshakes of clients that came to their end.";
constexpr std::string_view kTargetTls = "teal_upstream_tls_failures_total";
constexpr std::string_view kTargetTlsHelp = "TLS handshakes with targets that failed, by reason.";

constexpr std::array<Metric, kStats> kMetrics{{
    {Stat::connections_accepted, Type::counter, "teal_downstream_connections_total",
     "Client connections accepted."},
    {Stat::connections_active, Type::gauge, "teal_downstream_connections_active",
     "Client connections open now."},
    {Stat::connections_handed_over, Type::counter, "teal_downstream_connections_handed_over_total",
     "Client connections that a worker accepted and gave to one with fewer of them."},
    {Stat::connections_refused, Type::counter, "teal_downstream_connections_refused_total",
     "Client connections closed at once because the listener was at its limit."},
    {Stat::accept_failures, Type::counter, "teal_downstream_accept_failures_total",
     "Times that a listener could not accept for want of descriptors or memory."},
    {Stat::requests_active, Type::gauge, "teal_downstream_requests_active",
     "Requests in flight now."},
    {Stat::requests_without_route, Type::counter, kUnserved, kUnservedHelp, "reason", "no_route"},
    {Stat::requests_without_target, Type::counter, kUnserved, kUnservedHelp, "reason", "no_target"},
    {Stat::requests_without_room, Type::counter, kUnserved, kUnservedHelp, "reason", "queue_full"},
    {Stat::queue_timeouts, Type::counter, kUnserved, kUnservedHelp, "reason", "queue_timeout"},
    {Stat::request_header_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase",
     "request_header"},
    {Stat::keep_alive_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "keep_alive"},
    {Stat::request_body_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "request_body"},
    {Stat::connect_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "connect"},
    {Stat::response_header_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase",
     "response_header"},
    {Stat::stream_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "stream"},
    {Stat::request_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "request"},
    {Stat::client_aborts, Type::counter, "teal_client_aborts_total",
     "Requests whose client went away before the response was complete."},
    {Stat::upstream_connects, Type::counter, "teal_upstream_connections_opened_total",
     "Connections opened to targets."},
    {Stat::upstream_connect_failures, Type::counter, "teal_upstream_connection_failures_total",
     "Connections to targets that could not be opened."},
    {Stat::upstream_reuses, Type::counter, "teal_upstream_requests_on_kept_connections_total",
     "Upstream attempts that went out on a kept connection."},
    {Stat::upstream_idle_connections, Type::gauge, "teal_upstream_connections_idle",
     "Kept connections to targets that wait for a request now."},
    {Stat::upstream_active_connections, Type::gauge, "teal_upstream_connections_active",
     "Connections to targets that carry a request now."},
    {Stat::upstream_closed_idle, Type::counter, kClosed, kClosedHelp, "by", "target"},
    {Stat::upstream_expired_idle, Type::counter, kClosed, kClosedHelp, "by", "teal"},
    {Stat::upstream_surplus_idle, Type::counter, kClosed, kClosedHelp, "by", "surplus"},
    {Stat::upstream_evicted_idle, Type::counter, kClosed, kClosedHelp, "by", "limit"},
    {Stat::upstream_http2_connections, Type::counter, "teal_upstream_http2_connections_total",
     "Connections to targets that speak HTTP/2."},
    {Stat::upstream_streams_refused, Type::counter, "teal_upstream_streams_refused_total",
     "Requests over HTTP/2 that a target refused, or was going to leave, before it did anything."},
    {Stat::upstream_ping_timeouts, Type::counter, "teal_upstream_ping_timeouts_total",
     "Connections to targets given up because no PING was answered."},
    {Stat::upstream_protocol_errors, Type::counter, "teal_upstream_protocol_errors_total",
     "Responses of targets that broke a rule of HTTP."},
    {Stat::upstream_truncated, Type::counter, "teal_upstream_truncated_responses_total",
     "Responses whose target died in the middle of them."},
    {Stat::retries_reused_died, Type::counter, kRetries, kRetriesHelp, "reason",
     "kept_connection_died"},
    {Stat::retries_connect, Type::counter, kRetries, kRetriesHelp, "reason", "connect_failed"},
    {Stat::retries_failed, Type::counter, kRetries, kRetriesHelp, "reason", "failed"},
    {Stat::retries_shield, Type::counter, kRetries, kRetriesHelp, "reason", "shield"},
    {Stat::retries_over_budget, Type::counter, "teal_retries_over_budget_total",
     "Retries in a group not made because it had its share of them."},
    {Stat::shield_over_budget, Type::counter, kUnshielded, kUnshieldedHelp, "reason", "budget"},
    {Stat::shield_not_repeatable, Type::counter, kUnshielded, kUnshieldedHelp, "reason",
     "not_repeatable"},
    {Stat::shield_not_replayable, Type::counter, kUnshielded, kUnshieldedHelp, "reason",
     "body_too_long"},
    {Stat::shield_without_target, Type::counter, kUnshielded, kUnshieldedHelp, "reason",
     "no_target"},
    {Stat::exposure_diverted, Type::counter, kExposure, kExposureHelp, "how", "diverted"},
    {Stat::exposure_replayed, Type::counter, kExposure, kExposureHelp, "how", "replayed"},
    {Stat::access_log_dropped, Type::counter, "teal_access_log_dropped_total",
     "Access log lines dropped because the writer could not keep up."},
    {Stat::bad_outcomes_dropped, Type::counter, "teal_bad_outcomes_dropped_total",
     "Reports of bad outcomes over the flood limit; the counters still have them."},
    {Stat::judged_events_dropped, Type::counter, "teal_judge_events_dropped_total",
     "Events over the flood limit that the comparison did not get; whose they were had no part in "
     "it."},
    {Stat::redirects, Type::counter, "teal_https_redirects_total",
     "Requests that a listener sent to HTTPS."},
    {Stat::route_redirects, Type::counter, kRouteAnswers, kRouteAnswersHelp, "kind", "redirect"},
    {Stat::route_responses, Type::counter, kRouteAnswers, kRouteAnswersHelp, "kind", "respond"},
    {Stat::bodies_too_large, Type::counter, "teal_request_bodies_too_large_total",
     "Requests with a body longer than request_body_bytes (413)."},
    {Stat::fields_twin, Type::counter, kFields, kFieldsHelp, "reason", "reads_like_own"},
    {Stat::fields_underscored, Type::counter, kFields, kFieldsHelp, "reason", "underscore"},
    {Stat::request_trailers, Type::counter, kFields, kFieldsHelp, "reason", "trailer"},
    {Stat::requests_looped, Type::counter, "teal_requests_looped_total",
     "Requests that had come by here several times already (508)."},
    {Stat::rate_limited, Type::counter, "teal_rate_limited_requests_total",
     "Requests over the rate_limit of their route (429)."},
    {Stat::sticky_refused, Type::counter, "teal_sticky_cookies_refused_total",
     "Sticky cookies that Teal did not make, or no longer takes: their clients were drawn anew."},
    {Stat::rate_limit_evictions, Type::counter, "teal_rate_limit_evictions_total",
     "Clients that a full table of a rate_limit forgot before their time."},
    {Stat::clients_refused, Type::counter, kOverClient, kOverClientHelp, "reason", "client"},
    {Stat::descriptors_refused, Type::counter, kOverClient, kOverClientHelp, "reason",
     "descriptors"},
    {Stat::overload_requests, Type::counter, "teal_overload_requests_refused_total",
     "Requests answered 503 because Teal was overloaded."},
    {Stat::overload_closed_idle, Type::counter, "teal_overload_idle_connections_closed_total",
     "Idle client connections that overload ended before keep_alive."},
    {Stat::compressed_gzip, Type::counter, kCompressed, kCompressedHelp, "coding", "gzip"},
    {Stat::compressed_brotli, Type::counter, kCompressed, kCompressedHelp, "coding", "br"},
    {Stat::compressions_skipped, Type::counter, "teal_compression_skipped_total",
     "Responses that went uncompressed because the worker had as many streams as it may."},
    {Stat::compression_bytes_in, Type::counter, kPacked, kPackedHelp, "side", "target"},
    {Stat::compression_bytes_out, Type::counter, kPacked, kPackedHelp, "side", "client"},
    {Stat::misdirected, Type::counter, "teal_misdirected_requests_total",
     "Requests refused (421) whose Host has other rules for clients than the handshake's name."},
    {Stat::http2_connections, Type::counter, "teal_downstream_http2_connections_total",
     "Client connections that speak HTTP/2."},
    {Stat::tunnels, Type::counter, "teal_tunnels_total",
     "Connections that changed their protocol, like those of WebSockets."},
    {Stat::tunnels_active, Type::gauge, "teal_tunnels_active", "Such connections open now."},
    {Stat::tunnels_drained, Type::counter, "teal_tunnels_drained_total",
     "Such connections closed because their target had left its group."},
    {Stat::tunnel_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "tunnel_idle"},
    {Stat::proxy_headers, Type::counter, "teal_proxy_protocol_headers_total",
     "Headers of the PROXY protocol that were taken."},
    {Stat::proxy_header_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "proxy_header"},
    {Stat::tls_handshakes, Type::counter, kHandshakes, kHandshakesHelp, "kind", "full"},
    {Stat::tls_handshakes_short, Type::counter, kHandshakes, kHandshakesHelp, "kind", "resumed"},
    {Stat::tls_handshake_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase",
     "tls_handshake"},
    {Stat::upstream_tls_refused, Type::counter, kTargetTls, kTargetTlsHelp, "reason",
     "certificate_refused"},
    {Stat::upstream_tls_failures, Type::counter, kTargetTls, kTargetTlsHelp, "reason", "handshake"},
}};

constexpr bool follows_the_enumeration() {
  for (std::size_t i = 0; i < kStats; ++i)
    if (static_cast<std::size_t>(kMetrics[i].stat) != i) return false;
  return true;
}
static_assert(follows_the_enumeration(), "kMetrics needs one line per Stat, in order");

template <class What>
double sum(std::span<const Shard* const> shards, What what) {
  std::uint64_t total = 0;
  for (const Shard* shard : shards) total += shard->read(what);
  return static_cast<double>(total);
}

}  // namespace

void HistogramShard::read_into(Histogram& sum) const {
  for (std::size_t i = 0; i < buckets.size(); ++i) sum.buckets[i] += buckets[i].read();
  sum.sum_micros += sum_micros.read();
}

void TrafficShard::read_into(RequestCounts& sum) const {
  for (std::size_t origin = 0; origin < requests.size(); ++origin)
    for (std::size_t status = 0; status < TrafficCounters::kClasses; ++status)
      sum[origin][status] += requests[origin][status].read();
}

void TrafficShard::read_into(TrafficCounters& sum) const {
  read_into(sum.requests);
  sum.retries += retries.read();
  sum.shielded += shielded.read();
  duration.read_into(sum.duration);
  given_up.read_into(sum.given_up);
  first_byte.read_into(sum.first_byte);
}

void TrafficShard::read_into(GrpcCounts& sum) const {
  for (std::size_t i = 0; i < grpc.size(); ++i) sum[i] += grpc[i].read();
}

void TrafficShard::read_into(Histogram& sum) const {
  duration.read_into(sum);
  given_up.read_into(sum);
}

TrafficShard& Shard::traffic(SlotId slot) {
  TEAL_ASSERT(slot < kMaxSlots);
  if (TrafficShard* made = slots_[slot].load(std::memory_order_relaxed)) return *made;
  while (owned_.size() <= slot) {
    owned_.push_back(std::make_unique<TrafficShard>());
    owned_.back()->slot = static_cast<SlotId>(owned_.size() - 1);
    // Released, so that a reader who sees the pointer sees the zeros behind it.
    slots_[owned_.size() - 1].store(owned_.back().get(), std::memory_order_release);
  }
  return *owned_[slot];
}

const TrafficShard* Shard::find(SlotId slot) const {
  return slot < kMaxSlots ? slots_[slot].load(std::memory_order_acquire) : nullptr;
}

std::vector<MetricSample> read_stats(std::span<const Shard* const> shards) {
  std::vector<MetricSample> samples;
  samples.reserve(kStats + net::kRefusals);
  for (const Metric& metric : kMetrics) {
    MetricSample& sample = samples.emplace_back();
    sample.name = metric.name;
    sample.help = metric.help;
    sample.type = metric.type;
    if (!metric.label.empty()) sample.labels.emplace_back(metric.label, metric.value);
    sample.value = sum(shards, metric.stat);
  }
  for (std::size_t i = 0; i < net::kRefusals; ++i) {
    const auto rule = static_cast<net::Refusal>(i);
    if (rule == net::Refusal::none) continue;
    MetricSample& sample = samples.emplace_back();
    sample.name = "teal_requests_refused_total";
    sample.help = "Messages refused because they broke a rule of HTTP, by rule.";
    sample.labels.emplace_back("rule", net::to_string(rule));
    sample.value = sum(shards, rule);
  }
  for (std::size_t i = 1; i < static_cast<std::size_t>(net::TlsFailure::count_); ++i) {
    const auto why = static_cast<net::TlsFailure>(i);
    MetricSample& sample = samples.emplace_back();
    sample.name = "teal_tls_failures_total";
    sample.help = "TLS connections of clients that failed, by reason.";
    sample.labels.emplace_back("reason", net::to_string(why));
    sample.value = sum(shards, why);
  }
  for (std::size_t i = 1; i < static_cast<std::size_t>(net::ProxyFault::count_); ++i) {
    const auto why = static_cast<net::ProxyFault>(i);
    MetricSample& sample = samples.emplace_back();
    sample.name = "teal_proxy_protocol_refused_total";
    sample.help = "Connections closed for their header of the PROXY protocol, by what is wrong.";
    sample.labels.emplace_back("reason", net::to_string(why));
    sample.value = sum(shards, why);
  }
  return samples;
}

}  // namespace teal::proxy
