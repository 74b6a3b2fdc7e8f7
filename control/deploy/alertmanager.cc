#include "control/deploy/alertmanager.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <variant>

#include <boost/json.hpp>

#include "base/parse_number.h"
#include "control/json/body.h"
#include "control/json/text.h"

namespace teal::control {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxReasonLength = 500;
constexpr std::size_t kMaxFingerprintLength = 64;
constexpr std::size_t kMaxLabelsLength = 500;

const json::object* object_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr ? value->if_object() : nullptr;
}

/// "name="value"" where it is text; anything else is left out.
AlertLabels read_labels(const json::object& object) {
  AlertLabels labels;
  for (const auto& [key, value] : object)
    if (value.is_string()) labels.emplace(key, std::string(value.get_string()));
  return labels;
}

std::optional<WallTime> time_at(const json::object& object, std::string_view key) {
  const auto text = string_at(object, key);
  if (!text) return std::nullopt;
  std::optional<WallTime> time = parse_alert_time(*text);
  // Go's zero time: it is not known.
  if (time && *time < WallTime{}) time.reset();
  return time;
}

std::string reason_of(const json::object& object, const Alert& alert) {
  std::optional<std::string> text;
  if (const json::object* notes = object_at(object, "annotations")) {
    text = string_at(*notes, "summary");
    if (!text || text->empty()) text = string_at(*notes, "description");
  }
  if (!text || text->empty()) text = "Alertmanager: " + name_of(alert);
  return cut_utf8(*text, kMaxReasonLength);
}

/// One entry of `alerts`; a text says what it lacks.
std::optional<std::string> read_alert(const json::value& entry, Alert& alert) {
  const json::object* object = entry.if_object();
  if (object == nullptr) return "must be an object";
  const std::optional<std::string> state = string_at(*object, "status");
  if (!state || (*state != "firing" && *state != "resolved"))
    return "its status must be firing or resolved";
  const json::object* labels = object_at(*object, "labels");
  if (labels == nullptr) return "it has no labels";
  alert.firing = *state == "firing";
  alert.labels = read_labels(*labels);
  if (alert.labels.empty()) return "it has no labels";
  const auto fingerprint = string_at(*object, "fingerprint");
  const bool is_usable =
      fingerprint && !fingerprint->empty() && fingerprint->size() <= kMaxFingerprintLength;
  alert.fingerprint = is_usable ? *fingerprint : fingerprint_of(alert.labels);
  alert.starts = time_at(*object, "startsAt");
  alert.ends = time_at(*object, "endsAt");
  alert.why = reason_of(*object, alert);
  return std::nullopt;
}

/// Reads "-?digits" of a fixed width.
std::optional<int> digits(std::string_view& text, std::size_t width) {
  if (text.size() < width || text[0] == '-') return std::nullopt;
  const auto number = parse_whole<int>(text.substr(0, width));
  if (number) text.remove_prefix(width);
  return number;
}
bool take(std::string_view& text, char wanted) {
  if (text.empty() || text[0] != wanted) return false;
  text.remove_prefix(1);
  return true;
}

/// ".123456" as milliseconds; true where there is no fraction.
bool take_fraction(std::string_view& text, int& millis) {
  if (!take(text, '.')) return true;
  const std::size_t size = std::min(text.find_first_not_of("0123456789"), text.size());
  if (size == 0) return false;
  int scale = 100;
  for (std::size_t i = 0; i < std::min<std::size_t>(size, 3); ++i, scale /= 10)
    millis += (text[i] - '0') * scale;
  text.remove_prefix(size);
  return true;
}

/// "Z" or "+02:00", to the end of the text.
std::optional<std::chrono::minutes> take_zone(std::string_view text) {
  using std::chrono::minutes;
  if (text == "Z" || text == "z") return minutes{0};
  const bool is_west = !text.empty() && text[0] == '-';
  if (!is_west && (text.empty() || text[0] != '+')) return std::nullopt;
  text.remove_prefix(1);
  const auto hour = digits(text, 2);
  const bool has_colon = hour && take(text, ':');
  const auto minute = has_colon ? digits(text, 2) : std::nullopt;
  if (!minute || !text.empty() || *hour > 23 || *minute > 59) return std::nullopt;
  const minutes zone{*hour * 60 + *minute};
  return is_west ? -zone : zone;
}

}  // namespace

