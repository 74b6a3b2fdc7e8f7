// ReportSender: what one worker tells control of single requests: bad outcomes, and judged events
// while a release is compared (docs/adr/0012-way-of-an-event.md). Collects them, bounds them, and
// puts them into the worker's ReportMailbox: at once what a verdict may wait for, the rest with the
// next tick.
//
// Owned by its worker's loop, used by the worker's thread, except for what is marked as control's.
// Time is given, but for the moment at which something urgent was seen.
#pragma once

#include <cstdint>
#include <optional>

#include "base/judged_event.h"
#include "base/outcome.h"
#include "base/time.h"
#include "proxy/telemetry/control_inbox.h"
#include "proxy/telemetry/report_mailbox.h"
#include "proxy/telemetry/shard.h"
#include "proxy/telemetry/watermark.h"

namespace teal::proxy {

class ReportSender {
 public:
  /// Bad outcomes kept while control works on the last batch; more are dropped and counted. Control
  /// needs not every one of a flood.
  static constexpr std::size_t kMaxOutcomes = 1024;
  /// Judged events kept while control works on the last batch; more are dropped and counted. Slow
  /// requests come as often as one in ten, so they are also thinned out to so many a tick, and can
  /// never take the place of errors.
  ///
  /// What is dropped does not bias the judge, because whether an event is dropped depends on the
  /// events before it alone and not on its own group: given that it was kept, the chance that it
  /// was the release's is what it was (docs/adr/0012).
  static constexpr std::uint32_t kMaxErrors = 1024;
  static constexpr std::uint32_t kMaxSlow = 1024;
  static constexpr std::uint32_t kMaxSlowPerTick = 64;
  /// A flood of errors that is nobody's fault would wake control for each of them; a verdict needs
  /// a handful. Further ones leave with the tick.
  static constexpr std::uint32_t kMaxUrgentPerTick = 32;

  /// Where it reads the time, counts what it drops, and says that there is a batch.
  struct Dependencies {
    const Clock& clock;
    Shard& counters;
    ControlInbox& control;
  };

  /// `random`: where the numbers of this worker begin, since a restart must not give old ones
  /// again.
  ReportSender(Dependencies dependencies, std::uint32_t worker, std::uint64_t random)
      : to_(dependencies), worker_(worker), numbers_from_(random & kNumbers) {}

  // ---- for requests. What is reported leaves when the present callback is over, or with the tick.
  void report(const BadOutcome& outcome);
  /// False where control has enough of these for now; that is counted. Ask before making one.
  bool admit(JudgedEvent::Kind kind);
  void report(ServiceId service, const JudgedEvent& event);
  InFlightWatermark& watermark() { return watermark_; }
  /// A number that no other request has.
  std::uint64_t next_number() { return unique(++requests_); }
  /// A number of this worker's as one that no other worker has.
  std::uint64_t unique(std::uint64_t number) const {
    return ((numbers_from_ + number) & kNumbers) | std::uint64_t{worker_} << 48U;
  }

  // ---- for the worker. `now`: when the present turn began.
  /// After a callback, and when control has made room: what a verdict may wait for leaves.
  void send_urgent(Mono now) {
    if (has_urgent()) put_urgent(now);
  }
  /// Before the deadlines of a tick: further slow requests may be told.
  void begin_tick() { slow_this_tick_ = 0; }
  /// After them: whatever there is leaves.
  void end_tick(Mono now);

  // ---- control
  struct Taken {
    std::optional<ReportBatch> reports;
    /// The worker has more that is urgent: let it call send_urgent().
    bool is_waited_for = false;
  };
  Taken take();
  InFlightWatermark::Reading read_watermark() const { return watermark_.read(); }
  /// As InFlightWatermark::want().
  void notify_at_watermark(Mono began) { watermark_.want(began); }

 private:
  static constexpr std::uint64_t kNumbers = (std::uint64_t{1} << 48U) - 1;

  bool has_any() const { return !waiting_.empty() || watermark_.is_settled(); }
  /// Something that a verdict may wait for. Slow requests are many, and wait for the tick unless
  /// control waits.
  bool has_urgent() const {
    return errors_ > 0 || !waiting_.outcomes.empty() || watermark_.is_settled() ||
           (!waiting_.judged.empty() && watermark_.is_wanted());
  }
  void put_urgent(Mono now);
  void put(Mono now);

  Dependencies to_;
  InFlightWatermark watermark_;
  const std::uint32_t worker_;
  const std::uint64_t numbers_from_;
  std::uint64_t requests_ = 0;
  ReportBatch waiting_;
  ReportMailbox mailbox_;
  std::uint32_t urgent_this_tick_ = 0;  ///< Batches put because something was urgent.
  std::uint32_t errors_ = 0;            ///< In waiting_.judged.
  std::uint32_t slow_this_tick_ = 0;    ///< Slow requests told since the last tick.
};

}  // namespace teal::proxy
