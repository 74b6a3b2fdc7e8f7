// Monitor: probes the watched targets again and again and reports every change of their health. A
// new target is probed at once and known after one answer; later changes need `rise` or `fall`
// results in a row, probed at the fast interval.
//
// Lives on one io_context's thread (control's). At most kMaxConcurrent probes run at a time, the
// others wait in a queue that holds each target at most once. Does not know services, groups or
// what a change means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/service_state.h"
#include "base/time.h"
#include "config/config.h"
#include "health/probe/prober.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace teal::health {

struct ProbedTarget {
  TargetId id = 0;
  Address address;
  config::HealthCheck check;
  ProbePreamble preamble = {};
};

class Monitor {
 public:
  static constexpr std::size_t kMaxConcurrent = 64;
  using Owner = std::uint32_t;

  /// Why: "probe: status 200", "probe: connection refused". Called from the io_context, never from
  /// inside watch(); it may call watch() and stop(), and may destroy the Monitor.
  using Report = std::function<void(TargetId, Health, const std::string& reason)>;

  Monitor(boost::asio::io_context& io, const Clock& clock, std::uint64_t seed, Report report);
  /// Nothing is reported any more, whatever is under way.
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// Replaces what is watched for `owner`. Who is in it already keeps its state and gets the new
  /// check; who left is not reported any more. Requires: all ids differ, also of several owners.
  void watch(Owner owner, std::vector<ProbedTarget> targets);
  /// Watches nobody from now on, also after later calls of watch(): the io_context can run dry.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace teal::health
