// What the judge is told of a request: that it ended badly, by which thresholds it was slow, that
// it is overdue and how that ended; each at most once. Nothing of this happens unless the table
// says that somebody compares.
//
// The conditions under which the comparison's guarantee holds, as far as they are met here
// (docs/judge.md): what was known of the draw goes with the event; blame belongs to the group that
// was drawn, whatever group answered in the end; client aborts and preview traffic are left out,
// and 4xx unless the alarm counts them; a request in flight is slow as soon as it passes a
// threshold, not when it ends.
#include <utility>

#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/routing/sticky.h"

namespace teal::proxy {

/// Condition 5: preview and test traffic is no evidence.
/// Requires: it is none.
void Exchange::start_judging() {
  judged_ = route_;
  told_.begin();
  judged_number_ = loop_.reports().next_number();
  if (!watermark_.is_linked()) loop_.reports().watermark().push(watermark_, began_);
  set_age_timer();
}

/// It waited in a queue and is drawn anew. True: the judge has heard of the earlier draw; that is
/// closed, and what the request does from now on is not told.
bool Exchange::close_draw() {
  const bool is_told = told_.is_known();
  if (told_.overdue() != 0) tell(JudgedEvent::Kind::settled, told_.overdue());
  age_timer_.cancel();
  if (is_told) loop_.reports().watermark().remove(watermark_);
  judged_.release();
  return is_told;
}

void Exchange::stop_judging(Origin origin) {
  tell_age();
  // By other meanings than the usual one it is judged now, by what has become of it.
  if (counted_.is_pinned()) [[unlikely]]
    tell_errors(errors_at_end(origin));
  if (const MeaningSet well = told_.ended_well(); well != 0) tell(JudgedEvent::Kind::settled, well);
  age_timer_.cancel();
  loop_.reports().watermark().remove(watermark_);
  judged_.release();
}

/// The wheel's ticks are coarse: a request that ends between two of them tells at its end.
void Exchange::set_age_timer() {
  const Micros next = told_.next_age(judging());
  if (next != Micros::max()) loop_.wheel().set(age_timer_, began_ + next);
}

void Exchange::tell(JudgedEvent::Kind kind, MeaningSet meanings, std::uint8_t threshold) {
  if (!loop_.reports().takes(kind)) return;
  JudgedEvent event;
  event.kind = kind;
  event.group = assignment_.colour;  // Condition 4: blame by the group drawn, whoever answered.
  event.threshold = threshold;
  event.meanings = meanings;
  event.release_probability = assignment_.release_probability;
  // The block says nothing of a request whose group was not left to it.
  if (assignment_.release_probability == assignment_.drawn.release_probability) {
    event.block = loop_.reports().unique(assignment_.drawn.block);
    event.block_length = assignment_.drawn.block_length;
    event.block_release = assignment_.drawn.block_release;
  }
  event.began = began_;
  event.seen = loop_.now();
  if (kind == JudgedEvent::Kind::slow) event.seen = began_ + judging().slower_than[threshold];
  event.request = judged_number_;
  event.client = assignment_.sticky_client;
  // It may have chosen its group, by the cookie that it sent: condition 3.
  const ServiceView& drawn_by = judged_.service();
  if (assignment_.is_returning && drawn_by.sticky)
    event.place = drawn_by.sticky->place_of(request_.client_address(listener()));
  event.table = judged_.table().routes.version;
  event.set_request_id(request_.ids.id());
  loop_.reports().report(drawn_by.index, event);
}

void Exchange::tell_error() {
  if (is_judged()) tell_errors(kUsualMeaning);
}

/// To each of them once.
void Exchange::tell_errors(MeaningSet meanings) {
  const MeaningSet news = told_.take_error(meanings, judging());
  if (news != 0) tell(JudgedEvent::Kind::error, news);
}

void Exchange::tell_age() {
  const auto age = std::chrono::duration_cast<Micros>(loop_.now() - began_);
  while (const auto threshold = told_.take_slow(age, judging()))
    tell(JudgedEvent::Kind::slow, kUsualMeaning, *threshold);
  if (phase_ == Phase::done) return;
  if (const MeaningSet news = told_.take_overdue(age, counting(), judging()); news != 0) {
    tell(JudgedEvent::Kind::overdue, news);
    loop_.reports().watermark().remove(watermark_);
  }
  set_age_timer();
}

}  // namespace teal::proxy
