// What the judges saw and say as JSON: verdicts, comparisons, evidence, and what other judges would
// have made of it.
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/json.hpp>

#include "control/report_json/json_values.h"
#include "control/report_json/report_json.h"
#include "health/statistics/e_value.h"

namespace teal::control {
namespace {

namespace json = boost::json;

struct VerdictToJson {
  json::object operator()(const health::Healthy& /*verdict*/) const {
    return {{"verdict", "healthy"}, {"detail", ""}};
  }
  json::object operator()(const health::Breached& verdict) const {
    return {{"verdict", "breached"}, {"detail", text(verdict.why)}};
  }
  json::object operator()(const health::NotEnoughEvidence& verdict) const {
    return {{"verdict", "not_enough_evidence"}, {"detail", text(verdict.missing)}};
  }
};

json::object to_json(const health::ComparisonReport::Group& group) {
  return {{"bad", group.bad}, {"requests", group.total}};
}

json::value to_json(const std::optional<health::ComparisonReport>& comparison) {
  if (!comparison) return nullptr;
  json::object out;
  out["tolerance"] = comparison->tolerance;
  out["e_value"] = rounded(health::finite_e_value(comparison->log_e));
  out["e_value_needed"] = rounded(health::finite_e_value(comparison->log_e_needed));
  out["certificate"] = rounded(health::finite_e_value(comparison->non_inferiority_log_e));
  out["certificate_needed"] =
      rounded(health::finite_e_value(comparison->non_inferiority_log_e_needed));
  out["ratio_low"] = or_null(comparison->ratio_low);
  out["ratio_high"] = or_null(comparison->ratio_high);
  out["release"] = to_json(comparison->release);
  out["live"] = to_json(comparison->live);
  out["more_requests"] =
      comparison->more_requests ? json::value(*comparison->more_requests) : json::value(nullptr);
  out["events_waiting"] = comparison->waiting;
  out["events_left_out"] = comparison->left_out;
  return out;
}

json::object to_json(const Tally& tally, const std::vector<std::uint64_t>& slow) {
  return {{"requests", tally.requests},
          {"errors", tally.errors},
          {"slow", json::array(slow.begin(), slow.end())}};
}

json::object to_json(const EvidenceStep& step) {
  return {{"step", std::uint64_t{step.step}},
          {"weight", text(to_string(step.weight))},
          {"since_ms", in_millis(step.since)},
          {"slower_than_ms", in_millis(step.slower_than)},
          {"release", to_json(step.release, step.release_slow)},
          {"live", to_json(step.live, step.live_slow)}};
}

json::object to_json(const EvidenceCourse& course) {
  json::array history;
  for (const EvidencePoint& point : course.points)
    history.push_back(json::object{
        {"at_ms", in_millis(point.at)},
        {"e_value", rounded(health::finite_e_value(std::log(point.e_value)))},
        {"certificate", rounded(health::finite_e_value(std::log(point.non_inferiority)))},
        {"release_bad", point.release},
        {"live_bad", point.live}});
  json::object out;
  out["alarm"] = text(course.alarm);
  out["verdict"] = text(course.verdict);
  out["breached_at_ms"] =
      course.breached_at < Micros{0} ? json::value(nullptr) : in_millis(course.breached_at);
  out["history"] = std::move(history);
  return out;
}

json::array to_json(const std::vector<EvidenceSample>& samples) {
  json::array out;
  for (const EvidenceSample& sample : samples) {
    json::object one{{"request_id", text(sample.request_id)}, {"at_ms", in_millis(sample.at)}};
    one["slower_than_ms"] =
        sample.slower_than == 0 ? json::value(nullptr) : in_millis(Micros{sample.slower_than});
    out.push_back(std::move(one));
  }
  return out;
}

json::object to_json(const ReplayedAlarm& alarm) {
  json::object out = std::visit(VerdictToJson{}, alarm.verdict);
  out["name"] = text(alarm.name);
  out["condition"] = text(alarm.condition);
  out["observed"] = alarm.observed;
  out["breached_at_ms"] = alarm.breached_at ? in_millis(*alarm.breached_at) : json::value(nullptr);
  out["breached_before_at_ms"] =
      alarm.breached_before ? in_millis(*alarm.breached_before) : json::value(nullptr);
  out["comparison"] = to_json(alarm.comparison);
  return out;
}

}  // namespace

json::object to_json(const AlarmReport& alarm) {
  json::object out = std::visit(VerdictToJson{}, alarm.verdict);
  out["name"] = text(alarm.name);
  out["condition"] = text(alarm.condition);
  out["observed"] = alarm.observed;
  out["counts"] = alarm.counts ? json::value(to_json(*alarm.counts)) : json::value(nullptr);
  out["comparison"] = to_json(alarm.comparison);
  out["note"] = text(alarm.note);
  out["outlook"] = text(alarm.outlook);
  out["evidence_in_ms"] =
      alarm.evidence_in ? json::value(alarm.evidence_in->count()) : json::value(nullptr);
  out["outside"] = nullptr;
  if (alarm.outside)
    out["outside"] = json::object{{"state", text(health::to_string(alarm.outside->state))},
                                  {"since", or_null(alarm.outside->since)}};
  return out;
}

json::object to_json(const EvidenceReport& report) {
  const Evidence& evidence = report.evidence;
  json::array steps, comparisons, alarms;
  for (const EvidenceStep& step : evidence.steps()) steps.push_back(to_json(step));
  for (const EvidenceCourse& course : evidence.courses()) comparisons.push_back(to_json(course));
  for (const AlarmReport& alarm : report.deployment.alarms) alarms.push_back(to_json(alarm));
  json::object out;
  out["deployment"] = to_summary(report.deployment);
  out["alarms"] = std::move(alarms);
  out["steps"] = std::move(steps);
  out["comparisons"] = std::move(comparisons);
  out["samples"] = json::object{{"release", to_json(evidence.release_samples())},
                                {"live", to_json(evidence.live_samples())}};
  out["events"] = std::uint64_t{evidence.events().size()};
  out["events_dropped"] = evidence.dropped();
  return out;
}

json::object to_json(const ReplayReport& report) {
  json::array alarms;
  for (const ReplayedAlarm& alarm : report.alarms) alarms.push_back(to_json(alarm));
  json::object out;
  out["deployment"] = to_summary(report.deployment);
  out["tolerance"] = or_null(report.settings.tolerance);
  out["confidence"] = or_null(report.settings.confidence);
  out["alarms"] = std::move(alarms);
  out["events"] = report.events;
  out["events_dropped"] = report.events_dropped;
  return out;
}

}  // namespace teal::control
