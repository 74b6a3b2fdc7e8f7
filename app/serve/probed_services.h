// ProbedServices: tells the Monitor whom to probe: the targets of services whose file has a health
// check, as they were published last, and with the TLS that the workers use for them.
//
// Control thread. A publication costs what it says of targets; one that says nothing new of a
// service's is not passed on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/counters.h"
#include "base/publication.h"
#include "config/config.h"
#include "health/probe/monitor.h"
#include "proxy/routing/tls_table.h"

namespace teal::app {

class ProbedServices {
 public:
  /// `monitor` outlives it.
  ProbedServices(std::shared_ptr<const config::Config> config, health::Monitor& monitor);

  void take(const Publication& publication, const proxy::TlsTable& tls);
  /// Checks, and how targets are spoken to, are as another configuration says from now on. Before
  /// what is published of it.
  void reconfigure(std::shared_ptr<const config::Config> config, const proxy::TlsTable& tls);
  /// Certificates have changed.
  void renew(const proxy::TlsTable& tls);

  /// Shares out so many descriptors; 0: no limit. How many of them probes may take now.
  std::uint64_t limit(std::uint64_t descriptors);
  std::vector<MetricSample> samples() const;

 private:
  void watch(const ServiceSnapshot& service, const config::Service& spec,
             const proxy::TlsTable& tls);

  void unwatch(ServiceId id, const config::Service& spec);

  std::shared_ptr<const config::Config> config_;
  health::Monitor& monitor_;
  std::unordered_map<std::string, const config::Service*> specs_;  ///< With a health check.
  std::unordered_map<ServiceId, SharedService> published_;         ///< Of all.
};

}  // namespace teal::app
