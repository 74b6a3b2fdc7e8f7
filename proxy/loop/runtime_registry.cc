#include "proxy/loop/runtime_registry.h"

#include <algorithm>
#include <utility>

#include <boost/smart_ptr/make_local_shared.hpp>

namespace teal::proxy {
namespace {

void close_idle_of(TargetRuntime& target) {
  while (!target.idle_http1.empty()) target.idle_http1.oldest()->retire();
  while (!target.discarding.empty()) {
    const boost::intrusive_ptr<KeptConnection> connection = target.discarding.back();
    connection->retire();
  }
  const auto http2 = std::exchange(target.http2, {});
  for (const auto& connection : http2) connection->retire();
}

}  // namespace

PinnedTable RuntimeRegistry::pin(const RouteTable& routes) {
  for (auto& [id, target] : targets_) target->is_retired = true;
  auto table = boost::make_local_shared<WorkerTable>();
  table->routes = routes;
  table->watches_ages = std::ranges::any_of(routes.services, &ServiceView::watches_ages);
  table->services.reserve(routes.services.size());
  for (ServiceView& view : table->routes.services) {
    const config::Service& spec = *view.spec;
    WorkerTable::Service service;
    auto& service_runtime = services_[spec.name];
    // Whoever has seen the ids of a few requests knows what rng_ gave and gives, but not this.
    if (!service_runtime)
      service_runtime =
          boost::make_local_shared<ServiceRuntime>(siphash(draws_, rng_.next(), worker_));
    service.runtime = service_runtime;
    for (const Colour colour : kColours) {
      GroupView& group = view.groups[colour];
      WorkerTable::Group& mine = service.groups[colour];
      mine.runtime = group_runtime(group, colour, view);
      for (std::size_t i = 0; i < group.targets.size(); ++i)
        mine.targets.push_back(target_runtime(group, i, spec, mine.runtime));
      for (const Audience audience : {Audience::split, Audience::preview})
        counters_.traffic(group.slots[audience]);
    }
    table->services.push_back(std::move(service));
  }
  return table;
}

boost::local_shared_ptr<GroupRuntime> RuntimeRegistry::group_runtime(const GroupView& view,
                                                                     Colour colour,
                                                                     const ServiceView& service) {
  const config::Service& spec = *service.spec;
  auto& runtime = groups_[spec.name + '/' + std::string(to_string(colour))];
  if (!runtime) {
    runtime = boost::make_local_shared<GroupRuntime>(rng_.next());
    runtime->limits = view.limits;
    groups_by_limits_[view.limits.get()] = runtime;
  }
  runtime->service = service.index;
  runtime->colour = colour;
  runtime->pending_limit = spec.limits.pending;
  runtime->in_flight_limit = spec.limits.in_flight_per_group;
  runtime->is_limited = spec.limits.in_flight_per_group > 0 || spec.limits.in_flight_per_target > 0;
  runtime->is_compared =
      spec.outlier.success_rate && view.targets.size() >= spec.outlier.success_rate_targets;
  return runtime;
}

boost::local_shared_ptr<TargetRuntime> RuntimeRegistry::target_runtime(
    const GroupView& view, std::size_t index, const config::Service& service,
    const boost::local_shared_ptr<GroupRuntime>& group) {
  const TargetState& target = view.targets[index];
  auto& runtime = targets_[target.id];
  if (!runtime) {
    runtime = boost::make_local_shared<TargetRuntime>();
    runtime->id = target.id;
    runtime->address = to_string(target.address);
    runtime->endpoint = net::to_endpoint(target.address);
    runtime->target_address = target.address;
    runtime->limits = view.target_limits[index];
  }
  runtime->service = group->service;
  runtime->stats = &counters_.service(group->service);
  runtime->counted_in = view.target_counts.empty() ? nullptr : view.target_counts[index];
  runtime->counts = runtime->counted_in ? &(*runtime->counted_in)[worker_] : nullptr;
  runtime->group = group;
  runtime->is_retired = false;
  // When it comes back it begins anew, or its first failure would eject it again.
  if (target.ejected) runtime->consecutive_failures = runtime->consecutive_gateway = 0;
  runtime->in_flight_limit = service.limits.in_flight_per_target;
  runtime->idle_limit = service.limits.idle_per_target;
  runtime->idle_timeout = service.timeouts.upstream_idle;
  runtime->upstream_settings = service.upstream;
  return runtime;
}

void RuntimeRegistry::drop_retired(Mono now) {
  for (auto it = targets_.begin(); it != targets_.end();) {
    if (it->second->is_retired) {
      close_idle_of(*it->second);
      for (TargetTunnel* tunnel : it->second->tunnels) tunnel->on_target_retired(now, rng_);
      it = targets_.erase(it);
    } else {
      ++it;
    }
  }
}

boost::local_shared_ptr<GroupRuntime> RuntimeRegistry::group_of(const GroupLimits& limits) const {
  const auto found = groups_by_limits_.find(&limits);
  return found != groups_by_limits_.end() ? found->second : nullptr;
}

void RuntimeRegistry::end_second() {
  for (auto& [name, group] : groups_) group->last_peak = std::exchange(group->peak, group->active);
}

std::vector<TargetTally> RuntimeRegistry::take_tallies() {
  std::vector<TargetTally> tallies;
  for (auto& [id, target] : targets_) {
    if (target->group->is_compared && target->tally.requests > 0)
      tallies.push_back({id, target->tally.requests, target->tally.failures});
    target->tally = {};
  }
  return tallies;
}

void RuntimeRegistry::close_surplus(IdlePool& pool, bool is_short) {
  for (auto& [id, target] : targets_) {
    const std::uint32_t idle_http2 = target->idle_http2.size();
    const std::uint32_t surplus =
        target->need.end_period(target->in_flight, target->idle - idle_http2, is_short);
    // A connection that names a client is needed as long as the client is there, not by number.
    const bool is_by_number = !target->upstream_settings.proxy_protocol || is_short;
    if (is_by_number) pool.close_surplus(target->idle_http1, surplus);
    if (target->http2.empty()) continue;
    const auto in_use = static_cast<std::uint32_t>(target->http2.size()) - idle_http2;
    pool.close_surplus(target->idle_http2,
                       target->need_http2.end_period(in_use, idle_http2, is_short));
  }
  pool.end_period();
}

void RuntimeRegistry::close_all_idle() {
  for (auto& [id, target] : targets_) close_idle_of(*target);
}

}  // namespace teal::proxy
