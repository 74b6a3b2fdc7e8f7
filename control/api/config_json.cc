#include "control/api/config_json.h"

#include <utility>

#include <boost/json.hpp>

#include "control/api/problem.h"
#include "control/report_json/json_values.h"

namespace teal::control {
namespace {

namespace json = boost::json;

json::array to_array(const std::vector<config::Change>& changes) {
  json::array list;
  for (const config::Change& change : changes)
    list.push_back(json::object{{"path", text(change.path)},
                                {"from", or_null(change.from)},
                                {"to", or_null(change.to)},
                                {"effect", text(to_string(change.effect))},
                                {"access", change.is_access},
                                {"note", text(change.note)},
                                {"text", text(to_string(change))}});
  return list;
}

json::array to_array(const std::vector<config::Problem>& problems) {
  json::array list;
  for (const config::Problem& problem : problems)
    list.push_back(json::object{{"file", text(problem.file)},
                                {"line", problem.line},
                                {"column", problem.column},
                                {"key", text(problem.key)},
                                {"message", text(problem.message)},
                                {"hint", text(problem.hint)}});
  return list;
}

json::value millis_or_null(const std::optional<Millis>& left) {
  return left ? json::value(left->count()) : json::value(nullptr);
}

}  // namespace

json::object to_json(const ReloadReport& report) {
  return {{"result", text(to_string(report.result))},
          {"generation", report.generation},
          {"sha256", text(report.digest)},
          {"changes", to_array(report.changes)},
          {"warnings", to_array(report.warnings)},
          {"confirm_within_ms", millis_or_null(report.confirm_within)}};
}

json::object to_json(const ConfigReport& report) {
  json::value last(nullptr);
  if (report.last)
    last = json::object{{"result", text(to_string(report.last->result))},
                        {"at", text(format_time(report.last->at))},
                        {"detail", text(report.last->text)}};
  return {{"path", text(report.path)},
          {"generation", report.generation},
          {"sha256", text(report.digest)},
          {"at", text(format_time(report.at))},
          {"by", text(report.by)},
          {"diverged", report.is_diverged},
          {"confirm_within_ms", millis_or_null(report.confirm_within)},
          {"last_reload", std::move(last)}};
}

json::object to_json(const ConfigRow& row) {
  return {{"generation", row.generation},
          {"sha256", text(row.digest)},
          {"at", text(format_time(row.at))},
          {"by", text(row.by)}};
}

ApiResponse to_response(const ReloadRefusal& refusal) {
  return to_response(refusal.error, {{"result", text(to_string(refusal.result))},
                                     {"problems", to_array(refusal.problems)},
                                     {"changes", to_array(refusal.changes)}});
}

}  // namespace teal::control
