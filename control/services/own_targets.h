// OwnTargets: targets that would be this process itself, which would answer its own requests for
// ever. Those that a person names are refused; those that a store or an engine names are left out,
// and that is said.
//
// Control thread. Asks the system through Ports; the rules are base/own_sockets.h's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/own_sockets.h"
#include "config/config.h"
#include "control/deploy/announcer.h"
#include "control/deploy/ports.h"
#include "control/registry/service_registry.h"
#include "control/reports/reports.h"

namespace teal::control {

/// 422: the target would be this Teal itself.
ApiError own_target(const Address& target, const OwnSocket& own, std::string title);

class OwnTargets {
 public:
  OwnTargets(Ports& ports, Announcer& announcer) : ports_(ports), announcer_(announcer) {}

  /// The socket of our own that the address is, where a target of the service may not be that.
  std::optional<OwnSocket> forbidden(const config::Service& service, const Address& target) const;
  /// Without those that are forbidden, each of which is told of.
  std::vector<Address> without(const config::Service& service,
                               const std::vector<Address>& targets) const;
  /// An error where the file names one: it can be mended there.
  Result<void> refuse(const config::Service& service) const;
  /// What the store says cannot be mended while Teal does not start: such targets are taken out.
  void drop(ServiceRegistry& services, ServiceEntry& entry) const;

 private:
  Ports& ports_;
  Announcer& announcer_;
};

}  // namespace teal::control
