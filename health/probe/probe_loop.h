// ProbeLoop: probes the watched targets again and again, on its own epoll set, and tells every
// change of their health. A new target is probed at once and known after one answer; later changes
// need `rise` or `fall` results in a row, probed at the fast interval.
//
// Lives on one thread, the one that calls turn(); others wake() it and read its figures. At most
// limit() probes run at a time. The others wait for their turn, new targets first: what cannot
// begin in time is late and is counted, but never left out. Does not know services, groups or what
// a change means (health/probe/monitor.h brings it to control).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/rng.h"
#include "base/service_state.h"
#include "base/time.h"
#include "health/probe/deadlines.h"
#include "health/probe/watched_target.h"
#include "net/io/reactor.h"

namespace teal::health {

/// Written by the probe thread, read by any.
struct ProbeFigures {
  std::atomic<std::uint64_t> begun{0};
  std::atomic<std::uint64_t> late{0};
  std::atomic<std::uint64_t> running{0};
};

class ProbeLoop {
 public:
  using Owner = std::uint32_t;
  /// Why: "probe: status 200", "probe: connection refused".
  using Report = std::function<void(Owner, TargetId, Health, std::string reason)>;

  /// A probe is late that begins longer than this after it was due.
  static constexpr Millis kLate{100};
  /// So many begin between two looks at what has come: however many are due at once, the answers
  /// of the first are read before the last are asked.
  static constexpr std::size_t kBurst = 32;
  static constexpr std::size_t kDefaultLimit = 64;
  /// What turn() takes for "until something happens".
  static constexpr Millis kForever{-1};

  /// `woken` runs on the loop's thread after wake().
  ProbeLoop(const Clock& clock, std::uint64_t seed, Report report, std::function<void()> woken);
  ~ProbeLoop();
  ProbeLoop(const ProbeLoop&) = delete;
  ProbeLoop& operator=(const ProbeLoop&) = delete;

  /// Replaces what is watched for `owner`. Who is in it already, by id and address, keeps its state
  /// and gets the new plan; who left is not reported any more. Requires: all ids differ.
  void watch(Owner owner, std::shared_ptr<const ProbePlan> plan, std::vector<ProbedTarget> targets);
  void forget_all();
  /// From now on so many probes run at a time at most; those that run go on.
  void limit(std::size_t at_once) { limit_ = at_once; }
  void turn(Millis at_most = kForever);

  // ---- any thread
  net::Reactor& reactor() { return reactor_; }
  const ProbeFigures& figures() const { return figures_; }

 private:
  void take_up(WatchedTarget& target);
  void leave(WatchedTarget& target);
  void await_first(const std::vector<WatchedTarget*>& added);
  void enqueue(WatchedTarget& target, Mono due);
  void wake_due();
  void start_queued();
  bool start(WatchedTarget& target);
  void end(WatchedTarget& target);
  void on_result(WatchedTarget& target);
  Millis time_to_wait(Millis at_most) const;
  bool may_start() const;

  const Clock& clock_;
  Rng rng_;
  Report report_;
  ProbeFigures figures_;
  ProbeScratch scratch_;
  net::Reactor reactor_;
  Mono now_;
  std::size_t limit_ = kDefaultLimit;
  std::size_t running_ = 0;
  std::size_t watched_ = 0;
  /// There were no descriptors: no other attempt before this.
  Mono lacking_until_{};
  Deadlines<WatchedTarget> deadlines_;
  TargetQueue new_;  ///< Control waits for what they say.
  TargetQueue due_;
  std::unordered_map<Owner, TargetWatch> owners_;
};

}  // namespace teal::health
