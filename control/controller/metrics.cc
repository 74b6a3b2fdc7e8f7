// What control tells Prometheus of itself and of each service.
#include <string_view>
#include <utility>

#include "control/controller/state.h"
#include "control/services/discovery_report.h"

namespace teal::control {

namespace {

using Type = MetricSample::Type;
using Labels = std::vector<std::pair<std::string, std::string>>;

class Samples {
 public:
  void counter(const char* name, const char* help, Labels labels, std::uint64_t value) {
    add(name, help, Type::counter, std::move(labels), static_cast<double>(value));
  }
  void gauge(const char* name, const char* help, Labels labels, double value) {
    add(name, help, Type::gauge, std::move(labels), value);
  }
  std::vector<MetricSample> take() { return std::move(samples_); }
  std::vector<MetricSample>& all() { return samples_; }

 private:
  void add(const char* name, const char* help, Type type, Labels labels, double value) {
    samples_.push_back({name, help, type, std::move(labels), value});
  }

  std::vector<MetricSample> samples_;
};

}  // namespace

std::vector<MetricSample> Controller::metrics() const {
  const State& state = *state_;
  Samples samples;
  samples.counter("teal_publications_total", "Snapshots handed to the workers.", {},
                  state.publisher.count());
  samples.counter("teal_store_failures_total", "Writes to the store that failed.", {},
                  state.writes.failures());
  samples.counter("teal_store_dropped_events_total",
                  "Journal entries given up while the store failed.", {}, state.writes.dropped());
  samples.gauge("teal_store_unsaved_events", "Journal entries that wait for the store.", {},
                static_cast<double>(state.writes.unsaved_events()));
  samples.gauge("teal_store_healthy", "1 while the store takes writes.", {},
                state.writes.is_healthy() ? 1.0 : 0.0);
  state.outside.add_metrics(samples.all());
  return samples.take();
}

std::vector<MetricSample> Controller::service_metrics(const std::string& service) const {
  const ServiceEntry* const entry = std::as_const(state_->registry).find(service);
  if (entry == nullptr) return {};
  Samples samples;
  const ServiceStats stats = state_->stats.of(service);
  for (const auto& [reason, count] : stats.rollbacks)
    samples.counter("teal_rollbacks_total", "Rollbacks begun, by reason.",
                    {{"service", service}, {"reason", reason}}, count);
  for (const Kind kind : ServiceStats::kKinds)
    for (const Status status : ServiceStats::kEnds)
      samples.counter("teal_deployments_total", "Deployments and rollbacks finished, by outcome.",
                      {{"service", service},
                       {"kind", std::string(to_string(kind))},
                       {"status", std::string(to_string(status))}},
                      stats.outcomes.at({kind, status}));
  for (const Colour colour : kColours)
    samples.counter("teal_targets_ejected_total", "Ejections by outlier detection.",
                    {{"service", service}, {"group", std::string(to_string(colour))}},
                    stats.ejected[colour]);
  if (const Exposure* const exposure = entry->state().exposure.get()) {
    samples.gauge("teal_exposure_budget", "Client-visible failures that the release may cause.",
                  {{"service", service}}, exposure->budget());
    samples.gauge("teal_exposure_spent", "Client-visible failures that the release has caused.",
                  {{"service", service}}, exposure->spent());
  }
  add_discovery_metrics(*entry, samples.all());
  state_->outside.add_metrics(*entry, samples.all());
  return samples.take();
}

std::vector<std::string> Controller::service_names() const {
  std::vector<std::string> names;
  for (const ServiceEntry& entry : state_->registry.entries()) names.push_back(entry.state().name);
  return names;
}

std::vector<std::string> Controller::service_names_after(const std::string& after,
                                                         std::size_t limit) const {
  return state_->registry.names_after(after, limit);
}

}  // namespace teal::control
