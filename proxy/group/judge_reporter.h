// JudgeReporter: tells the judge of one request: that it ended badly, by which thresholds it was
// slow, that it is overdue and how that ended; each at most once. Nothing of this happens unless
// the view of its service says that somebody compares.
//
// The conditions under which the comparison's guarantee holds, as far as they are met here
// (docs/judge.md): what was known of the draw goes with the event; blame belongs to the group that
// was drawn, whatever group answered in the end; client aborts and preview traffic are left out,
// and 4xx unless the alarm counts them; a request in flight is slow as soon as it passes a
// threshold, not when it ends.
//
// Part of one exchange, on its worker's thread. What it said is a JudgedRequest. Does not know
// what an error is, nor where the request is counted.
#pragma once

#include <cstdint>

#include "base/error_meaning.h"
#include "base/judged_event.h"
#include "net/io/timer_wheel.h"
#include "proxy/group/accounting.h"
#include "proxy/group/assignment.h"
#include "proxy/group/judged_request.h"
#include "proxy/loop/route_pin.h"
#include "proxy/request/request.h"
#include "proxy/telemetry/watermark.h"

namespace teal::proxy {

class WorkerLoop;

class JudgeReporter {
 public:
  /// All of them are parts of the same exchange.
  JudgeReporter(WorkerLoop& loop, const Request& request, const Assignment& assignment,
                const TrafficEntry& traffic);

  /// Of the next request.
  void begin() { was_reported_ = false; }
  bool is_judging() const { return route_.is_pinned(); }

  /// The request was given to a group by the view of `route`. Does nothing for a request of whose
  /// earlier assignment the judge has heard.
  /// Requires: the service is judged, and the traffic is the split's.
  void start(const RoutePin& route);
  /// The request has waited in a queue and is about to be given to a group anew. Where the judge
  /// has heard of it, that is closed, and what the request does from now on is not reported.
  void reassign() {
    if (is_judging()) [[unlikely]]
      close_draw();
  }
  /// Where nobody compares any more, nobody is to wait for what this request will tell.
  void forget_unless_judging();

  /// The request is an error to the usual meaning.
  void error() {
    if (is_judging()) report_errors(kUsualMeaning);
  }
  /// The request has ended, and is an error to `errors` of the other meanings.
  /// Requires: is_judging().
  void end(MeaningSet errors);

 private:
  const Judging& judging() const { return *route_.service().judging; }
  void close_draw();
  Micros age() const;
  void report_errors(MeaningSet meanings);
  void report_slow();
  void on_age();
  void set_age_timer();
  void report(JudgedEvent::Kind kind, MeaningSet meanings = kUsualMeaning,
              std::uint8_t threshold = 0);

  WorkerLoop& loop_;
  const Request& request_;
  const Assignment& assignment_;
  const TrafficEntry& traffic_;
  /// Where it was drawn: what the judge is told goes by that, whatever the request follows later.
  /// Not pinned: nobody compares, nothing is told.
  RoutePin route_;
  std::uint64_t number_ = 0;   ///< Of the request, for the judge.
  bool was_reported_ = false;  ///< The judge has heard of it under an earlier draw.
  JudgedRequest reported_;     ///< What the judge has heard of it under this draw.
  InFlightHook watermark_;     ///< Among the worker's judged requests that are not told yet.
  net::Timer age_timer_;
};

}  // namespace teal::proxy
