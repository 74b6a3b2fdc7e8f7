// What a worker counts for each service and for each listener, beyond the requests of its groups
// (TrafficShard), and how the exporter shows it. They are there from the start, at 0: whoever
// alarms on an increase sees the first one.
//
// Written by the worker, read by the control thread (base/counter.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/counter.h"
#include "base/counters.h"
#include "config/config.h"
#include "net/io/proxy_protocol.h"
#include "net/tls/failure.h"

namespace teal::proxy {

/// One line each in service_stats.cc's table names the metric.
enum class ServiceStat : std::uint8_t {
  requests_without_target,      // 503: nobody healthy
  requests_without_room,        // 503: pending queue full
  queue_timeouts,               // 503: waited too long for room
  requests_not_begun,           // 503: by nobody who was asked
  requests_without_descriptor,  // 503: Teal itself had none for a connection
  requests_queued,              // had to wait for room
  requests_waiting,             // gauge
  request_body_timeouts,
  connect_timeouts,
  response_header_timeouts,
  stream_timeouts,
  request_timeouts,
  tunnel_timeouts,
  upstream_connects,
  upstream_connect_failures,
  upstream_reuses,
  upstream_idle_connections,    // gauge
  upstream_active_connections,  // gauge
  upstream_closed_idle,         // closed by the target while idle
  upstream_expired_idle,        // closed by us after upstream_idle
  upstream_surplus_idle,        // closed by us while idle: the last seconds did not need them
  upstream_evicted_idle,        // closed by us while idle: there are as many as there may be
  upstream_http2_connections,
  upstream_streams_refused,  // the target did nothing of them: REFUSED_STREAM, GOAWAY
  upstream_ping_timeouts,    // connections that gave no sign of life
  upstream_protocol_errors,
  upstream_truncated,   // died in mid-response
  continue_by_target,   // 100, where a client waited for it
  continue_by_teal,     // 100 of Teal's own, since the target was silent
  retries_reused_died,  // the one transparent retry on a fresh connection
  retries_connect,      // another target after a failed connect
  retries_failed,       // another target after another failure
  retries_not_begun,    // another connection or target after one that did nothing of it
  retries_shield,       // the live group after the release
  retries_over_budget,  // not made: the group had its share of retries
  shield_over_budget,
  shield_not_repeatable,
  shield_not_replayable,
  shield_without_target,
  exposure_diverted,     // to the live group at once: the budget had no room
  exposure_replayed,     // on the live group: the budget had no room for what might be seen
  upstream_tls_refused,  // the target's certificate is not good
  upstream_tls_failures,
  count_,
};

enum class ListenerStat : std::uint8_t {
  connections_accepted,
  connections_active,       // gauge
  connections_handed_over,  // to a worker with fewer of them
  connections_refused,      // over the listener's limit
  accept_failures,          // out of descriptors or memory
  clients_refused,          // connections over connections_per_client
  descriptors_refused,      // connections over what is left to clients
  addresses_denied,         // connections: allow, deny
  http2_connections,
  redirects,             // to HTTPS, by a listener that only does that
  proxy_headers,         // of the PROXY protocol, taken
  tls_handshakes,        // full ones, of clients
  tls_handshakes_short,  // resumed
  count_,
};

using ServiceShard = Counts<ServiceStat>;

struct ListenerShard : Counts<ListenerStat> {
  Counts<net::TlsFailure> tls_failures;
  Counts<net::ProxyFault> proxy_faults;
};

/// What those counts come to in all workers, for the exporter.
std::vector<MetricSample> read_stats(const config::Service& service,
                                     std::span<const ServiceShard* const> shards);
/// Of TLS and the PROXY protocol only where the listener speaks them.
std::vector<MetricSample> read_stats(const config::Listener& listener,
                                     std::span<const ListenerShard* const> shards);

}  // namespace teal::proxy
