#include "control/follow/receiver.h"

#include <algorithm>

namespace teal::control::follow {
namespace {

/// None is ever near it: 4 million a second for 70,000 years.
constexpr std::uint64_t kMost = std::uint64_t{1} << 63U;

Error refuse(const char* why) {
  return Error{Source::upstream, std::string("what the follower told is refused: ") + why};
}

bool fits(std::uint64_t total, std::uint64_t more) {
  return more < kMost && total < kMost - more;
}

bool fits(const Histogram& total, const Histogram& more) {
  bool all = fits(total.sum_micros, more.sum_micros);
  for (std::size_t i = 0; i < Histogram::kSize; ++i)
    all = all && fits(total.buckets[i], more.buckets[i]);
  return all;
}

bool fits(const TrafficCounters& total, const TrafficCounters& more) {
  bool all = fits(total.retries, more.retries) && fits(total.shielded, more.shielded) &&
             fits(total.duration, more.duration) && fits(total.given_up, more.given_up) &&
             fits(total.first_byte, more.first_byte);
  for (std::size_t origin = 0; origin < kOrigins.size(); ++origin)
    for (std::size_t i = 0; i < TrafficCounters::kClasses; ++i)
      all = all && fits(total.requests[origin][i], more.requests[origin][i]);
  for (std::size_t i = 0; i < more.by_meaning.size(); ++i) {
    const Tally sum = i < total.by_meaning.size() ? total.by_meaning[i] : Tally{};
    all = all && fits(sum.requests, more.by_meaning[i].requests) &&
          fits(sum.errors, more.by_meaning[i].errors);
  }
  return all;
}

}  // namespace

Result<bool> CounterReceiver::take(const Counters& message, const Knows& knows) {
  if (message.sequence <= last_) return false;
  if (message.sequence != last_ + 1) return refuse("counters are missing before these");
  std::map<Stream, TrafficCounters> sums;
  std::uint64_t unknown = 0;
  for (const CounterDelta& delta : message.deltas) {
    if (!knows(delta.key, delta.stage)) {
      ++unknown;
      continue;
    }
    const Stream stream{delta.key, delta.stage};
    const auto before = totals_.find(stream);
    const TrafficCounters begun = before == totals_.end() ? TrafficCounters{} : before->second;
    TrafficCounters& sum = sums.try_emplace(stream, begun).first->second;
    if (!fits(sum, delta.counters)) return refuse("a counter runs over");
    sum += delta.counters;
  }
  for (auto& [stream, sum] : sums) totals_.insert_or_assign(stream, std::move(sum));
  last_ = message.sequence;
  left_out_ += unknown;
  return true;
}

void CounterReceiver::forget(const Knows& knows) {
  std::erase_if(totals_,
                [&](const auto& each) { return !knows(each.first.first, each.first.second); });
}

Result<std::optional<Events>> EventReceiver::take(Events message, const Knows& knows) {
  if (message.sequence <= last_) return std::optional<Events>();
  if (message.sequence != last_ + 1) return refuse("events are missing before these");
  if (message.settled < settled_) return refuse("the watermark goes back");
  if (message.dropped < dropped_) return refuse("the count of what was dropped goes back");
  for (ServiceEvents& of : message.services) {
    const std::optional<Known> known = knows.service(of.service);
    left_out_ += std::erase_if(of.events, [&](const JudgedEvent& event) {
      return !known ||
             (event.kind == JudgedEvent::Kind::slow && event.threshold >= known->thresholds);
    });
  }
  std::erase_if(message.services, [](const ServiceEvents& of) { return of.events.empty(); });
  left_out_ += std::erase_if(
      message.outcomes, [&](const BadOutcome& outcome) { return !knows.target(outcome.target); });
  last_ = message.sequence;
  settled_ = message.settled;
  dropped_ = message.dropped;
  return std::optional<Events>(std::move(message));
}

}  // namespace teal::control::follow
