#include "app/serve/probed_services.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "app/serve/overload_watch.h"

namespace teal::app {

ProbedServices::ProbedServices(std::shared_ptr<const config::Config> config,
                               health::Monitor& monitor)
    : config_(std::move(config)), monitor_(monitor) {
  for (const config::Service& service : config_->services)
    if (service.health) specs_[service.name] = &service;
}

void ProbedServices::take(const Publication& publication, const proxy::TlsTable& tls) {
  for (const SharedService& service : publication.services) {
    const auto spec = specs_.find(service->name);
    if (spec == specs_.end()) continue;
    const SharedService before = std::exchange(published_[service->id], service);
    const auto has_same_targets = [&](Colour colour) {
      return before->groups[colour].targets == service->groups[colour].targets;
    };
    if (!before || !std::ranges::all_of(kColours, has_same_targets))
      watch(*service, *spec->second, tls);
  }
}

void ProbedServices::renew(const proxy::TlsTable& tls) {
  for (const auto& [id, service] : published_) watch(*service, *specs_.at(service->name), tls);
}

void ProbedServices::watch(const ServiceSnapshot& service, const config::Service& spec,
                           const proxy::TlsTable& tls) {
  const health::ProbePreamble preamble{proxy::TlsTable::find(tls.services, spec.name),
                                       spec.upstream.proxy_protocol};
  std::vector<health::ProbedTarget> targets;
  for (const Colour colour : kColours)
    for (const TargetState& target : *service.groups[colour].targets)
      targets.push_back({target.id, target.address});
  monitor_.watch(service.id, std::make_shared<const health::ProbePlan>(*spec.health, preamble),
                 std::move(targets));
}

std::uint64_t ProbedServices::limit(std::uint64_t descriptors) {
  const std::uint64_t most = probe_limit(descriptors);
  monitor_.limit(most);
  return std::min<std::uint64_t>(most, monitor_.watched());
}

std::vector<MetricSample> ProbedServices::samples() const {
  using Type = MetricSample::Type;
  const auto read = [](const std::atomic<std::uint64_t>& figure) {
    return static_cast<double>(figure.load(std::memory_order_relaxed));
  };
  const health::ProbeFigures& figures = monitor_.figures();
  return {{.name = "teal_probes_total",
           .help = "Probes of targets that were begun.",
           .type = Type::counter,
           .labels = {},
           .value = read(figures.begun)},
          {.name = "teal_probes_late_total",
           .help = "Of these, begun more than 100 ms after they were due.",
           .type = Type::counter,
           .labels = {},
           .value = read(figures.late)},
          {.name = "teal_probes_running",
           .help = "Probes under way.",
           .type = Type::gauge,
           .labels = {},
           .value = read(figures.running)}};
}

}  // namespace teal::app
