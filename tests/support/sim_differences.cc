#include "tests/support/sim_differences.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "tests/support/sim_names.h"

namespace teal::sim {
namespace {

using proxy::GroupView;
using proxy::ListenerRoutes;
using proxy::ListenerView;
using proxy::Route;
using proxy::RouteGate;
using proxy::ServiceView;
using proxy::WorkerService;

/// Both say the same, or neither says anything.
template <class Pointer>
bool is_same(const Pointer& one, const Pointer& other) {
  return one && other ? *one == *other : !one && !other;
}

template <class Pointer>
bool is_there(const Pointer& pointer) {
  return static_cast<bool>(pointer);
}

class Comparison {
 public:
  Comparison(const SimTeal& one, const SimTeal& other) : one_(one), other_(other) {}

  std::string run() {
    for (const config::Listener& listener : one_.config().listeners) compare_listener(listener);
    compare_gone();
    for (const config::Service& service : one_.config().services) compare_service(service.name);
    return text_;
  }

 private:
  void expect(bool is_alike, const std::string& what) {
    if (!is_alike) text_ += where_ + ": " + what + '\n';
  }

  // ---- listeners and their routes

  static const ListenerView& listener_of(const SimTeal& teal, const std::string& name) {
    return teal.routes().listener(*teal.builder().listener_id(name));
  }

  void compare_listener(const config::Listener& listener) {
    where_ = "listener " + listener.name;
    const ListenerView& a = listener_of(one_, listener.name);
    const ListenerView& b = listener_of(other_, listener.name);
    expect(*a.spec == *b.spec && *a.spec == listener, "the spec");
    expect(*a.error_pages == *b.error_pages, "the error pages");
    expect(is_there(a.tls) == is_there(b.tls), "TLS");
    expect(is_there(a.clients) == is_there(b.clients), "the limit of clients");
    compare_routes(*a.routes, *b.routes);
  }

  void compare_routes(const ListenerRoutes& a, const ListenerRoutes& b) {
    std::set<std::string> hosts;
    for (const auto& [host, routes] : a.exact) hosts.insert(host);
    for (const auto& [host, routes] : b.exact) hosts.insert(host);
    for (const std::string& host : hosts) {
      const auto in_a = a.exact.find(host);
      const auto in_b = b.exact.find(host);
      const bool are_both = in_a != a.exact.end() && in_b != b.exact.end();
      expect(are_both, "the host " + host);
      if (are_both) compare_list(host, in_a->second, in_b->second);
    }
    expect(a.suffixes.size() == b.suffixes.size(), "the suffixes");
    for (std::size_t i = 0; i < std::min(a.suffixes.size(), b.suffixes.size()); ++i) {
      expect(a.suffixes[i].first == b.suffixes[i].first, "the suffix " + a.suffixes[i].first);
      compare_list(a.suffixes[i].first, a.suffixes[i].second, b.suffixes[i].second);
    }
    compare_list("any", a.any, b.any);
  }

  void compare_list(const std::string& host, const std::vector<Route>& a,
                    const std::vector<Route>& b) {
    expect(a.size() == b.size(), "how many routes of " + host);
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
      expect(is_same_route(a[i], b[i]), "the route of " + host + a[i].path);
  }

  bool is_same_route(const Route& a, const Route& b) const {
    return a.path == b.path && a.is_plain == b.is_plain && is_same(a.match, b.match) &&
           one_.name_of(a.service) == other_.name_of(b.service) && is_same(a.actions, b.actions) &&
           is_same(a.timeouts, b.timeouts) && is_there(a.limiter) == is_there(b.limiter) &&
           is_there(a.gate) == is_there(b.gate) && (!a.gate || is_same_gate(*a.gate, *b.gate));
  }

  bool is_same_gate(const RouteGate& a, const RouteGate& b) const {
    if (*a.actions != *b.actions || is_there(a.passwords) != is_there(b.passwords)) return false;
    if (a.passwords && a.passwords->digest() != b.passwords->digest()) return false;
    if (a.call.has_value() != b.call.has_value()) return false;
    return !a.call || (one_.name_of(a.call->service) == other_.name_of(b.call->service) &&
                       *a.call->timeouts == *b.call->timeouts);
  }

