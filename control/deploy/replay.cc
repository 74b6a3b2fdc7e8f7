#include "control/deploy/replay.h"

#include <utility>

#include "control/engine/protocol_json.h"
#include "control/store/spec_json.h"

namespace teal::control {
namespace {

Error about(const std::string& what, const Error& why) {
  return Error{why.source(), what + ": " + why.message(), why.retry_safe()};
}

/// Each journal begins with 1 and goes on without a gap.
Result<void> check_sequences(const Contents& contents) {
  DeploymentNumber of = 0;
  std::uint64_t last = 0;
  for (const EventRow& row : contents.events) {
    if (row.deployment != of) last = 0;
    if (row.sequence != last + 1)
      return Error{Source::internal, deployment_id(row.deployment) + ": event " +
                                         std::to_string(last + 1) + " of its journal is missing"};
    of = row.deployment;
    last = row.sequence;
  }
  return {};
}

}  // namespace

Result<void> replay_deployments(const Contents& contents,
                                const std::function<bool(const std::string&)>& is_served, Mono now,
                                DeploymentTable& deployments) {
  for (const DeploymentRow& row : contents.deployments) {
    deployments.skip_number(row.number);
    if (!is_served(row.service)) continue;
    Result<DeploymentSpec> spec = spec_from_json(row.spec);
    if (!spec) return about(deployment_id(row.number) + " of " + row.service, spec.error());
    deployments.restore(row.number, std::move(*spec), row.created, now);
  }
  for (const EventRow& row : contents.events) {
    DeploymentRunner* const runner = deployments.find(row.deployment);
    if (runner == nullptr) continue;
    const Result<Event> event = event_from_json(row.event);
    if (!event) return about(deployment_id(row.deployment), event.error());
    runner->replay(*event, row);
  }
  for (const ClockRow& row : contents.clocks) {
    if (DeploymentRunner* runner = deployments.find(row.deployment))
      runner->resume_clock(row.age, now);
  }
  return {};
}

Result<void> rehearse_start(Store& store) {
  const Result<Contents> contents = store.load();
  if (!contents) return contents.error();
  for (const ServiceRow& row : contents->services)
    if (const Result<SavedService> saved = service_from_json(row.state); !saved)
      return about("service " + row.name, saved.error());
  if (const Result<void> whole = check_sequences(*contents); !whole) return whole.error();
  DeploymentTable deployments;
  const auto all = [](const std::string& /*service*/) { return true; };
  return replay_deployments(*contents, all, Mono{}, deployments);
}

}  // namespace teal::control
