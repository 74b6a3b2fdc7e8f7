#include "health/outlier.h"

#include <algorithm>

namespace teal::health {
namespace {

/// What the members of a group that are not on their way out amount to.
struct Census {
  std::size_t members = 0;
  std::size_t ejected = 0;
  std::size_t accepting = 0;
};

Census count(std::span<const TargetState> group) {
  Census census;
  for (const TargetState& target : group) {
    if (target.draining) continue;
    ++census.members;
    if (target.ejected) ++census.ejected;
    if (target.accepts_requests()) ++census.accepting;
  }
  return census;
}

/// Envoy: the base time counts where it is longer than the longest allowed.
Millis longest(const config::Outlier& spec) {
  return std::max(spec.max_ejection, spec.ejection);
}

/// No more than it takes to reach the longest ejection, so that peace is felt within reason.
std::uint32_t most_in_a_row(const config::Outlier& spec) {
  if (spec.ejection <= Millis{0}) return 1;
  return static_cast<std::uint32_t>(
      std::min<std::int64_t>(longest(spec) / spec.ejection + 1, 1'000'000));
}

/// How many ejections `since` has paid off by `now`.
std::uint32_t forgiven(const config::Outlier& spec, Mono since, Mono now) {
  if (spec.ejection <= Millis{0} || now <= since) return 0;
  return static_cast<std::uint32_t>(
      std::min<std::int64_t>((now - since) / spec.ejection, 1'000'000));
}

}  // namespace

std::optional<std::string> Outlier::on_failures(TargetId target, std::uint32_t consecutive,
                                                std::span<const TargetState> group, Mono now) {
  if (spec_.consecutive_failures == 0 || consecutive < spec_.consecutive_failures)
    return std::nullopt;
  const auto self = std::ranges::find(group, target, &TargetState::id);
  // The requests that were under way still fail after it went: old news.
  if (self == group.end() || !self->accepts_requests()) return std::nullopt;
  const Census census = count(group);
  if (census.accepting < 2) return std::nullopt;
  if ((census.ejected + 1) * 100 > std::size_t{spec_.max_ejected_percent} * census.members)
    return std::nullopt;

  Ejection& ejection = known_[target];
  if (ejection.out) return std::nullopt;
  const std::uint32_t peace = std::min(ejection.in_a_row, forgiven(spec_, ejection.until, now));
  ejection.in_a_row = std::min(ejection.in_a_row - peace + 1, most_in_a_row(spec_));
  ejection.out = true;
  const Millis duration = std::min(spec_.ejection * ejection.in_a_row, longest(spec_));
  ejection.until = now + duration;
  return "outlier: " + std::to_string(consecutive) + " failures in a row, out for " +
         format_duration(duration);
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
        !ejection.out && forgiven(spec_, ejection.until, now) >= ejection.in_a_row;
    entry = paid_off ? known_.erase(entry) : std::next(entry);
  }
  return back;
}

void Outlier::forget(TargetId target) {
  known_.erase(target);
}

std::optional<Mono> Outlier::next_return() const {
  std::optional<Mono> next;
  for (const auto& [target, ejection] : known_)
    if (ejection.out && (!next || ejection.until < *next)) next = ejection.until;
  return next;
}

}  // namespace teal::health
