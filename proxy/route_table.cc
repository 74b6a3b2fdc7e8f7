#include "proxy/route_table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"

namespace teal::proxy {

namespace {

using Routes = std::vector<RouteTable::Route>;

/// Prefix on segment borders: "/a" covers "/a" and "/a/b", not "/ab"; "/a/" covers "/a/b", not
/// "/a". "/" covers everything, the "*" of OPTIONS included.
bool covers(std::string_view prefix, std::string_view path) {
  if (prefix == "/") return true;
  if (!path.starts_with(prefix)) return false;
  return path.size() == prefix.size() || prefix.ends_with('/') || path[prefix.size()] == '/';
}

/// The first that matches is the longest: routes stand by falling length.
const RouteTable::Route* longest(const Routes& routes, std::string_view path) {
  for (const RouteTable::Route& route : routes)
    if (covers(route.path, path)) return &route;
  return nullptr;
}

const RouteTable::Route* find_route(const RouteTable::ListenerRoutes& listener,
                                    std::string_view host, std::string_view path) {
  if (!listener.exact.empty())
    if (const auto found = listener.exact.find(host); found != listener.exact.end())
      if (const auto* route = longest(found->second, path)) return route;
  for (const auto& [suffix, routes] : listener.suffixes)
    if (host.size() > suffix.size() && host.ends_with(suffix))
      if (const auto* route = longest(routes, path)) return route;
  return longest(listener.any, path);
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
  const auto by_length = [](Routes& routes) {
    std::ranges::stable_sort(routes, std::ranges::greater{},
                             [](const RouteTable::Route& route) { return route.path.size(); });
  };
  for (auto& [host, routes] : listener.exact) by_length(routes);
  for (auto& [suffix, routes] : listener.suffixes) by_length(routes);
  by_length(listener.any);
  std::ranges::stable_sort(listener.suffixes, std::ranges::greater{},
                           [](const auto& entry) { return entry.first.size(); });
}

std::vector<RouteTable::ListenerRoutes> build_routes(const config::Config& config) {
  std::vector<RouteTable::ListenerRoutes> listeners(config.listeners.size());
  for (std::uint32_t index = 0; index < config.services.size(); ++index)
    for (const config::Match& match : config.services[index].match)
      routes_of(listeners[listener_index(config, match.listener)], match.host)
          .push_back({match.path, index});
  for (RouteTable::ListenerRoutes& listener : listeners) sort_routes(listener);
  return listeners;
}

HashRing build_ring(const std::vector<TargetState>& targets) {
  std::vector<std::string> names;
  names.reserve(targets.size());
  for (const TargetState& target : targets) names.push_back(to_string(target.address));
  const std::vector<std::string_view> views(names.begin(), names.end());
  return HashRing{views};
}

GroupView build_group(const config::Service& spec, Colour colour, const ServiceState& service,
                      SlotBook& slots) {
  const GroupState& state = service.groups[colour];
  GroupView group;
  group.colour = colour;
  group.revision = state.revision;
  group.targets = state.targets;
  // A release whose targets are ill gives its traffic away; only the live group has nobody to.
  group.panicking = colour == service.live && is_panicking(state, spec.panic_percent);
  group.available = std::ranges::any_of(
      group.targets, [&](const TargetState& target) { return group.accepts(target); });
  for (const Audience audience : {Audience::split, Audience::preview})
    group.slots[audience] = slots.slot({spec.name, colour, state.revision, audience});
  if (spec.balance == config::Balance::consistent_hash) group.ring = build_ring(group.targets);
  return group;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

const ServiceView* RouteTable::match(std::size_t listener, std::string_view host,
                                     std::string_view path) const {
  const Route* route = find_route(listeners[listener], host, path);
  return route == nullptr ? nullptr : &services[route->service];
}

RouteTable build_route_table(std::uint64_t version, std::shared_ptr<const config::Config> config,
                             const std::vector<ServiceState>& states, SlotBook& slots) {
  TEAL_ASSERT(states.size() == config->services.size());
  slots.start_table();
  RouteTable table;
  table.version = version;
  table.listeners = build_routes(*config);
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
  if (std::ranges::none_of(host, [](char c) { return c >= 'A' && c <= 'Z'; })) return host;
  buffer.resize(host.size());
  std::ranges::transform(host, buffer.begin(), lower);
  return buffer;
}

}  // namespace teal::proxy
