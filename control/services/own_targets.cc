#include "control/services/own_targets.h"

#include <utility>

namespace teal::control {

ApiError own_target(const Address& target, const OwnSocket& own, std::string title) {
  return {422, own.is_admin ? "target-is-admin-address" : "target-is-own-listener",
          std::move(title), why_not_own(target, own), remedy_for_own(own)};
}

std::optional<OwnSocket> OwnTargets::forbidden(const config::Service& service,
                                               const Address& target) const {
  std::optional<OwnSocket> own = ports_.own_socket(target);
  if (own && !own->is_admin && service.allows_own) own.reset();
  return own;
}

std::vector<Address> OwnTargets::without(const config::Service& service,
                                         const std::vector<Address>& targets) const {
  std::vector<Address> usable;
  for (const Address& target : targets) {
    if (const auto own = forbidden(service, target))
      announcer_.say(
          Level::error, "target.own", service.name, {},
          why_not_own(target, *own) + "; the target is not used; " + remedy_for_own(*own));
    else
      usable.push_back(target);
  }
  return usable;
}

Result<void> OwnTargets::refuse(const config::Service& service) const {
  for (const Colour colour : kColours)
    for (const Address& target : service.groups[colour].targets)
      if (const auto own = forbidden(service, target))
        return Error{Source::config, "service " + service.name + ": target " +
                                         why_not_own(target, *own) + "; " + remedy_for_own(*own)};
  return {};
}

void OwnTargets::drop(ServiceRegistry& services, ServiceEntry& entry) const {
  for (const Colour colour : kColours) {
    const GroupState group = entry.state().groups[colour];
    for (const TargetState& target : group.targets)
      if (without(*entry.config, {target.address}).empty())
        services.drop(entry, colour, target.address);
  }
}

}  // namespace teal::control
