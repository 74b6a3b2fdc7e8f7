// ExternalAlarm: an alarm that somebody outside fires and resolves (POST /v1/alarms/{name},
// Alertmanager). Silence is no alarm, not missing data: whoever posts, posts when something is
// wrong.
//
// Pure; control thread. Knows no episodes and not what fired before the deployment began: whoever
// hands it the outside's word leaves that out (health/judge/episodes.h).
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "config/deploy.h"
#include "health/judge/judge.h"

namespace teal::health {

/// `external`, with the labels that an alert must have: external {alertname="HighErrorRate"}.
std::string describe(const config::ExternalAlarm& alarm);

class ExternalAlarm final : public VerdictSource {
 public:
  explicit ExternalAlarm(std::string name, const config::ExternalAlarm& alarm = {})
      : name_(std::move(name)), condition_(describe(alarm)) {}

  const std::string& name() const override { return name_; }
  std::string condition() const override { return condition_; }
  Verdict judge(const Reading& reading) override;
  void set_external(bool firing, const std::string& why) override;

 private:
  std::string name_;
  std::string condition_;
  std::optional<Breached> firing_;
};

}  // namespace teal::health