  /// Who has left is nobody's: no requests come to it, and none is for it.
  void compare_gone() {
    for (const std::string& name : one_.builder().listener_names()) {
      where_ = "listener " + name;
      const auto& named = one_.config().listeners;
      if (std::ranges::find(named, name, &config::Listener::name) != named.end()) continue;
      const ListenerRoutes& routes = *listener_of(one_, name).routes;
      expect(routes.exact.empty() && routes.suffixes.empty() && routes.any.empty(),
             "it is gone, and has routes");
    }
    std::size_t services = 0;
    for (ServiceId id = 0; id < kServices.size(); ++id)
      if (one_.routes().service(id)) ++services;
    where_ = "services";
    expect(services == one_.config().services.size(), "some are gone, and have views");
  }

  // ---- services

  const WorkerService* service_of(const SimTeal& teal, const std::string& name) {
    const std::optional<ServiceId> id = teal.builder().service_id(name);
    return id ? teal.routes().service(*id).get() : nullptr;
  }

  void compare_service(const std::string& name) {
    where_ = "service " + name;
    const WorkerService* const a = service_of(one_, name);
    const WorkerService* const b = service_of(other_, name);
    expect(a != nullptr && b != nullptr, "it has no view");
    if (a == nullptr || b == nullptr) return;
    compare_view(*a->view, *b->view);
    for (const Colour colour : kColours) {
      where_ = "service " + name + ' ' + std::string(to_string(colour));
      compare_group(a->view->groups[colour], b->view->groups[colour]);
      compare_runtime(a->groups[colour], b->groups[colour]);
    }
  }

  void compare_view(const ServiceView& a, const ServiceView& b) {
    expect(*a.spec == *b.spec, "the spec");
    expect(a.live == b.live, "who is live");
    expect(a.split == b.split, "the split");
    // Without a share there is nothing to limit.
    if (a.release_weight() > Weight::none()) compare_exposure(a, b);
    expect(a.draw == b.draw, "the deployment that sticky clients are drawn for");
    expect(is_there(a.sticky) == is_there(b.sticky), "sticky clients");
    expect(*a.error_pages == *b.error_pages, "the error pages");
    expect(is_there(a.tls) == is_there(b.tls), "TLS");
  }

  void compare_exposure(const ServiceView& a, const ServiceView& b) {
    expect(is_there(a.exposure) == is_there(b.exposure), "whether the exposure has a limit");
    if (!a.exposure || !b.exposure) return;
    expect(a.exposure->budget() == b.exposure->budget(), "the exposure's budget");
    expect(a.exposure->spent() == b.exposure->spent(), "what of the exposure's budget is spent");
  }

  static std::string text_of(const GroupView& group) {
    std::string text;
    for (const TargetState& target : group.targets)
      text += ' ' + to_string(target.address) + ' ' + std::string(to_string(target.health)) +
              (target.ejected ? " ejected" : "") + (target.draining ? " draining" : "");
    return text.empty() ? " nobody" : text;
  }

  void compare_group(const GroupView& a, const GroupView& b) {
    const std::string targets = text_of(a);
    expect(targets == text_of(b), "targets:" + targets + ", or:" + text_of(b));
    expect(a.revision == b.revision, "revision " + a.revision + ", or " + b.revision);
    expect(a.available == b.available, "whether it is available");
    expect(a.fallback == b.fallback, "whether it is a fallback");
    expect(a.panicking == b.panicking, "whether it panics");
    expect(a.set->ring.empty() == b.set->ring.empty(), "the ring");
    expect(a.set->counts.size() == b.set->counts.size(), "the counts of targets");
    expect(a.set->shared.size() == b.set->shared.size(), "the shared counts of targets");
  }

  void compare_runtime(const WorkerService::Group& a, const WorkerService::Group& b) {
    const auto limits = [](const WorkerService::Group& group) {
      return std::tuple(group.runtime->is_limited, group.runtime->in_flight_limit,
                        group.runtime->pending_limit, group.runtime->is_compared);
    };
    expect(limits(a) == limits(b), "the worker's limits of the group");
    expect(a.targets.size() == b.targets.size(), "the worker's targets");
    for (std::size_t i = 0; i < std::min(a.targets.size(), b.targets.size()); ++i) {
      const proxy::TargetRuntime& mine = *a.targets[i];
      const proxy::TargetRuntime& its = *b.targets[i];
      expect(mine.address() == its.address() && mine.in_flight_limit == its.in_flight_limit &&
                 mine.spec() == its.spec() && mine.is_retired == its.is_retired &&
                 mine.in_flight == its.in_flight,
             "what the worker has of " + mine.address());
    }
  }

  const SimTeal& one_;
  const SimTeal& other_;
  std::string where_;
  std::string text_;
};

}  // namespace

std::string differences(const SimTeal& one, const SimTeal& other) {
  return Comparison(one, other).run();
}

}  // namespace teal::sim
