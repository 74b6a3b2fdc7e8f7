#include "control/follow/service.h"

#include <memory>

namespace teal::control::follow {

FollowedService to_message(const ServiceSnapshot& service,
                           const std::vector<ErrorMeaning>& meanings) {
  FollowedService message{.name = service.name,
                          .live = service.live,
                          .split = service.split,
                          .exposure = std::nullopt,
                          .draw = service.draw,
                          .step = service.step,
                          .watches_ages = service.watches_ages,
                          .meanings = meanings,
                          .judging = service.judging,
                          .groups = {}};
  if (service.exposure)
    message.exposure = ExposureState{service.exposure->budget(), service.exposure->spent()};
  for (const Colour colour : kColours) {
    const GroupSnapshot& group = service.groups[colour];
    message.groups[colour] = {group.revision, *group.targets, group.fallback};
  }
  return message;
}

ServiceState to_state(const FollowedService& service, ServiceId id) {
  ServiceState state;
  state.id = id;
  state.name = service.name;
  state.live = service.live;
  state.split = service.split;
  if (service.exposure)
    state.exposure = std::make_shared<Exposure>(service.exposure->budget, service.exposure->spent);
  state.draw = service.draw;
  state.step = service.step;
  state.watches_ages = service.watches_ages;
  if (!service.meanings.empty())
    state.meanings = std::make_shared<const ErrorMeanings>(service.meanings);
  state.judging = service.judging;
  state.groups = service.groups;
  return state;
}

}  // namespace teal::control::follow
