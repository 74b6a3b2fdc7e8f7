#include "control/evidence/replay.h"

#include <algorithm>
#include <array>
#include <utility>

#include "control/evidence/feed.h"

namespace teal::control {
namespace {

/// Any time does: what counts from it is taken off again.
constexpr Mono kBirth{std::chrono::hours{1}};

/// Remembers the first breach of the judge that it wraps.
class FirstBreach final : public health::VerdictSource {
 public:
  explicit FirstBreach(std::unique_ptr<VerdictSource> judge) : judge_(std::move(judge)) {}

  const std::string& name() const override { return judge_->name(); }
  std::string condition() const override { return judge_->condition(); }
  health::Verdict judge(const health::Reading& reading) override {
    if (breached_at_) return verdict_;
    note(judge_->judge(reading), reading.at);
    return verdict_;
  }
  std::optional<health::Breached> check_breach(const health::CountsReading& counts) override {
    if (!breached_at_) {
      if (const auto breached = judge_->check_breach(counts)) note(*breached, counts.at);
    }
    const auto* breached = std::get_if<health::Breached>(&verdict_);
    return breached == nullptr ? std::nullopt : std::optional(*breached);
  }
  void begin_step(const health::StepStart& step) override { judge_->begin_step(step); }
  void on_judged_event(const JudgedEvent& event) override {
    if (!breached_at_) judge_->on_judged_event(event);
  }
  std::optional<health::ComparisonReport> comparison() override { return judge_->comparison(); }

  const health::Verdict& verdict() const { return verdict_; }
  const std::optional<Micros>& breached_at() const { return breached_at_; }

 private:
  void note(health::Verdict verdict, Mono at) {
    verdict_ = std::move(verdict);
    if (std::holds_alternative<health::Breached>(verdict_))
      breached_at_ = std::chrono::duration_cast<Micros>(at - kBirth);
  }

  std::unique_ptr<VerdictSource> judge_;
  health::Verdict verdict_ = health::NotEnoughEvidence{std::string(kNothingJudged)};
  std::optional<Micros> breached_at_;
};

std::optional<Micros> breach_of(const Evidence& evidence, const std::string& alarm) {
  const auto found = std::ranges::find(evidence.courses(), alarm, &EvidenceCourse::alarm);
  if (found == evidence.courses().end() || found->breached_at < Micros{0}) return std::nullopt;
  return found->breached_at;
}

}  // namespace

std::vector<ReplayedAlarm> replay_evidence(const DeploymentSpec& spec, const Evidence& evidence,
                                           const ReplaySettings& settings, Millis max_outcome_age,
                                           const SourceFactory& make_source) {
  health::JudgeContext context{spec.colour, health::comparisons_in(spec.deploy.alarms),
                               max_outcome_age};
  std::vector<ReplayedAlarm> replayed;
  for (config::Alarm alarm : spec.deploy.alarms) {
    auto* compare = std::get_if<config::CompareAlarm>(&alarm.condition);
    if (compare == nullptr) continue;
    context.meaning = config::meaning_number(spec.deploy.alarms, alarm);
    compare->tolerance = settings.tolerance.value_or(compare->tolerance);
    compare->confidence = settings.confidence.value_or(compare->confidence);
    FirstBreach judge(make_source(alarm, context));
    const std::array<health::VerdictSource*, 1> sources{&judge};
    feed_recorded(evidence, kBirth, sources);
    replayed.push_back({alarm.name, judge.condition(), alarm.observe, judge.breached_at(),
                        breach_of(evidence, alarm.name), judge.verdict(), judge.comparison()});
  }
  return replayed;
}

}  // namespace teal::control
