#include "app/files/watched_files.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace teal::app {

WatchedFiles WatchedFiles::load(const std::shared_ptr<const config::Config>& config,
                                const Clock& clock, Log& log, net::FileFaults& faults) {
  WatchedFiles files;
  files.tls = std::make_unique<CertificateReloader>(config, clock, log);
  files.passwords = std::make_unique<PasswordReloader>(*config, clock, log);
  std::ranges::move(files.tls->load(), std::back_inserter(faults));
  std::ranges::move(files.passwords->load(), std::back_inserter(faults));
  files.pages = proxy::ErrorPages::load(*config, faults);
  return files;
}

void WatchedFiles::succeed(WatchedFiles& before) {
  tls->succeed(*before.tls);
  passwords->succeed(*before.passwords);
}

}  // namespace teal::app
