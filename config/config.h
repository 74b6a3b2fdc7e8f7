// Everything a configuration file can say, validated, as plain structs. No YAML here, no sockets;
// made by config/load.h, read by whoever is configured. Defaults are the product's defaults and are
// documented key by key in config/teal.yaml.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/colour.h"
#include "base/time.h"
#include "config/access.h"
#include "config/compression.h"
#include "config/deploy.h"
#include "config/discovery.h"
#include "config/error_page.h"
#include "config/listener.h"
#include "config/route.h"
#include "config/tls.h"

namespace teal::config {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// ---- targets --------------------------------------------------------------------------------

/// What the targets of a service speak.
enum class TargetProtocol : std::uint8_t {
  http1,
  http2,      ///< By ALPN over TLS, else with prior knowledge.
  automatic,  ///< As ALPN chooses; HTTP/1 without TLS.
};

/// Versions of the PROXY protocol (net/io/proxy_protocol.h).
enum class ProxyVersion : std::uint8_t { v1, v2 };

/// How the targets of a service are spoken to.
struct UpstreamSettings {
  TargetProtocol protocol = TargetProtocol::http1;
  /// On one connection of HTTP/2; the target may allow fewer.
  std::uint32_t concurrent_streams = 100;
  /// A connection of HTTP/2 that says nothing for so long while requests run is asked for a sign of
  /// life, and gone without one.
  Millis ping_after{30'000};
  Millis ping_timeout{10'000};
  /// What a connection begins with; with http1 only.
  std::optional<ProxyVersion> proxy_protocol;
  bool operator==(const UpstreamSettings&) const = default;
};

// ---- services -------------------------------------------------------------------------------

/// What the file says about a group. Once deployments have spoken, the store's word counts.
struct Group {
  std::string revision;
  std::vector<Address> targets;
  bool operator==(const Group&) const = default;
};

enum class Balance : std::uint8_t { round_robin, least_request, consistent_hash };

/// What a consistent hash hashes.
struct HashOn {
  enum class Kind : std::uint8_t { client_address, header, cookie, path };

  Kind kind = Kind::client_address;
  std::string name;  ///< Of the header (lower case) or cookie.
  bool operator==(const HashOn&) const = default;
};

/// Sticky clients: a cookie of our own keeps a client on its side of the split.
struct Sticky {
  std::string cookie;  ///< Its name; default "teal_<service>".
  Millis max_age = hours{24};
  bool secure = false;  ///< Over TLS it always is. HttpOnly and SameSite=Lax are always set.
  bool operator==(const Sticky&) const = default;
};

struct HealthCheck {
  enum class Kind : std::uint8_t { http, tcp, grpc };

  Kind kind = Kind::tcp;
  bool http2 = false;                   ///< The probe speaks HTTP/2, as Upstream says.
  std::string path;                     ///< http only.
  std::string grpc_service;             ///< grpc only; empty: the server as a whole.
  std::string host;                     ///< Host header of the probe; default the address.
  std::vector<StatusRange> expect{{}};  ///< http only.
  Millis interval = seconds{2};
  Millis fast_interval = Millis{500};  ///< While a target is between states.
  std::uint32_t jitter_percent = 10;   ///< Of the interval, either way.
  Millis timeout = seconds{1};
  std::uint32_t rise = 2;  ///< A target never seen before needs only one.
  std::uint32_t fall = 3;
  bool operator==(const HealthCheck&) const = default;
};

/// Passive ejection after failures of real requests: Envoy's rules and numbers, but for the share
/// that may be out.
struct Outlier {
  std::uint32_t consecutive_failures = 5;          ///< 5xx or no whole answer; 0: not looked at.
  std::uint32_t consecutive_gateway_failures = 0;  ///< 502 to 504 or no answer; 0: not looked at.
  /// Comparison with the group's other targets: below mean - factor * deviation is out.
  bool success_rate = true;
  double success_rate_factor = 1.9;
  std::uint32_t success_rate_targets = 5;     ///< With enough requests; fewer are no group.
  std::uint32_t success_rate_requests = 100;  ///< Of one target in an interval; fewer say nothing.
  Millis interval = seconds{10};
  Millis ejection = seconds{30};  ///< Times the number of ejections in a row.
  Millis max_ejection = minutes{5};
  std::uint32_t max_ejected_percent = 50;  ///< Checked after the ejection; never the last one.
  bool operator==(const Outlier&) const = default;
};

struct ServiceTimeouts {
  Millis connect = seconds{2};             ///< 504 (another target is tried first).
  Millis response_header = seconds{60};    ///< Whole request sent to response head: 504.
  Millis request_body_idle = seconds{30};  ///< Between two reads of the client's body: 408.
  Millis stream_idle = seconds{60};        ///< No byte of the response either way: cut.
  Millis request = hours{1};               ///< Everything; 0: no limit.
  Millis upstream_idle = Millis{4000};     ///< A kept connection unused; below the usual 5 s.
  Millis queue = seconds{1};               ///< Waiting for a target with room: 503.
  Millis tunnel_idle = hours{1};           ///< An upgraded connection without a byte: closed.
  Millis tunnel_drain = minutes{5};        ///< What it has left when its target has gone: closed.
  bool operator==(const ServiceTimeouts&) const = default;
};

struct ServiceLimits {
  // Each is one number for all workers together.
  std::uint32_t in_flight_per_target = 0;  ///< 0: 10,000 for each worker.
  std::uint32_t in_flight_per_group = 0;   ///< 0: no limit beyond the targets'.
  std::uint32_t pending = 1024;            ///< Per group; full: 503.
  /// Kept connections; left out: what is needed, within Limits::idle_upstream.
  std::optional<std::uint32_t> idle_per_target;
  bool operator==(const ServiceLimits&) const = default;
};

/// What is done with the requests of a route.
struct RouteActions {
  std::optional<Redirect> redirect;
  std::optional<FixedResponse> respond;
  NewPath rewrite;  ///< Of what the target is asked for.
  HeaderEdits request_headers;
  HeaderEdits response_headers;          ///< Of the target's responses and of `respond`.
  std::uint32_t request_body_bytes = 0;  ///< More: 413; 0: no limit.
  std::optional<RateLimit> rate_limit;   ///< More: 429.
  AddressRules addresses;                ///< Others: 403.
  std::optional<BasicAuth> basic_auth;   ///< Without: 401.
  std::optional<ForwardAuth> forward_auth;
  std::optional<Compression> compress;   ///< Of responses.
  bool passes_request_trailers = false;  ///< Else they go on with calls of gRPC only.
  bool operator==(const RouteActions&) const = default;
};

/// Requests of a service that are treated in a way of their own.
struct Route {
  std::string name;
  std::vector<Match> match;
  RouteActions actions;      ///< What the route does not say is as the service does.
  ServiceTimeouts timeouts;  ///< What the route does not say is as the service does.
  bool operator==(const Route&) const = default;
};

/// Failures of an attempt, as far as a retry tells them apart.
struct RetryOn {
  bool connect_failure = false;  ///< Not one byte was sent: refused, timed out, no room.
  bool reset = false;            ///< The connection died, or what came is not HTTP.
  bool timeout = false;          ///< No response head in time.
  bool status_502 = false;
  bool status_503 = false;
  bool status_504 = false;
  bool any_5xx = false;
  bool operator==(const RetryOn&) const = default;
};

/// Once more on another target of the same group.
struct Retry {
  RetryOn on{.connect_failure = true};
  std::uint32_t attempts = 3;  ///< In one group, the first one included.
  /// Of the requests that a worker has in flight in a group, so many may be retries, the shielded
  /// ones included; but `least` in any case.
  std::uint32_t budget_percent = 20;
  std::uint32_t budget_least = 3;
  bool operator==(const Retry&) const = default;
};

/// What fails on the release is asked of the live group.
struct Shield {
  /// Who sees `x-teal-shield` on a shielded response.
  enum class Header : std::uint8_t { trusted, everybody, nobody };

  bool enabled = true;
  RetryOn on{.connect_failure = true,
             .reset = true,
             .timeout = true,
             .status_502 = true,
             .status_503 = true,
             .status_504 = true,
             .any_5xx = false};
  Header header = Header::trusted;
  bool operator==(const Shield&) const = default;
};

/// A target that has become healthy gets its share little by little (Envoy's formula).
struct SlowStart {
  Millis window{0};  ///< 0: off.
  double aggression = 1.0;
  std::uint32_t min_percent = 10;
  bool operator==(const SlowStart&) const = default;
};

/// The Host that a target sees.
struct HostHeader {
  enum class Kind : std::uint8_t { preserve, target, literal };

  Kind kind = Kind::preserve;
  std::string literal;
  bool operator==(const HostHeader&) const = default;
};

/// What is measured beyond what costs nothing.
struct ServiceMetrics {
  bool per_target = false;  ///< Requests, failures and latency of each target.
  bool operator==(const ServiceMetrics&) const = default;
};

struct Service {
  std::string name;
  std::vector<Match> match;
  RouteActions actions;                ///< Of the requests that `match` is for.
  std::vector<Route> routes;           ///< In the order of the file; names unique.
  std::vector<ErrorPage> error_pages;  ///< Before the listener's.
  PerColour<Group> groups;
  Colour live = Colour::blue;
  /// Where more targets are found; one source is there once.
  std::vector<DiscoverSource> discover;
  Balance balance = Balance::least_request;
  HashOn hash_on;
  std::optional<Sticky> sticky;
  std::optional<HealthCheck> health;  ///< Without one every target counts as healthy.
  Outlier outlier;
  SlowStart slow_start;
  /// With fewer of the live group's targets healthy than that, health is ignored; 0: never.
  std::uint32_t panic_percent = 0;
  Retry retry;
  Shield shield;
  ServiceTimeouts timeouts;
  ServiceLimits limits;
  HostHeader host_header;
  bool allows_own = false;  ///< A target may be a listener of this very process.
  UpstreamSettings upstream;
  /// Protocols that a request may change its connection to, lower case.
  std::vector<std::string> upgrades{"websocket"};
  std::optional<TargetTls> tls;
  ServiceMetrics metrics;
  Deploy deploy;
  bool operator==(const Service&) const = default;
};

// ---- the whole ------------------------------------------------------------------------------

struct AccessLog {
  enum class Format : std::uint8_t { off, json, combined };
  /// What is told of queries, those of Referers included.
  enum class Query : std::uint8_t { full, none, redacted };

  Format format = Format::json;
  Query query = Query::full;
  std::string path = "stdout";  ///< "stdout" or a file, reopened on SIGUSR1.
  bool operator==(const AccessLog&) const = default;
};

struct Admin {
  Address address{Address::Kind::ip4, "127.0.0.1", 9900};
  /// Beyond the address itself and localhost: what a Host header of the admin API may say.
  std::vector<std::string> allowed_hosts;
  std::optional<ListenerTls> tls;
  bool operator==(const Admin&) const = default;
};

/// When Teal has too little of something (proxy/policy/overload.h).
struct Overload {
  bool enabled = true;
  std::optional<std::uint32_t> memory_mib;  ///< Resident; left out: what the cgroup allows.
  std::uint32_t connections = 0;            ///< Of clients, over all listeners; 0: not looked at.
  bool operator==(const Overload&) const = default;
};

/// Of the whole process.
struct Limits {
  /// Idle connections to targets; left out: a quarter of the descriptors.
  std::optional<std::uint32_t> idle_upstream;
  /// Lines of one GET /metrics; what is over it is left out, and that is said.
  std::uint32_t metric_samples = 500'000;
  bool operator==(const Limits&) const = default;
};

struct Config {
  Admin admin;
  std::string state_path = "teal.db";  ///< From "sqlite:PATH".
  std::uint32_t workers = 0;           ///< 0: one per core.
  AccessLog access_log;
  Millis shutdown_grace = seconds{30};  ///< SIGTERM: running requests get this long.
  Overload overload;
  Limits limits;
  Discovery discovery;
  std::vector<Listener> listeners;
  std::vector<Service> services;
  bool operator==(const Config&) const = default;
};

}  // namespace teal::config
