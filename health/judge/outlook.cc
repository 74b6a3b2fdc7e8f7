#include "health/judge/outlook.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <memory>
#include <utility>
#include <variant>

#include "health/judge/judge.h"

namespace teal::health {
namespace {

double seconds_of(Millis duration) {
  return static_cast<double>(duration.count()) / 1000;
}

/// Whole seconds, upwards: nobody waits for milliseconds of an estimate.
std::string about(double seconds) {
  return format_duration(Millis{static_cast<Millis::rep>(std::ceil(seconds)) * 1000});
}

/// Two digits, or all before the point: "0.8", "4", "170".
std::string rate_text(double rate) {
  std::array<char, 40> text{};
  const double shown = rate >= 10 ? std::round(rate) : rate;
  const int size = std::snprintf(text.data(), text.size(), rate >= 10 ? "%.0f" : "%.2g", shown);
  return std::string(text.data(), static_cast<std::size_t>(size)) + " requests/s";
}

/// What is needed must not read less than it is.
std::string at_least(double rate) {
  const double shown = rate >= 10 ? std::ceil(rate) : std::ceil(rate * 10) / 10;
  return "at least " + rate_text(shown);
}

std::uint64_t all_of(const Shortfall& shortfall) {
  return shortfall.of_both ? shortfall.more : shortfall.seen + shortfall.more;
}

std::string count_text(const Shortfall& shortfall) {
  std::string text = shortfall.of_both ? "about " : "";
  text += std::to_string(all_of(shortfall));
  text += shortfall.of_both ? " requests of both groups" : " requests of the release";
  return text + (shortfall.of_paths ? " under the alarm's paths" : "");
}

/// A stretch of the plan in which the release is judged at one share.
struct Stretch {
  Weight weight;
  Millis patience{0};
  bool in_watch = false;
};

std::vector<Stretch> stretches_of(const config::Deploy& deploy) {
  const bool holds = deploy.not_enough_evidence == config::NotEnoughEvidence::hold;
  std::vector<Stretch> stretches;
  Weight weight;
  for (const config::Step& step : deploy.plan.steps) {
    if (const auto* shift = std::get_if<config::SetWeight>(&step)) weight = shift->weight;
    const auto* bake = std::get_if<config::Bake>(&step);
    if (bake == nullptr || weight == Weight::none()) continue;
    stretches.push_back(
        {weight, bake->duration + (holds ? deploy.evidence_deadline : Millis{0}), false});
  }
  const Millis watch = config::watch_time(deploy);
  if (watch > Millis{0} && !config::bakes_whole(deploy.plan))
    stretches.push_back({Weight::all(), watch, true});
  return stretches;
}

/// What the alarm says that it lacks where nothing has been seen yet.
std::optional<Shortfall> lack_of(const config::Alarm& alarm, std::size_t comparisons,
                                 Weight weight) {
  const std::unique_ptr<VerdictSource> source =
      make_source_in(alarm, {Colour::green, comparisons, Millis{65'000}});
  source->begin_step({Mono{}, weight, {}, {}, 0});
  const Verdict verdict = source->judge({});
  const auto* lacking = std::get_if<NotEnoughEvidence>(&verdict);
  return lacking == nullptr ? std::nullopt : lacking->shortfall;
}

std::optional<Need> hardest(const config::Alarm& alarm, std::size_t comparisons,
                            const std::vector<Stretch>& stretches) {
  std::optional<Need> worst;
  for (const Stretch& stretch : stretches) {
    if (stretch.in_watch && !config::judges_alone(alarm)) continue;
    const std::optional<Shortfall> shortfall = lack_of(alarm, comparisons, stretch.weight);
    if (!shortfall || shortfall->more == 0) continue;
    Need need{alarm.name, stretch.weight, *shortfall, stretch.patience, stretch.in_watch};
    if (!worst || need.requests_per_second() > worst->requests_per_second())
      worst = std::move(need);
  }
  return worst;
}

/// Both what a sliding window keeps and how long it is waited for are limits.
Millis time_for(const Need& need) {
  const Millis within = need.shortfall.within;
  return within > Millis{0} ? std::min(within, need.patience) : need.patience;
}

/// Of the requests that count, where so many of the service's come.
double share_of(const Need& need) {
  return need.shortfall.of_both ? 1
                                : static_cast<double>(need.weight.basis_points()) / Weight::kWhole;
}

std::string place_of(const Need& need) {
  return need.in_watch ? "in the watch" : "at " + to_string(need.weight);
}

}  // namespace

std::optional<Millis> time_until(const Shortfall& shortfall, const Rates& rates) {
  const double rate = rates.of(shortfall);
  if (shortfall.more == 0) return Millis{0};
  if (rate <= 0 || shortfall.of_paths) return std::nullopt;
  const auto all = static_cast<double>(all_of(shortfall));
  if (shortfall.within > Millis{0} && rate * seconds_of(shortfall.within) < all)
    return std::nullopt;
  return Millis{
      static_cast<Millis::rep>(std::ceil(static_cast<double>(shortfall.more) / rate * 1000))};
}

std::string outlook_of(const Shortfall& shortfall, const Rates& rates) {
  if (const std::optional<Millis> time = time_until(shortfall, rates))
    return "about " + about(seconds_of(*time)) + " at this rate";
  if (shortfall.of_paths) return "";
  const double rate = rates.of(shortfall);
  if (rate <= 0)
    return shortfall.of_both ? "no requests come at present"
                             : "no requests of the release come at present";
  return "never at this rate: at " + rate_text(rate) + " of the release this needs over >= " +
         about(static_cast<double>(all_of(shortfall)) / rate);
}

double Need::requests_per_second() const {
  const double time = seconds_of(std::max(time_for(*this), Millis{1}));
  return static_cast<double>(shortfall.more) / time / share_of(*this);
}

std::vector<Need> needs_of(const config::Deploy& deploy) {
  const std::vector<Stretch> stretches = stretches_of(deploy);
  const std::size_t comparisons = comparisons_in(deploy.alarms);
  std::vector<Need> needs;
  for (const config::Alarm& alarm : deploy.alarms)
    if (!alarm.observe)
      if (std::optional<Need> need = hardest(alarm, comparisons, stretches))
        needs.push_back(*std::move(need));
  return needs;
}

std::string describe(const Need& need) {
  return at_least(need.requests_per_second()) + " " + place_of(need) + " (" +
         count_text(need.shortfall) + " in " + format_duration(time_for(need)) + ")";
}

namespace {

/// What to change so that the need is met at this rate.
std::string what_would_do(const Need& need, double rate) {
  const double time = static_cast<double>(need.shortfall.more) / (rate * share_of(need));
  const bool window_is_short =
      need.shortfall.within > Millis{0} && seconds_of(need.shortfall.within) < time;
  if (window_is_short) return "this needs over >= " + about(time);
  return "this takes " + about(time) + ", and it is waited for " + format_duration(need.patience);
}

}  // namespace

std::vector<std::string> shortages(const std::vector<Need>& needs,
                                   std::optional<double> requests_per_second) {
  std::vector<std::string> sentences;
  for (const Need& need : needs) {
    const double needed = need.requests_per_second();
    if (need.shortfall.of_paths && needed <= kMuchTraffic) continue;
    if (needed <= requests_per_second.value_or(kMuchTraffic)) continue;
    std::string text =
        "alarm " + need.alarm + " may never have enough evidence: it needs " + describe(need);
    if (requests_per_second && *requests_per_second <= 0)
      text += ", and no requests come at present";
    else if (requests_per_second)
      text += "; at " + rate_text(*requests_per_second) + " " +
              what_would_do(need, *requests_per_second);
    sentences.push_back(std::move(text));
  }
  return sentences;
}

}  // namespace teal::health
