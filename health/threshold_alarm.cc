#include "health/threshold_alarm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

namespace teal::health {
namespace {

using Op = config::Threshold::Op;

constexpr int kExact = 12;

std::string number(double value, int digits) {
  std::array<char, 40> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*g", digits, value);
  return std::string(text.data(), static_cast<std::size_t>(size));
}

/// Three digits, or six where three would read like the limit itself: "1% > 1%".
std::string measured(double value, double limit) {
  const std::string text =
      value >= 1000 ? number(std::round(value), kExact) : number(value, /*digits=*/3);
  return text == number(limit, kExact) ? number(value, /*digits=*/6) : text;
}

std::string millis(double value) {
  if (value == std::floor(value) && value < 1e12)
    return format_duration(Millis{static_cast<Millis::rep>(value)});
  return number(value, kExact) + "ms";
}

bool is_beyond(double value, const config::Threshold& threshold) {
  return threshold.op == Op::above ? value > threshold.limit : value < threshold.limit;
}

std::string compared(const config::Threshold& threshold, const std::string& limit) {
  return (threshold.op == Op::above ? " > " : " < ") + limit;
}

struct Condition {
  std::string operator()(const config::ErrorRateAlarm& alarm) const {
    return "error_rate" +
           compared(alarm.threshold, number(alarm.threshold.limit * 100, kExact) + "%");
  }
  std::string operator()(const config::LatencyAlarm& alarm) const {
    return "latency_p" + number(alarm.quantile * 100, 6) +
           compared(alarm.threshold, millis(alarm.threshold.limit));
  }
  std::string operator()(const config::RequestRateAlarm& alarm) const {
    return "request_rate" + compared(alarm.threshold, number(alarm.threshold.limit, kExact) + "/s");
  }
};

/// The durations that are known well enough to be held against the limit. A request that its client
/// gave up after the limit took longer than that; one that was given up before says nothing, unless
/// the alarm is on being too fast: it was not that fast for sure.
Histogram known_durations(const TrafficCounters& counters, const config::Threshold& threshold) {
  Histogram known = counters.duration;
  for (std::size_t i = 0; i < Histogram::kSize; ++i) {
    const std::uint64_t given_up = counters.given_up.buckets[i];
    if (given_up == 0) continue;
    if (threshold.op == Op::below)
      known.buckets[Histogram::kSize - 1] += given_up;
    else if (static_cast<double>(Histogram::lower_bound(i)) / 1000 >= threshold.limit)
      known.buckets[i] += given_up;
  }
  return known;
}

double seconds_of(Micros duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

ThresholdAlarm::ThresholdAlarm(std::string name, Measure measure, Millis over,
                               std::uint64_t minimum_requests)
    : name_(std::move(name)),
      measure_(measure),
      over_(over),
      // Nothing can be said about no requests at all.
      minimum_requests_(std::max<std::uint64_t>(minimum_requests, 1)),
      window_(over) {}

std::string ThresholdAlarm::condition() const {
  return std::visit(Condition{}, measure_) + " over " + format_duration(over_);
}

Verdict ThresholdAlarm::judge(const Reading& reading) {
  window_.push(reading.at, reading.release);
  const Window::View seen = window_.view().value_or(Window::View{});
  return std::visit([&](const auto& alarm) { return judge_measure(alarm, seen); }, measure_);
}

Verdict ThresholdAlarm::judge_measure(const config::ErrorRateAlarm& alarm,
                                      const Window::View& seen) const {
  const std::uint64_t total = seen.counters.total();
  if (total < minimum_requests_) return missing_requests(total);
  const std::uint64_t errors = seen.counters.errors();
  // A quotient and not a product: 29 of 100 is exactly the double that "29%" was read as.
  const double rate = static_cast<double>(errors) / static_cast<double>(total);
  if (!is_beyond(rate, alarm.threshold)) return Healthy{};
  return breached(measured(rate * 100, alarm.threshold.limit * 100) + "%",
                  std::to_string(errors) + " of " + std::to_string(total) + " requests");
}

Verdict ThresholdAlarm::judge_measure(const config::LatencyAlarm& alarm,
                                      const Window::View& seen) const {
  const bool is_above = alarm.threshold.op == Op::above;
  const Histogram duration = known_durations(seen.counters, alarm.threshold);
  const std::uint64_t total = duration.count();
  if (total < minimum_requests_) return missing_requests(total);
  // The quantile is known to within its bucket [low, high). Only where the whole bucket lies beyond
  // the limit is it certain, and a rollback wants certainty.
  const std::size_t bucket = duration.quantile_index(alarm.quantile).value_or(0);
  const bool has_high = bucket + 1 < Histogram::kSize;
  const double low = static_cast<double>(Histogram::lower_bound(bucket)) / 1000;
  const double high = has_high ? static_cast<double>(Histogram::lower_bound(bucket + 1)) / 1000
                               : std::numeric_limits<double>::infinity();
  if (is_above ? low < alarm.threshold.limit : high > alarm.threshold.limit) return Healthy{};
  const std::uint64_t given_up = total - seen.counters.duration.count();
  // What was given up would have taken longer.
  const bool is_known = has_high && given_up == 0;
  const std::string value =
      is_above ? (is_known ? millis(high) : "over " + millis(low)) : millis(low);
  std::string counts = std::to_string(total) + " requests";
  if (given_up > 0) counts += ", " + std::to_string(given_up) + " given up by clients";
  return breached(value, counts);
}

Verdict ThresholdAlarm::judge_measure(const config::RequestRateAlarm& alarm,
                                      const Window::View& seen) const {
  // While the window is young its requests, spread over all of it, are the least that the rate can
  // come to: enough to say "too many", not to say "too few" or "well".
  const bool is_full = seen.span >= over_ && seen.span > Micros{0};
  const std::uint64_t total = seen.counters.total();
  const double rate =
      static_cast<double>(total) / seconds_of(std::max({seen.span, Micros{over_}, Micros{1}}));
  const bool is_judged = is_full || alarm.threshold.op == Op::above;
  if (is_judged && is_beyond(rate, alarm.threshold))
    return breached(measured(rate, alarm.threshold.limit) + "/s",
                    std::to_string(total) + " requests");
  if (is_full) return Healthy{};
  return NotEnoughEvidence{format_duration(std::chrono::floor<Millis>(seen.span)) + " of " +
                           format_duration(over_)};
}

Verdict ThresholdAlarm::missing_requests(std::uint64_t requests) const {
  return NotEnoughEvidence{std::to_string(requests) + " of " + std::to_string(minimum_requests_) +
                           " requests"};
}

Breached ThresholdAlarm::breached(const std::string& value, const std::string& counts) const {
  // "error_rate > 1% over 30s" becomes "error_rate 4.1% > 1% over 30s (12 of 292 requests)".
  std::string why = condition();
  why.insert(why.find(' ') + 1, value + " ");
  return Breached{why + " (" + counts + ")"};
}

}  // namespace teal::health
