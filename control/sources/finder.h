// Finder: looks for the targets of services from a thread of its own ("teal-discovery"), so that no
// verdict waits for a resolver or a disk. What crosses to control is findings, one for each look.
//
// Owned and used by control's thread. Names are asked for by control/sources/dns_looks.h, files are
// read by control/sources/file_looks.h. Does not decide what is believed of a finding
// (control/discovery/).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/config.h"
#include "control/discovery/finding.h"
#include "control/sources/watched_source.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace teal::control {

class Finder {
 public:
  /// Called from control's io_context, never from inside watch().
  using Report = std::function<void(const Finding&)>;

  /// `clock` is read on the finder's thread. `user`: whose files are believed beside root's.
  Finder(boost::asio::io_context& control, const Clock& clock, std::uint64_t seed, unsigned user,
         Report report);
  /// Nothing is reported any more, whatever is under way. Waits for what the thread is doing.
  ~Finder();
  Finder(const Finder&) = delete;
  Finder& operator=(const Finder&) = delete;

  /// Makes the thread, where there is none yet. An Error: the system has none to give.
  Result<void> start();
  /// From now on these are looked for. Sources that were there keep what they know and their times.
  /// Requires: start(), unless there are none.
  void watch(const config::Discovery& rules, std::vector<WatchedSource> sources);
  /// Nothing is looked for any more.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// All sources of all services, in the order of the configuration.
std::vector<WatchedSource> sources_in(const config::Config& config);

}  // namespace teal::control
