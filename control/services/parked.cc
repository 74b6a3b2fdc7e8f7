#include "control/services/parked.h"

#include <map>
#include <set>

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

}  // namespace teal::control
