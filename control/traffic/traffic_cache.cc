#include "control/traffic/traffic_cache.h"

namespace teal::control {

TrafficTotals TrafficCache::totals(const std::string& service, Colour colour,
                                   const std::string& revision) const {
  Known& known = known_[service][colour];
  if (known.revision != revision) known = Known{revision};
  if (known.reading == reading_) return known.totals;
  const TrafficKey key{service, colour, revision, Audience::split};
  if (known.reading == 0 || ports_.read_requests(key) != known.ended) {
    const TrafficCounters counted = ports_.read_traffic(key);
    known.ended = requests_of(counted.requests);
    known.totals = {counted.tally(), counted.shielded};
  }
  known.reading = reading_;
  return known.totals;
}

}  // namespace teal::control
