// What a worker tells: bad outcomes and judged events to control, tallies once a second, lines to
// the access log.
#include <algorithm>
#include <utility>

#include "proxy/downstream/downstream.h"
#include "proxy/telemetry/logged_target.h"
#include "proxy/worker/worker.h"

namespace teal::proxy {
namespace {

/// Bad outcomes kept while control works on the last batch; more are dropped and counted. Control
/// needs not every one of a flood.
constexpr std::size_t kMostReports = 1024;
/// Likewise of judged events. Slow requests come as often as one in ten, so they are also thinned
/// out to so many a tick, and can never take the place of errors.
///
/// What is dropped does not bias the judge, because whether an event is dropped depends on the
/// events before it alone and not on its own group: given that it was kept, the chance that it was
/// the release's is what it was (docs/adr/0012).
constexpr std::uint32_t kMostErrors = 1024;
constexpr std::uint32_t kMostSlow = 1024;
constexpr std::uint32_t kMostSlowPerTick = 64;
/// A flood of errors that is nobody's fault would wake control for each of them; a verdict needs a
/// handful. Further ones leave with the tick.
constexpr std::uint32_t kMostUrgentPerTick = 32;
/// How often a worker looks at its requests in flight: where nobody judges their ages, and where a
/// judge does, who looks ten times a second.
constexpr Millis kCensusPause{1000};
constexpr Millis kWatchedPause{100};
/// At so many connections, about, before it goes on to other work.
constexpr std::size_t kSeenPerTick = 1024;

}  // namespace

void Worker::report(const BadOutcome& outcome) {
  if (reports_.outcomes.size() >= kMostReports) {
    counters()[Stat::bad_outcomes_dropped].add();
    return;
  }
  reports_.outcomes.push_back(outcome);
}

bool Worker::takes(JudgedEvent::Kind kind) {
  const bool is_slow = kind == JudgedEvent::Kind::slow;
  const bool is_full = is_slow ? slow_this_tick_ >= kMostSlowPerTick ||
                                     reports_.judged.size() - errors_waiting_ >= kMostSlow
                               : errors_waiting_ >= kMostErrors;
  if (is_full) counters()[Stat::judged_events_dropped].add();
  return !is_full;
}

void Worker::report(std::uint32_t service, const JudgedEvent& event) {
  const bool is_slow = event.kind == JudgedEvent::Kind::slow;
  ++(is_slow ? slow_this_tick_ : errors_waiting_);
  reports_.judged.push_back({service, event});
  watermark_.told();
}

std::optional<ReportBatch> Worker::take_reports() {
  std::optional<ReportBatch> reports = report_mailbox_.take();
  if (reports && report_mailbox_.take_wakeup()) post([this] { send_urgent_reports(); });
  return reports;
}

void Worker::send_urgent_reports() {
  if (!has_urgent_reports()) return;
  // Not now_: much may have been done since the turn began, and verdicts are timed from here.
  if (reports_.at == Mono{}) reports_.at = shared_.clock->mono();
  if (urgent_batches_ >= kMostUrgentPerTick) return;
  if (report_mailbox_.is_full() && report_mailbox_.wait_for_room()) return;
  ++urgent_batches_;
  send_reports();
}

void Worker::send_reports() {
  errors_waiting_ = 0;
  // A later request of this turn began at now_ or after.
  reports_.watermark = std::min(watermark_.read().oldest, now_);
  if (reports_.at == Mono{}) reports_.at = now_;
  reports_.is_settled = watermark_.is_settled();
  watermark_.clear_settled();
  report_mailbox_.put(std::exchange(reports_, {}));
  shared_.reported();
}

/// Goes on with the census, or begins the next one if it is time. Connections that come or go
/// meanwhile stay or leave where they are, unless the set grows: then it begins anew.
void Worker::take_census() {
  const bool is_under_way = census_.is_under_way();
  const Millis pause = watches_ages_ ? kWatchedPause : kCensusPause;
  if (!is_under_way && now_ - pause < census_.began()) return;
  if (!is_under_way || downstreams_.bucket_count() != census_buckets_) {
    census_.begin(is_under_way ? census_.finish() : census_box_.take_spare(),
                  table_->routes.version, now_);
    census_bucket_ = 0;
    census_buckets_ = downstreams_.bucket_count();
  }
  census_.set_now(now_);
  const std::size_t end = std::min(census_bucket_ + kSeenPerTick, census_buckets_);
  for (; census_bucket_ < end; ++census_bucket_)
    for (auto each = downstreams_.cbegin(census_bucket_); each != downstreams_.cend(census_bucket_);
         ++each)
      (*each)->be_seen(census_);
  if (census_bucket_ == census_buckets_) census_box_.put(census_.finish());
}

void Worker::each_second() {
  second_ = now_;
  for (auto& [name, group] : groups_) group->last_peak = std::exchange(group->peak, group->active);
  send_tallies();
  close_surplus();
}

void Worker::send_tallies() {
  std::vector<TargetTally> tallies;
  for (auto& [id, target] : targets_) {
    if (target->group->is_compared && target->tally.requests > 0)
      tallies.push_back({id, target->tally.requests, target->tally.failures});
    target->tally = {};
  }
  if (!tallies.empty()) shared_.tallies(std::move(tallies));
}

void Worker::log_access(AccessRecord& record) {
  ++log_lines_;
  if (shared_.access_query != config::AccessLog::Query::full) [[unlikely]] {
    record.target = logged_target(record.target, shared_.access_query, logged_target_);
    record.referer = logged_target(record.referer, shared_.access_query, logged_referer_);
  }
  switch (shared_.access_format) {
    case config::AccessLog::Format::off: return;
    case config::AccessLog::Format::json: append_json(log_buffer_, record); return;
    case config::AccessLog::Format::combined: append_combined(log_buffer_, record); return;
  }
}

void Worker::hand_over_log() {
  const std::uint64_t lines = std::exchange(log_lines_, 0);
  if (log_buffer_.empty() || shared_.access_log == nullptr) return;
  if (!shared_.access_log->submit(log_buffer_)) counters()[Stat::access_log_dropped].add(lines);
}

}  // namespace teal::proxy
