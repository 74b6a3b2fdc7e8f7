// The exporter: everything Teal counts, as the text that Prometheus scrapes. Built anew for each
// scrape from readings; nothing on the request path knows of it, and there is no registry of live
// counters.
//
// A pure function, any thread. prometheus-cpp stays inside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/time.h"
#include "control/reports.h"

namespace teal::control {

/// The process as the system sees it; app/ reads it.
struct ProcessFigures {
  std::uint64_t resident_memory_bytes = 0;
  std::uint64_t open_fds = 0;
  double cpu_seconds = 0;
  WallTime started;
};

struct Scrape {
  std::vector<TrafficReading> traffic;
  std::vector<MetricSample> samples;
  std::vector<ServiceReport> services;
  std::vector<DeploymentReport> running;  ///< The running deployments of `services`.
  ProcessFigures process;
};

/// More samples than this are left out, and counted in teal_exporter_samples_dropped. A histogram
/// is one.
inline constexpr std::size_t kMaxSamples = 20'000;

/// The text exposition format, version 0.0.4.
std::string exposition(const Scrape& scrape);

}  // namespace teal::control
