// The part of the RouteBuilder that makes the routes of each listener, with what requests on them
// meet first: limits of rates, and whose word they wait for.
#include <algorithm>
#include <utility>

#include "proxy/routing/route_builder.h"

namespace teal::proxy {

std::shared_ptr<const RouteIndex> RouteBuilder::build_index() {
  if (std::exchange(has_stale_routes_, false)) {
    ++built_.indexes;
    std::vector<ServiceId> ids;
    std::vector<SharedSpec> specs;
    for (const std::string& name : order_) {
      const auto id = ids_.find(name);
      if (id == ids_.end()) continue;  // Control has not spoken of it yet.
      ids.push_back(id->second);
      specs.push_back(specs_.find(name)->second);
    }
    const FindLimiter find_limiter =
        [this](const config::Service& service, const std::string& route,
               const config::RateLimit& limit) { return limiter_of(service, route, limit); };
    const FindGate find_gate = [this](const config::RouteActions& actions) {
      return gate_of(actions);
    };
    for (Listener& each : listeners_)
      if (each.is_named)
        each.view.routes = build_routes(each.name, ids, specs, find_limiter, find_gate);
    std::erase_if(limiters_, [](const auto& each) { return each.second.limiter.use_count() == 1; });
  }
  has_stale_listeners_ = false;
  auto index = std::make_shared<RouteIndex>();
  for (Listener& each : listeners_) {
    each.view.is_gone = !each.is_named;
    if (each.is_named) {
      each.view.error_pages = pages_.of_listener(each.name);
      each.view.tls = TlsTable::find(tls_->listeners, each.name);
    } else if (each.view.counts->connections.load(std::memory_order_relaxed) == 0) {
      each.view.routes = std::make_shared<const ListenerRoutes>();
    }
    index->listeners.push_back(each.view);
  }
  index_ = index;
  return index;
}

std::shared_ptr<RateLimiter> RouteBuilder::limiter_of(const config::Service& service,
                                                      const std::string& route,
                                                      const config::RateLimit& limit) {
  // Routes that inherit the limit share its buckets.
  const std::string name = service.name + '/' + (limit.is_inherited ? "" : route);
  config::RateLimit own = limit;
  own.is_inherited = false;
  Limiter& known = limiters_[name];
  if (known.limiter && known.spec == own) return known.limiter;
  const bool has_same_clients = known.limiter && known.spec.header == own.header;
  known = {own, has_same_clients ? std::make_shared<RateLimiter>(limit, *known.limiter)
                                 : std::make_shared<RateLimiter>(
                                       limit, mix64(seed_ ^ std::hash<std::string>{}(name)))};
  return known.limiter;
}

std::shared_ptr<const RouteGate> RouteBuilder::gate_of(const config::RouteActions& actions) {
  auto gate = std::make_shared<RouteGate>();
  gate->number = ++gates_;
  gate->actions = &actions;
  if (actions.basic_auth) {
    const auto found = passwords_.find(actions.basic_auth->file.path);
    if (found != passwords_.end()) gate->passwords = found->second;
  }
  if (actions.forward_auth) add_call(*actions.forward_auth, *gate);
  return gate;
}

/// As long as control has not spoken of the service there is nobody to ask.
void RouteBuilder::add_call(const config::ForwardAuth& forward, RouteGate& gate) const {
  const auto id = ids_.find(forward.service);
  const auto spec = specs_.find(forward.service);
  if (id == ids_.end() || spec == specs_.end()) return;
  config::ServiceTimeouts& timeouts = gate.call_timeouts;
  timeouts = spec->second->timeouts;
  timeouts.request = forward.timeout;
  for (Millis* const each : {&timeouts.connect, &timeouts.response_header, &timeouts.queue})
    *each = std::min(*each, forward.timeout);
  gate.call.emplace();
  gate.call->service = id->second;
  gate.call->timeouts = &timeouts;
}

}  // namespace teal::proxy
