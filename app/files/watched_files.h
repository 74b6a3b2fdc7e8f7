// WatchedFiles: the files that a configuration names, as the workers use them: certificates, users'
// passwords, error pages. All but the pages are looked at again while Teal serves.
//
// Loaded on any thread, blocking on the disk; used on the control thread. Hands nothing out by
// itself.
#pragma once

#include <memory>

#include "app/files/certificate_reloader.h"
#include "app/files/password_reloader.h"
#include "proxy/worker/pool_change.h"

namespace teal::app {

struct WatchedFiles {
  /// `clock` and `log` outlive it. Where a fault is fatal nothing may be served with it.
  static WatchedFiles load(const std::shared_ptr<const config::Config>& config, const Clock& clock,
                           Log& log, net::FileFaults& faults);

  /// Goes on where `before` ends: its counts, and its objects wherever the files are the same.
  void succeed(WatchedFiles& before);
  proxy::PoolFiles for_pool() const { return {pages, tls->table(), passwords->table()}; }
  bool has_passwords() const { return !passwords->table().empty(); }

  std::unique_ptr<CertificateReloader> tls;
  std::unique_ptr<PasswordReloader> passwords;
  proxy::ErrorPages pages;
};

}  // namespace teal::app
