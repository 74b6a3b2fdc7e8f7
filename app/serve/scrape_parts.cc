#include "app/serve/scrape_parts.h"

#include <optional>

#include "control/metrics/exporter.h"

namespace teal::app {

using control::MetricFamilies;

std::vector<control::ScrapePart> traffic_parts(const proxy::WorkerPool& pool) {
  return {[&pool, key = TrafficKey{}](MetricFamilies& book) mutable {
    const std::optional<TrafficReading> next = pool.read_traffic_after(key);
    if (!next) return false;
    add_traffic(book, *next);
    key = next->key;
    return true;
  }};
}

std::vector<control::ScrapePart> detail_parts(const proxy::WorkerPool& pool,
                                              const config::Config& config) {
  return {[&pool, &config, at = std::size_t{0}](MetricFamilies& book) mutable {
            if (at == config.services.size()) return false;
            for (const MetricSample& sample : pool.read_service_stats(at++)) book.sample(sample);
            return true;
          },
          [&pool, key = TargetKey{}](MetricFamilies& book) mutable {
            const std::optional<TargetReading> next = pool.read_target_after(key);
            if (!next) return false;
            add_target(book, *next);
            key = next->key;
            return true;
          }};
}

}  // namespace teal::app
