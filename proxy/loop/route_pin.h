// RoutePin: where one request stands in the routing truth: the index by which it was routed, the
// route that was found, and the service's view, each with its pin. A publication replaces what a
// worker has at any time, and whoever held the old one last frees it: so no pointer into an index
// or a view is kept anywhere but here, beside the pin.
//
// Owned by an exchange, used by its worker's thread. Does not match routes (route_index.h).
#pragma once

#include <cstdint>

#include "proxy/loop/worker_routes.h"

namespace teal::proxy {

class RoutePin {
 public:
  /// Nothing is found yet.
  void pin(const WorkerRoutes& routes) {
    index_ = routes.index();
    version_ = routes.version();
    forget_service();
  }
  /// Nothing is found yet, in the index that `other` is pinned to.
  void pin_as(const RoutePin& other) {
    index_ = other.index_;
    forget_service();
  }
  /// Requires: `route` is one of index()'s. False: its service is gone, and none is found.
  bool take(const Route& route, const WorkerRoutes& routes) {
    service_ = routes.service(route.service);
    if (service_ == nullptr) [[unlikely]]
      return false;
    route_ = &route;
    view_ = service_->view.get();
    return true;
  }
  /// Goes over to the service as it is now. What the route says stays what it was, since it may
  /// have been done already. False: there is no such service any more, and none is found from now
  /// on.
  bool follow(const WorkerRoutes& routes);
  /// The request is nobody's.
  void forget_service() {
    service_ = nullptr;
    view_ = nullptr;
    route_ = nullptr;
  }
  void release() {
    forget_service();
    index_ = nullptr;
  }

  bool is_pinned() const { return static_cast<bool>(index_); }
  /// The worker has no newer view of the service.
  bool is_newest(const WorkerRoutes& routes) const {
    return view_ != nullptr && routes.service(view_->id) == service_;
  }
  bool has_service() const { return view_ != nullptr; }

  /// The publication that the worker had when this was pinned, or followed.
  std::uint64_t version() const { return version_; }
  const RouteIndex& index() const { return *index_; }
  const config::Listener& listener(ListenerId id) const { return *index_->listener(id).spec; }
  // Requires, of all below: has_service().
  const ServiceView& service() const { return *view_; }
  const WorkerService& runtime() const { return *service_; }
  const GroupView& group(Colour colour) const { return view_->groups[colour]; }
  const WorkerService::Group& group_runtime(Colour colour) const {
    return service_->groups[colour];
  }
  /// Null: the target is asked as it is.
  const config::RouteActions* actions() const { return route_->actions; }
  const config::ServiceTimeouts& timeouts() const { return *route_->timeouts; }
  /// Of the actions' rate limit.
  RateLimiter* limiter() const { return route_->limiter.get(); }
  /// Null: there is nothing to pass.
  const RouteGate* gate() const { return route_->gate.get(); }

 private:
  PinnedIndex index_;
  PinnedService service_;
  const ServiceView* view_ = nullptr;
  const Route* route_ = nullptr;  ///< Into index_.
  std::uint64_t version_ = 0;
};

}  // namespace teal::proxy
