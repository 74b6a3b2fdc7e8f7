#include "health/judge/judge.h"

#include <algorithm>
#include <variant>

#include "health/judge/error_comparison.h"
#include "health/judge/external_alarm.h"
#include "health/judge/latency_comparison.h"
#include "health/judge/threshold_alarm.h"

namespace teal::health {
namespace {

struct MakeSource {
  const config::Alarm& alarm;
  const JudgeContext& context;

  std::unique_ptr<VerdictSource> operator()(const config::ExternalAlarm& external) const {
    return std::make_unique<ExternalAlarm>(alarm.name, external);
  }
  std::unique_ptr<VerdictSource> operator()(const config::CompareAlarm& compare) const {
    if (compare.what == config::CompareAlarm::What::errors)
      return std::make_unique<ErrorComparison>(alarm.name, compare, context);
    return std::make_unique<LatencyComparison>(alarm.name, compare, context);
  }
  template <class Condition>
  std::unique_ptr<VerdictSource> operator()(const Condition& condition) const {
    return std::make_unique<ThresholdAlarm>(alarm.name, condition, alarm.over,
                                            alarm.minimum_requests, context.meaning);
  }
};

}  // namespace

std::size_t comparisons_in(std::span<const config::Alarm> alarms) {
  return static_cast<std::size_t>(
      std::count_if(alarms.begin(), alarms.end(), [](const config::Alarm& alarm) {
        return !alarm.observe && std::holds_alternative<config::CompareAlarm>(alarm.condition);
      }));
}

std::unique_ptr<VerdictSource> make_source_in(const config::Alarm& alarm,
                                              const JudgeContext& context) {
  return std::visit(MakeSource{alarm, context}, alarm.condition);
}

std::unique_ptr<VerdictSource> make_source(const config::Alarm& alarm) {
  return make_source_in(alarm, {});
}

}  // namespace teal::health
