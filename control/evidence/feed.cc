#include "control/evidence/feed.h"

#include <algorithm>

namespace teal::control {
namespace {

TrafficCounters counters(const Tallies& tallies) {
  const Tally& tally = tallies.usual;
  TrafficCounters counted;
  auto& by_status = counted.requests[static_cast<std::size_t>(Origin::target)];
  by_status[2 - 1] = tally.requests - std::min(tally.requests, tally.errors);
  by_status[5 - 1] = tally.errors;
  counted.by_meaning = tallies.by_meaning;
  return counted;
}

/// Three recorded sequences, merged by time.
class Feeding {
 public:
  Feeding(const Evidence& evidence, Mono birth, std::span<health::VerdictSource* const> sources)
      : evidence_(evidence), birth_(birth), sources_(sources) {}

  void feed(InFlight in_flight) {
    for (const EvidenceStep& step : evidence_.steps()) {
      feed_until(step.since);
      now_ = std::max(now_, step.since);
      for (health::VerdictSource* source : sources_)
        source->begin_step(
            {birth_ + now_, step.weight, step.slower_than, step.slower_shares, step.restarts});
    }
    feed_until(Micros::max());
    if (in_flight == InFlight::ended) settled_ = now_;
    judge();
  }

 private:
  void feed_until(Micros end) {
    const auto& events = evidence_.events();
    const auto& readings = evidence_.readings();
    while (true) {
      const Micros event = event_ < events.size() ? seen(events[event_]) : Micros::max();
      const Micros reading = reading_ < readings.size() ? readings[reading_].at : Micros::max();
      const Micros next = std::min(event, reading);
      if (next == Micros::max() || next >= end) return;
      now_ = std::max(now_, next);
      if (event <= reading) {
        settled_ = std::max(settled_, evidence_.settled(event_));
        give(events[event_++]);
        check_breach();
      } else {
        ++reading_;
        judge();
      }
    }
  }

  static Micros seen(const JudgedEvent& event) {
    return std::chrono::duration_cast<Micros>(event.seen.time_since_epoch());
  }

  void give(JudgedEvent event) {
    event.began = birth_ + event.began.time_since_epoch();
    event.seen = birth_ + event.seen.time_since_epoch();
    for (health::VerdictSource* source : sources_) source->on_judged_event(event);
  }

  void check_breach() {
    const health::CountsReading counts = last_reading().counts();
    for (health::VerdictSource* source : sources_) source->check_breach(counts);
  }

  void judge() {
    const health::Reading reading = last_reading();
    for (health::VerdictSource* source : sources_) source->judge(reading);
  }

  health::Reading last_reading() const {
    health::Reading reading;
    reading.at = birth_ + now_;
    if (reading_ > 0) {
      reading.release = counters(evidence_.readings()[reading_ - 1].release);
      reading.live = counters(evidence_.readings()[reading_ - 1].live);
    }
    reading.watermark = birth_ + settled_;
    return reading;
  }

  const Evidence& evidence_;
  Mono birth_;
  std::span<health::VerdictSource* const> sources_;
  std::size_t event_ = 0, reading_ = 0;
  Micros now_{0}, settled_{0};
};

}  // namespace

void feed_recorded(const Evidence& evidence, Mono birth,
                   std::span<health::VerdictSource* const> sources, InFlight in_flight) {
  Feeding(evidence, birth, sources).feed(in_flight);
}

}  // namespace teal::control
