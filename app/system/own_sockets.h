// OwnSockets: whether an address is one that this process listens on, asked of the system: what the
// sockets are bound to, which addresses this machine has now, and which file a Unix path leads to.
//
// Control thread. The rules are base/own_sockets.h's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/own_sockets.h"
#include "base/time.h"

namespace teal::app {

class OwnSockets {
 public:
  /// `socket`: as it is bound, not as it was asked for.
  void add(OwnSocket socket) { sockets_.push_back(std::move(socket)); }
  void clear() { sockets_.clear(); }

  /// The one that a target at this address would be.
  std::optional<OwnSocket> at(const Address& target, Mono now);

 private:
  void look_at_interfaces(Mono now);

  std::vector<OwnSocket> sockets_;
  std::vector<std::array<std::uint8_t, 16>> local_;
  std::optional<Mono>
      looked_;  ///< At the interfaces, which may change: no longer ago than a second.
};

}  // namespace teal::app
