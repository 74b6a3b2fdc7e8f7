#include "app/view/evidence.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "app/view/json_at.h"
#include "app/view/status.h"
#include "app/view/text_table.h"

namespace teal::app {
namespace {

namespace json = boost::json;

/// Three significant digits; a number that is too large to mean more is a power of ten.
std::string number(double value) {
  std::array<char, 64> text{};
  const char* format = value >= 1e6 ? "%.0e" : value >= 100 ? "%.0f" : "%.3g";
  const int size = std::snprintf(text.data(), text.size(), format, value);
  return std::string(text.data(), static_cast<std::size_t>(size));
}

std::string count_at(const json::object& object, std::string_view key) {
  return number(number_at(object, key).value_or(0));
}

/// "2.600s" since the deployment began.
std::string after(double ms) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.3fs", ms / 1000);
  return std::string(text.data(), static_cast<std::size_t>(size));
}

/// Each object of the array, if it is one.
template <class Each>
void for_each_object(const json::array* array, Each each) {
  if (array == nullptr) return;
  for (const json::value& value : *array)
    if (const json::object* object = value.if_object()) each(*object);
}

std::string group_text(const json::object& comparison, std::string_view role) {
  const json::object* group = object_at(comparison, role);
  if (group == nullptr) return {};
  return std::string(role) + " " + count_at(*group, "bad") + " bad of " +
         count_at(*group, "requests");
}

std::string interval_text(const json::object& comparison) {
  const auto low = number_at(comparison, "ratio_low");
  const auto high = number_at(comparison, "ratio_high");
  if (!low && !high) return {};
  if (!high) return "; at least " + number(*low) + " times as often";
  if (!low) return "; at most " + number(*high) + " times as often";
  return "; " + number(*low) + " to " + number(*high) + " times as often";
}

std::string numbers(const json::array* list) {
  std::string text;
  if (list == nullptr) return text;
  for (const json::value& value : *list)
    if (value.is_number()) text += (text.empty() ? "" : " ") + number(value.to_number<double>());
  return text;
}

std::vector<std::string> step_row(const json::object& step, std::string_view role) {
  const json::object* group = object_at(step, role);
  const json::object nothing;
  const json::object& counted = group == nullptr ? nothing : *group;
  return {text_at(step, "weight"),
          after(number_at(step, "since_ms").value_or(0)),
          std::string(role),
          count_at(counted, "requests"),
          count_at(counted, "errors"),
          numbers(array_at(counted, "slow")),
          numbers(array_at(step, "slower_than_ms"))};
}

std::string steps_text(const json::object& evidence) {
  constexpr auto kLeft = Align::left;
  constexpr auto kRight = Align::right;
  TextTable table({kLeft, kRight, kLeft, kRight, kRight, kLeft, kLeft});
  table.add({"WEIGHT", "SINCE", "GROUP", "ANSWERED", "ERRORS", "SLOW", "SLOWER THAN (MS)"});
  for_each_object(array_at(evidence, "steps"), [&](const json::object& step) {
    table.add(step_row(step, "release"));
    table.add(step_row(step, "live"));
  });
  std::string text = "\nsteps\n";
  for (const std::string& line : table.lines("  ")) text += line + "\n";
  return text;
}

/// The history's first, last and a few points between.
std::string history_text(const json::array& history) {
  constexpr std::size_t kShown = 8;
  TextTable table({Align::right, Align::right, Align::right, Align::right, Align::right});
  table.add({"AT", "E-VALUE", "CERTIFICATE", "RELEASE BAD", "LIVE BAD"});
  const std::size_t rows = std::min(kShown, history.size());
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t at = rows < 2 ? 0 : row * (history.size() - 1) / (rows - 1);
    const json::object* point = history[at].if_object();
    if (point == nullptr) continue;
    table.add({after(number_at(*point, "at_ms").value_or(0)), count_at(*point, "e_value"),
               count_at(*point, "certificate"), count_at(*point, "release_bad"),
               count_at(*point, "live_bad")});
  }
  std::string text;
  for (const std::string& line : table.lines("    ")) text += line + "\n";
  return text;
}

std::string comparisons_text(const json::object& evidence) {
  std::string text;
  for_each_object(array_at(evidence, "comparisons"), [&](const json::object& course) {
    text += "\nalarm " + text_at(course, "alarm") + ": " + text_at(course, "verdict");
    if (const auto at = number_at(course, "breached_at_ms")) text += ", at " + after(*at);
    text += "\n";
    const json::array* history = array_at(course, "history");
    if (history != nullptr && !history->empty()) text += history_text(*history);
  });
  return text;
}

