#include "proxy/routing/route_table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/assert.h"
#include "proxy/routing/route_match.h"

namespace teal::proxy {

namespace {

using Routes = std::vector<RouteTable::Route>;

bool accepts(const RouteTable::Route& route, std::string_view path, const net::RequestHead& head) {
  if (route.match->is_exact && path.size() != route.path.size()) return false;
  return !route.match->has_conditions() || meets_conditions(*route.match, head);
}

/// The first that matches wins: they stand in the order in which they are to be asked.
const RouteTable::Route* first(const Routes& routes, std::string_view path,
                               const net::RequestHead& head) {
  for (const RouteTable::Route& route : routes)
    if (covers(route.path, path) && (route.is_plain || accepts(route, path, head))) return &route;
  return nullptr;
}

Routes& routes_of(RouteTable::ListenerRoutes& listener, const std::string& host) {
  if (host.empty()) return listener.any;
  if (!host.starts_with("*.")) return listener.exact[host];
  const std::string suffix = host.substr(1);
  for (auto& [known, routes] : listener.suffixes)
    if (known == suffix) return routes;
  return listener.suffixes.emplace_back(suffix, Routes{}).second;
}

std::size_t listener_index(const config::Config& config, const std::string& name) {
  const auto found = std::ranges::find(config.listeners, name, &config::Listener::name);
  TEAL_ASSERT(found != config.listeners.end());
  return static_cast<std::size_t>(found - config.listeners.begin());
}

void sort_routes(RouteTable::ListenerRoutes& listener) {
  const auto by_rank = [](Routes& routes) {
    std::ranges::stable_sort(routes, [](const RouteTable::Route& a, const RouteTable::Route& b) {
      return comes_before(*a.match, *b.match);
    });
  };
  for (auto& [host, routes] : listener.exact) by_rank(routes);
  for (auto& [suffix, routes] : listener.suffixes) by_rank(routes);
  by_rank(listener.any);
  std::ranges::stable_sort(listener.suffixes, std::ranges::greater{},
                           [](const auto& entry) { return entry.first.size(); });
}

/// Hands out the routes of a configuration to its listeners.
class RouteBuilder {
 public:
  explicit RouteBuilder(const config::Config& config)
      : config_(config), listeners_(config.listeners.size()) {}

  std::vector<RouteTable::ListenerRoutes> build() {
    for (std::uint32_t index = 0; index < config_.services.size(); ++index) {
      const config::Service& service = config_.services[index];
      add(index, service.match, service.actions, service.timeouts);
      for (const config::Route& route : service.routes)
        add(index, route.match, route.actions, route.timeouts);
    }
    for (RouteTable::ListenerRoutes& listener : listeners_) sort_routes(listener);
    return std::move(listeners_);
  }

 private:
  void add(std::uint32_t service, const std::vector<config::Match>& matches,
           const config::RouteActions& actions, const config::ServiceTimeouts& timeouts) {
    static const config::RouteActions kNone;
    for (const config::Match& match : matches)
      routes_of(listeners_[listener_index(config_, match.listener)], match.host)
          .push_back({match.path, service, !match.is_exact && !match.has_conditions(), &match,
                      actions == kNone ? nullptr : &actions, &timeouts});
  }

  const config::Config& config_;
  std::vector<RouteTable::ListenerRoutes> listeners_;
};

HashRing build_ring(const std::vector<TargetState>& targets) {
  std::vector<std::string> names;
  names.reserve(targets.size());
  for (const TargetState& target : targets) names.push_back(to_string(target.address));
  const std::vector<std::string_view> views(names.begin(), names.end());
  return HashRing{views};
}

GroupView build_group(const config::Service& spec, Colour colour, const ServiceState& service,
                      SlotTable& slots) {
  const GroupState& state = service.groups[colour];
  GroupView group;
  group.colour = colour;
  group.revision = state.revision;
  group.targets = state.targets;
  group.fallback = state.fallback;
  // A release whose targets are ill gives its traffic away; only the live group has nobody to.
  group.panicking = colour == service.live && is_panicking(service, spec.panic_percent);
  group.available = std::ranges::any_of(
      group.targets, [&](const TargetState& target) { return group.accepts(target); });
  // Nobody judges previews: one slot will do for all of them.
  for (const Audience audience : {Audience::split, Audience::preview})
    group.slots[audience] = slots.slot({spec.name, colour, state.revision, audience},
                                       audience == Audience::split ? service.stage() : Stage{});
  if (spec.balance == config::Balance::consistent_hash) group.ring = build_ring(group.targets);
  return group;
}

}  // namespace

const RouteTable::Route* RouteTable::match(std::size_t index, std::string_view host,
                                           std::string_view path,
                                           const net::RequestHead& head) const {
  const ListenerRoutes& listener = listeners[index];
  if (!listener.exact.empty())
    if (const auto found = listener.exact.find(host); found != listener.exact.end())
      if (const Route* route = first(found->second, path, head)) return route;
  for (const auto& [suffix, routes] : listener.suffixes)
    if (host.size() > suffix.size() && host.ends_with(suffix))
      if (const Route* route = first(routes, path, head)) return route;
  return first(listener.any, path, head);
}

RouteTable build_route_table(std::uint64_t version, std::shared_ptr<const config::Config> config,
                             const std::vector<ServiceState>& states, SlotTable& slots) {
  TEAL_ASSERT(states.size() == config->services.size());
  slots.start_table(version);
  RouteTable table;
  table.version = version;
  table.listeners = RouteBuilder(*config).build();
  table.services.reserve(states.size());
  for (std::uint32_t index = 0; index < states.size(); ++index) {
    const config::Service& spec = config->services[index];
    ServiceView& service = table.services.emplace_back();
    service.index = index;
    service.spec = &spec;
    service.live = states[index].live;
    service.split = states[index].split;
    service.exposure = states[index].exposure;
    service.judging = states[index].judging;
    service.watches_ages = states[index].watches_ages;
    service.meanings = states[index].meanings;
    service.draw = states[index].draw;
    for (const Colour colour : kColours)
      service.groups[colour] = build_group(spec, colour, states[index], slots);
  }
  table.config = std::move(config);
  return table;
}

std::string_view normalise_host(std::string_view authority, std::string& buffer) {
  std::string_view host = authority;
  if (host.starts_with('[')) {
    // Colons inside the brackets are the address's own.
    if (const auto end = host.find(']'); end != std::string_view::npos)
      host = host.substr(0, end + 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  if (std::ranges::none_of(host, [](char c) { return is_upper(c); })) return host;
  buffer.resize(host.size());
  std::ranges::transform(host, buffer.begin(), [](char c) { return to_lower(c); });
  return buffer;
}

}  // namespace teal::proxy
