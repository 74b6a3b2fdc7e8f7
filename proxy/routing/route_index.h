// RouteIndex: which service the requests of each listener are for, and what is done with them on
// the way there: the part of the routing truth that follows from the configuration alone. What
// control decides (groups, split, targets) is in proxy/routing/service_view.h.
//
// Immutable once it is made, shared by all workers; a request pins the one it was routed by. It
// holds what it points to: the configuration that it was made from need not outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/service_state.h"
#include "config/config.h"
#include "net/http/message.h"
#include "net/password/password_file.h"
#include "proxy/headers/error_pages.h"
#include "proxy/policy/listener_counts.h"
#include "proxy/policy/rate_limit.h"

namespace teal::net {
class TlsServer;
}  // namespace teal::net

namespace teal::proxy {

/// What the file says of a service, as long as somebody uses it.
using SharedSpec = std::shared_ptr<const config::Service>;

/// Lets an unordered_map of strings be searched by string_view.
struct TransparentHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

struct RouteGate;

/// One match: a path under one host of one listener, and more where it has conditions.
struct Route {
  std::string path;
  ServiceId service = 0;
  bool is_plain = true;                           ///< A prefix and nothing more.
  const config::Match* match = nullptr;           ///< Into the service's spec, as all of these.
  const config::RouteActions* actions = nullptr;  ///< Null: a target is asked as it is.
  const config::ServiceTimeouts* timeouts = nullptr;
  std::shared_ptr<RateLimiter> limiter = {};   ///< Of the actions' rate limit, if they have one.
  std::shared_ptr<const RouteGate> gate = {};  ///< Null: requests wait for nobody's word.
};

/// What requests of a route have to pass before a target is looked for: a password, the word of
/// another service.
struct RouteGate {
  const config::RouteActions* actions = nullptr;            ///< Whose gate it is.
  std::shared_ptr<const net::PasswordFile> passwords = {};  ///< Null: nobody is in.
  /// By which requests of Teal's own reach the service of forward_auth; nothing: there is none.
  std::optional<Route> call = {};
  config::ServiceTimeouts call_timeouts = {};  ///< The call's.
  std::uint64_t number = 0;                    ///< No other gate has it.
};

struct ListenerRoutes {
  /// By exact host; routes in the order in which they are asked (route_match.h).
  std::unordered_map<std::string, std::vector<Route>, TransparentHash, std::equal_to<>> exact;
  /// "*.suffix" as ".suffix", longest first.
  std::vector<std::pair<std::string, std::vector<Route>>> suffixes;
  /// Any host.
  std::vector<Route> any;
  /// Whose specs the routes point into.
  std::vector<SharedSpec> specs;

  bool needs_host() const { return !exact.empty() || !suffixes.empty(); }
  /// Exact host before the longest suffix before any host (the most specific host with a matching
  /// route wins), then as route_match.h says. `host` is lower case without port, `path` the head's.
  /// Null: no route.
  const Route* match(std::string_view host, std::string_view path,
                     const net::RequestHead& head) const;
};

struct ListenerView {
  std::shared_ptr<const config::Listener> spec;
  std::shared_ptr<const ListenerRoutes> routes;
  std::shared_ptr<ListenerCounts> counts;      ///< Always the same ones.
  ClientConnectionLimiter* clients = nullptr;  ///< Of the counts; null: no limit now.
  std::shared_ptr<const PageList> error_pages;
  std::shared_ptr<const net::TlsServer> tls;  ///< Null: plain.
  bool is_gone = false;                       ///< The configuration does not name it any more.
};

struct RouteIndex {
  /// By ListenerId. Those that the configuration does not name any more have what it said last: the
  /// connections that they still have end with their requests. Once there are none, no routes.
  std::vector<ListenerView> listeners;

  const ListenerView& listener(ListenerId id) const { return listeners[id]; }
};

/// What of a service's spec one route has: its own rate limiter, or its service's.
using FindLimiter = std::function<std::shared_ptr<RateLimiter>(
    const config::Service& service, const std::string& route, const config::RateLimit& limit)>;

using FindGate = std::function<std::shared_ptr<const RouteGate>(const config::RouteActions&)>;

/// The routes of the listener of that name to these services.
/// Requires: ids and specs are as many, in the order of the file.
std::shared_ptr<const ListenerRoutes> build_routes(const std::string& listener,
                                                   const std::vector<ServiceId>& ids,
                                                   const std::vector<SharedSpec>& specs,
                                                   const FindLimiter& find_limiter,
                                                   const FindGate& find_gate = {});

/// "Shop.Example.COM:8080" -> "shop.example.com", "[::1]:80" -> "[::1]"; one trailing dot goes too.
/// Writes into `buffer` when a copy is needed.
std::string_view normalise_host(std::string_view authority, std::string& buffer);

}  // namespace teal::proxy
