// WorkerRoutes: the routes that one worker runs on now: the index of its listeners' routes, and
// each service's view with what the worker keeps of its groups and targets. A publication replaces
// what it names, and nothing else; whoever routes a request pins what he found (route_pin.h).
//
// Owned by its worker's loop, used by the worker's thread; pins are counted without atomics.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <boost/smart_ptr/local_shared_ptr.hpp>

#include "proxy/loop/target_runtime.h"
#include "proxy/routing/route_index.h"
#include "proxy/routing/service_view.h"
#include "proxy/telemetry/shard.h"

namespace teal::proxy {

using TargetPointer = boost::local_shared_ptr<TargetRuntime>;
using TargetRuntimes = std::vector<TargetPointer>;

/// One service as a worker routes to it. Immutable, but for what it points to.
struct WorkerService {
  struct Group {
    boost::local_shared_ptr<GroupRuntime> runtime;
    boost::local_shared_ptr<const TargetRuntimes> owned_targets;
    std::span<const TargetPointer> targets;  ///< Those, as in GroupView::targets.
  };

  SharedView view;
  boost::local_shared_ptr<ServiceRuntime> runtime;
  ActivityCount* activity = nullptr;  ///< This worker's.
  PerColour<Group> groups;
};

using PinnedService = boost::local_shared_ptr<const WorkerService>;
using PinnedIndex = boost::local_shared_ptr<const RouteIndex>;

class WorkerRoutes {
 public:
  /// The publication that it is as of.
  std::uint64_t version() const { return version_; }
  const PinnedIndex& index() const { return index_; }
  const ListenerView& listener(ListenerId id) const { return index_->listener(id); }
  /// Null: there is no such service, or not any more.
  const PinnedService& service(ServiceId id) const {
    return id < services_.size() ? services_[id] : kNone;
  }
  /// Some service judges its requests' ages.
  bool watches_ages() const { return watching_ages_ > 0; }

  // ---- for RuntimeRegistry
  void set_version(std::uint64_t version) { version_ = version; }
  void set_index(std::shared_ptr<const RouteIndex> index) {
    const RouteIndex* const shown = index.get();
    index_ = PinnedIndex(shown, [held = std::move(index)](const RouteIndex*) {});
  }
  /// Null: it is removed. Gives back what was there, or null.
  PinnedService replace(ServiceId id, PinnedService service) {
    if (services_.size() <= id) services_.resize(id + 1);
    if (service != nullptr && service->view->watches_ages) ++watching_ages_;
    PinnedService before = std::exchange(services_[id], std::move(service));
    if (before != nullptr && before->view->watches_ages) --watching_ages_;
    return before;
  }

 private:
  inline static const PinnedService kNone = nullptr;

  std::uint64_t version_ = 0;
  PinnedIndex index_;
  std::vector<PinnedService> services_;  ///< By ServiceId.
  std::size_t watching_ages_ = 0;
};

}  // namespace teal::proxy
