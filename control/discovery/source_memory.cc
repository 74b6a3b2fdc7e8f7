#include "control/discovery/source_memory.h"

#include <algorithm>
#include <utility>

namespace teal::control {

SourceMemory::News SourceMemory::take(const Finding& finding,
                                      const std::map<Address, std::string>& refused, Mono now,
                                      WallTime wall) {
  News news;
  note_problems(finding, news);
  if (!finding.entries) return news;
  refusals_ += refused.size();
  news.is_refused = std::ranges::any_of(
      refused, [&](const auto& each) { return !refused_.contains(each.first); });
  refused_ = refused;
  if (finding.problems.empty()) last_success_ = wall;
  const bool is_partial = finding.is_partial;
  const bool is_empty = finding.entries->empty() && !is_partial;
  if (!is_partial) has_answered_ = true;
  if (is_empty) {
    news.is_empty = !std::exchange(is_empty_, true);
    last_problem_ = !refused.empty() ? "none of its addresses is believed" : finding.empty_because;
    if (!spec_.allow_empty || !refused.empty()) {
      missing_.clear();
      return news;
    }
  } else if (!finding.entries->empty()) {
    is_empty_ = false;
    if (finding.problems.empty()) last_problem_.clear();
  }
  const bool was_held = !missing_.empty();
  if (!is_partial) {
    const std::set<FoundTargetPlace> found(finding.entries->begin(), finding.entries->end());
    news.is_changed = remove_absent(found, now);
  }
  news.is_held = !was_held && !missing_.empty();
  news.is_changed = add(*finding.entries) || news.is_changed;
  return news;
}

void SourceMemory::note_problems(const Finding& finding, News& news) {
  for (const LookProblem& problem : finding.problems) {
    count(problem.fault);
    last_problem_ = problem.text;
  }
  const bool was_failing = std::exchange(is_failing_, !finding.problems.empty());
  news.is_failed = is_failing_ && !was_failing;
  news.is_recovered = was_failing && !is_failing_;
}

/// Those that are known have their places; of the others as many as there is room for.
bool SourceMemory::add(const std::vector<FoundTargetPlace>& entries) {
  bool is_changed = false;
  bool is_full = false;
  for (const FoundTargetPlace& entry : entries) {
    missing_.erase(entry);
    if (known_.contains(entry)) continue;
    is_full = known_.size() >= kMaxTargets;
    if (is_full) break;
    known_.insert(entry);
    is_changed = true;
  }
  if (is_full) {
    count(LookFault::too_many);
    last_problem_ = "it names more than 1000 targets: the others are left out";
  }
  return is_changed;
}

bool SourceMemory::remove_absent(const std::set<FoundTargetPlace>& found, Mono now) {
  std::erase_if(missing_, [&](const auto& each) { return found.contains(each.first); });
  std::vector<FoundTargetPlace> absent;
  std::ranges::set_difference(known_, found, std::back_inserter(absent));
  const bool must_wait = absent.size() * 2 > known_.size() || !missing_.empty();
  bool is_changed = false;
  for (const FoundTargetPlace& each : absent) {
    const Mono since = missing_.try_emplace(each, now).first->second;
    if (must_wait && now - since < kHold) continue;
    missing_.erase(each);
    known_.erase(each);
    is_changed = true;
  }
  return is_changed;
}

bool SourceMemory::names(const Address& address) const {
  return std::ranges::any_of(known_,
                             [&](const FoundTargetPlace& each) { return each.address == address; });
}

SavedSource SourceMemory::saved() const {
  return {config::source_text(spec_), {known_.begin(), known_.end()}, last_success_};
}

void SourceMemory::restore(const SavedSource& saved) {
  known_.insert(saved.known.begin(), saved.known.end());
  last_success_ = saved.last_success;
}

}  // namespace teal::control
