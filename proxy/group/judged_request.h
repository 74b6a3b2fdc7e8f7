// JudgedRequest: what the judge has been told of one request, and so what it is told next: to whom
// it is an error, by which thresholds it was slow, that it is overdue and how that ended; each at
// most once.
//
// A value of one exchange. Pure: does not tell, time or count (judge_reporter.cc does).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/error_meaning.h"
#include "base/service_state.h"
#include "base/time.h"

namespace teal::proxy {

class JudgedRequest {
 public:
  /// Nothing has been told.
  void begin() { *this = {}; }

  /// It is an error to `meanings`: to which of them that is news. These count as told.
  MeaningSet take_error(MeaningSet meanings, const Judging& judging) {
    const MeaningSet news = meanings & judging.compared & ~errors_;
    errors_ |= news;
    return news;
  }
  /// The next of judging.slower_than that the request has passed at its age. It counts as told.
  std::optional<std::uint8_t> take_slow(Micros age, const Judging& judging) {
    if (slow_ >= judging.slower_than.size() || age < judging.slower_than[slow_])
      return std::nullopt;
    return static_cast<std::uint8_t>(slow_++);
  }
  /// To which of those by whom the request counts it is overdue now, for the first time, since they
  /// do not know how it ends. These count as told.
  MeaningSet take_overdue(Micros age, MeaningSet counting, const Judging& judging) {
    const MeaningSet unknown = counting & judging.compared & ~errors_;
    if (unknown == 0 || overdue_ != 0 || age < judging.overdue) return 0;
    overdue_ = unknown;
    return unknown;
  }

  /// Who was told that it is overdue.
  MeaningSet overdue() const { return overdue_; }
  /// Who is told at its end that it ended well: to them it was overdue, and it is no error.
  MeaningSet ended_well() const { return overdue_ & ~errors_; }
  /// They know that the request is there, though not how it ends.
  bool is_known() const { return overdue_ != 0 || slow_ > 0; }

  /// At this age something is to be told next. Micros::max(): nothing is.
  Micros next_age(const Judging& judging) const {
    const Micros next = overdue_ != 0 ? Micros::max() : judging.overdue;
    return slow_ < judging.slower_than.size() ? std::min(next, judging.slower_than[slow_]) : next;
  }

 private:
  MeaningSet errors_ = 0;
  MeaningSet overdue_ = 0;
  std::size_t slow_ = 0;  ///< Of judging.slower_than.
};

}  // namespace teal::proxy
