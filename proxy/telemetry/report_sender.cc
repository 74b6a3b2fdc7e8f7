#include "proxy/telemetry/report_sender.h"

#include <algorithm>
#include <utility>

namespace teal::proxy {

void ReportSender::report(const BadOutcome& outcome) {
  if (waiting_.outcomes.size() >= kMaxOutcomes) {
    to_.counters[Stat::bad_outcomes_dropped].add();
    return;
  }
  waiting_.outcomes.push_back(outcome);
}

bool ReportSender::admit(JudgedEvent::Kind kind) {
  const bool is_slow = kind == JudgedEvent::Kind::slow;
  const bool is_full =
      is_slow ? slow_this_tick_ >= kMaxSlowPerTick || waiting_.judged.size() - errors_ >= kMaxSlow
              : errors_ >= kMaxErrors;
  if (is_full) to_.counters[Stat::judged_events_dropped].add();
  return !is_full;
}

void ReportSender::report(ServiceId service, const JudgedEvent& event) {
  const bool is_slow = event.kind == JudgedEvent::Kind::slow;
  ++(is_slow ? slow_this_tick_ : errors_);
  waiting_.judged.push_back({service, event});
  watermark_.reported();
}

void ReportSender::put_urgent(Mono now) {
  // Not `now`: much may have been done since the turn began, and verdicts are timed from here.
  if (waiting_.at == Mono{}) waiting_.at = to_.clock.mono();
  if (urgent_this_tick_ >= kMaxUrgentPerTick) return;
  if (mailbox_.is_full() && mailbox_.wait_for_room()) return;
  ++urgent_this_tick_;
  put(now);
}

void ReportSender::end_tick(Mono now) {
  urgent_this_tick_ = 0;
  if (has_any() && !mailbox_.is_full()) put(now);
}

void ReportSender::put(Mono now) {
  errors_ = 0;
  // A later request of this turn began at `now` or after.
  waiting_.watermark = std::min(watermark_.read().oldest, now);
  if (waiting_.at == Mono{}) waiting_.at = now;
  waiting_.is_settled = watermark_.is_settled();
  watermark_.clear_settled();
  mailbox_.put(std::exchange(waiting_, {}));
  to_.control.reported();
}

ReportSender::Taken ReportSender::take() {
  Taken taken{mailbox_.take(), false};
  taken.is_waited_for = taken.reports && mailbox_.take_wakeup();
  return taken;
}

}  // namespace teal::proxy
