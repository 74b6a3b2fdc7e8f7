#include "health/outlier.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace teal::health {
namespace {

/// What the members of a group that are not on their way out amount to.
struct GroupCounts {
  std::size_t members = 0;
  std::size_t ejected = 0;
  std::size_t accepting = 0;
};

GroupCounts count(std::span<const TargetState> group) {
  GroupCounts counts;
  for (const TargetState& target : group) {
    if (target.draining) continue;
    ++counts.members;
    if (target.ejected) ++counts.ejected;
    if (target.accepts_requests()) ++counts.accepting;
  }
  return counts;
}

/// Envoy: the base time counts where it is longer than the longest allowed.
Millis longest(const config::Outlier& spec) {
  return std::max(spec.max_ejection, spec.ejection);
}

/// The largest multiplier of the base time: as many as make the longest ejection (Envoy's
/// max_ejection_time). A target that behaves works off a greater number in bounded time.
std::uint32_t max_multiplier(const config::Outlier& spec) {
  if (spec.ejection <= Millis{0}) return 1;
  return static_cast<std::uint32_t>(
      std::min<std::int64_t>(longest(spec) / spec.ejection + 1, 1'000'000));
}

/// How many base intervals have passed from `since` to `now`.
std::uint32_t elapsed_intervals(const config::Outlier& spec, Mono since, Mono now) {
  if (spec.ejection <= Millis{0} || now <= since) return 0;
  return static_cast<std::uint32_t>(
      std::min<std::int64_t>((now - since) / spec.ejection, 1'000'000));
}

}  // namespace

bool Outlier::may_go(TargetId target, std::span<const TargetState> group) const {
  const auto self = std::ranges::find(group, target, &TargetState::id);
  // The requests that were under way still fail after it went: old news.
  if (self == group.end() || !self->accepts_requests()) return false;
  const GroupCounts counts = count(group);
  return counts.accepting >= 2 &&
         (counts.ejected + 1) * 100 <= std::size_t{spec_.max_ejected_percent} * counts.members;
}

void Outlier::configure(const config::Outlier& spec, std::span<const TargetState> group, Mono now) {
  spec_ = spec;
  if (!spec_.success_rate) tallies_.clear();
  std::vector<Ejection*> out;
  std::size_t members = 0;
  for (const TargetState& target : group) {
    if (target.draining) continue;
    ++members;
    const auto known = known_.find(target.id);
    if (known != known_.end() && known->second.out) out.push_back(&known->second);
  }
  std::ranges::sort(out, {}, [](const Ejection* each) { return each->until; });
  std::size_t left = out.size();
  for (Ejection* each : out) {
    if (left-- * 100 <= std::size_t{spec_.max_ejected_percent} * members) break;
    each->until = std::min(each->until, now);  // returns() gives it back.
  }
}

std::optional<Millis> Outlier::eject(TargetId target, Mono now) {
  Ejection& ejection = known_[target];
  if (ejection.out) return std::nullopt;
  const std::uint32_t decay =
      std::min(ejection.multiplier, elapsed_intervals(spec_, ejection.until, now));
  ejection.multiplier = std::min(ejection.multiplier - decay + 1, max_multiplier(spec_));
  ejection.out = true;
  const Millis duration = std::min(spec_.ejection * ejection.multiplier, longest(spec_));
  ejection.until = now + duration;
  return duration;
}

std::optional<std::string> Outlier::on_failures(TargetId target, InARow failures,
                                                std::span<const TargetState> group, Mono now) {
  const bool any = spec_.consecutive_failures > 0 && failures.all >= spec_.consecutive_failures;
  const bool gateway = spec_.consecutive_gateway_failures > 0 &&
                       failures.gateway >= spec_.consecutive_gateway_failures;
  if ((!any && !gateway) || !may_go(target, group)) return std::nullopt;
  const std::optional<Millis> duration = eject(target, now);
  if (!duration) return std::nullopt;
  return "outlier: " +
         (any ? std::to_string(failures.all) + " failures"
              : std::to_string(failures.gateway) + " gateway failures") +
         " in a row, out for " + format_duration(*duration);
}

// ---- success rates ------------------------------------------------------------------------------

void Outlier::on_tally(const TargetTally& tally, Mono now) {
  if (!spec_.success_rate) return;
  if (tallies_.empty()) interval_began_ = now;
  Tally& sum = tallies_[tally.target];
  sum.requests += tally.requests;
  sum.failures += tally.failures;
}

bool Outlier::is_interval_over(Mono now) const {
  return !tallies_.empty() && now - interval_began_ >= spec_.interval;
}

/// The worst of those below mean - factor * deviation. What is ejected is not left out of the mean:
/// the threshold is that of the whole interval (Envoy).
std::optional<Outlier::Found> Outlier::next_outlier(std::span<const TargetState> group, Mono now) {
  std::vector<std::pair<TargetId, double>> rates;
  for (const TargetState& target : group) {
    const auto tally = tallies_.find(target.id);
    if (tally != tallies_.end() && tally->second.requests >= spec_.success_rate_requests)
      rates.emplace_back(target.id, tally->second.rate());
  }
  if (rates.size() < spec_.success_rate_targets) return std::nullopt;
  double mean = 0;
  for (const auto& [id, rate] : rates) mean += rate;
  mean /= static_cast<double>(rates.size());
  double variance = 0;
  for (const auto& [id, rate] : rates) variance += (rate - mean) * (rate - mean);
  variance /= static_cast<double>(rates.size());
  const double threshold = mean - spec_.success_rate_factor * std::sqrt(variance);
  std::ranges::sort(rates, {}, &std::pair<TargetId, double>::second);
  for (const auto& [id, rate] : rates) {
    if (rate >= threshold) break;
    if (!may_go(id, group)) continue;
    const std::optional<Millis> duration = eject(id, now);
    if (!duration) continue;
    std::array<char, 96> text{};
    std::snprintf(text.data(), text.size(), "outlier: %.1f%% succeeded, below %.1f%% of the group",
                  rate * 100, threshold * 100);
    return Found{id, text.data() + (", out for " + format_duration(*duration))};
  }
  return std::nullopt;
}

std::vector<TargetId> Outlier::returns(Mono now) {
  std::vector<TargetId> back;
  for (auto entry = known_.begin(); entry != known_.end();) {
    auto& [target, ejection] = *entry;
    if (ejection.out && ejection.until <= now) {
      ejection.out = false;
      ejection.until = now;
      back.push_back(target);
    }
    const bool paid_off =
        !ejection.out && elapsed_intervals(spec_, ejection.until, now) >= ejection.multiplier;
    entry = paid_off ? known_.erase(entry) : std::next(entry);
  }
  return back;
}

void Outlier::forget(TargetId target) {
  tallies_.erase(target);
  known_.erase(target);
}

std::optional<Mono> Outlier::next_return() const {
  std::optional<Mono> next;
  for (const auto& [target, ejection] : known_)
    if (ejection.out && (!next || ejection.until < *next)) next = ejection.until;
  return next;
}

Mono Outlier::due() const {
  const Mono over = tallies_.empty() ? Mono::max() : interval_began_ + spec_.interval;
  return std::min(over, next_return().value_or(Mono::max()));
}

}  // namespace teal::health
