#include "proxy/worker/pool_change.h"

#include <set>
#include <string>
#include <utility>

namespace teal::proxy {

Result<PoolChange> PoolChange::make(std::shared_ptr<const config::Config> config,
                                    const PoolMeans& means) {
  PoolChange change;
  change.config = std::move(config);
  const config::AccessLog& log = change.config->access_log;
  const auto is_on = [](const config::AccessLog& spec) {
    return spec.format != config::AccessLog::Format::off;
  };
  if (is_on(log) && (!is_on(means.log) || log.path != means.log.path)) {
    Result<std::unique_ptr<AccessLogWriter>> opened = AccessLogWriter::open(log);
    if (!opened) return opened.error();
    change.log = std::move(*opened);
  }
  // Last: who connects to a new address waits until somebody accepts, or is refused.
  change.plan = plan_listeners(means.listeners, *change.config);
  Result<std::vector<NewListener>> opened =
      ListenerSockets::open(change.plan, means.listeners, means.workers);
  if (!opened) return opened.error();
  change.opened = std::move(*opened);
  return change;
}

std::size_t listeners_known_with(const PoolMeans& means, const config::Config& next) {
  std::set<std::string> names(means.known.begin(), means.known.end());
  for (const config::Listener& each : next.listeners) names.insert(each.name);
  return names.size();
}

}  // namespace teal::proxy
