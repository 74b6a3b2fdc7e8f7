// Teal: the real binary under test. Writes its configuration, starts `teal serve`, waits until it
// is ready, knows where it listens, and stops it at the end; it fails the test if Teal does not end
// cleanly, which is also how a sanitizer's report gets noticed.
//
// One thread. What it printed is shown when a test has failed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/e2e_admin.h"
#include "tests/support/e2e_process.h"
#include "tests/support/e2e_wire.h"

namespace teal::e2e {

/// One service of a configuration.
struct ServiceText {
  std::string name = "shop";
  std::string match = "{ listener: public }";
  std::vector<std::string> blue, green;  ///< Addresses of the targets.
  std::string blue_revision = "v1", green_revision = "v2";
  std::string more;  ///< Further keys of the service, as lines of YAML.
};

/// A configuration with the usual things left out.
struct ConfigText {
  int workers = 2;
  std::string listeners = "public: { address: '127.0.0.1:0' }";  ///< Lines of YAML.
  std::vector<ServiceText> services;
  std::string access_log = "off";
  std::string more;  ///< Further keys at the top.

  /// `dir` holds the state and the admin socket.
  std::string render(const std::string& dir) const;
};

/// The service `shop` with these blue targets, for everything that comes by the one listener.
ConfigText shop(std::vector<std::string> blue, std::string more = {});

/// A `health` section: a probe every 400 ms, at 20 ms the second that makes a change. The time for
/// a probe is no shorter than that, or a busy machine makes healthy targets ill.
std::string fast_health();

class Teal {
 public:
  explicit Teal(const ConfigText& config);
  /// `text`: a whole configuration, in which "$DIR" stands for the directory of the test.
  explicit Teal(const std::string& text);
  ~Teal();
  Teal(const Teal&) = delete;
  Teal& operator=(const Teal&) = delete;

  Address listener(const std::string& name = "public") const;
  Admin& admin() { return *admin_; }
  const std::string& admin_address() const { return admin_address_; }

  void signal(int number) const { process_->signal(number); }
  pid_t id() const { return process_->id(); }
  /// SIGTERM and wait; the exit code, or nothing if it does not end.
  std::optional<ExitCode> stop(Deadline deadline = Deadline{});
  void kill9();
  /// The file of the configuration says this from now on; nobody has read it yet.
  void rewrite(const std::string& text) const;
  void rewrite(const ConfigText& config) const { rewrite(config.render("$DIR")); }
  /// POST /v1/config/reload of what was written last. `more`: the request's body.
  ApiAnswer reload(const std::string& more = {});
  ApiAnswer reload(const ConfigText& config) {
    rewrite(config);
    return reload();
  }
  /// Again with the same directory. The ports may be others.
  void start();
  /// Waits for the end that the test expects by itself.
  std::optional<ExitCode> wait(Deadline deadline = Deadline{}) { return process_->wait(deadline); }

  const TempDir& dir() const { return dir_; }
  std::string config_path() const { return dir_ / "teal.yaml"; }
  std::string log() const { return read_file(dir_ / "stderr") + read_file(dir_ / "stdout"); }
  /// Kilobytes of resident memory now.
  long resident_kilobytes() const;

  /// Runs `teal` with these arguments against this Teal's admin address.
  Finished cli(std::vector<std::string> arguments) const;

 private:
  void await_ready();
  void find_listeners();

  TempDir dir_;
  std::string admin_address_;
  std::unique_ptr<Admin> admin_;
  std::unique_ptr<Process> process_;
  std::map<std::string, Address> listeners_;
};

/// Starts `teal serve` on a configuration that it should refuse; what it said and its exit code.
Finished serve_refused(const std::string& text, const TempDir& dir);

}  // namespace teal::e2e
