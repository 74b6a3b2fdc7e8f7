// What people are told of where a service's targets come from: its sources, what waits, who says
// that each target is one, and figures for Prometheus.
//
// Control thread. Reads; decides nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/time.h"
#include "control/registry/service_entry.h"
#include "control/reports/reports.h"

namespace teal::control {

/// Nothing for a service without sources.
std::optional<DiscoveryReport> discovery_report(const ServiceEntry& entry, WallTime now);

/// Who says that the address is a target of the group: the file and the sources, else the API.
std::vector<std::string> sources_of(const ServiceEntry& entry, Colour colour,
                                    const Address& address);

void add_discovery_metrics(const ServiceEntry& entry, std::vector<MetricSample>& samples);

}  // namespace teal::control
