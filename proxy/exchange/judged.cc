// What the judge is told of a request: that it ended badly, by which thresholds it was slow, that
// it is overdue and how that ended; each at most once. Nothing of this happens unless the table
// says that somebody compares.
//
// The conditions under which the comparison's guarantee holds, as far as they are met here
// (docs/judge.md): what was known of the draw goes with the event; blame belongs to the group that
// was drawn, whatever group answered in the end; client aborts and preview traffic are left out,
// and 4xx unless the alarm counts them; a request in flight is slow as soon as it passes a
// threshold, not when it ends.
#include <algorithm>
#include <utility>

#include "proxy/exchange/exchange.h"
#include "proxy/worker/worker.h"

namespace teal::proxy {

void Exchange::start_judging() {
  // Condition 5: preview and test traffic is no evidence.
  if (audience_ != Audience::split) return;
  judged_ = route_;
  errors_told_ = overdue_told_ = 0;
  slow_told_ = 0;
  judged_number_ = worker_.next_judged_number();
  if (!watermark_.is_linked()) worker_.watermark().push(watermark_, began_);
  set_age_timer();
}

/// It waited in a queue and is drawn anew. True: the judge has heard of the earlier draw; that is
/// closed, and what the request does from now on is not told.
bool Exchange::close_draw() {
  const bool is_told = overdue_told_ != 0 || slow_told_ > 0;
  if (overdue_told_ != 0) tell(JudgedEvent::Kind::settled, overdue_told_);
  age_timer_.cancel();
  if (is_told) worker_.watermark().remove(watermark_);
  judged_.release();
  return is_told;
}

void Exchange::stop_judging(Origin origin) {
  tell_age();
  // By other meanings than the usual one it is judged now, by what has become of it.
  if (counted_.is_pinned()) [[unlikely]]
    tell_errors(errors_at_end(origin));
  if (const MeaningSet well = overdue_told_ & ~errors_told_; well != 0)
    tell(JudgedEvent::Kind::settled, well);
  age_timer_.cancel();
  worker_.watermark().remove(watermark_);
  judged_.release();
}

/// The wheel's ticks are coarse: a request that ends between two of them tells at its end.
void Exchange::set_age_timer() {
  const auto& thresholds = judging().slower_than;
  Micros next = overdue_told_ != 0 ? Micros::max() : judging().overdue;
  if (slow_told_ < thresholds.size()) next = std::min(next, thresholds[slow_told_]);
  if (next != Micros::max()) worker_.wheel().set(age_timer_, began_ + next);
}

void Exchange::tell(JudgedEvent::Kind kind, MeaningSet meanings, std::uint8_t threshold) {
  if (!worker_.takes(kind)) return;
  JudgedEvent event;
  event.kind = kind;
  event.group = draw_.colour;  // Condition 4: blame by the group drawn, whoever answered.
  event.threshold = threshold;
  event.meanings = meanings;
  event.release_probability = draw_.release_probability;
  // The block says nothing of a request whose group was not left to it.
  if (draw_.release_probability == drawn_.release_probability) {
    event.block = worker_.unique(drawn_.block);
    event.block_length = drawn_.block_length;
    event.block_release = drawn_.block_release;
  }
  event.began = began_;
  event.seen = worker_.now();
  if (kind == JudgedEvent::Kind::slow) event.seen = began_ + judging().slower_than[threshold];
  event.request = judged_number_;
  event.client = sticky_client_;
  // It may have chosen its group, by the cookie that it sent: condition 3.
  const ServiceView& drawn_by = judged_.service();
  if (is_returning_ && drawn_by.sticky) event.place = drawn_by.sticky->place_of(client_address());
  event.table = judged_.table().routes.version;
  event.set_request_id(ids_.id());
  worker_.report(drawn_by.index, event);
}

void Exchange::tell_error() {
  if (is_judged()) tell_errors(kUsualMeaning);
}

/// To each of them once.
void Exchange::tell_errors(MeaningSet meanings) {
  const MeaningSet watermark = meanings & judging().compared & ~errors_told_;
  if (watermark == 0) return;
  errors_told_ |= watermark;
  tell(JudgedEvent::Kind::error, watermark);
}

void Exchange::tell_age() {
  const auto& thresholds = judging().slower_than;
  const auto age = worker_.now() - began_;
  while (slow_told_ < thresholds.size() && age >= thresholds[slow_told_])
    tell(JudgedEvent::Kind::slow, kUsualMeaning, static_cast<std::uint8_t>(slow_told_++));
  if (phase_ == Phase::done) return;
  const MeaningSet unknown = counting() & judging().compared & ~errors_told_;
  if (unknown != 0 && overdue_told_ == 0 && age >= judging().overdue) {
    overdue_told_ = unknown;
    tell(JudgedEvent::Kind::overdue, unknown);
    worker_.watermark().remove(watermark_);
  }
  set_age_timer();
}

}  // namespace teal::proxy
