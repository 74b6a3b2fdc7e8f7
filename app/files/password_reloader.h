// PasswordReloader: the files of users that `basic_auth` names, as the workers use them. Looks at
// them once a second and takes new ones when they have stopped changing; a broken new file changes
// nothing but a counter and a line in the log.
//
// Control thread; blocks on the disk for as long as small files take. Does not hand anything out by
// itself: who calls tick() does.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "config/config.h"
#include "net/tls/fault.h"
#include "proxy/routing/password_table.h"

namespace teal::app {

class PasswordReloader {
 public:
  static constexpr Millis kLook{1000};

  PasswordReloader(const config::Config& config, const Clock& clock, Log& log);

  /// Reads every file for the first time. Where a fault is fatal nothing may be served.
  net::FileFaults load();
  /// Goes on counting where `before` ends, and with its users where a file is the same.
  void succeed(const PasswordReloader& before);
  const proxy::PasswordTable& table() const { return table_; }
  /// True: table() is another one than before.
  bool tick();
  std::vector<MetricSample> samples() const;

 private:
  struct File {
    config::FileName name;
    std::string loaded;  ///< The file's state that is in use, or was refused.
    std::string seen;
  };

  void add(const config::RouteActions& actions);
  bool reload(File& file);

  const Clock& clock_;
  Log& log_;
  std::vector<File> files_;  ///< Each path once.
  proxy::PasswordTable table_;
  Mono look_at_;
  std::uint64_t reloads_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace teal::app
