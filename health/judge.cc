#include "health/judge.h"

#include <variant>

#include "health/external_alarm.h"
#include "health/threshold_alarm.h"

namespace teal::health {
namespace {

struct MakeSource {
  const config::Alarm& alarm;

  std::unique_ptr<VerdictSource> operator()(const config::ExternalAlarm& /*condition*/) const {
    return std::make_unique<ExternalAlarm>(alarm.name);
  }
  template <class Condition>
  std::unique_ptr<VerdictSource> operator()(const Condition& condition) const {
    return std::make_unique<ThresholdAlarm>(alarm.name, condition, alarm.over,
                                            alarm.minimum_requests);
  }
};

}  // namespace

std::unique_ptr<VerdictSource> make_source(const config::Alarm& alarm) {
  return std::visit(MakeSource{alarm}, alarm.condition);
}

}  // namespace teal::health
