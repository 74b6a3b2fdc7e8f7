// ListenerCounts: what all workers count together of one listener's connections; touched when one
// opens or closes only.
//
// Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "proxy/policy/client_connections.h"

namespace teal::proxy {

struct ListenerCounts {
  std::atomic<std::uint32_t> connections{0};
  /// Null: there was never a limit. Control makes it; workers find it in their ListenerView.
  std::unique_ptr<ClientConnectionLimiter> clients;
};

}  // namespace teal::proxy
