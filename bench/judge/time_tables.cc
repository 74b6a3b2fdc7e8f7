#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "bench/judge/rules.h"
#include "bench/judge/tables.h"
#include "health/judge/error_comparison.h"
#include "tests/support/simulated_traffic.h"

namespace teal::bench {
namespace {

using health::ErrorComparison;
using std::chrono::seconds;

constexpr Micros kOverdue{250'000};

Mono at(double second) {
  return Mono{} + std::chrono::duration_cast<Mono::duration>(std::chrono::duration<double>(second));
}

std::unique_ptr<ErrorComparison> comparison(Weight weight, double confidence,
                                            double tolerance = 1.5) {
  config::CompareAlarm alarm;
  alarm.confidence = confidence;
  alarm.tolerance = tolerance;
  auto judge = std::make_unique<ErrorComparison>("worse", alarm, health::JudgeContext{});
  judge->begin_step({at(0), weight, {}, {}});
  return judge;
}

bool breaches(ErrorComparison& judge, Mono now, Mono watermark) {
  health::Reading reading;
  reading.at = now;
  reading.watermark = watermark;
  return std::holds_alternative<health::Breached>(judge.judge(reading));
}

struct PendingReport {
  double when = 0;
  JudgedEvent event;
  bool operator<(const PendingReport& other) const { return when > other.when; }
};

/// One deployment of two minutes at 100 requests per second in which live's failures are timeouts
/// of 30 s and the release's show at once. By age, or as they come.
bool is_rolled_back(std::uint64_t seed, double ratio, bool by_age) {
  const Weight weight = Weight::percent(10);
  SimulatedTraffic traffic(seed, weight, {.live = 0.01, .ratio = ratio});
  const auto judge = comparison(weight, 0.99);
  std::priority_queue<PendingReport> pending;
  constexpr double kRequests = 100 * 120;
  for (double i = 0; i < kRequests; ++i) {
    const double now = i / 100;
    if (traffic.draw()) {
      JudgedEvent event = traffic.last();
      event.began = at(now);
      const double takes = event.group == Colour::green ? 0.002 : 30;
      if (takes > 0.25) {
        event.kind = JudgedEvent::Kind::overdue;
        if (by_age) pending.push({now + 0.25, event});
      }
      event.kind = JudgedEvent::Kind::error;
      pending.push({now + takes, event});
    }
    bool news = false;
    while (!pending.empty() && pending.top().when <= now) {
      PendingReport next = pending.top();
      pending.pop();
      next.event.seen = at(next.when);
      judge->on_judged_event(next.event);
      news = true;
    }
    // What came must be settled some time later; ask then, too.
    if ((news || static_cast<std::uint64_t>(i) % 25 == 0) &&
        breaches(*judge, at(now), by_age ? at(now) - kOverdue : at(now)))
      return true;
  }
  return false;
}

double percent_rolled_back(const Options& options, double ratio, bool by_age) {
  std::uint64_t n = 0;
  for (std::uint64_t run = 0; run < options.runs; ++run)
    n += is_rolled_back(mix64(options.seed + 31'337 + run), ratio, by_age) ? 1 : 0;
  return 100 * static_cast<double>(n) / static_cast<double>(options.runs);
}

/// Until a release that fails ten times as often as live's 0.1 % is found; each request is over
/// after 20 ms.
std::optional<double> seconds_to_find(std::uint64_t seed, double per_second, double tolerance,
                                      double confidence) {
  constexpr double kMaxSeconds = 600;
  constexpr double kTakes = 0.02;
  const Weight weight = Weight::percent(10);
  SimulatedTraffic traffic(seed, weight, {.live = 0.001, .ratio = 10});
  const auto judge = comparison(weight, confidence, tolerance);
  for (double now = 0; now < kMaxSeconds; now += 1 / per_second) {
    JudgedEvent event;
    if (!traffic.draw(event, at(now))) continue;
    event.seen = at(now + kTakes);
    judge->on_judged_event(event);
    if (breaches(*judge, event.seen, event.seen)) return now + kTakes;
  }
  return std::nullopt;
}

struct Ends {
  std::uint64_t wrong = 0;
  std::vector<double> minutes;

  void add(std::optional<double> end) {
    if (end) minutes.push_back(*end);
  }
  std::string text(std::uint64_t runs) {
    std::sort(minutes.begin(), minutes.end());
    std::string out = std::to_string(minutes.size() * 1000 / runs);
    out = out.size() < 2 ? "0." + out : out.substr(0, out.size() - 1) + '.' + out.back();
    out += " %";
    // The median of all runs; those that never end come last.
    if (minutes.size() > runs / 2) {
      char median[32];
      (void)std::snprintf(median, sizeof median, ", %.0f s", minutes[runs / 2] * 60);
      out += median;
    }
    return out;
  }
};

/// Half an hour at a weight of 10 %, `per_second` requests per second for both.
void print_rule_row(const char* name, double per_second, const Rates& rates,
                    const Options& options) {
  Ends argo_ends, flagger_ends, teal_ends;
  const std::uint64_t runs = std::min<std::uint64_t>(options.runs, 1'000);
  for (std::uint64_t run = 0; run < runs; ++run) {
    const Weight weight = Weight::percent(10);
    SimulatedTraffic traffic(mix64(options.seed + 99'991 + run), weight, rates);
    const auto judge = comparison(weight, 0.999);
    ArgoRule argo;
    FlaggerRule flagger;
    std::optional<double> argo_end, flagger_end, teal_end;
    std::uint64_t bad = 0, total = 0;
    const auto per_minute = static_cast<std::uint64_t>(per_second * 60);
    for (std::uint64_t minute = 1; minute <= 30; ++minute) {
      for (std::uint64_t i = 0; i < per_minute; ++i) {
        const bool is_bad = traffic.draw();
        if (traffic.was_release()) {
          ++total;
          bad += is_bad ? 1 : 0;
        }
        if (!is_bad || teal_end) continue;
        const double now = static_cast<double>(traffic.requests()) / per_second;
        JudgedEvent event = traffic.last();
        event.began = event.seen = at(now);
        judge->on_judged_event(event);
        if (breaches(*judge, at(now), Mono::max())) teal_end = now / 60;
      }
      if (!argo_end && argo.aborts(bad, total)) argo_end = static_cast<double>(minute);
      if (!flagger_end && flagger.aborts(bad, total)) flagger_end = static_cast<double>(minute);
      bad = total = 0;
      if (argo_end && flagger_end && teal_end) break;
    }
    argo_ends.add(argo_end);
    flagger_ends.add(flagger_end);
    teal_ends.add(teal_end);
  }
  std::printf("| %s | %.0f | %s | %s | %s |\n", name, per_second, argo_ends.text(runs).c_str(),
              flagger_ends.text(runs).c_str(), teal_ends.text(runs).c_str());
  std::fflush(stdout);
}

}  // namespace

void print_timing(const Options& options) {
  std::printf("\n### Live fails by timeouts of 30 s, the release at once (confidence 0.99)\n\n");
  std::printf("| release / live | rolled back, by age | rolled back, as they come |\n");
  std::printf("|---|---|---|\n");
  for (const double ratio : {1.0, 10.0})
    std::printf("| %.0f | %.2f %% | %.2f %% |\n", ratio, percent_rolled_back(options, ratio, true),
                percent_rolled_back(options, ratio, false));
  std::fflush(stdout);
}

void print_seconds(const Options& options) {
  std::printf("\n### Seconds until 1 %% of errors are told from 0.1 %%, at a weight of 10 %%\n\n");
  std::printf("| requests/s | tolerance | confidence | median | p95 |\n|---|---|---|---|---|\n");
  struct Setting {
    double tolerance, confidence;
  };
  for (const double per_second : {100.0, 1000.0})
    for (const Setting& setting : {Setting{1, 0.99}, Setting{1, 0.999}, Setting{1.5, 0.999}}) {
      std::vector<double> found;
      for (std::uint64_t run = 0; run < options.runs; ++run)
        found.push_back(seconds_to_find(mix64(options.seed + 4'242 + run), per_second,
                                        setting.tolerance, setting.confidence)
                            .value_or(std::numeric_limits<double>::infinity()));
      std::sort(found.begin(), found.end());
      std::printf("| %.0f | %.1f | %.3f | %.1f | %.1f |\n", per_second, setting.tolerance,
                  setting.confidence, found[found.size() / 2], found[found.size() * 95 / 100]);
      std::fflush(stdout);
    }
}

void print_rules(const Options& options) {
  std::printf("\n### Rolled back within half an hour at 10 %%, and the median time until then\n\n");
  std::printf(
      "| errors of live and release | requests/s | Argo's rule | Flagger's rule | Teal |\n");
  std::printf("|---|---|---|---|---|\n");
  for (const double per_second : {3.0, 30.0, 300.0}) {
    print_rule_row("0.2 % and 0.2 %", per_second, {.live = 0.002}, options);
    print_rule_row("0.1 % and 2 % in turn, both", per_second,
                   {.live = 0.001, .drift = 19, .period = per_second * 300}, options);
    print_rule_row("0.05 % and 0.5 %", per_second, {.live = 0.0005, .ratio = 10}, options);
    print_rule_row("0.2 % and 2 %", per_second, {.live = 0.002, .ratio = 10}, options);
    print_rule_row("0.2 % and all", per_second, {.live = 0.002, .ratio = 500}, options);
  }
}

}  // namespace teal::bench
