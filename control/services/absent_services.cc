#include "control/services/absent_services.h"

#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "control/deploy/deployment_runner.h"
#include "control/engine/protocol_json.h"

namespace teal::control {
namespace {

ParkedService parked_service(const std::string& service, const DeploymentRow* newest,
                             const Contents& contents, Mono now) {
  const std::string absent = "the configuration file has no service '" + service + "' any more";
  const Result<DeploymentSpec> spec = spec_from_json(newest == nullptr ? "" : newest->spec);
  if (spec) {
    DeploymentRunner runner(newest->number, *spec, newest->created, now);
    for (const EventRow& row : contents.events)
      if (row.deployment == newest->number)
        if (const Result<Event> event = event_from_json(row.event)) runner.replay(*event, row);
    if (!runner.is_over())
      return {service, spec->id,
              absent + ", and its deployment " + spec->id + " stands still (" + spec->revision +
                  ", " + std::string(runner.engine().phase()) + " at " +
                  to_string(runner.engine().facts().weight) +
                  "); put the service back to go on with it, to stop it or to roll it back"};
  }
  return {service, {}, absent + "; what the store knows of it waits for its return"};
}

}  // namespace

std::vector<ParkedService> parked_services(const Contents& contents,
                                           const ServiceRegistry& services, Mono now) {
  std::set<std::string> absent;
  std::map<std::string, const DeploymentRow*> newest;
  for (const ServiceRow& row : contents.services)
    if (services.find(row.name) == nullptr) absent.insert(row.name);
  for (const DeploymentRow& row : contents.deployments) {
    if (services.find(row.service) != nullptr) continue;
    absent.insert(row.service);
    newest[row.service] = &row;
  }
  std::vector<ParkedService> parked;
  for (const std::string& service : absent)
    parked.push_back(parked_service(service, newest[service], contents, now));
  return parked;
}

void AbsentServices::begin(const Contents& contents, const ServiceRegistry& services) {
  const auto is_served = [&](const std::string& service) {
    return services.find(service) != nullptr;
  };
  std::unordered_map<DeploymentNumber, Contents*> waiting;
  for (const ServiceRow& row : contents.services)
    if (!is_served(row.name)) contents_[row.name].services.push_back(row);
  for (const DeploymentRow& row : contents.deployments) {
    if (is_served(row.service)) continue;
    Contents& of = contents_[row.service];
    of.deployments.push_back(row);
    waiting[row.number] = &of;
  }
  for (const EventRow& row : contents.events)
    if (const auto of = waiting.find(row.deployment); of != waiting.end())
      of->second->events.push_back(row);
  for (const ClockRow& row : contents.clocks)
    if (const auto of = waiting.find(row.deployment); of != waiting.end())
      of->second->clocks.push_back(row);
}

std::optional<Contents> AbsentServices::take(const std::string& service) {
  const auto waits = contents_.find(service);
  if (waits == contents_.end()) return std::nullopt;
  Contents contents = std::move(waits->second);
  contents_.erase(waits);
  parked_.erase(service);
  return contents;
}

}  // namespace teal::control
