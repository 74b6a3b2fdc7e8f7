// ExternalAlarm: an alarm that somebody outside fires and resolves (POST /v1/alarms/{name},
// Alertmanager). Silence is no alarm, not missing data: whoever posts, posts when something is
// wrong.
//
// Pure; control thread. Does not know whether the alarm fired before the deployment began: whoever
// hands it the outside's word leaves that out (config::Deploy::block_on_firing_alarm).
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "health/judge.h"

namespace teal::health {

class ExternalAlarm final : public VerdictSource {
 public:
  explicit ExternalAlarm(std::string name) : name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  std::string condition() const override { return "external"; }
  Verdict judge(const Reading& reading) override;
  void set_external(bool firing, const std::string& why) override;

 private:
  std::string name_;
  std::optional<Breached> firing_;
};

}  // namespace teal::health
