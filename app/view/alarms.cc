#include "app/view/alarms.h"

#include <cstdint>

#include <boost/json.hpp>

#include "app/view/json_at.h"
#include "app/view/text_table.h"

namespace teal::app {
namespace {

namespace json = boost::json;

constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kReset = "\x1b[0m";

std::string since_of(const json::object& alarm) {
  const std::string since = moment_at(alarm, "since");
  return since.empty() ? "-" : since;
}

std::string condition_of(const json::object& alarm) {
  const json::object* match = object_at(alarm, "match");
  if (match == nullptr) return "alertname=" + text_at(alarm, "name");
  std::string text;
  for (const auto& [label, value] : *match)
    text += (text.empty() ? "" : " ") + printable(label) + "=" + text_at(*match, label);
  return text;
}

/// "2 firing, 1 ignored".
std::string counts_of(const json::object& alarm) {
  std::string text;
  for (const std::string key : {"firing", "ignored", "stale", "held"}) {
    const auto count = static_cast<std::uint64_t>(number_at(alarm, key).value_or(0));
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + ' ' + key;
  }
  return text.empty() ? "-" : text;
}

std::string_view colour_of(const std::string& state) {
  if (state == "firing") return kRed;
  return state == "resolved" ? std::string_view() : kYellow;
}

}  // namespace

std::string render_alarms(const json::object& alarms, const ViewStyle& style) {
  const json::array* list = array_at(alarms, "alarms");
  if (list == nullptr || list->empty())
    return "no service has an external alarm; add one to its deploy.alarms: pager: { external: "
           "true "
           "}\n";
  TextTable table(std::vector<Align>(7, Align::left));
  table.add({"SERVICE", "ALARM", "STATE", "SINCE", "EPISODES", "ALERTS", "REASON"});
  std::vector<std::string_view> colours{kDim};
  std::vector<std::string> notes{""};
  for (const json::value& value : *list) {
    const json::object* alarm = value.if_object();
    if (alarm == nullptr) continue;
    const std::string state = text_at(*alarm, "state");
    table.add({text_at(*alarm, "service"), text_at(*alarm, "name"), state, since_of(*alarm),
               counts_of(*alarm), condition_of(*alarm), text_at(*alarm, "reason")});
    colours.push_back(colour_of(state));
    notes.push_back(text_at(*alarm, "note"));
  }
  std::string text;
  std::size_t row = 0;
  const auto add = [&](const std::string& line, std::string_view colour) {
    const std::string fitting = fit(line, static_cast<std::size_t>(style.columns));
    const bool coloured = style.colour && !colour.empty();
    if (coloured) text += colour;
    text += fitting;
    if (coloured) text += kReset;
    text += '\n';
  };
  for (const std::string& line : table.lines("")) {
    add(line, colours[row]);
    if (!notes[row].empty()) add("  " + notes[row], kDim);
    ++row;
  }
  return text;
}

std::string render_alarm_notes(const json::object& deployment) {
  std::string text;
  const json::array* alarms = array_at(deployment, "alarms");
  if (alarms == nullptr) return text;
  for (const json::value& value : *alarms) {
    const json::object* alarm = value.if_object();
    if (alarm == nullptr) continue;
    const std::string note = text_at(*alarm, "note");
    if (!note.empty()) text += "  alarm " + text_at(*alarm, "name") + ' ' + note + '\n';
  }
  return text;
}

std::vector<std::string> render_outside_alarms(const json::object& service) {
  std::vector<std::string> lines;
  const json::array* alarms = array_at(service, "outside_alarms");
  if (alarms == nullptr) return lines;
  for (const json::value& value : *alarms) {
    const json::object* alarm = value.if_object();
    if (alarm == nullptr) continue;
    std::string line = "alarm " + text_at(*alarm, "name") + ' ';
    const std::string note = text_at(*alarm, "note");
    line += note.empty() ? "fires since " + since_of(*alarm) : note;
    if (const std::string reason = text_at(*alarm, "reason"); !reason.empty())
      line += ": " + reason;
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace teal::app
