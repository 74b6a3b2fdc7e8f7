#include "control/traffic/traffic_figures.h"

#include <optional>

namespace teal::control {

void TrafficFigures::begin(const ServiceRegistry& services, Mono now) {
  cache.renew();
  looks_.resize(services.ids());
  for (const ServiceEntry& entry : services.entries()) feed(entry, now);
  slices_.take(services.ids(), now);
}

void TrafficFigures::begin(const ServiceEntry& entry, const ServiceRegistry& services, Mono now) {
  cache.renew();
  looks_.resize(services.ids());
  feed(entry, now);
}

void TrafficFigures::forget(const std::string& service) {
  windows.forget(service);
  baselines.forget(service);
}

void TrafficFigures::tick(const ServiceRegistry& services, std::span<const ServiceId> visited,
                          Mono now) {
  cache.renew();
  looks_.resize(services.ids());
  for (const ServiceId id : visited)
    if (const ServiceEntry* const entry = services.at(id)) feed(*entry, now);
  for (std::size_t due = slices_.take(services.ids(), now); due > 0; --due) {
    if (next_ >= services.ids()) next_ = 0;
    look_at(services, next_++, now);
  }
}

void TrafficFigures::look_at(const ServiceRegistry& services, ServiceId id, Mono now) {
  Look& last = looks_[id];
  const ServiceEntry* const entry = services.at(id);
  if (entry == nullptr) {
    last = {};  // Should it come back, nothing is known of it.
  } else if (last.is_at_rest && ports_.read_activity(id) == last.activity) {
    last.at = now;
  } else {
    feed(*entry, now);
  }
}

void TrafficFigures::feed(const ServiceEntry& entry, Mono now) {
  const ServiceState& state = entry.state();
  Look& look = looks_[entry.id()];
  // What has come while it was at rest came after the last look, not in all of that time.
  if (look.is_at_rest) windows.rest_until(state.name, look.at);
  // Before the counters, so that what ends meanwhile is looked at again.
  const std::uint64_t activity = ports_.read_activity(entry.id());
  if (look.at == Mono{} || activity != look.activity) look.changed = now;
  look.activity = activity;
  look.at = now;
  for (const Colour colour : kColours) {
    const TrafficKey key{state.name, colour, state.groups[colour].revision, Audience::split};
    const std::uint64_t ended = ports_.read_requests(key);
    std::optional<TrafficCounters> counted;
    const auto read = [&]() -> const TrafficCounters& {
      if (!counted) counted = ended == 0 ? TrafficCounters{} : ports_.read_traffic(key);
      return *counted;
    };
    if (!windows.feed_unchanged(state.name, colour, key.revision, now, ended))
      windows.feed(state.name, colour, key.revision, now, read());
    if (colour == state.live && baselines.is_due(state.name, key.revision, now))
      baselines.feed(state.name, key.revision, now, read());
  }
  look.is_at_rest =
      windows.is_at_rest(state.name) &&
      baselines.is_settled(state.name, state.groups[state.live].revision, look.changed);
}

}  // namespace teal::control
