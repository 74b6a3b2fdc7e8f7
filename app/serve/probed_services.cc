#include "app/serve/probed_services.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "app/serve/overload_watch.h"

namespace teal::app {
namespace {

bool is_probed_alike(const config::Service& one, const config::Service& other) {
  return one.health == other.health && one.upstream == other.upstream && one.tls == other.tls;
}

}  // namespace

ProbedServices::ProbedServices(std::shared_ptr<const config::Config> config,
                               health::Monitor& monitor)
    : config_(std::move(config)), monitor_(monitor) {
  for (const config::Service& service : config_->services)
    if (service.health) specs_[service.name] = &service;
}

void ProbedServices::take(const Publication& publication, const proxy::TlsTable& tls) {
  for (const SharedService& service : publication.services) {
    const SharedService before = std::exchange(published_[service->id], service);
    const auto spec = specs_.find(service->name);
    if (spec == specs_.end()) continue;
    const auto has_same_targets = [&](Colour colour) {
      return before->groups[colour].targets == service->groups[colour].targets;
    };
    if (!before || !std::ranges::all_of(kColours, has_same_targets))
      watch(*service, *spec->second, tls);
  }
}

void ProbedServices::renew(const proxy::TlsTable& tls) {
  for (const auto& [id, service] : published_)
    if (const auto spec = specs_.find(service->name); spec != specs_.end())
      watch(*service, *spec->second, tls);
}

void ProbedServices::reconfigure(std::shared_ptr<const config::Config> config,
                                 const proxy::TlsTable& tls) {
  const std::shared_ptr<const config::Config> before = std::exchange(config_, std::move(config));
  const auto former = std::exchange(specs_, {});
  std::unordered_set<std::string_view> served;
  for (const config::Service& service : config_->services) {
    served.insert(service.name);
    if (service.health) specs_[service.name] = &service;
  }
  std::erase_if(published_, [&](const auto& each) {
    const std::string& name = each.second->name;
    const auto old = former.find(name);
    const auto now = specs_.find(name);
    if (now == specs_.end()) {
      if (old != former.end()) unwatch(each.first, *old->second);
    } else if (old == former.end() || !is_probed_alike(*old->second, *now->second)) {
      watch(*each.second, *now->second, tls);
    }
    return !served.contains(name);
  });
}

void ProbedServices::unwatch(ServiceId id, const config::Service& spec) {
  const health::ProbePreamble none{nullptr, spec.upstream.proxy_protocol};
  monitor_.watch(id, std::make_shared<const health::ProbePlan>(*spec.health, none), {});
}

void ProbedServices::watch(const ServiceSnapshot& service, const config::Service& spec,
                           const proxy::TlsTable& tls) {
  const health::ProbePreamble preamble{proxy::TlsTable::find(tls.services, spec.name),
                                       spec.upstream.proxy_protocol};
  std::vector<health::ProbedTarget> targets;
  for (const Colour colour : kColours)
    for (const TargetState& target : *service.groups[colour].targets)
      targets.push_back({target.id, target.address, target.health});
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
