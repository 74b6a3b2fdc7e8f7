// ThresholdAlarm: a limit on the release's own numbers over a sliding window: error rate, latency
// quantile, request rate. Counts from the first reading it is given, so the traffic before the
// deployment is not judged. It breaches as soon as minimum_requests are in the window and the value
// is strictly beyond the limit; it does not wait for the window to fill.
//
// A request that its client gave up counts as slower than a latency limit that its age had passed,
// and says nothing of a higher one (docs/judge.md, "Requests that are given up").
//
// A request rate is the exception: it is known only over the whole window, and minimum_requests
// would forbid the very thing that "too few requests" is to find, so it does not apply.
//
// Pure; control thread. Does not latch: a breach may heal, the engine has decided by then.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "health/judge.h"
#include "health/window.h"

namespace teal::health {

class ThresholdAlarm final : public VerdictSource {
 public:
  using Measure =
      std::variant<config::ErrorRateAlarm, config::LatencyAlarm, config::RequestRateAlarm>;

  ThresholdAlarm(std::string name, Measure measure, Millis over, std::uint64_t minimum_requests);

  const std::string& name() const override { return name_; }
  std::string condition() const override;
  Verdict judge(const Reading& reading) override;

 private:
  Verdict judge_measure(const config::ErrorRateAlarm& alarm, const Window::View& seen) const;
  Verdict judge_measure(const config::LatencyAlarm& alarm, const Window::View& seen) const;
  Verdict judge_measure(const config::RequestRateAlarm& alarm, const Window::View& seen) const;
  Verdict missing_requests(std::uint64_t requests) const;
  Breached breached(const std::string& value, const std::string& counts) const;

  std::string name_;
  Measure measure_;
  Millis over_;
  std::uint64_t minimum_requests_;
  Window window_;
};

}  // namespace teal::health
