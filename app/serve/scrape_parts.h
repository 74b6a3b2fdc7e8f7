// What the workers have for GET /metrics, a little at each call (control/metrics/scraper.h).
//
// Control thread. The pool outlives the parts.
#pragma once

#include <memory>
#include <vector>

#include "config/config.h"
#include "control/metrics/scraper.h"
#include "proxy/worker/pool.h"

namespace teal::app {

/// Stream by stream, what was answered.
std::vector<control::ScrapePart> traffic_parts(const proxy::WorkerPool& pool);

/// Service by service what happened on the way to targets, and target by target.
std::vector<control::ScrapePart> detail_parts(const proxy::WorkerPool& pool,
                                              std::shared_ptr<const config::Config> config);

}  // namespace teal::app
