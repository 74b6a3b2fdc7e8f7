#include "app/serve/scrape_parts.h"

#include <optional>
#include <utility>

#include "control/metrics/exporter.h"

namespace teal::app {

using control::MetricFamilies;

std::vector<control::ScrapePart> traffic_parts(const proxy::WorkerPool& pool) {
  return {[&pool, key = TrafficKey{}](MetricFamilies& families) mutable {
    const std::optional<TrafficReading> next = pool.read_traffic_after(key);
    if (!next) return false;
    add_traffic(families, *next);
    key = next->key;
    return true;
  }};
}

std::vector<control::ScrapePart> detail_parts(const proxy::WorkerPool& pool,
                                              std::shared_ptr<const config::Config> config) {
  return {
      [&pool, config = std::move(config), at = std::size_t{0}](MetricFamilies& families) mutable {
        if (at == config->services.size()) return false;
        for (const MetricSample& sample : pool.read_service_stats(config->services[at++]))
          families.sample(sample);
        return true;
      },
      [&pool, key = TargetKey{}](MetricFamilies& families) mutable {
        const std::optional<TargetReading> next = pool.read_target_after(key);
        if (!next) return false;
        add_target(families, *next);
        key = next->key;
        return true;
      }};
}

}  // namespace teal::app
