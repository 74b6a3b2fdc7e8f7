// Discovery: has the targets of services looked for (control/sources/finder.h) and tells the
// Controller what is found. At the start it holds the StartGate until every source has been looked
// at once, as that does for the first health checks: so a service whose targets are all found
// begins with them.
//
// Control thread. Decides nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "app/serve/start_gate.h"
#include "base/clock.h"
#include "config/config.h"
#include "control/sources/finder.h"

namespace teal::app {

class Discovery {
 public:
  using Report = std::function<void(const control::Finding&)>;

  /// `report` is told on the control thread, never from inside a call.
  Discovery(boost::asio::io_context& control, const Clock& clock, std::uint64_t seed,
            StartGate& gate, Report report);

  /// What the gate is to wait for: before the first publication is offered to it.
  void expect(const config::Config& config);
  /// Has the thread that looks, where this configuration has sources. An Error: the system has none
  /// to give.
  Result<void> make_ready(const config::Config& config);
  /// From now on the sources of this configuration are looked for; those that were there before
  /// keep what they know and their times. Requires: make_ready() of it.
  void reconfigure(const config::Config& config);
  void stop() { finder_.stop(); }

 private:
  void on_found(const control::Finding& finding);

  StartGate& gate_;
  Report report_;
  std::set<std::pair<std::string, std::string>> awaited_;  ///< Services and sources.
  control::Finder finder_;
};

}  // namespace teal::app
