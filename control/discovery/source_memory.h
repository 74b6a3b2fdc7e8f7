// SourceMemory: what one source of a service's targets is believed to say. It begins with what the
// store remembers, takes findings in turn, and is slow to take anything away:
//  - an answer without entries changes nothing, unless the source may be empty;
//  - where more than half has gone, or is going already, each target goes once it has been absent
//    from every answer for kHold, so that a rotated answer, or one of a sick resolver, takes
//    nothing;
//  - an answer that may not be all of it only adds.
//
// Pure: times are given. Does not know which group runs what (control/discovery/target_sets.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/discovery.h"
#include "control/discovery/finding.h"

namespace teal::control {

/// What the store keeps of a source.
struct SavedSource {
  std::string source;
  std::vector<FoundTargetPlace> known;  ///< Sorted.
  std::optional<WallTime> last_success;
  bool operator==(const SavedSource&) const = default;
};

class SourceMemory {
 public:
  static constexpr std::size_t kMaxTargets = 1000;
  static constexpr Millis kHold{10'000};

  /// What has become other than it was, each to be told once.
  struct News {
    bool is_changed = false;                                    ///< known() is another.
    bool is_empty = false, is_held = false, is_failed = false;  ///< It has begun.
    bool is_recovered = false;
    bool is_refused = false;  ///< An address is refused that was not before.
  };

  explicit SourceMemory(config::DiscoverSource spec) : spec_(std::move(spec)) {}

  const config::DiscoverSource& spec() const { return spec_; }
  /// The same source, of which other things may be believed.
  void respecify(config::DiscoverSource spec) { spec_ = std::move(spec); }

  /// `refused`: addresses that were among the entries and are not any more, with why.
  News take(const Finding& finding, const std::map<Address, std::string>& refused, Mono now,
            WallTime wall);

  const std::set<FoundTargetPlace>& known() const { return known_; }
  bool names(const Address& address) const;
  /// It has said something since the process began: what it does not name is not its any more.
  bool has_answered() const { return has_answered_; }

  // ---- for people ------------------------------------------------------------------------------
  bool is_empty() const { return is_empty_; }
  bool is_failing() const { return is_failing_; }
  std::size_t held() const { return missing_.size(); }
  const std::map<Address, std::string>& refused() const { return refused_; }
  std::uint64_t refusals() const { return refusals_; }
  const std::string& last_problem() const { return last_problem_; }
  std::optional<WallTime> last_success() const { return last_success_; }
  std::uint64_t failures(LookFault fault) const {
    return failures_[static_cast<std::size_t>(fault)];
  }

  SavedSource saved() const;
  void restore(const SavedSource& saved);

 private:
  void note_problems(const Finding& finding, News& news);
  bool add(const std::vector<FoundTargetPlace>& entries);
  bool remove_absent(const std::set<FoundTargetPlace>& found, Mono now);
  void count(LookFault fault) { ++failures_[static_cast<std::size_t>(fault)]; }

  config::DiscoverSource spec_;
  std::set<FoundTargetPlace> known_;
  std::map<FoundTargetPlace, Mono> missing_;  ///< Since when; of what is known.
  bool has_answered_ = false;
  bool is_empty_ = false;
  bool is_failing_ = false;
  std::map<Address, std::string> refused_;  ///< By the last answer.
  std::uint64_t refusals_ = 0;
  std::string last_problem_;
  std::optional<WallTime> last_success_;
  std::array<std::uint64_t, kLookFaults.size()> failures_{};
};

}  // namespace teal::control