std::string samples_text(const json::object& evidence) {
  const json::object* samples = object_at(evidence, "samples");
  if (samples == nullptr) return {};
  std::string text;
  for (const std::string_view role : {"release", "live"}) {
    const json::array* list = array_at(*samples, role);
    if (list == nullptr || list->empty()) continue;
    text += "\nbad requests of the " + std::string(role) + " group\n";
    for_each_object(list, [&](const json::object& sample) {
      const auto slow = number_at(sample, "slower_than_ms");
      text += "  " + after(number_at(sample, "at_ms").value_or(0)) + "  " +
              text_at(sample, "request_id") + "  " +
              (slow ? "slower than " + number(*slow) + "ms" : std::string("failed")) + "\n";
    });
  }
  return text;
}

std::string head_text(const json::object& report) {
  const json::object* deployment = object_at(report, "deployment");
  if (deployment == nullptr) return {};
  std::string text = render_deployment_line(*deployment) + "\n";
  if (const std::string reason = text_at(*deployment, "reason"); !reason.empty())
    text += "  " + reason + "\n";
  return text;
}

std::string lines_of(const json::object& comparison) {
  std::string text;
  for (const std::string& line : render_comparison(comparison)) text += "  " + line + "\n";
  return text;
}

bool is_over(const json::object& report) {
  const json::object* deployment = object_at(report, "deployment");
  return deployment != nullptr && !text_at(*deployment, "finished").empty();
}

std::string events_text(const json::object& report) {
  std::string text = "\n" + count_at(report, "events") + " events recorded";
  if (number_at(report, "events_dropped").value_or(0) > 0)
    text += ", " + count_at(report, "events_dropped") + " more were not";
  return text + "\n";
}

}  // namespace

std::vector<std::string> render_comparison(const json::object& comparison) {
  std::string counts = group_text(comparison, "release") + ", " + group_text(comparison, "live") +
                       interval_text(comparison);
  if (const auto out = number_at(comparison, "events_left_out"); out && *out > 0)
    counts += "; " + number(*out) + " events left out (of clients that come back one counts)";
  std::string tests = "e-value " + count_at(comparison, "e_value") + " of " +
                      count_at(comparison, "e_value_needed") + ", certificate " +
                      count_at(comparison, "certificate") + " of " +
                      count_at(comparison, "certificate_needed");
  if (const auto more = number_at(comparison, "more_requests"); more && *more > 0)
    tests += "; about " + number(*more) + " more requests of both groups";
  return {std::move(counts), std::move(tests)};
}

std::string render_evidence(const json::object& evidence) {
  const json::array* steps = array_at(evidence, "steps");
  if (steps == nullptr || steps->empty())
    return head_text(evidence) + "\nno comparison has judged this deployment\n";
  std::string text = head_text(evidence) + steps_text(evidence) + comparisons_text(evidence);
  for_each_object(array_at(evidence, "alarms"), [&](const json::object& alarm) {
    const json::object* comparison = object_at(alarm, "comparison");
    const std::string outlook = text_at(alarm, "outlook");
    if (comparison == nullptr && outlook.empty()) return;
    text += "\n" + text_at(alarm, "name") + (is_over(evidence) ? " at the end: " : " now: ") +
            text_at(alarm, "condition") + "\n" +
            (comparison == nullptr ? "" : lines_of(*comparison));
    if (!outlook.empty())
      text += "  not enough evidence: " + text_at(alarm, "detail") + " (" + outlook + ")\n";
  });
  return text + samples_text(evidence) + events_text(evidence);
}

std::string render_replay(const json::object& replay) {
  std::string text = head_text(replay);
  for_each_object(array_at(replay, "alarms"), [&](const json::object& alarm) {
    text += "\nalarm " + text_at(alarm, "name") + ": " + text_at(alarm, "condition") + "\n";
    const auto at = number_at(alarm, "breached_at_ms");
    const auto before = number_at(alarm, "breached_before_at_ms");
    text += at ? "  would have breached at " + after(*at) : "  would not have breached";
    text += before ? "; under its own settings it did at " + after(*before) + "\n"
                   : "; under its own settings it did not\n";
    if (const std::string detail = text_at(alarm, "detail"); !detail.empty())
      text += "  " + detail + "\n";
    if (const json::object* comparison = object_at(alarm, "comparison"))
      text += lines_of(*comparison);
  });
  return text + events_text(replay);
}

}  // namespace teal::app
