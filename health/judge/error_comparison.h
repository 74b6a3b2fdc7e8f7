// ErrorComparison: `compare: errors` and `compare: client_errors`, by whatever the alarm counts as
// errors: events that do not concern its meaning are none to it. Takes bad events in the order in
// which their requests began, as far as all requests up to there are settled, so that a group whose
// failures show sooner is not blamed for it (docs/judge.md, condition 2). A live request
// that is overdue counts as bad until it has ended well: a breach is told only where nothing in
// flight can take it back.
//
// Pure; control thread.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "health/judge/comparison.h"
#include "health/statistics/block_counts.h"
#include "health/statistics/ratio_evidence.h"
#include "health/statistics/ratio_interval.h"
#include "health/statistics/sticky_counts.h"

namespace teal::health {

class ErrorComparison final : public Comparison {
 public:
  /// Events waiting to be settled; more are left out.
  static constexpr std::size_t kMaxWaiting = 65'536;
  /// Overdue requests in flight; while there may be more, nothing is breached.
  static constexpr std::size_t kMaxOverdue = 65'536;

  ErrorComparison(std::string name, const config::CompareAlarm& alarm, const JudgeContext& context);

  void on_judged_event(const JudgedEvent& event) override;
  Mono waits_for() const override { return waiting_.empty() ? Mono::max() : waiting_.top().began; }

 private:
  struct Later {
    bool operator()(const JudgedEvent& a, const JudgedEvent& b) const { return a.began > b.began; }
  };
  /// A request in flight that is counted for the worse case of either question.
  struct Overdue {
    JudgedEvent event;
    bool release = false;
    double probability = 0;
    RatioTest::Applied applied;  ///< Live: in worse_. Release: in not_worse_.
  };

  double log_e(const CountsReading& counts) override;
  ComparisonReport build_report(const CountsReading& counts) override;
  void on_step(const StepStart& step) override;
  void forget_in_flight() override;
  std::string what() const override { return compared() + ":"; }
  std::string grounds(const ComparisonReport& report) const override;

  /// Of the meaning that it compares by.
  Tally since_step_release() const { return since_step().release.tally(context().meaning); }
  bool is_release(const JudgedEvent& event) const { return event.group == context().release; }
  void on_overdue(const JudgedEvent& event);
  void on_settled(const JudgedEvent& event);
  void on_error(const JudgedEvent& event);
  void retract(const Overdue& overdue);
  /// A bad event in its turn.
  void count(const JudgedEvent& event);
  void tally(const JudgedEvent& event, bool release, double probability);
  void expire_overdue(Mono now);
  double evidence(const CountsReading& counts);
  double non_inferiority_log_e(std::uint64_t more_bad, std::uint64_t more_good) const;
  std::optional<std::uint64_t> more_requests(double needed) const;
  std::optional<double> more_of_release(double needed) const;
  std::optional<double> more_by_ratio(double needed) const;

  RatioTest worse_;
  RatioTest not_worse_;
  RatioInterval interval_;
  BlockCounts blocks_;
  StickyCounts sticky_;
  std::priority_queue<JudgedEvent, std::vector<JudgedEvent>, Later> waiting_;
  std::unordered_map<std::uint64_t, Overdue> overdue_;
  std::uint64_t overdue_release_ = 0;
  Mono untracked_until_ = Mono::min();
  Mono swept_ = Mono::min();
  std::optional<CountsReading> no_baseline_since_;  ///< Since when all traffic is the release's.
  std::uint64_t no_baseline_bad_ = 0;
  bool is_by_limit_ = false;  ///< at_most says more than the comparison, as of the last log_e().
  std::uint64_t alone_good_ = 0;         ///< As of the last log_e().
  std::uint64_t alone_good_before_ = 0;  ///< What earlier processes had counted.
  ComparisonReport::Group release_;      ///< Bad events counted, and their samples.
  ComparisonReport::Group live_;
  Mono step_began_ = Mono::min();
  std::uint64_t step_bad_release_ = 0;
  std::uint64_t step_bad_ = 0;
  double step_probability_ = 0;  ///< Sum over the step's bad events.
  std::uint64_t left_out_ = 0;
};

}  // namespace teal::health
