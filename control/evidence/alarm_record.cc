#include "control/evidence/alarm_record.h"

#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace teal::control {
namespace {

namespace json = boost::json;
using health::ComparisonReport;

template <class T>
T read(const json::object& from, const char* key) {
  return json::value_to<T>(from.at(key));
}

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}
template <class T>
std::optional<T> read_or_null(const json::object& from, const char* key) {
  const json::value& value = from.at(key);
  if (value.is_null()) return std::nullopt;
  return json::value_to<T>(value);
}

json::object write(const ComparisonReport::Group& group) {
  return {{"bad", group.bad}, {"total", group.total}};
}
ComparisonReport::Group read_group(const json::value& value) {
  const json::object& from = value.as_object();
  return {read<std::uint64_t>(from, "bad"), read<std::uint64_t>(from, "total"), {}};
}

json::object write(const ComparisonReport& report) {
  return {{"outcome", static_cast<std::uint64_t>(report.outcome)},
          {"log_e", report.log_e},
          {"log_e_needed", report.log_e_needed},
          {"certificate_log_e", report.non_inferiority_log_e},
          {"certificate_log_e_needed", report.non_inferiority_log_e_needed},
          {"tolerance", report.tolerance},
          {"ratio_low", or_null(report.ratio_low)},
          {"ratio_high", or_null(report.ratio_high)},
          {"release", write(report.release)},
          {"live", write(report.live)},
          {"waiting", report.waiting},
          {"overdue", report.overdue},
          {"left_out", report.left_out},
          {"more_requests", or_null(report.more_requests)}};
}

ComparisonReport read_comparison(const json::object& from) {
  ComparisonReport report;
  const auto outcome = read<std::uint64_t>(from, "outcome");
  if (outcome > static_cast<std::uint64_t>(ComparisonReport::Outcome::breached))
    throw std::invalid_argument("a comparison that came to nothing known");
  report.outcome = static_cast<ComparisonReport::Outcome>(outcome);
  report.log_e = read<double>(from, "log_e");
  report.log_e_needed = read<double>(from, "log_e_needed");
  report.non_inferiority_log_e = read<double>(from, "certificate_log_e");
  report.non_inferiority_log_e_needed = read<double>(from, "certificate_log_e_needed");
  report.tolerance = read<double>(from, "tolerance");
  report.ratio_low = read_or_null<double>(from, "ratio_low");
  report.ratio_high = read_or_null<double>(from, "ratio_high");
  report.release = read_group(from.at("release"));
  report.live = read_group(from.at("live"));
  report.waiting = read<std::uint64_t>(from, "waiting");
  report.overdue = read<std::uint64_t>(from, "overdue");
  report.left_out = read<std::uint64_t>(from, "left_out");
  report.more_requests = read_or_null<std::uint64_t>(from, "more_requests");
  return report;
}

struct WriteVerdict {
  json::object& out;
  void operator()(const health::Healthy&) const { out["verdict"] = "healthy"; }
  void operator()(const health::Breached& verdict) const {
    out["verdict"] = "breached";
    out["detail"] = verdict.why;
  }
  void operator()(const health::NotEnoughEvidence& verdict) const {
    out["verdict"] = "not_enough_evidence";
    out["detail"] = verdict.missing;
  }
};

health::Verdict read_verdict(const json::object& from) {
  const auto verdict = read<std::string>(from, "verdict");
  if (verdict == "healthy") return health::Healthy{};
  if (verdict == "breached") return health::Breached{read<std::string>(from, "detail")};
  if (verdict == "not_enough_evidence")
    return health::NotEnoughEvidence{read<std::string>(from, "detail")};
  throw std::invalid_argument("'" + verdict + "' is no verdict");
}

}  // namespace

json::value alarm_record(const AlarmReport& alarm) {
  json::object out{
      {"name", alarm.name}, {"condition", alarm.condition}, {"observed", alarm.observed}};
  std::visit(WriteVerdict{out}, alarm.verdict);
  if (alarm.comparison) out["comparison"] = write(*alarm.comparison);
  if (!alarm.note.empty()) out["note"] = alarm.note;
  return out;
}

AlarmReport read_alarm_record(const json::value& record) {
  const json::object& from = record.as_object();
  AlarmReport alarm{read<std::string>(from, "name"), read<std::string>(from, "condition"),
                    read_verdict(from), read<bool>(from, "observed")};
  if (const json::value* comparison = from.if_contains("comparison"))
    alarm.comparison = read_comparison(comparison->as_object());
  if (const json::value* note = from.if_contains("note"))
    alarm.note = json::value_to<std::string>(*note);
  return alarm;
}

}  // namespace teal::control
