// What of GET /metrics is control's and the API's own.
#include <iterator>
#include <utility>

#include "control/api/api.h"
#include "control/metrics/exporter.h"

namespace teal::control {

/// Service by service, as it is when its turn comes.
ScrapePart AdminApi::scrape_services() const {
  return [this, name = std::string()](MetricFamilies& families) mutable {
    const std::vector<std::string> next = commands_.service_names_after(name, 1);
    if (next.empty()) return false;
    name = next.front();
    const ApiResult<ServiceReport> service = commands_.service(name);
    if (!service) return true;
    for (const MetricSample& sample : commands_.service_metrics(name)) families.sample(sample);
    if (!service->deployment) {
      add_service(families, *service, nullptr);
      return true;
    }
    const ApiResult<DeploymentReport> running = commands_.deployment(*service->deployment);
    add_service(families, *service, running ? &*running : nullptr);
    return true;
  };
}

std::vector<ScrapePart> AdminApi::scrape_parts() const {
  std::vector<ScrapePart> parts;
  const auto add = [&](const std::function<std::vector<ScrapePart>()>& more) {
    if (!more) return;
    std::vector<ScrapePart> found = more();
    parts.insert(parts.end(), std::make_move_iterator(found.begin()),
                 std::make_move_iterator(found.end()));
  };
  parts.emplace_back([this](MetricFamilies& families) {
    for (const auto& samples : {commands_.metrics(), own_metrics()})
      for (const MetricSample& sample : samples) families.sample(sample);
    return false;
  });
  add(dependencies_.scrape);
  parts.push_back(scrape_services());
  add(dependencies_.scrape_last);
  return parts;
}

}  // namespace teal::control
