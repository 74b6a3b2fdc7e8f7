// PoolState: what all workers of a pool share, as plain data: what they were configured with, what
// they count together, and what control sets for all of them.
//
// Made by WorkerPool on the control thread; outlives the workers. What is not atomic is written
// before the first worker runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>

#include "base/log.h"
#include "base/siphash.h"
#include "base/time.h"
#include "config/config.h"
#include "net/tls/mac.h"
#include "proxy/headers/via.h"
#include "proxy/policy/idle_budget.h"
#include "proxy/policy/overload.h"
#include "proxy/policy/placement.h"
#include "proxy/telemetry/access_log.h"

namespace teal::proxy {

class LoginChecker;

struct PoolState {
  explicit PoolState(const net::Mac& key) : login_key(key) {}

  const Clock* clock = nullptr;
  Log* log = nullptr;
  AccessLogWriter* access_log = nullptr;  ///< Null: off.
  config::AccessLog::Format access_format = config::AccessLog::Format::off;
  config::AccessLog::Query access_query = config::AccessLog::Query::full;
  std::uint32_t workers = 1;
  SipKey draws;                    ///< What splitters are seeded with.
  Hop hop{0};                      ///< This process in the Via of requests.
  LoginChecker* logins = nullptr;  ///< Null: no passwords are checked.
  net::Mac login_key;              ///< Secret: what is known of credentials is known by it.
  std::unique_ptr<IdleBudget> idle_budget;
  std::unique_ptr<ConnectionLoads> loads;
  std::atomic<OverloadLevel> overload{OverloadLevel::none};
  /// Descriptors from these on are not for clients, or not for targets either: what control and
  /// probes need is kept back.
  std::atomic<int> descriptors_for_clients{std::numeric_limits<int>::max()};
  std::atomic<int> descriptors_for_targets{std::numeric_limits<int>::max()};
  std::atomic<bool> is_draining{false};  ///< From now on whoever accepts a connection keeps it.
};

}  // namespace teal::proxy
