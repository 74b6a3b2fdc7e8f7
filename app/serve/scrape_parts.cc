#include "app/serve/scrape_parts.h"

#include <optional>

#include "control/metrics/exporter.h"

namespace teal::app {

using control::MetricBook;

std::vector<control::ScrapePart> traffic_parts(const proxy::WorkerPool& pool) {
  return {[&pool, key = TrafficKey{}](MetricBook& book) mutable {
    const std::optional<TrafficReading> next = pool.read_traffic_after(key);
    if (!next) return false;
    add_traffic(book, *next);
    key = next->key;
    return true;
  }};
}

std::vector<control::ScrapePart> detail_parts(const proxy::WorkerPool& pool,
                                              const config::Config& config) {
  return {[&pool, &config, at = std::size_t{0}](MetricBook& book) mutable {
            if (at == config.services.size()) return false;
            for (const MetricSample& sample : pool.read_service_stats(at++)) book.sample(sample);
            return true;
          },
          [&pool, key = TargetKey{}](MetricBook& book) mutable {
            const std::optional<TargetReading> next = pool.read_target_after(key);
            if (!next) return false;
            add_target(book, *next);
            key = next->key;
            return true;
          }};
}

}  // namespace teal::app
