// PoolChange: what another configuration needs of the system for the workers: sockets and the file
// of the access log. All that can fail is done when it is made; until the pool takes it nothing
// that runs has changed, and whoever throws it away leaves everything as it was.
//
// Made on any thread, from copies of what the pool has; the pool takes it on the control thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "proxy/headers/error_pages.h"
#include "proxy/routing/password_table.h"
#include "proxy/routing/tls_table.h"
#include "proxy/telemetry/access_log.h"
#include "proxy/worker/listener_sockets.h"

namespace teal::proxy {

/// What the pool has now.
struct PoolMeans {
  std::vector<OpenListener> listeners;
  config::AccessLog log;
  std::uint32_t workers = 1;
  std::vector<std::string> known;  ///< Listeners by name, those that are gone included.
};

/// How many names of listeners there would ever have been with it.
std::size_t listeners_known_with(const PoolMeans& means, const config::Config& next);

/// What of the files that a configuration names the workers use.
struct PoolFiles {
  ErrorPages pages;
  std::shared_ptr<const TlsTable> tls;
  PasswordTable passwords;
};

struct PoolChange {
  std::shared_ptr<const config::Config> config;
  ListenerPlan plan;
  std::vector<NewListener> opened;
  std::unique_ptr<AccessLogWriter> log;  ///< Null: the one that there is goes on, or there is none.

  /// An Error names what cannot be had.
  static Result<PoolChange> make(std::shared_ptr<const config::Config> config,
                                 const PoolMeans& means);
};

}  // namespace teal::proxy
