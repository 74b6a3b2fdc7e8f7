// RouteTable: the one immutable snapshot that carries all routing truth to a worker: routes,
// groups, split, targets with their health. Built by a pure function from configuration and the
// services' state, copied once per worker, swapped by a pointer; a request pins the table it
// started with.
//
// Built on the control thread, read by one worker each. It holds no counters and no connections.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/counters.h"
#include "base/exposure.h"
#include "base/service_state.h"
#include "config/config.h"
#include "net/http/message.h"
#include "proxy/routing/balancer.h"
#include "proxy/routing/shared_limits.h"
#include "proxy/routing/slot_table.h"
#include "proxy/routing/target_counts.h"

namespace teal::proxy {

class StickyCookies;

/// Lets an unordered_map of strings be searched by string_view.
struct TransparentHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

struct GroupView {
  Colour colour = Colour::blue;
  std::string revision;
  PerAudience<SlotId> slots;
  std::vector<TargetState> targets;
  /// What all workers share (LimitTable::attach).
  std::shared_ptr<GroupLimits> limits;
  std::vector<std::shared_ptr<TargetLimits>> target_limits;  ///< As `targets`.
  /// As `targets`, where the service wants counts; null: there was no place
  /// (TargetCountsTable::attach).
  std::vector<std::shared_ptr<CountsByWorker>> target_counts = {};
  /// Some target accepts requests.
  bool available = false;
  /// Serves what the live group cannot, also without a share (GroupState::fallback).
  bool fallback = false;
  /// Health is ignored (is_panicking).
  bool panicking = false;
  bool accepts(const TargetState& target) const {
    return panicking ? !target.draining : target.accepts_requests();
  }
  HashRing ring;  ///< Only where the service balances by consistent hash.
};

struct ServiceView {
  std::uint32_t index = 0;                ///< Place in RouteTable::services.
  const config::Service* spec = nullptr;  ///< Into RouteTable::config.
  Colour live = Colour::blue;
  Split split;
  PerColour<GroupView> groups;
  /// What the release may still cost clients; null: no limit.
  std::shared_ptr<Exposure> exposure;
  std::optional<Judging> judging;
  std::shared_ptr<const ErrorMeanings> meanings;  ///< As ServiceState::meanings.
  bool watches_ages = false;                      ///< As ServiceState::watches_ages.
  std::uint64_t draw = 0;                         ///< As ServiceState::draw.
  std::shared_ptr<const StickyCookies> sticky;    ///< Null: clients are drawn for each request.

  Colour release() const { return other(live); }
  Weight release_weight() const { return split.of(release()); }
};

struct RouteTable {
  std::uint64_t version = 0;
  std::shared_ptr<const config::Config> config;
  std::vector<ServiceView> services;

  /// One match: a path under one host of one listener, and more where it has conditions.
  struct Route {
    std::string path;
    std::uint32_t service = 0;
    bool is_plain = true;                           ///< A prefix and nothing more.
    const config::Match* match = nullptr;           ///< Into `config`, as all of these.
    const config::RouteActions* actions = nullptr;  ///< Null: a target is asked as it is.
    const config::ServiceTimeouts* timeouts = nullptr;
  };
  struct ListenerRoutes {
    /// By exact host; routes in the order in which they are asked (route_match.h).
    std::unordered_map<std::string, std::vector<Route>, TransparentHash, std::equal_to<>> exact;
    /// "*.suffix" as ".suffix", longest first.
    std::vector<std::pair<std::string, std::vector<Route>>> suffixes;
    /// Any host.
    std::vector<Route> any;

    bool needs_host() const { return !exact.empty() || !suffixes.empty(); }
  };
  std::vector<ListenerRoutes> listeners;  ///< In the order of config.listeners.

  /// Exact host before the longest suffix before any host (the most specific host with a matching
  /// route wins), then as route_match.h says. `host` is lower case without port, `path` the head's.
  /// Null: no route.
  const Route* match(std::size_t listener, std::string_view host, std::string_view path,
                     const net::RequestHead& head) const;
};

/// Pure but for handing out slots. `states` has one entry per service of `config`, same order.
RouteTable build_route_table(std::uint64_t version, std::shared_ptr<const config::Config> config,
                             const std::vector<ServiceState>& states, SlotTable& slots);

/// "Shop.Example.COM:8080" -> "shop.example.com", "[::1]:80" -> "[::1]"; one trailing dot goes too.
/// Writes into `buffer` when a copy is needed.
std::string_view normalise_host(std::string_view authority, std::string& buffer);

}  // namespace teal::proxy
