#include "proxy/loop/runtime_registry.h"

#include <algorithm>
#include <utility>

#include <boost/smart_ptr/make_local_shared.hpp>

namespace teal::proxy {
namespace {

void close_idle_of(TargetRuntime& target) {
  TargetConnections& connections = target.connections();
  while (!connections.idle_http1.empty()) connections.idle_http1.oldest()->retire();
  while (!connections.discarding.empty()) {
    const boost::intrusive_ptr<KeptConnection> connection = connections.discarding.back();
    connection->retire();
  }
  const auto http2 = std::exchange(connections.http2, {});
  for (const auto& connection : http2) connection->retire();
}

bool speaks_alike(const config::Service& one, const config::Service& other) {
  return one.upstream == other.upstream && one.tls == other.tls;
}

bool has_target(const WorkerService::Group& group, TargetId id) {
  return std::ranges::any_of(group.targets, [id](const auto& each) { return each->id == id; });
}

}  // namespace

// ---- publications -------------------------------------------------------------------------------

void RuntimeRegistry::take(const RouteUpdate& update, WorkerRoutes& routes, Mono now) {
  taken_groups_.clear();
  routes.set_version(update.version);
  if (update.index) routes.set_index(update.index);
  std::vector<std::pair<PinnedService, PinnedService>> replaced;
  const auto replace = [&](ServiceId id, const PinnedService& after) {
    PinnedService before = routes.replace(id, after);
    const PinnedService& named = after != nullptr ? after : before;
    if (named == nullptr) return;
    for (const Colour colour : kColours) taken_groups_.push_back(named->groups[colour].runtime);
    if (before != nullptr) replaced.emplace_back(std::move(before), after);
  };
  for (const SharedView& view : update.services)
    replace(view->id, make_service(view, routes.service(view->id).get()));
  for (const ServiceId id : update.removed) replace(id, nullptr);
  // Whoever hears of it finds all routes as they are from now on.
  for (const auto& [before, after] : replaced) retire_missing(*before, after.get(), now);
}

PinnedService RuntimeRegistry::make_service(const SharedView& view, const WorkerService* before) {
  auto service = boost::make_local_shared<WorkerService>();
  service->view = view;
  auto& runtime = services_[view->id];
  // Whoever has seen the ids of a few requests knows what rng_ gave and gives, but not this.
  if (!runtime)
    runtime = boost::make_local_shared<ServiceRuntime>(siphash(draws_, rng_.next(), worker_));
  runtime->take(view);
  service->runtime = runtime;
  service->activity = &counters_.activity(view->id);
  for (const Colour colour : kColours) {
    const GroupView& group = view->groups[colour];
    WorkerService::Group& mine = service->groups[colour];
    mine.runtime = group_runtime(group, *view, before);
    mine.owned_targets = target_runtimes(group, *service, before);
    mine.targets = *mine.owned_targets;
  }
  return service;
}

boost::local_shared_ptr<GroupRuntime> RuntimeRegistry::group_runtime(const GroupView& view,
                                                                     const ServiceView& service,
                                                                     const WorkerService* before) {
  const config::Service& spec = *service.spec;
  auto& runtime = groups_[view.limits.get()];
  if (!runtime) {
    runtime = boost::make_local_shared<GroupRuntime>(rng_.next());
    runtime->limits = view.limits;
    runtime->service = service.id;
    runtime->service_runtime = services_.at(service.id);
    runtime->colour = view.colour;
  }
  if (before != nullptr && before->view->spec == service.spec &&
      before->view->groups[view.colour].set == view.set)
    return runtime;
  runtime->pending_limit = spec.limits.pending;
  runtime->in_flight_limit = spec.limits.in_flight_per_group;
  runtime->is_limited = spec.limits.in_flight_per_group > 0 || spec.limits.in_flight_per_target > 0;
  runtime->is_compared =
      spec.outlier.success_rate && view.targets.size() >= spec.outlier.success_rate_targets;
  return runtime;
}

boost::local_shared_ptr<const TargetRuntimes> RuntimeRegistry::target_runtimes(
    const GroupView& view, const WorkerService& service, const WorkerService* before) {
  if (before != nullptr && before->view->spec == service.view->spec &&
      before->view->groups[view.colour].set == view.set)
    return before->groups[view.colour].owned_targets;
  std::unordered_map<TargetId, TargetPointer> known;
  // Connections that speak otherwise are not for what comes: theirs is another runtime.
  if (before != nullptr && speaks_alike(*before->view->spec, *service.view->spec))
    for (const TargetPointer& target : before->groups[view.colour].targets)
      known.emplace(target->id, target);
  auto runtimes = boost::make_local_shared<TargetRuntimes>();
  runtimes->reserve(view.targets.size());
  for (std::size_t i = 0; i < view.targets.size(); ++i) {
    const auto found = known.find(view.targets[i].id);
    runtimes->push_back(
        target_runtime(view, i, service, found != known.end() ? found->second : nullptr));
  }
  return runtimes;
}

TargetPointer RuntimeRegistry::target_runtime(const GroupView& view, std::size_t index,
                                              const WorkerService& service,
                                              const TargetPointer& known) {
  const TargetState& target = view.targets[index];
  const config::Service& spec = *service.view->spec;
  TargetPointer runtime = known;
  if (!runtime) {
    runtime = boost::make_local_shared<TargetRuntime>();
    runtime->id = target.id;
    runtime->shared = view.set->shared[index];
    runtime->stats = &counters_.service(service.view->id);
    runtime->group = service.groups[view.colour].runtime;
    runtime->service = runtime->group->service_runtime.get();
  }
  runtime->counts = nullptr;
  if (view.set->counts.empty()) {
    if (runtime->has_connections()) runtime->connections().counted_in = nullptr;
  } else {
    runtime->connections().counted_in = view.set->counts[index];
    if (runtime->is_busy) count(*runtime);
  }
  // When it comes back it begins anew, or its first failure would eject it again.
  if (target.ejected) runtime->consecutive_failures = runtime->consecutive_gateway = 0;
  runtime->in_flight_limit = spec.limits.in_flight_per_target;
  return runtime;
}

// ---- targets that leave -------------------------------------------------------------------------

void RuntimeRegistry::retire_missing(const WorkerService& before, const WorkerService* after,
                                     Mono now) {
  for (const Colour colour : kColours) {
    const WorkerService::Group& old = before.groups[colour];
    if (after != nullptr && after->groups[colour].owned_targets == old.owned_targets) continue;
    // Those that stay are marked, so that each is looked at once.
    for (const TargetPointer& target : old.targets) target->is_retired = true;
    if (after != nullptr)
      for (const TargetPointer& target : after->groups[colour].targets) target->is_retired = false;
    const bool have_others =
        after != nullptr && !speaks_alike(*before.view->spec, *after->view->spec);
    for (const TargetPointer& target : old.targets) {
      if (!target->is_retired) continue;
      const bool stays = have_others && has_target(after->groups[colour], target->id);
      retire(*target, stays ? std::nullopt : std::optional(now));
    }
  }
}

/// Its tunnels end in time, unless it has only another way to be spoken to.
void RuntimeRegistry::retire(TargetRuntime& target, std::optional<Mono> tunnels_from) {
  if (!target.has_connections()) return;
  close_idle_of(target);
  if (!tunnels_from) return;
  for (TargetTunnel* tunnel : target.connections().tunnels)
    tunnel->on_target_retired(*tunnels_from, rng_);
}

boost::local_shared_ptr<GroupRuntime> RuntimeRegistry::group_of(const GroupLimits& limits) const {
  const auto found = groups_.find(&limits);
  return found != groups_.end() ? found->second : nullptr;
}

// ---- each second --------------------------------------------------------------------------------

void RuntimeRegistry::count(TargetRuntime& target) {
  const auto& counted_in = target.connections().counted_in;
  if (counted_in) target.counts = &counted_in->of(worker_);
}

void RuntimeRegistry::add_busy(const TargetPointer& target) {
  target->is_busy = true;
  count(*target);
  busy_.push_back(target);
  GroupRuntime& group = *target->group;
  ++group.busy_targets;
  if (std::exchange(group.is_busy, true)) return;
  busy_groups_.push_back(target->group);
}

void RuntimeRegistry::end_second() {
  std::erase_if(busy_groups_, [](const auto& group) {
    group->last_peak = std::exchange(group->peak, group->active);
    group->is_busy = group->busy_targets > 0 || group->active > 0 || group->last_peak > 0;
    return !group->is_busy;
  });
}

std::vector<TargetTally> RuntimeRegistry::take_tallies() {
  std::vector<TargetTally> tallies;
  for (const TargetPointer& target : busy_) {
    if (target->group->is_compared && target->tally.requests > 0 && !target->is_retired)
      tallies.push_back({target->id, target->tally.requests, target->tally.failures});
    target->tally = {};
  }
  return tallies;
}

void RuntimeRegistry::close_surplus(IdlePool& pool, bool is_short) {
  for (const TargetPointer& target : busy_) {
    TargetConnections& connections = target->connections();
    const std::uint32_t idle_http2 = connections.idle_http2.size();
    const std::uint32_t surplus =
        connections.need.end_period(target->in_flight, target->idle - idle_http2, is_short);
    // A connection that names a client is needed as long as the client is there, not by number.
    const bool is_by_number = !target->spec().upstream.proxy_protocol || is_short;
    if (is_by_number) pool.close_surplus(connections.idle_http1, surplus);
    if (connections.http2.empty()) continue;
    const auto in_use = static_cast<std::uint32_t>(connections.http2.size()) - idle_http2;
    pool.close_surplus(connections.idle_http2,
                       connections.need_http2.end_period(in_use, idle_http2, is_short));
  }
  pool.end_period();
  std::erase_if(busy_, [](const TargetPointer& target) {
    target->is_busy = target->has_something_to_do();
    if (!target->is_busy) --target->group->busy_targets;
    return !target->is_busy;
  });
}

void RuntimeRegistry::close_all_idle() {
  // Whoever has connections is busy.
  for (const TargetPointer& target : busy_) close_idle_of(*target);
}

}  // namespace teal::proxy
