// CertificateReloader: the certificates, keys and trust that the configuration names, as what the
// listeners, the targets, the probes and the admin address use. Looks at the files once a second
// and takes new ones when they have stopped changing; a broken new file changes nothing but a
// counter and a line in the log. Rotates the keys of session tickets.
//
// Control thread; blocks on the disk for as long as small files take. Does not hand anything out by
// itself: who calls tick() does.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "base/log.h"
#include "config/config.h"
#include "config/load.h"
#include "proxy/routing/tls_table.h"

namespace teal::app {

class CertificateReloader {
 public:
  static constexpr Millis kLook{1000};

  CertificateReloader(std::shared_ptr<const config::Config> config, const Clock& clock, Log& log);

  /// Reads every file for the first time. Where a fault is fatal nothing may be served.
  net::FileFaults load();
  /// Goes on in the place of `before`, whose configuration this one's takes the place of: what is
  /// the same stays as it is, and listeners of the same name keep their ticket keys. Requires: both
  /// are loaded.
  void succeed(CertificateReloader& before);
  std::shared_ptr<const proxy::TlsTable> table() const { return table_; }
  /// Null: the admin address is plain.
  std::shared_ptr<const net::TlsServer> admin() const { return admin_; }
  /// True: table() is another one than before.
  bool tick();
  std::vector<MetricSample> samples() const;

 private:
  /// What is loaded and kept together: one listener, one service's targets, the admin address.
  struct Unit {
    std::string of;  ///< "listener public".
    std::string name;
    const config::ListenerTls* listener = nullptr;  ///< Of a listener, or of the admin address.
    const config::TargetTls* targets = nullptr;     ///< Of a service.
    std::vector<std::string> paths;
    std::string loaded{};  ///< The files' state that is in use, or was refused.
    std::string seen{};

    bool is_admin() const { return listener != nullptr && name.empty(); }
  };

  void add_units();
  /// Into next_ or admin_; false: nothing changed.
  bool load(const Unit& unit, net::FileFaults& faults);
  bool load_listener(const Unit& unit, net::FileFaults& faults);
  bool reload(Unit& unit);
  void keep(const Unit& unit, const Unit& before, CertificateReloader& from);
  bool rotate();

  std::shared_ptr<const config::Config> config_;
  const Clock& clock_;
  Log& log_;
  proxy::TlsTable next_;
  std::shared_ptr<const proxy::TlsTable> table_;
  std::shared_ptr<const net::TlsServer> admin_;
  std::vector<Unit> units_;
  std::map<std::string, Mono> rotate_at_;  ///< By listener.
  Mono look_at_;
  std::uint64_t reloads_ = 0;
  std::uint64_t failures_ = 0;
};

/// The faults as problems of the configuration file.
std::vector<config::Problem> to_problems(const net::FileFaults& faults, const std::string& file,
                                         bool fatal);

}  // namespace teal::app
