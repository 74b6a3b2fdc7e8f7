// ThresholdAlarm: a limit on the release's own numbers over a sliding window: error rate, latency
// quantile, request rate, of what began in the deployment. It breaches as soon as minimum_requests
// are in the window and the value is strictly beyond the limit; it does not wait for the window to
// fill.
//
// Two windows are looked at: that of all requests of the deployment, and that of those alone which
// began in the present step. Either of them can breach. Well is only what the second one says well
// of: a step does not end on the evidence of the one before (docs/judge.md, "Thresholds").
//
// A request that its client gave up counts as slower than a latency limit that its age had passed,
// and says nothing of a higher one (docs/judge.md, "Requests that are given up"). One in flight
// counts as slower, too, from the moment when it is as old as the limit.
//
// A request rate is the exception: it is known only over the whole window, and minimum_requests
// would forbid the very thing that "too few requests" is to find, so it does not apply.
//
// Pure; control thread. Does not latch: a breach may heal, the engine has decided by then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "health/judge/judge.h"
#include "health/statistics/window.h"

namespace teal::health {

class ThresholdAlarm final : public VerdictSource {
 public:
  using Measure =
      std::variant<config::ErrorRateAlarm, config::LatencyAlarm, config::RequestRateAlarm>;

  /// `meaning`: the number of the error rate's meaning.
  ThresholdAlarm(std::string name, Measure measure, Millis over, std::uint64_t minimum_requests,
                 std::size_t meaning = 0);

  const std::string& name() const override { return name_; }
  std::string condition() const override;
  Verdict judge(const Reading& reading) override;

 private:
  struct Seen {
    Window::View window;
    std::uint64_t hanging = 0;  ///< In flight, and older than a latency limit.
  };
  Seen see(const Window& window, const TrafficCounters& ended, const Histogram& reached) const;
  Verdict judge_all(const Seen& seen) const;
  Verdict judge_measure(const config::ErrorRateAlarm& alarm, const Seen& seen) const;
  Verdict judge_measure(const config::LatencyAlarm& alarm, const Seen& seen) const;
  Verdict judge_measure(const config::RequestRateAlarm& alarm, const Seen& seen) const;
  std::string compared_values(const std::string& value = {}) const;
  std::string what_is_counted() const;
  Verdict missing_requests(std::uint64_t requests) const;
  Breached breached(const std::string& value, const std::string& counts) const;

  std::string name_;
  Measure measure_;
  Millis over_;
  std::uint64_t minimum_requests_;
  std::size_t meaning_;
  Window window_;
  std::optional<std::uint64_t> step_;
  Window step_window_;
};

}  // namespace teal::health