std::optional<WallTime> parse_alert_time(std::string_view text) {
  using std::chrono::hours, std::chrono::minutes, std::chrono::seconds;
  const auto year = digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = digits(text, 2);
  if (!day || (!take(text, 'T') && !take(text, 't') && !take(text, ' '))) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = digits(text, 2);
  int millis = 0;
  if (!second || !take_fraction(text, millis)) return std::nullopt;
  const auto zone = take_zone(text);
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  // A leap second is the one after it.
  if (!zone || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return WallTime{std::chrono::sys_days{date}} + hours{*hour} + minutes{*minute} +
         seconds{*second} + Millis{millis} - *zone;
}

/// FNV-1a over the sorted labels, each name and value ended by a byte that no UTF-8 has
/// (prometheus/common, model/fnv.go and signature.go).
std::string fingerprint_of(const AlertLabels& labels) {
  std::uint64_t hash = 14695981039346656037ULL;
  const auto add = [&](unsigned char byte) {
    hash ^= byte;
    hash *= 1099511628211ULL;
  };
  for (const auto& [name, value] : labels) {
    for (const char c : name) add(static_cast<unsigned char>(c));
    add(0xff);
    for (const char c : value) add(static_cast<unsigned char>(c));
    add(0xff);
  }
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

std::string to_string(const AlertLabels& labels) {
  std::string text = "{";
  for (const auto& [name, value] : labels) {
    if (text.size() > 1) text += ", ";
    text.append(name).append("=\"").append(value).append("\"");
    if (text.size() <= kMaxLabelsLength) continue;
    return cut_utf8(text, kMaxLabelsLength) + "...";
  }
  return text += '}';
}

std::string name_of(const Alert& alert) {
  const auto name = alert.labels.find("alertname");
  return name == alert.labels.end() || name->second.empty() ? to_string(alert.labels)
                                                            : name->second;
}

bool concerns(const config::Alarm& alarm, const Alert& alert) {
  const auto label = [&](const std::string& name) -> std::string_view {
    const auto found = alert.labels.find(name);
    return found == alert.labels.end() ? std::string_view() : std::string_view(found->second);
  };
  const auto& external = std::get<config::ExternalAlarm>(alarm.condition);
  if (external.match.empty()) return label("alertname") == alarm.name;
  return std::ranges::all_of(external.match,
                             [&](const auto& each) { return label(each.first) == each.second; });
}

config::Loaded<AlertBatch> parse_alert_batch(const std::string& body) {
  auto object = parse_json_object(body);
  if (!object) return object.error();
  const json::value* list = object->if_contains("alerts");
  if (list == nullptr || !list->is_array())
    return config::Problems{
        {problem_at(body, offset_of_key(body, "alerts"), "alerts", "must be a list",
                    "send Alertmanager's webhook, version 4, as it is")}};
  AlertBatch batch;
  if (const json::value* truncated = object->if_contains("truncatedAlerts")) {
    json::error_code failed;
    const auto count = truncated->to_number<std::uint64_t>(failed);
    if (!failed) batch.truncated = count;
  }
  batch.group = string_at(*object, "groupKey").value_or("");
  batch.group = cut_utf8(batch.group, kMaxReasonLength);
  std::size_t index = 0;
  for (const json::value& entry : list->get_array()) {
    Alert alert;
    std::optional<std::string> wrong = "a batch has at most 2000 alerts";
    if (batch.alerts.size() < kMaxAlertsOfABatch) wrong = read_alert(entry, alert);
    if (wrong)
      batch.refused.push_back({index, *wrong});
    else
      batch.alerts.push_back(std::move(alert));
    ++index;
  }
  if (!batch.alerts.empty() || batch.refused.empty()) return batch;
  // Nothing of it will ever be read: whoever wrote the template should hear of it.
  config::Problems problems;
  for (const RefusedAlert& refused : batch.refused) {
    if (problems.list.size() >= 20) break;
    problems.list.push_back(problem_at(body, offset_of_key(body, "alerts"),
                                       "alerts[" + std::to_string(refused.index) + "]", refused.why,
                                       ""));
  }
  return problems;
}

}  // namespace teal::control
