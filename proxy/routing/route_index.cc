#include "proxy/routing/route_index.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/assert.h"
#include "proxy/routing/route_match.h"

namespace teal::proxy {

namespace {

using Routes = std::vector<Route>;

bool takes(const Route& route, std::string_view path, const net::RequestHead& head) {
  if (route.match->is_exact && path.size() != route.path.size()) return false;
  return !route.match->has_conditions() || meets_conditions(*route.match, head);
}

/// The first that matches wins: they stand in the order in which they are to be asked.
const Route* first(const Routes& routes, std::string_view path, const net::RequestHead& head) {
  for (const Route& route : routes)
    if (covers(route.path, path) && (route.is_plain || takes(route, path, head))) return &route;
  return nullptr;
}

Routes& routes_of(ListenerRoutes& listener, const std::string& host) {
  if (host.empty()) return listener.any;
  if (!host.starts_with("*.")) return listener.exact[host];
  const std::string suffix = host.substr(1);
  for (auto& [known, routes] : listener.suffixes)
    if (known == suffix) return routes;
  return listener.suffixes.emplace_back(suffix, Routes{}).second;
}

void sort_routes(ListenerRoutes& listener) {
  const auto by_rank = [](Routes& routes) {
    std::ranges::stable_sort(
        routes, [](const Route& a, const Route& b) { return comes_before(*a.match, *b.match); });
  };
  for (auto& [host, routes] : listener.exact) by_rank(routes);
  for (auto& [suffix, routes] : listener.suffixes) by_rank(routes);
  by_rank(listener.any);
  std::ranges::stable_sort(listener.suffixes, std::ranges::greater{},
                           [](const auto& entry) { return entry.first.size(); });
}

/// Gathers the routes of one listener.
class Collector {
 public:
  Collector(const std::string& listener, const FindLimiter& find_limiter, const FindGate& find_gate)
      : listener_(listener), find_limiter_(find_limiter), find_gate_(find_gate) {}

  void add(ServiceId id, const SharedSpec& spec) {
    const std::size_t before = count_;
    add(id, *spec, "", spec->match, spec->actions, spec->timeouts);
    for (const config::Route& route : spec->routes)
      add(id, *spec, route.name, route.match, route.actions, route.timeouts);
    if (count_ != before) routes_.specs.push_back(spec);
  }
  std::shared_ptr<const ListenerRoutes> take() {
    sort_routes(routes_);
    return std::make_shared<const ListenerRoutes>(std::move(routes_));
  }

 private:
  void add(ServiceId id, const config::Service& spec, const std::string& route,
           const std::vector<config::Match>& matches, const config::RouteActions& actions,
           const config::ServiceTimeouts& timeouts) {
    static const config::RouteActions kNone;
    for (const config::Match& match : matches) {
      if (match.listener != listener_) continue;
      ++count_;
      Route& made = routes_of(routes_, match.host).emplace_back();
      made.path = match.path;
      made.service = id;
      made.is_plain = !match.is_exact && !match.has_conditions();
      made.match = &match;
      made.actions = actions == kNone ? nullptr : &actions;
      made.timeouts = &timeouts;
      if (actions.rate_limit) made.limiter = find_limiter_(spec, route, *actions.rate_limit);
      if (actions.basic_auth || actions.forward_auth) made.gate = find_gate_(actions);
    }
  }

  const std::string& listener_;
  const FindLimiter& find_limiter_;
  const FindGate& find_gate_;
  ListenerRoutes routes_;
  std::size_t count_ = 0;
};

}  // namespace

const Route* ListenerRoutes::match(std::string_view host, std::string_view path,
                                   const net::RequestHead& head) const {
  if (!exact.empty())
    if (const auto found = exact.find(host); found != exact.end())
      if (const Route* route = first(found->second, path, head)) return route;
  for (const auto& [suffix, routes] : suffixes)
    if (host.size() > suffix.size() && host.ends_with(suffix))
      if (const Route* route = first(routes, path, head)) return route;
  return first(any, path, head);
}

std::shared_ptr<const ListenerRoutes> build_routes(const std::string& listener,
                                                   const std::vector<ServiceId>& ids,
                                                   const std::vector<SharedSpec>& specs,
                                                   const FindLimiter& find_limiter,
                                                   const FindGate& find_gate) {
  TEAL_ASSERT(ids.size() == specs.size());
  Collector collector(listener, find_limiter, find_gate);
  for (std::size_t i = 0; i < ids.size(); ++i) collector.add(ids[i], specs[i]);
  return collector.take();
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
