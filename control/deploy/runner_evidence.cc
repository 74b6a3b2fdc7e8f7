// What the runner keeps of its judges' work, and how it goes on with it after a restart.
#include <utility>

#include "control/deploy/deployment_runner.h"
#include "control/evidence/feed.h"
#include "health/statistics/e_value.h"

namespace teal::control {
namespace {

Micros since(Mono birth, Mono at) {
  return std::chrono::duration_cast<Micros>(at - birth);
}

}  // namespace

void DeploymentRunner::plan_step(PublicationNumber shift, EvidenceStep step) {
  if (!first_table_) first_table_ = step.table;
  planned_.emplace(shift, std::move(step));
}

void DeploymentRunner::begin_step(PublicationNumber shift, Mono now) {
  if (!planned_ || shift < planned_->first) return;
  EvidenceStep step = std::move(planned_->second);
  planned_.reset();
  step.since = since(birth(now), now);
  for (const ActiveJudge& judge : judges_)
    judge.source->begin_step(
        {now, step.weight, step.slower_than, step.slower_shares, step.restarts});
  evidence_.begin_step(std::move(step));
  has_new_evidence_ = true;
}

void DeploymentRunner::on_judged_event(const JudgedEvent& event, Mono now) {
  // Until the step has begun on every worker, nobody has said by which thresholds it is measured.
  // Whether an event is left out for that does not depend on its group.
  if (evidence_.empty()) return;
  // What began under an earlier deployment is none of this one's business, however late it ends.
  if (first_table_ && event.table < *first_table_) return;
  const bool is_slow = event.kind == JudgedEvent::Kind::slow;
  if (is_slow && (planned_ || event.table < evidence_.steps().back().table)) return;
  for (const ActiveJudge& judge : judges_)
    if (judge.compares) judge.source->on_judged_event(event);
  JudgedEvent recorded = event;
  const Mono born = birth(now);
  recorded.began = Mono{event.began - born};
  recorded.seen = Mono{event.seen - born};
  evidence_.add(recorded, spec().colour);
  has_errors_ |= !is_slow;
  has_new_evidence_ = true;
}

void DeploymentRunner::note(const health::CountsReading& counts) {
  const Mono born = birth(counts.at);
  evidence_.read(since(born, counts.at), counts.release, counts.live);
  evidence_.settle(since(born, std::clamp(counts.watermark, born, counts.at)));
}

void DeploymentRunner::record(const ActiveJudge& judge, Mono now) {
  const Micros at = since(birth(now), now);
  if (const auto report = judge.source->comparison()) {
    evidence_.follow(judge.source->name(), {at, health::finite_e_value(report->log_e),
                                            health::finite_e_value(report->non_inferiority_log_e),
                                            report->release.bad, report->live.bad});
    has_new_evidence_ = true;
  }
  const bool breached = std::holds_alternative<health::Breached>(judge.verdict);
  if (breached || judge.compares)
    evidence_.conclude(judge.source->name(), health::to_string(judge.verdict), breached, at);
}

void DeploymentRunner::restore(Evidence evidence, Mono now) {
  evidence_ = std::move(evidence);
  pages_written_ = evidence_.events().size() / Evidence::kPage;
  std::vector<health::VerdictSource*> sources;
  for (const ActiveJudge& judge : judges_)
    if (judge.compares) sources.push_back(judge.source.get());
  feed_recorded(evidence_, birth(now), sources, InFlight::lost);
  // Whoever has seen more before than is fed now must not get two chances at one alpha.
  if (!evidence_.is_closed() || !is_as_it_was(evidence_.alarms())) evidence_.count_loss();
  evidence_.count_restart();
  evidence_.reopen();
  has_new_evidence_ = true;
  for (health::VerdictSource* source : sources) source->on_restart(evidence_.losses());
  // The counters begin anew, and with them what a certificate is made of.
  if (evidence_.empty()) return;
  const EvidenceStep& step = evidence_.steps().back();
  for (health::VerdictSource* source : sources)
    source->begin_step({now, step.weight, step.slower_than, step.slower_shares, step.restarts});
}

/// No comparison has more evidence against the release than it had then.
bool DeploymentRunner::is_as_it_was(const std::vector<AlarmReport>& before) const {
  constexpr double kRounding = 1e-9;
  return std::all_of(judges_.begin(), judges_.end(), [&](const ActiveJudge& judge) {
    if (!judge.compares || !judge.source->comparison()) return true;
    const auto then = std::ranges::find(before, judge.source->name(), &AlarmReport::name);
    return then != before.end() && then->comparison &&
           judge.source->comparison()->log_e <= then->comparison->log_e + kRounding;
  });
}

void DeploymentRunner::conclude_evidence(const health::Reading& reading) {
  if (!evidence_.empty()) note(reading.counts());
  has_new_evidence_ = has_new_evidence_ || !judges_.empty();
}

void DeploymentRunner::close_evidence() {
  evidence_.close();
  has_new_evidence_ = true;
}

std::vector<EvidenceRow> DeploymentRunner::take_evidence_rows() {
  if (!std::exchange(has_new_evidence_, false)) return {};
  evidence_.set_alarms(alarms());
  std::vector<EvidenceRow> rows{{number, 0, evidence_.account()}};
  for (std::size_t page = pages_written_;; ++page) {
    std::string text = evidence_.page(page);
    if (text.empty()) break;
    rows.push_back({number, page + 1, std::move(text)});
  }
  pages_written_ = evidence_.events().size() / Evidence::kPage;
  return rows;
}

}  // namespace teal::control
