#include "control/evidence/evidence.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

#include <boost/json.hpp>

#include "control/evidence/alarm_record.h"

namespace teal::control {
namespace {

namespace json = boost::json;

constexpr std::size_t kTally = 2;
constexpr std::size_t kPoint = 5;
constexpr std::size_t kEvent = 15;
constexpr std::size_t kOlderEvent = 14;   ///< Without meanings.
constexpr std::size_t kOldestEvent = 13;  ///< Nor a place.
constexpr std::size_t kReading = 5;
constexpr std::size_t kShortReading = 3;  ///< By the usual meaning alone.

/// Keeps the course of a long time in few points: evenly spread, the first and the newest always
/// among them.
template <class Point>
void add_thinned(std::vector<Point>& points, Point point) {
  const std::size_t size = points.size();
  const bool is_close = size >= 2 && (point.at - points[size - 2].at) * Evidence::kPoints / 2 <
                                         point.at - points.front().at;
  if (is_close) {
    points.back() = std::move(point);
    return;
  }
  if (size >= Evidence::kPoints) {
    std::size_t kept = 1;
    for (std::size_t i = 2; i < size; i += 2) points[kept++] = std::move(points[i]);
    points.resize(kept);
  }
  points.push_back(std::move(point));
}

std::int64_t micros_of(Mono time) {
  return std::chrono::duration_cast<Micros>(time.time_since_epoch()).count();
}

// ---- the store's form ---------------------------------------------------------------------------

json::value write(Micros micros) {
  return std::int64_t{micros.count()};
}
json::value write(double number) {
  return number;
}
json::value write(const Tally& tally) {
  return json::array{tally.requests, tally.errors};
}
json::value write(std::uint64_t number) {
  return number;
}
json::value write(const EvidencePoint& point) {
  return json::array{point.at.count(), point.e_value, point.non_inferiority, point.release,
                     point.live};
}
json::value write(const EvidenceSample& sample) {
  return json::array{sample.request_id, sample.at.count(), sample.slower_than};
}
json::value write(const EvidenceReading& reading);
json::value write(const EvidenceStep& step);
json::value write(const EvidenceCourse& course);
template <class T>
json::value write(const std::vector<T>& list) {
  json::array array;
  array.reserve(list.size());
  for (const T& each : list) array.push_back(write(each));
  return array;
}
json::value write(const EvidenceReading& reading) {
  json::array parts{reading.at.count(), write(reading.release.usual), write(reading.live.usual)};
  if (!reading.release.by_meaning.empty() || !reading.live.by_meaning.empty()) {
    parts.push_back(write(reading.release.by_meaning));
    parts.push_back(write(reading.live.by_meaning));
  }
  return parts;
}
json::value write(const EvidenceStep& step) {
  return json::object{{"step", std::uint64_t{step.step}},
                      {"weight", step.weight.basis_points()},
                      {"table", step.table},
                      {"since", write(step.since)},
                      {"slower_than", write(step.slower_than)},
                      {"slower_shares", write(step.slower_shares)},
                      {"overdue", write(step.overdue)},
                      {"restarts", step.restarts},
                      {"release", write(step.release)},
                      {"live", write(step.live)},
                      {"release_slow", write(step.release_slow)},
                      {"live_slow", write(step.live_slow)}};
}
json::value write(const EvidenceCourse& course) {
  return json::object{{"alarm", course.alarm},
                      {"points", write(course.points)},
                      {"verdict", course.verdict},
                      {"breached_at", write(course.breached_at)}};
}
/// The samples have the ids.
json::value write(const JudgedEvent& event, Micros settled) {
  return json::array{static_cast<std::uint64_t>(event.kind),
                     static_cast<std::uint64_t>(event.group),
                     std::uint64_t{event.threshold},
                     event.release_probability,
                     micros_of(event.began),
                     micros_of(event.seen),
                     event.client,
                     event.table,
                     event.request,
                     event.block,
                     std::uint64_t{event.block_length},
                     std::uint64_t{event.block_release},
                     event.place,
                     event.meanings,
                     settled.count()};
}

template <class Number>
Number number(const json::value& value) {
  return json::value_to<Number>(value);
}
std::string text(const json::value& value) {
  return json::value_to<std::string>(value);
}
const json::array& array(const json::value& value, std::size_t size) {
  const json::array& found = value.as_array();
  if (found.size() != size) throw std::invalid_argument("an array is too short or too long");
  return found;
}

void read(const json::value& value, Micros& out) {
  out = Micros{number<std::int64_t>(value)};
}
void read(const json::value& value, std::uint64_t& out) {
  out = number<std::uint64_t>(value);
}
void read(const json::value& value, double& out) {
  out = number<double>(value);
}
void read(const json::value& value, Tally& out) {
  const json::array& parts = array(value, kTally);
  out = {number<std::uint64_t>(parts[0]), number<std::uint64_t>(parts[1])};
}
void read(const json::value& value, EvidencePoint& out) {
  const json::array& parts = array(value, kPoint);
  out = {Micros{number<std::int64_t>(parts[0])}, number<double>(parts[1]), number<double>(parts[2]),
         number<std::uint64_t>(parts[3]), number<std::uint64_t>(parts[4])};
}
void read(const json::value& value, EvidenceSample& out) {
  const json::array& parts = array(value, 3);
  out = {text(parts[0]), Micros{number<std::int64_t>(parts[1])}, number<std::int64_t>(parts[2])};
}
void read(const json::value& value, EvidenceReading& out);
void read(const json::value& value, EvidenceStep& out);
void read(const json::value& value, EvidenceCourse& out);
template <class T>
void read(const json::value& value, std::vector<T>& out) {
  out.clear();
  for (const json::value& each : value.as_array()) read(each, out.emplace_back());
}
void read(const json::value& value, EvidenceReading& out) {
  const bool is_short = value.as_array().size() == kShortReading;
  const json::array& parts = array(value, is_short ? kShortReading : kReading);
  read(parts[0], out.at);
  read(parts[1], out.release.usual);
  read(parts[2], out.live.usual);
  if (is_short) return;
  read(parts[3], out.release.by_meaning);
  read(parts[4], out.live.by_meaning);
}
void read(const json::value& value, EvidenceStep& out) {
  const json::object& parts = value.as_object();
  out.step = number<std::size_t>(parts.at("step"));
  const auto weight = number<std::uint32_t>(parts.at("weight"));
  if (weight > Weight::kWhole) throw std::invalid_argument("a weight above 100%");
  out.weight = Weight{weight};
  read(parts.at("table"), out.table);
  read(parts.at("since"), out.since);
  read(parts.at("slower_than"), out.slower_than);
  read(parts.at("slower_shares"), out.slower_shares);
  read(parts.at("overdue"), out.overdue);
  // Older records have none.
  if (const json::value* restarts = parts.if_contains("restarts")) read(*restarts, out.restarts);
  read(parts.at("release"), out.release);
  read(parts.at("live"), out.live);
  read(parts.at("release_slow"), out.release_slow);
  read(parts.at("live_slow"), out.live_slow);
}
void read(const json::value& value, EvidenceCourse& out) {
  const json::object& parts = value.as_object();
  out.alarm = text(parts.at("alarm"));
  read(parts.at("points"), out.points);
  out.verdict = text(parts.at("verdict"));
  read(parts.at("breached_at"), out.breached_at);
}
void read(const json::value& value, JudgedEvent& out) {
  const std::size_t size = value.as_array().size();
  const bool is_known = size == kOldestEvent || size == kOlderEvent;
  const json::array& parts = array(value, is_known ? size : kEvent);
  const auto kind = number<std::uint8_t>(parts[0]);
  if (kind > static_cast<std::uint8_t>(JudgedEvent::Kind::settled))
    throw std::invalid_argument("an event of no kind");
  out.kind = static_cast<JudgedEvent::Kind>(kind);
  out.group = number<int>(parts[1]) == 0 ? Colour::blue : Colour::green;
  out.threshold = number<std::uint8_t>(parts[2]);
  out.release_probability = number<double>(parts[3]);
  out.began = Mono{Micros{number<std::int64_t>(parts[4])}};
  out.seen = Mono{Micros{number<std::int64_t>(parts[5])}};
  read(parts[6], out.client);
  read(parts[7], out.table);
  read(parts[8], out.request);
  read(parts[9], out.block);
  out.block_length = number<std::uint32_t>(parts[10]);
  out.block_release = number<std::uint32_t>(parts[11]);
  if (size != kOldestEvent) read(parts[12], out.place);
  if (size == kEvent) read(parts[13], out.meanings);
}

/// Reading back what cannot be read is the store's fault, whatever it is.
template <class Read>
Result<void> guarded(Read read) {
  try {
    read();
    return {};
  } catch (const std::exception& wrong) {
    return Error{Source::internal, std::string("evidence cannot be read: ") + wrong.what()};
  }
}

}  // namespace

// ---- recording ----------------------------------------------------------------------------------

void Evidence::begin_step(EvidenceStep step) {
  if (steps_.size() >= kSteps) return;
  step.release_slow.resize(step.slower_than.size());
  step.live_slow.resize(step.slower_than.size());
  if (!readings_.empty()) {
    step_release_ = readings_.back().release.usual;
    step_live_ = readings_.back().live.usual;
  }
  steps_.push_back(std::move(step));
}

void Evidence::add(const JudgedEvent& event, Colour release) {
  const bool is_slow = event.kind == JudgedEvent::Kind::slow;
  const Micros at = std::chrono::duration_cast<Micros>(event.seen.time_since_epoch());
  std::int64_t slower_than = 0;
  // What began under an earlier table was measured by that step's thresholds.
  if (!steps_.empty() && is_slow && event.threshold < steps_.back().slower_than.size()) {
    EvidenceStep& step = steps_.back();
    if (event.table >= step.table)
      ++(event.group == release ? step.release_slow : step.live_slow)[event.threshold];
    slower_than = step.slower_than[event.threshold].count();
  }
  const bool is_error = event.kind == JudgedEvent::Kind::error;
  auto& samples = event.group == release ? release_samples_ : live_samples_;
  if (is_error) add_error_sample(samples, {std::string(event.id()), at, 0});
  // Every other request is slower than the lowest threshold, the median: that is no reason to look
  // for it. Where there is only one, it is the limit.
  const bool is_of_tail =
      slower_than > 0 && (event.threshold > 0 || steps_.back().slower_than.size() == 1);
  if (is_slow && is_of_tail) add_slow_sample(samples, {std::string(event.id()), at, slower_than});
  if (events_.size() >= kEvents || (!is_error && others_ >= kEvents / 2)) {
    ++dropped_;
    return;
  }
  others_ += is_error ? 0 : 1;
  events_.push_back(event);
}

/// A request may be an error to several meanings, one after another.
void Evidence::add_error_sample(std::vector<EvidenceSample>& samples, EvidenceSample sample) {
  const bool is_known = std::ranges::any_of(samples, [&](const EvidenceSample& each) {
    return each.slower_than == 0 && each.request_id == sample.request_id;
  });
  if (!is_known && samples.size() < kSamples) samples.push_back(std::move(sample));
}

/// Each request once, with the last threshold that it passed; of all of them those that passed the
/// highest. Half of the room is for errors.
void Evidence::add_slow_sample(std::vector<EvidenceSample>& samples, EvidenceSample sample) {
  const auto rank = [](const EvidenceSample& each) {
    return each.slower_than > 0 ? each.slower_than : std::numeric_limits<std::int64_t>::max();
  };
  const auto known = std::ranges::find_if(samples, [&](const EvidenceSample& each) {
    return each.slower_than > 0 && each.request_id == sample.request_id;
  });
  if (known != samples.end()) {
    *known = std::move(sample);
  } else if (samples.size() < kSamples / 2) {
    samples.push_back(std::move(sample));
  } else if (const auto lowest = std::ranges::min_element(samples, {}, rank);
             rank(*lowest) < rank(sample)) {
    *lowest = std::move(sample);
  }
}

void Evidence::read(Micros at, Tallies release, Tallies live) {
  release += lost_release_;
  live += lost_live_;
  if (!steps_.empty()) {
    steps_.back().release = release.usual - step_release_;
    steps_.back().live = live.usual - step_live_;
  }
  add_thinned(readings_, EvidenceReading{at, std::move(release), std::move(live)});
}

void Evidence::settle(Micros before) {
  settled_.resize(events_.size(), before);
}

EvidenceCourse& Evidence::course(const std::string& alarm) {
  const auto found = std::ranges::find(courses_, alarm, &EvidenceCourse::alarm);
  if (found != courses_.end()) return *found;
  courses_.emplace_back().alarm = alarm;
  return courses_.back();
}

void Evidence::follow(const std::string& alarm, const EvidencePoint& point) {
  add_thinned(course(alarm).points, point);
}

void Evidence::conclude(const std::string& alarm, std::string verdict, bool breached, Micros at) {
  EvidenceCourse& concluded = course(alarm);
  concluded.verdict = std::move(verdict);
  if (breached && concluded.breached_at < Micros{0}) concluded.breached_at = at;
}

// ---- the store's form ---------------------------------------------------------------------------

std::string Evidence::account() const {
  json::array alarms;
  for (const AlarmReport& alarm : alarms_) alarms.push_back(alarm_record(alarm));
  const json::object object{{"steps", write(steps_)},
                            {"courses", write(courses_)},
                            {"release_samples", write(release_samples_)},
                            {"live_samples", write(live_samples_)},
                            {"readings", write(readings_)},
                            {"dropped", dropped_},
                            {"alarms", std::move(alarms)},
                            {"closed", is_closed_},
                            {"losses", losses_}};
  return json::serialize(object);
}

std::string Evidence::page(std::size_t number) const {
  const std::size_t first = number * kPage;
  if (first >= events_.size()) return {};
  json::array page;
  for (std::size_t i = first; i < std::min(first + kPage, events_.size()); ++i)
    page.push_back(write(events_[i], i < settled_.size() ? settled_[i] : Micros{0}));
  return json::serialize(page);
}

Result<void> Evidence::restore_account(std::string_view written) {
  return guarded([&] {
    const json::value value = json::parse(written);
    const json::object& parts = value.as_object();
    control::read(parts.at("steps"), steps_);
    control::read(parts.at("courses"), courses_);
    control::read(parts.at("release_samples"), release_samples_);
    control::read(parts.at("live_samples"), live_samples_);
    control::read(parts.at("readings"), readings_);
    control::read(parts.at("dropped"), dropped_);
    // Older records have none of these.
    if (const json::value* alarms = parts.if_contains("alarms"))
      for (const json::value& each : alarms->as_array()) alarms_.push_back(read_alarm_record(each));
    if (const json::value* closed = parts.if_contains("closed")) is_closed_ = closed->as_bool();
    if (const json::value* losses = parts.if_contains("losses")) control::read(*losses, losses_);
    if (readings_.empty()) return;
    lost_release_ = readings_.back().release;
    lost_live_ = readings_.back().live;
  });
}

Result<void> Evidence::restore_page(std::string_view written) {
  return guarded([&] {
    const json::value value = json::parse(written);
    for (const json::value& each : value.as_array()) {
      if (events_.size() >= kEvents) return;
      control::read(each, events_.emplace_back());
      control::read(each.as_array().back(), settled_.emplace_back());
      others_ += events_.back().kind == JudgedEvent::Kind::error ? 0 : 1;
    }
  });
}

}  // namespace teal::control
