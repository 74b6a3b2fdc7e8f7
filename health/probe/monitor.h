// Monitor: watches the health of targets from a thread of its own ("teal-probe"), so that forty
// thousand of them delay no verdict and no split. What crosses to control is changes of health,
// a few at a time.
//
// Owned and used by control's thread; what it is told reaches the probe thread by a mailbox, what
// that finds comes back by post. Probes and their order are health/probe/probe_loop.h's. Does not
// know services, groups or what a change means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/service_state.h"
#include "base/time.h"
#include "health/probe/probe_loop.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace teal::health {

class Monitor {
 public:
  using Owner = ProbeLoop::Owner;

  /// So many changes are reported in one turn of control: whatever else waits comes in between,
  /// also when a network fails and takes all targets with it.
  static constexpr std::size_t kSlice = 16;

  /// Why: "probe: status 200", "probe: connection refused". Called from the io_context, never from
  /// inside watch(); it may call watch() and stop(), and may destroy the Monitor. The changes of
  /// one target come in their order.
  using Report = std::function<void(TargetId, Health, const std::string& reason)>;

  /// `clock` is read on the probe thread.
  Monitor(boost::asio::io_context& control, const Clock& clock, std::uint64_t seed, Report report);
  /// Nothing is reported any more, whatever is under way. Waits for the thread's turn to end.
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// Makes the thread, which inherits the caller's priority: before that is raised. What was told
  /// before is done from now on. An Error: the system has no thread to give.
  Result<void> start();

  /// Replaces what is watched for `owner`. Who is in it already keeps its state and is probed by
  /// the new plan; who left is not reported any more, also if it was found already. Requires: all
  /// ids differ.
  void watch(Owner owner, std::shared_ptr<const ProbePlan> plan, std::vector<ProbedTarget> targets);
  /// So many probes run at a time at most. Each takes a descriptor.
  void limit(std::size_t at_once);
  /// Watches nobody from now on, also after later calls of watch().
  void stop();

  /// Of all owners.
  std::size_t watched() const;
  const ProbeFigures& figures() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace teal::health
