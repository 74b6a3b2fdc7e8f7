// The part of the WorkerPool that goes over to another configuration.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "proxy/worker/pool.h"

namespace teal::proxy {

std::vector<WorkerChange> sockets_for_workers(std::vector<NewListener>& opened,
                                              const RouteBuilder& builder, std::uint32_t workers) {
  std::vector<WorkerChange> changes(workers);
  for (NewListener& listener : opened) {
    const ListenerId id = *builder.listener_id(listener.listener);
    const bool is_unix = listener.asked.kind == Address::Kind::unix_socket;
    for (std::size_t i = 0; i < changes.size(); ++i)
      changes[i].opened.push_back({std::move(listener.by_worker[i]), id, is_unix, listener.id});
  }
  return changes;
}

PoolMeans WorkerPool::means() const {
  return {sockets_.listeners(), options_.config->access_log, shared_.workers,
          builder_.listener_names()};
}

void WorkerPool::reconfigure(PoolChange change, PoolFiles files) {
  TEAL_ASSERT(!change_);
  options_.config = change.config;
  builder_.configure(*change.config);
  take_files(std::move(files));
  change_ = std::move(change);
}

std::vector<WorkerChange> WorkerPool::spread(PoolChange& change) {
  for (NewListener& each : change.opened) sockets_.add(each);
  for (const ListenerPlan::Taken& each : change.plan.taken_over) sockets_.take_over(each);
  for (const config::Listener& listener : change.config->listeners)
    if (const Result<void> set = sockets_.set_mode(listener.name, listener.socket_mode); !set)
      options_.log->error("a listener keeps its mode", {{"reason", set.error().message()}});
  const config::AccessLog& spec = change.config->access_log;
  const bool is_off = spec.format == config::AccessLog::Format::off;
  if (change.log || (is_off && logs_.writer() != nullptr)) logs_.replace(std::move(change.log));
  const WorkerChange::Log log{spec.format, spec.query, logs_.writer()};
  std::vector<WorkerChange> changes = sockets_for_workers(change.opened, builder_, shared_.workers);
  for (WorkerChange& each : changes) {
    for (const ListenerPlan::Taken& taken : change.plan.taken_over)
      each.taken_over.emplace_back(taken.id, *builder_.listener_id(taken.listener));
    each.closed = change.plan.surplus;
    for (const std::string& name : change.plan.ended)
      each.ended.push_back(*builder_.listener_id(name));
    each.log = log;
  }
  return changes;
}

}  // namespace teal::proxy
