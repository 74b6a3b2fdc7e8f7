#include "proxy/group/judge_reporter.h"

#include "proxy/loop/worker_loop.h"
#include "proxy/routing/sticky.h"

namespace teal::proxy {

JudgeReporter::JudgeReporter(WorkerLoop& loop, const Request& request, const Assignment& assignment,
                             const TrafficEntry& traffic)
    : loop_(loop),
      request_(request),
      assignment_(assignment),
      traffic_(traffic),
      age_timer_([](void* self) { static_cast<JudgeReporter*>(self)->on_age(); }, this) {}

/// Condition 5: preview and test traffic is no evidence, and does not come here.
void JudgeReporter::start(const RoutePin& route) {
  if (was_reported_) return;
  route_ = route;
  reported_.begin();
  number_ = loop_.reports().next_number();
  if (!watermark_.is_linked()) loop_.reports().watermark().push(watermark_, request_.began);
  set_age_timer();
}

void JudgeReporter::close_draw() {
  was_reported_ = reported_.is_known();
  if (reported_.overdue() != 0) report(JudgedEvent::Kind::settled, reported_.overdue());
  age_timer_.cancel();
  if (was_reported_) loop_.reports().watermark().remove(watermark_);
  route_.release();
}

void JudgeReporter::forget_unless_judging() {
  if (!is_judging() && watermark_.is_linked()) loop_.reports().watermark().remove(watermark_);
}

void JudgeReporter::end(MeaningSet errors) {
  report_slow();
  report_errors(errors);
  if (const MeaningSet well = reported_.ended_well(); well != 0)
    report(JudgedEvent::Kind::settled, well);
  age_timer_.cancel();
  loop_.reports().watermark().remove(watermark_);
  route_.release();
}

Micros JudgeReporter::age() const {
  return std::chrono::duration_cast<Micros>(loop_.now() - request_.began);
}

/// To each of them once.
void JudgeReporter::report_errors(MeaningSet meanings) {
  const MeaningSet news = reported_.take_error(meanings, judging());
  if (news != 0) report(JudgedEvent::Kind::error, news);
}

void JudgeReporter::report_slow() {
  const Micros reached = age();
  while (const auto threshold = reported_.take_slow(reached, judging()))
    report(JudgedEvent::Kind::slow, kUsualMeaning, *threshold);
}

void JudgeReporter::on_age() {
  report_slow();
  if (const MeaningSet news = reported_.take_overdue(age(), traffic_.counted_by(), judging());
      news != 0) {
    report(JudgedEvent::Kind::overdue, news);
    loop_.reports().watermark().remove(watermark_);
  }
  set_age_timer();
}

/// The wheel's ticks are coarse: a request that ends between two of them tells at its end.
void JudgeReporter::set_age_timer() {
  const Micros next = reported_.next_age(judging());
  if (next != Micros::max()) loop_.wheel().set(age_timer_, request_.began + next);
}

void JudgeReporter::report(JudgedEvent::Kind kind, MeaningSet meanings, std::uint8_t threshold) {
  if (!loop_.reports().admit(kind)) return;
  JudgedEvent event;
  event.kind = kind;
  event.group = assignment_.colour;  // Condition 4: blame by the group drawn, whoever answered.
  event.threshold = threshold;
  event.meanings = meanings;
  event.release_probability = assignment_.release_probability;
  // The block says nothing of a request whose group was not left to it.
  const Drawn& drawn = assignment_.drawn;
  if (assignment_.release_probability == drawn.release_probability) {
    event.block = loop_.reports().unique(drawn.block);
    event.block_length = drawn.block_length;
    event.block_release = drawn.block_release;
  }
  event.began = request_.began;
  event.seen = loop_.now();
  if (kind == JudgedEvent::Kind::slow)
    event.seen = request_.began + judging().slower_than[threshold];
  event.request = number_;
  event.client = assignment_.sticky_client;
  // It may have chosen its group, by the cookie that it sent: condition 3.
  const ServiceView& drawn_by = route_.service();
  if (assignment_.is_returning && drawn_by.sticky) {
    const config::Listener& listener = route_.listener(request_.info.listener);
    event.place = drawn_by.sticky->place_of(request_.client_address(listener));
  }
  event.table = route_.version();
  event.set_request_id(request_.ids.id());
  loop_.reports().report(drawn_by.id, event);
}

}  // namespace teal::proxy
