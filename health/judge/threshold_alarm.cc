#include "health/judge/threshold_alarm.h"

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

bool is_of_clients(const config::ErrorRateAlarm& alarm) {
  return alarm.meaning.errors == ErrorMeaning::of_clients().errors;
}

struct Condition {
  std::string operator()(const config::ErrorRateAlarm& alarm) const {
    return (is_of_clients(alarm) ? "client_error_rate" : "error_rate") +
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

/// How many are known to have taken as long as the limit.
std::uint64_t count_from(const Histogram& durations, double limit_ms) {
  std::uint64_t count = 0;
  for (std::size_t i = Histogram::kSize; i-- > 0;) {
    if (static_cast<double>(Histogram::lower_bound(i)) / 1000 < limit_ms) break;
    count += durations.buckets[i];
  }
  return count;
}

/// Of the requests in flight those that are known to have taken as long as the limit. What has
/// ended since the workers looked is in both numbers, and not in flight.
std::uint64_t count_hanging(const TrafficCounters& ended, const Histogram& reached,
                            const config::Threshold& threshold) {
  if (threshold.op == Op::below) return 0;
  const std::uint64_t all = count_from(reached, threshold.limit);
  const std::uint64_t gone =
      count_from(ended.duration, threshold.limit) + count_from(ended.given_up, threshold.limit);
  return all - std::min(all, gone);
}

/// The first bucket that is wholly beyond the limit.
std::size_t bucket_beyond(double limit_ms) {
  std::size_t bucket = 0;
  while (bucket + 1 < Histogram::kSize &&
         static_cast<double>(Histogram::lower_bound(bucket)) / 1000 < limit_ms)
    ++bucket;
  return bucket;
}

double seconds_of(Micros duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

ThresholdAlarm::ThresholdAlarm(std::string name, Measure measure, Millis over,
                               std::uint64_t minimum_requests, std::size_t meaning)
    : name_(std::move(name)),
      measure_(std::move(measure)),
      over_(over),
      // Nothing can be said about no requests at all.
      minimum_requests_(std::max<std::uint64_t>(minimum_requests, 1)),
      meaning_(meaning),
      window_(over),
      step_window_(over) {}

std::string ThresholdAlarm::condition() const {
  const std::string counted = what_is_counted();
  return compared_values() + (counted.empty() ? "" : " (" + counted + ")");
}

/// "error_rate > 1% over 30s" becomes "error_rate 4.1% > 1% over 30s" with a value.
std::string ThresholdAlarm::compared_values(const std::string& value) const {
  std::string text = std::visit(Condition{}, measure_) + " over " + format_duration(over_);
  if (!value.empty()) text.insert(text.find(' ') + 1, value + " ");
  return text;
}

/// "5xx, 404 under /api"; empty where that is the usual.
std::string ThresholdAlarm::what_is_counted() const {
  const auto* errors = std::get_if<config::ErrorRateAlarm>(&measure_);
  if (errors == nullptr || errors->meaning.is_usual()) return {};
  return errors->meaning == ErrorMeaning::of_clients() ? "" : to_string(errors->meaning);
}

Verdict ThresholdAlarm::judge(const Reading& reading) {
  // What is counted by the deployment begins at nothing.
  if (reading.in_step && !step_) window_.push(reading.at, {});
  window_.push(reading.at, reading.release);
  Verdict whole = judge_all(see(window_, reading.release, reading.reached));
  if (!reading.in_step) return whole;
  const InStep& step = *reading.in_step;
  if (step_ != step.step) {
    // The step's counters begin at nothing, and so does its window.
    step_ = step.step;
    step_window_ = Window(over_);
    step_window_.push(reading.at, {});
  }
  step_window_.push(reading.at, step.release.ended);
  const Verdict own = judge_all(see(step_window_, step.release.ended, step.release.reached));
  if (std::holds_alternative<Breached>(whole)) return whole;
  return std::holds_alternative<Healthy>(own) ? whole : own;
}

ThresholdAlarm::Seen ThresholdAlarm::see(const Window& window, const TrafficCounters& ended,
                                         const Histogram& reached) const {
  const auto* latency = std::get_if<config::LatencyAlarm>(&measure_);
  return {window.view().value_or(Window::View{}),
          latency == nullptr ? 0 : count_hanging(ended, reached, latency->threshold)};
}

Verdict ThresholdAlarm::judge_all(const Seen& seen) const {
  return std::visit([&](const auto& alarm) { return judge_measure(alarm, seen); }, measure_);
}

Verdict ThresholdAlarm::judge_measure(const config::ErrorRateAlarm& alarm, const Seen& seen) const {
  const auto [total, errors] = seen.window.counters.tally(meaning_);
  if (total < minimum_requests_) return missing_requests(total);
  // A quotient and not a product: 29 of 100 is exactly the double that "29%" was read as.
  const double rate = static_cast<double>(errors) / static_cast<double>(total);
  if (!is_beyond(rate, alarm.threshold)) return Healthy{};
  return breached(measured(rate * 100, alarm.threshold.limit * 100) + "%",
                  std::to_string(errors) + " of " + std::to_string(total) + " requests");
}

Verdict ThresholdAlarm::judge_measure(const config::LatencyAlarm& alarm, const Seen& seen) const {
  const bool is_above = alarm.threshold.op == Op::above;
  Histogram duration = known_durations(seen.window.counters, alarm.threshold);
  const std::uint64_t ended = duration.count();
  if (seen.hanging > 0) duration.buckets[bucket_beyond(alarm.threshold.limit)] += seen.hanging;
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
  const std::uint64_t given_up = ended - seen.window.counters.duration.count();
  // What was given up would have taken longer, and what is in flight will.
  const bool is_known = has_high && given_up + seen.hanging == 0;
  const std::string value =
      is_above ? (is_known ? millis(high) : "over " + millis(low)) : millis(low);
  std::string counts = std::to_string(total) + " requests";
  if (given_up > 0) counts += ", " + std::to_string(given_up) + " given up by clients";
  if (seen.hanging > 0) counts += ", " + std::to_string(seen.hanging) + " in flight";
  return breached(value, counts);
}

Verdict ThresholdAlarm::judge_measure(const config::RequestRateAlarm& alarm,
                                      const Seen& seen) const {
  // While the window is young its requests, spread over all of it, are the least that the rate can
  // come to: enough to say "too many", not to say "too few" or "well".
  const bool is_full = seen.window.span >= over_ && seen.window.span > Micros{0};
  const std::uint64_t total = seen.window.counters.total();
  const double rate = static_cast<double>(total) /
                      seconds_of(std::max({seen.window.span, Micros{over_}, Micros{1}}));
  const bool is_judged = is_full || alarm.threshold.op == Op::above;
  if (is_judged && is_beyond(rate, alarm.threshold))
    return breached(measured(rate, alarm.threshold.limit) + "/s",
                    std::to_string(total) + " requests");
  if (is_full) return Healthy{};
  return NotEnoughEvidence{format_duration(std::chrono::floor<Millis>(seen.window.span)) + " of " +
                           format_duration(over_)};
}

Verdict ThresholdAlarm::missing_requests(std::uint64_t requests) const {
  std::string text =
      std::to_string(requests) + " of " + std::to_string(minimum_requests_) + " requests";
  const auto* errors = std::get_if<config::ErrorRateAlarm>(&measure_);
  if (errors != nullptr) text += under(errors->meaning.paths);
  const bool of_paths = errors != nullptr && !errors->meaning.paths.empty();
  return NotEnoughEvidence{
      text, Shortfall{requests, minimum_requests_ - requests, false, over_, of_paths}};
}

Breached ThresholdAlarm::breached(const std::string& value, const std::string& counts) const {
  // "error_rate 4.1% > 1% over 30s (12 of 292 requests)".
  const std::string counted = what_is_counted();
  return Breached{compared_values(value) + " (" + counts + (counted.empty() ? "" : ": " + counted) +
                  ")"};
}

}  // namespace teal::health
