// RoutesRoom: makes the routes of a configuration and of services' states, as control and the pool
// do together: publications by parts, with all that has changed since the last one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/publication.h"
#include "config/config.h"
#include "proxy/routing/route_builder.h"

namespace teal::proxy {

class RoutesRoom {
 public:
  explicit RoutesRoom(std::size_t workers = 1,
                      std::size_t max_targets = TargetCountsTable::kMaxTargets)
      : limits(workers), targets(workers, max_targets), builder({slots, limits, targets}, 1) {}
  /// With another's slots.
  explicit RoutesRoom(SlotTable& others, std::size_t workers = 1)
      : limits(workers), targets(workers), builder({others, limits, targets}, 1) {}

  /// `states` are as the services of `config`. A name keeps the id that it got first.
  std::shared_ptr<const RouteUpdate> publish(const config::Config& config,
                                             std::vector<ServiceState> states) {
    builder.configure(config);
    return builder.build(next(config, std::move(states)));
  }
  /// What changed of the states.
  Publication next(const config::Config& config, std::vector<ServiceState> states) {
    Publication publication{++version, {}};
    for (std::size_t i = 0; i < states.size(); ++i) {
      states[i].name = config.services[i].name;
      states[i].id =
          ids.try_emplace(states[i].name, static_cast<ServiceId>(ids.size())).first->second;
      SharedService& before = published[states[i].name];
      SharedService now = snapshot_of(states[i], before);
      if (now != before) publication.services.push_back(now);
      before = std::move(now);
    }
    // Who comes back is published anew.
    std::erase_if(published, [&](const auto& each) {
      return std::ranges::find(states, each.first, &ServiceState::name) == states.end();
    });
    return publication;
  }

  SlotTable slots;
  LimitTable limits;
  TargetCountsTable targets;
  RouteBuilder builder;
  std::map<std::string, ServiceId> ids;
  std::map<std::string, SharedService> published;
  std::uint64_t version = 0;
};

}  // namespace teal::proxy
