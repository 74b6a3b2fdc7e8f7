// The part of Server that goes over to another configuration: everything that has a part in it gets
// its own, in one turn of the control thread, and the workers get theirs in one publication.
#include <algorithm>
#include <utility>

#include "app/serve/server_state.h"
#include "control/registry/service_registry.h"

namespace teal::app {

static_assert(control::ServiceRegistry::kMaxNames == proxy::Shard::kMaxServices);

std::string Server::State::why_not_now() const {
  if (is_shutting_down) return "Teal is shutting down";
  if (!is_serving) return "Teal is starting: the first health checks are running";
  return {};
}

std::optional<control::ApiError> Server::State::refuse(const config::Config& next) const {
  if (pool.would_know_listeners(next) > proxy::Shard::kMaxListeners)
    return control::ApiError{422, "too-many-names", "The configuration was not loaded",
                             "this process would have known more than " +
                                 std::to_string(proxy::Shard::kMaxListeners) +
                                 " names of listeners",
                             "restart Teal, which forgets those that are gone"};
  return controller->refuse(next);
}

void Server::State::commit(PreparedConfig& prepared, std::function<void()> applied) {
  replaced.config = std::exchange(config, prepared.config);
  prepared.tls->succeed(*tls);
  replaced.tls = std::exchange(tls, std::move(prepared.tls));
  pool.reconfigure(std::move(prepared.pool), prepared.pages, tls->table());
  pool.limit_idle_upstream(
      config->limits.idle_upstream.value_or(idle_upstream_limit(read_descriptor_limit())));
  overload.configure(config->overload);
  access_log.set_path(config->access_log.path);
  api->configure(config->admin, config->limits.metric_samples);
  probed.reconfigure(config, *tls->table());
  controller->reconfigure(config, std::move(applied));
  note_own_sockets();
}

std::shared_ptr<void> Server::State::take_replaced() {
  replaced.log = pool.take_replaced_log();
  return std::make_shared<Replaced>(std::exchange(replaced, {}));
}

/// As they are bound, not as they were asked for.
void Server::State::note_own_sockets() {
  own_sockets.clear();
  own_sockets.add({"the admin address", admin->address(), true});
  for (const proxy::OpenListener& each : pool.listeners())
    own_sockets.add({"listener '" + each.listener + "'", each.bound, false});
}

}  // namespace teal::app
