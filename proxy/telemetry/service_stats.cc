#include "proxy/telemetry/service_stats.h"

#include "proxy/telemetry/metric_rows.h"

namespace teal::proxy {
namespace {

using Type = MetricSample::Type;

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
constexpr std::string_view kContinues = "teal_continues_total";
constexpr std::string_view kContinuesHelp =
    "100 Continue to clients that held their body back, by who said it first.";
constexpr std::string_view kTargetTls = "teal_upstream_tls_failures_total";
constexpr std::string_view kTargetTlsHelp = "TLS handshakes with targets that failed, by reason.";
constexpr std::string_view kOverClient = "teal_downstream_connections_turned_away_total";
constexpr std::string_view kOverClientHelp =
    "Client connections closed at once: the client had its share, or descriptors ran out.";
constexpr std::string_view kHandshakes = "teal_tls_handshakes_total";
constexpr std::string_view kHandshakesHelp = "TLS handshakes of clients that came to their end.";

constexpr MetricRows<ServiceStat> kOfServices{{
    {ServiceStat::requests_without_target, Type::counter, kUnserved, kUnservedHelp, "reason",
     "no_target"},
    {ServiceStat::requests_without_room, Type::counter, kUnserved, kUnservedHelp, "reason",
     "queue_full"},
    {ServiceStat::queue_timeouts, Type::counter, kUnserved, kUnservedHelp, "reason",
     "queue_timeout"},
    {ServiceStat::requests_not_begun, Type::counter, kUnserved, kUnservedHelp, "reason",
     "not_begun"},
    {ServiceStat::requests_without_descriptor, Type::counter, kUnserved, kUnservedHelp, "reason",
     "no_descriptor"},
    {ServiceStat::requests_queued, Type::counter, "teal_requests_queued_total",
     "Requests that had to wait for a target with room."},
    {ServiceStat::requests_waiting, Type::gauge, "teal_requests_waiting",
     "Requests that wait for a target with room now."},
    {ServiceStat::request_body_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase",
     "request_body"},
    {ServiceStat::connect_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "connect"},
    {ServiceStat::response_header_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase",
     "response_header"},
    {ServiceStat::stream_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "stream"},
    {ServiceStat::request_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "request"},
    {ServiceStat::tunnel_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "tunnel_idle"},
    {ServiceStat::upstream_connects, Type::counter, "teal_upstream_connections_opened_total",
     "Connections opened to targets."},
    {ServiceStat::upstream_connect_failures, Type::counter,
     "teal_upstream_connection_failures_total", "Connections to targets that could not be opened."},
    {ServiceStat::upstream_reuses, Type::counter,
     "teal_upstream_requests_on_kept_connections_total",
     "Upstream attempts that went out on a kept connection."},
    {ServiceStat::upstream_idle_connections, Type::gauge, "teal_upstream_connections_idle",
     "Kept connections to targets that wait for a request now."},
    {ServiceStat::upstream_active_connections, Type::gauge, "teal_upstream_connections_active",
     "Connections to targets that carry a request now."},
    {ServiceStat::upstream_closed_idle, Type::counter, kClosed, kClosedHelp, "by", "target"},
    {ServiceStat::upstream_expired_idle, Type::counter, kClosed, kClosedHelp, "by", "teal"},
    {ServiceStat::upstream_surplus_idle, Type::counter, kClosed, kClosedHelp, "by", "surplus"},
    {ServiceStat::upstream_evicted_idle, Type::counter, kClosed, kClosedHelp, "by", "limit"},
    {ServiceStat::upstream_http2_connections, Type::counter,
     "teal_upstream_http2_connections_total", "Connections to targets that speak HTTP/2."},
    {ServiceStat::upstream_streams_refused, Type::counter, "teal_upstream_streams_refused_total",
     "Requests over HTTP/2 that a target refused, or was going to leave, before it did anything."},
    {ServiceStat::upstream_ping_timeouts, Type::counter, "teal_upstream_ping_timeouts_total",
     "Connections to targets given up because no PING was answered."},
    {ServiceStat::upstream_protocol_errors, Type::counter, "teal_upstream_protocol_errors_total",
     "Responses of targets that broke a rule of HTTP."},
    {ServiceStat::upstream_truncated, Type::counter, "teal_upstream_truncated_responses_total",
     "Responses whose target died in the middle of them."},
    {ServiceStat::continue_by_target, Type::counter, kContinues, kContinuesHelp, "by", "target"},
    {ServiceStat::continue_by_teal, Type::counter, kContinues, kContinuesHelp, "by", "teal"},
    {ServiceStat::retries_reused_died, Type::counter, kRetries, kRetriesHelp, "reason",
     "kept_connection_died"},
    {ServiceStat::retries_connect, Type::counter, kRetries, kRetriesHelp, "reason",
     "connect_failed"},
    {ServiceStat::retries_failed, Type::counter, kRetries, kRetriesHelp, "reason", "failed"},
    {ServiceStat::retries_not_begun, Type::counter, kRetries, kRetriesHelp, "reason", "not_begun"},
    {ServiceStat::retries_shield, Type::counter, kRetries, kRetriesHelp, "reason", "shield"},
    {ServiceStat::retries_over_budget, Type::counter, "teal_retries_over_budget_total",
     "Retries in a group not made because it had its share of them."},
    {ServiceStat::shield_over_budget, Type::counter, kUnshielded, kUnshieldedHelp, "reason",
     "budget"},
    {ServiceStat::shield_not_repeatable, Type::counter, kUnshielded, kUnshieldedHelp, "reason",
     "not_repeatable"},
    {ServiceStat::shield_not_replayable, Type::counter, kUnshielded, kUnshieldedHelp, "reason",
     "body_too_long"},
    {ServiceStat::shield_without_target, Type::counter, kUnshielded, kUnshieldedHelp, "reason",
     "no_target"},
    {ServiceStat::exposure_diverted, Type::counter, kExposure, kExposureHelp, "how", "diverted"},
    {ServiceStat::exposure_replayed, Type::counter, kExposure, kExposureHelp, "how", "replayed"},
    {ServiceStat::upstream_tls_refused, Type::counter, kTargetTls, kTargetTlsHelp, "reason",
     "certificate_refused"},
    {ServiceStat::upstream_tls_failures, Type::counter, kTargetTls, kTargetTlsHelp, "reason",
     "handshake"},
}};
static_assert(follow_the_enumeration(kOfServices));

constexpr MetricRows<ListenerStat> kOfListeners{{
    {ListenerStat::connections_accepted, Type::counter, "teal_downstream_connections_total",
     "Client connections accepted."},
    {ListenerStat::connections_active, Type::gauge, "teal_downstream_connections_active",
     "Client connections open now."},
    {ListenerStat::connections_handed_over, Type::counter,
     "teal_downstream_connections_handed_over_total",
     "Client connections that a worker accepted and gave to one with fewer of them."},
    {ListenerStat::connections_refused, Type::counter, "teal_downstream_connections_refused_total",
     "Client connections closed at once because the listener was at its limit."},
    {ListenerStat::accept_failures, Type::counter, "teal_downstream_accept_failures_total",
     "Times that a listener could not accept for want of descriptors or memory."},
    {ListenerStat::clients_refused, Type::counter, kOverClient, kOverClientHelp, "reason",
     "client"},
    {ListenerStat::descriptors_refused, Type::counter, kOverClient, kOverClientHelp, "reason",
     "descriptors"},
    {ListenerStat::addresses_denied, Type::counter, "teal_downstream_connections_denied_total",
     "Client connections closed at once because allow or deny is against their address."},
    {ListenerStat::http2_connections, Type::counter, "teal_downstream_http2_connections_total",
     "Client connections that speak HTTP/2."},
    {ListenerStat::redirects, Type::counter, "teal_https_redirects_total",
     "Requests that a listener sent to HTTPS."},
    {ListenerStat::proxy_headers, Type::counter, "teal_proxy_protocol_headers_total",
     "Headers of the PROXY protocol that were taken."},
    {ListenerStat::tls_handshakes, Type::counter, kHandshakes, kHandshakesHelp, "kind", "full"},
    {ListenerStat::tls_handshakes_short, Type::counter, kHandshakes, kHandshakesHelp, "kind",
     "resumed"},
}};
static_assert(follow_the_enumeration(kOfListeners));

bool is_of_tls(ListenerStat stat) {
  return stat == ListenerStat::tls_handshakes || stat == ListenerStat::tls_handshakes_short;
}

template <class Shards, class What>
std::uint64_t sum(const Shards& shards, What what) {
  std::uint64_t total = 0;
  for (const auto* shard : shards) total += what(*shard);
  return total;
}

/// How often each of the reasons was it; the first one is none.
template <class Why, class Which>
void add_reasons(const config::Listener& listener, std::span<const ListenerShard* const> shards,
                 Which which, std::string_view name, std::string_view help,
                 std::vector<MetricSample>& samples) {
  for (std::size_t i = 1; i < Counts<Why>::kSize; ++i) {
    const auto why = static_cast<Why>(i);
    const MetricRow<Why> row{why, Type::counter, name, help, "reason", net::to_string(why)};
    samples.push_back(
        to_sample(row, {"listener", listener.name},
                  sum(shards, [&](const ListenerShard& each) { return which(each).read(why); })));
  }
}

}  // namespace

std::vector<MetricSample> read_stats(const config::Service& service,
                                     std::span<const ServiceShard* const> shards) {
  std::vector<MetricSample> samples;
  samples.reserve(kOfServices.size());
  for (const auto& row : kOfServices)
    samples.push_back(
        to_sample(row, {"service", service.name},
                  sum(shards, [&](const ServiceShard& each) { return each.read(row.stat); })));
  return samples;
}

std::vector<MetricSample> read_stats(const config::Listener& listener,
                                     std::span<const ListenerShard* const> shards) {
  std::vector<MetricSample> samples;
  for (const auto& row : kOfListeners) {
    if (is_of_tls(row.stat) && !listener.tls) continue;
    if (row.stat == ListenerStat::proxy_headers && !listener.proxy_protocol) continue;
    if (row.stat == ListenerStat::redirects && !listener.redirect_https) continue;
    samples.push_back(
        to_sample(row, {"listener", listener.name},
                  sum(shards, [&](const ListenerShard& each) { return each.read(row.stat); })));
  }
  if (listener.tls)
    add_reasons<net::TlsFailure>(
        listener, shards,
        [](const ListenerShard& each) -> const auto& { return each.tls_failures; },
        "teal_tls_failures_total", "TLS connections of clients that failed, by reason.", samples);
  if (listener.proxy_protocol)
    add_reasons<net::ProxyFault>(
        listener, shards,
        [](const ListenerShard& each) -> const auto& { return each.proxy_faults; },
        "teal_proxy_protocol_refused_total",
        "Connections closed for their header of the PROXY protocol, by what is wrong.", samples);
  return samples;
}

}  // namespace teal::proxy
