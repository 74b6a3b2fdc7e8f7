// The exporter: what Teal's numbers are called in Prometheus, and which of them are there. Built
// anew for each scrape from readings; nothing on the request path knows of it, and there is no
// registry of live counters. All names are in docs/metrics.md (tests/unit/app/metric_docs_test.cc).
//
// Pure functions, any thread.
#pragma once

#include <cstdint>

#include "base/counters.h"
#include "base/target_reading.h"
#include "base/time.h"
#include "control/metrics/metric_families.h"
#include "control/reports/reports.h"

namespace teal::control {

/// The process as the system sees it; app/ reads it.
struct ProcessFigures {
  std::uint64_t resident_memory_bytes = 0;
  std::uint64_t open_fds = 0;
  double cpu_seconds = 0;
  WallTime started;
};

void add_process(MetricFamilies& families, const ProcessFigures& process);
/// Nothing of a stream that never had a request.
void add_traffic(MetricFamilies& families, const TrafficReading& reading);
/// `running`: the service's deployment; null: none runs.
void add_service(MetricFamilies& families, const ServiceReport& service,
                 const DeploymentReport* running);
void add_target(MetricFamilies& families, const TargetReading& reading);
/// What is to be known of the scrape itself. The last of it, and over the limit if need be.
void add_scrape(MetricFamilies& families);

}  // namespace teal::control
