// RoutePin: where one request stands in the routing truth: the table with its pin, and what was
// found in it. A publication replaces the worker's table at any time, and whoever held the old one
// last frees it: so no pointer into a table is kept anywhere but here, beside the pin, and all of
// it is replaced as one value.
//
// Owned by an exchange, used by its worker's thread. Does not match routes (route_table.h).
#pragma once

#include <memory>
#include <utility>

#include "proxy/loop/target_runtime.h"

namespace teal::proxy {

class RoutePin {
 public:
  /// Nothing is found in the table yet.
  void pin(const PinnedTable& table) {
    table_ = table;
    forget_service();
  }
  /// Requires: `route` is one of table()'s.
  void take(const RouteTable::Route& route) {
    service_ = &table_->routes.services[route.service];
    actions_ = route.actions;
    timeouts_ = route.timeouts;
  }
  /// Goes over to another table, to the service of the same name: places in tables and
  /// configurations may differ. What the route says stays what it was, since it may have been done
  /// already. False: there is no such service any more, and none is found from now on.
  bool follow(const PinnedTable& table);
  /// The request is nobody's.
  void forget_service() {
    service_ = nullptr;
    actions_ = nullptr;
    timeouts_ = nullptr;
  }
  void release() {
    forget_service();
    table_ = nullptr;
    if (config_) [[unlikely]]
      config_ = nullptr;
  }

  bool is_pinned() const { return static_cast<bool>(table_); }
  bool is_in(const PinnedTable& table) const { return table_ == table; }
  bool has_service() const { return service_ != nullptr; }

  const WorkerTable& table() const { return *table_; }
  /// `index`: its place in the configuration.
  const config::Listener& listener(std::size_t index) const {
    return table_->routes.config->listeners[index];
  }
  // Requires, of all below: has_service().
  const ServiceView& service() const { return *service_; }
  const WorkerTable::Service& runtime() const { return table_->services[service_->index]; }
  const GroupView& group(Colour colour) const { return service_->groups[colour]; }
  const WorkerTable::Group& group_runtime(Colour colour) const { return runtime().groups[colour]; }
  /// Null: the target is asked as it is.
  const config::RouteActions* actions() const { return actions_; }
  const config::ServiceTimeouts& timeouts() const { return *timeouts_; }

 private:
  PinnedTable table_;
  const ServiceView* service_ = nullptr;
  // Into the table's configuration, or into config_ where that is not the table's.
  const config::RouteActions* actions_ = nullptr;
  const config::ServiceTimeouts* timeouts_ = nullptr;
  std::shared_ptr<const config::Config> config_;
};

}  // namespace teal::proxy
