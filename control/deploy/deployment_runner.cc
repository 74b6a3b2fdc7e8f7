#include "control/deploy/deployment_runner.h"
#include "base/parse_number.h"
#include "control/engine/protocol_json.h"

#include <algorithm>
#include <utility>

namespace teal::control {
namespace {

std::shared_ptr<const ErrorMeanings> table_of(const std::vector<config::Alarm>& alarms) {
  const std::vector<ErrorMeaning> meanings = config::meanings_in(alarms);
  return meanings.empty() ? nullptr : std::make_shared<const ErrorMeanings>(meanings);
}

}  // namespace

std::string deployment_id(DeploymentNumber number) {
  return "d-" + std::to_string(number);
}

DeploymentNumber deployment_number(const DeploymentId& id) {
  if (!id.starts_with("d-")) return 0;
  const auto number = parse_whole<DeploymentNumber>(std::string_view(id).substr(2));
  return number && deployment_id(*number) == id ? *number : 0;
}

DeploymentRunner::DeploymentRunner(DeploymentNumber the_number, DeploymentSpec spec,
                                   WallTime created_at, Mono now)
    : number(the_number),
      created(created_at),
      engine_(std::move(spec)),
      meanings_(table_of(engine_.spec().deploy.alarms)),
      since_(now),
      phase_since_(created_at) {}

Age DeploymentRunner::age(Mono now) const {
  return age_ + std::chrono::duration_cast<Millis>(now - since_);
}

std::vector<Action> DeploymentRunner::step(const Event& event, Age age, WallTime at) {
  const std::string_view phase = engine_.phase();
  std::vector<Action> actions = engine_.step(event, age);
  if (engine_.phase() != phase) phase_since_ = at;
  if (engine_.is_watching()) {
    // A restart does not begin it anew.
    if (!watching_since_) watching_since_ = at;
    phase_since_ = *watching_since_;
  }
  for (const Action& action : actions) {
    if (const auto* wake = std::get_if<action::WakeAt>(&action)) wake_at_ = wake->age;
    if (const auto* said = std::get_if<action::Announce>(&action))
      if (timeline_.size() < kMaxTimeline) timeline_.push_back({at, engine_.status(), said->text});
  }
  if (const auto* breach = std::get_if<event::AlarmBreached>(&event)) {
    breached_ = breach->name;
    breach_ = breach->why;
  }
  if (engine_.is_terminal() && !finished) finished = at;
  return actions;
}

EventRow DeploymentRunner::journal(const Event& event, Age age, WallTime at) {
  return {number, ++sequence_, age, at, to_json(event)};
}

void DeploymentRunner::replay(const Event& event, const EventRow& row) {
  const bool was_over = engine_.is_terminal();
  step(event, row.age, row.at);
  sequence_ = row.sequence;
  age_ = row.age;
  const auto* applied = std::get_if<event::SplitApplied>(&event);
  if (applied != nullptr && spec().kind == Kind::rollback && !was_over && engine_.is_terminal())
    rollback_took = applied->took;
}

void DeploymentRunner::resume_clock(Age age, Mono now) {
  age_ = std::max(age_, age);
  clock_saved = age_;
  since_ = now;
}

bool DeploymentRunner::take_wake(Mono now) {
  if (wake_at_ == kNever || age(now) < wake_at_) return false;
  wake_at_ = kNever;
  return true;
}

std::optional<Mono> DeploymentRunner::wakes_at() const {
  if (wake_at_ == kNever) return std::nullopt;
  return since_ + (wake_at_ - age_);
}

void DeploymentRunner::watch(const SourceFactory& make_source, Millis max_outcome_age) {
  const std::vector<config::Alarm>& alarms = spec().deploy.alarms;
  health::JudgeContext context{spec().colour, health::comparisons_in(alarms), max_outcome_age};
  for (const config::Alarm& alarm : alarms) {
    context.meaning = config::meaning_number(alarms, alarm);
    judges_.push_back({make_source(alarm, context),
                       std::holds_alternative<config::ExternalAlarm>(alarm.condition),
                       std::holds_alternative<config::CompareAlarm>(alarm.condition), alarm.observe,
                       config::judges_alone(alarm),
                       health::NotEnoughEvidence{std::string(kNothingJudged)}});
  }
}

bool DeploymentRunner::compares() const {
  return std::any_of(judges_.begin(), judges_.end(),
                     [](const ActiveJudge& w) { return w.compares; });
}

bool DeploymentRunner::compares_alone() const {
  return std::any_of(judges_.begin(), judges_.end(),
                     [](const ActiveJudge& w) { return w.compares && w.alone; });
}

std::optional<event::AlarmBreached> DeploymentRunner::judge(const health::Reading& reading) {
  const bool has_traffic = engine_.facts().weight > Weight::none();
  std::optional<event::AlarmBreached> breach;
  if (has_traffic && compares()) note(reading.counts());
  for (ActiveJudge& judge : judges_) {
    // Without traffic the release's numbers say nothing; an outside word counts at once.
    if (!has_traffic && !judge.external) continue;
    const bool was_breached = std::holds_alternative<health::Breached>(judge.verdict);
    judge.verdict = judge.source->judge(reading);
    record(judge, reading.at);
    if (const auto* breached = std::get_if<health::Breached>(&judge.verdict))
      take_breach(judge, !was_breached, breached->why, breach);
  }
  return breach;
}

std::optional<event::AlarmBreached> DeploymentRunner::check_breach(
    const health::CountsReading& counts) {
  std::optional<event::AlarmBreached> breach;
  if (engine_.facts().weight == Weight::none()) return breach;
  note(counts);
  const bool follows = has_errors_ && counts.at >= last_course_point_ + kFollowPause;
  for (ActiveJudge& judge : judges_) {
    if (!judge.compares || std::holds_alternative<health::Breached>(judge.verdict)) continue;
    const std::optional<health::Breached> breached = judge.source->check_breach(counts);
    if (breached) judge.verdict = *breached;
    if (breached || follows) record(judge, counts.at);
    if (breached) take_breach(judge, true, breached->why, breach);
  }
  if (follows) {
    last_course_point_ = counts.at;
    has_errors_ = false;
  }
  return breach;
}

void DeploymentRunner::take_breach(const ActiveJudge& judge, bool is_new, const std::string& why,
                                   std::optional<event::AlarmBreached>& breach) {
  if (judge.observed) {
    if (is_new) observed_.push_back(judge.source->name() + ": " + why);
  } else if (!breach) {
    breach = event::AlarmBreached{judge.source->name(), why};
  }
}

Mono DeploymentRunner::waits_for() const {
  Mono first = Mono::max();
  for (const ActiveJudge& judge : judges_) first = std::min(first, judge.source->waits_for());
  return first;
}

std::string DeploymentRunner::missing_evidence(const std::optional<health::Rates>& rates) const {
  std::string missing;
  for (const ActiveJudge& judge : judges_) {
    const auto* lacking = std::get_if<health::NotEnoughEvidence>(&judge.verdict);
    if (lacking == nullptr || judge.observed) continue;
    if (engine_.is_watching() && !judge.alone) continue;
    if (!missing.empty()) missing += "; ";
    missing += judge.source->name() + ": " + lacking->missing;
    // An empty text means that nothing is missing, whatever a source may say.
    if (lacking->missing.empty()) missing += "more requests";
    const std::string outlook =
        rates && lacking->shortfall ? health::outlook_of(*lacking->shortfall, *rates) : "";
    if (!outlook.empty()) missing += " (" + outlook + ")";
  }
  return missing;
}

bool DeploymentRunner::set_external(const std::string& name, bool firing, const std::string& why,
                                    const std::string& note) {
  bool known = false;
  for (ActiveJudge& judge : judges_) {
    if (!judge.external || judge.source->name() != name) continue;
    judge.source->set_external(firing, why);
    judge.note = note;
    known = true;
  }
  return known;
}

void DeploymentRunner::release_judges() {
  if (judges_.empty()) return;
  last_alarms_ = alarms();
  judges_.clear();
  judges_.shrink_to_fit();
}

std::vector<AlarmReport> DeploymentRunner::alarms() const {
  if (last_alarms_) return *last_alarms_;
  std::vector<AlarmReport> reports;
  for (const config::Alarm& alarm : spec().deploy.alarms) {
    AlarmReport& report = reports.emplace_back();
    report.name = alarm.name;
    report.observed = alarm.observe;
    const ErrorMeaning* const meaning = config::meaning_of(alarm);
    if (meaning != nullptr && !meaning->is_usual()) report.counts = *meaning;
    if (judges_.empty()) {
      // History read back from the journal: only the breach is known.
      report.verdict = health::NotEnoughEvidence{"not kept"};
      if (alarm.name == breached_) report.verdict = health::Breached{breach_};
      continue;
    }
    const ActiveJudge& judge = judges_[reports.size() - 1];
    report.condition = judge.source->condition();
    report.verdict = judge.verdict;
    report.comparison = judge.source->comparison();
    report.note = judge.note;
  }
  return reports;
}

}  // namespace teal::control
