#include "app/view/config.h"

#include <boost/json.hpp>

#include "app/view/json_at.h"
#include "base/time.h"

namespace teal::app {
namespace {

namespace json = boost::json;

std::string number_text(const json::object& object, std::string_view key) {
  const auto number = number_at(object, key);
  return number ? std::to_string(static_cast<std::uint64_t>(*number)) : "?";
}

std::string generation(const json::object& of) {
  return "generation " + number_text(of, "generation");
}

/// Nothing where nothing waits.
std::string confirmation(const json::object& of) {
  const auto left = number_at(of, "confirm_within_ms");
  if (!left) return {};
  return "taken back in " + format_duration(Millis{static_cast<std::int64_t>(*left)}) +
         " unless it is confirmed: teal config confirm\n";
}

std::string outcome(const std::string& result, const json::object& report) {
  if (result == "applied") return "applied: " + generation(report) + " runs\n";
  if (result == "rolled_back") return "rolled back: " + generation(report) + " runs\n";
  if (result == "unchanged") return "unchanged: " + generation(report) + " runs on\n";
  const json::array* changes = array_at(report, "changes");
  if (changes == nullptr || changes->empty()) return "checked: nothing would change\n";
  return "checked: nothing was changed; whether its addresses and its access log can be had is "
         "tried "
         "by a reload only\n";
}

}  // namespace

std::string render_changes(const json::object& of) {
  std::string text;
  const json::array* const changes = array_at(of, "changes");
  if (changes == nullptr) return text;
  for (const json::value& each : *changes)
    if (const json::object* change = each.if_object()) text += text_at(*change, "text") + "\n";
  return text;
}

std::string render_reload(const json::object& report) {
  std::string text = render_changes(report);
  if (const json::array* const warnings = array_at(report, "warnings"))
    for (const json::value& each : *warnings)
      if (const json::object* warning = each.if_object())
        text += "warning: " + text_at(*warning, "key") + ": " + text_at(*warning, "message") + "\n";
  return text + outcome(text_at(report, "result"), report) + confirmation(report);
}

std::string render_config(const json::object& report) {
  std::string text = generation(report) + " of " + text_at(report, "path") + ", by " +
                     text_at(report, "by") + " at " + moment_at(report, "at") + "\n";
  text += "sha256 " + text_at(report, "sha256") + "\n";
  if (flag_at(report, "diverged"))
    text += "the file says something else: a restart would go over to it\n";
  text += confirmation(report);
  if (const json::object* const last = object_at(report, "last_reload")) {
    text += "last reload: " + text_at(*last, "result") + " at " + moment_at(*last, "at");
    const std::string detail = text_at(*last, "detail");
    text += (detail.empty() ? "" : ": " + detail) + "\n";
  }
  return text;
}

std::string render_config_history(const json::object& history) {
  std::string text;
  const json::array* const rows = array_at(history, "generations");
  if (rows == nullptr) return text;
  for (const json::value& each : *rows) {
    const json::object* const row = each.if_object();
    if (row == nullptr) continue;
    text += number_text(*row, "generation") + "  " + moment_at(*row, "at") + "  " +
            text_at(*row, "sha256").substr(0, 12) + "  " + text_at(*row, "by") + "\n";
  }
  return text;
}

}  // namespace teal::app
