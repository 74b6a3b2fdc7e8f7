// The part of Server that goes over to another configuration: everything that has a part in it gets
// its own, in one turn of the control thread, and the workers get theirs in one publication.
#include <algorithm>
#include <utility>
#include <vector>

#include "app/serve/server_state.h"
#include "control/registry/service_registry.h"

namespace teal::app {

namespace {

bool is_in(const std::vector<proxy::OpenListener>& all, const proxy::OpenListener& one) {
  return std::ranges::any_of(all, [&](const proxy::OpenListener& each) {
    return each.listener == one.listener && each.bound == one.bound;
  });
}

/// What is bound for it. Of two that ask for the same, as 127.0.0.1:0, each has its own.
const proxy::OpenListener* find_open(const std::vector<proxy::OpenListener>& open,
                                     const config::Listener& wanted) {
  const proxy::OpenListener* found = nullptr;
  for (const proxy::OpenListener& each : open) {
    if (each.asked != wanted.address) continue;
    if (each.listener == wanted.name) return &each;
    found = &each;
  }
  return found;
}

}  // namespace

static_assert(control::ServiceRegistry::kMaxNames == proxy::Shard::kMaxServices);

std::string Server::State::why_not_now() const {
  if (is_shutting_down) return "Teal is shutting down";
  if (!is_serving) return "Teal is starting: the first health checks are running";
  return {};
}

std::optional<control::ApiError> Server::State::refuse(const config::Config& next) {
  if (listeners_known_with(pool.means(), next) > proxy::Shard::kMaxListeners)
    return control::not_loaded(422, "too-many-names",
                               "this process would have known more than " +
                                   std::to_string(proxy::Shard::kMaxListeners) +
                                   " names of listeners",
                               "restart Teal, which forgets those that are gone");
  // No target may be what is going to listen.
  note_sockets_of(next);
  std::optional<control::ApiError> refusal = controller->refuse(next);
  note_sockets_of(*config);
  return refusal;
}

Result<void> Server::State::make_ready(const PreparedConfig& prepared) {
  return make_ready(prepared.files, *prepared.config);
}

/// What a configuration needs that can fail.
Result<void> Server::State::make_ready(const WatchedFiles& of_files,
                                       const config::Config& of_config) {
  if (of_files.has_passwords())
    if (const Result<void> ready = pool.start_logins(); !ready) return ready.error();
  return discovery.make_ready(of_config);
}

void Server::State::commit(PreparedConfig& prepared,
                           std::function<void(std::shared_ptr<void> replaced)> applied) {
  const auto replaced = std::make_shared<Replaced>();
  const std::vector<proxy::OpenListener> sockets = pool.means().listeners;
  replaced->config = std::exchange(config, prepared.config);
  prepared.files.succeed(files);
  replaced->files = std::exchange(files, std::move(prepared.files));
  pool.reconfigure(std::move(prepared.pool), files.for_pool());
  pool.limit_idle_upstream(
      config->limits.idle_upstream.value_or(idle_upstream_limit(read_descriptor_limit())));
  overload.configure(config->overload);
  access_log.set_path(config->access_log.path);
  api->configure(config->admin, config->limits.metric_samples);
  probed.reconfigure(config, *files.tls->table());
  controller->reconfigure(config, {prepared.generation, prepared.digest},
                          [this, replaced, applied = std::move(applied)] {
                            replaced->log = pool.logs().take_replaced();
                            applied(replaced);
                          });
  note_sockets_of(*config);
  tell_of_sockets(sockets);
  discovery.reconfigure(*config);
}

/// The sockets that there are with this configuration, or would be: as they are bound where they
/// are.
void Server::State::note_sockets_of(const config::Config& wanted) {
  const std::vector<proxy::OpenListener> open = pool.means().listeners;
  own_sockets.clear();
  own_sockets.add({"the admin address", admin->address(), true});
  for (const config::Listener& each : wanted.listeners) {
    const proxy::OpenListener* const there = find_open(open, each);
    own_sockets.add({"listener '" + each.name + "'", there ? there->bound : each.address, false});
  }
}

void Server::State::tell_of_sockets(const std::vector<proxy::OpenListener>& before) const {
  const std::vector<proxy::OpenListener> now = pool.means().listeners;
  const auto tell = [&](const char* what, const proxy::OpenListener& each) {
    log.info(what, {{"listener", each.listener}, {"address", to_string(each.bound)}});
  };
  for (const proxy::OpenListener& each : before)
    if (!is_in(now, each)) tell("listening no more", each);
  for (const proxy::OpenListener& each : now)
    if (!is_in(before, each)) tell("listening", each);
}

}  // namespace teal::app
