#include "control/store/alarm_json.h"

#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/parse_number.h"
#include "control/engine/protocol.h"
#include "control/store/stored_json.h"

namespace teal::control {
namespace {

namespace json = boost::json;

/// Boost.JSON 1.81 may read a double one unit in the last place off; text does not.
json::value exact(double value) {
  std::array<char, 40> buffer{};
  const auto [end, status] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return json::value(std::string(buffer.data(), end));
}
double exact(const json::object& object, const char* key) {
  const std::string digits = text(object, key);
  const auto value = parse_whole<double>(digits);
  if (!value) throw std::invalid_argument("'" + digits + "' is not a number");
  return *value;
}

/// An enumerator by its number, which is part of the store's format.
template <class Enum>
Enum enumerator(const json::object& object, const char* key, Enum last) {
  const auto value = number<std::uint8_t>(object, key);
  if (value > static_cast<std::uint8_t>(last)) throw std::invalid_argument(key);
  return static_cast<Enum>(value);
}

void write_threshold(json::object& object, const config::Threshold& threshold) {
  object["op"] = static_cast<std::uint8_t>(threshold.op);
  object["limit"] = exact(threshold.limit);
}
config::Threshold read_threshold(const json::object& object) {
  return {enumerator(object, "op", config::Threshold::Op::below), exact(object, "limit")};
}

/// What is usual has none of the keys, as in the records of older versions.
void write_meaning(json::object& object, const ErrorMeaning& meaning) {
  if (meaning.is_usual()) return;
  const auto words = [](const std::vector<StatusWord>& list) {
    json::array array;
    for (const StatusWord& word : list) array.emplace_back(to_string(word));
    return array;
  };
  object["errors"] = words(meaning.errors);
  object["except"] = words(meaning.except);
  object["paths"] = json::array(meaning.paths.begin(), meaning.paths.end());
}
ErrorMeaning read_meaning(const json::object& object) {
  ErrorMeaning meaning;
  if (!object.contains("errors")) return meaning;
  const auto words = [&](const char* key) {
    std::vector<StatusWord> list;
    for (const json::value& entry : object.at(key).as_array()) {
      const auto word = parse_status_word(json::value_to<std::string>(entry));
      if (!word) throw std::invalid_argument(key);
      list.push_back(*word);
    }
    return list;
  };
  meaning.errors = words("errors");
  meaning.except = words("except");
  meaning.paths = json::value_to<std::vector<std::string>>(object.at("paths"));
  return meaning;
}

void write_compare(json::object& object, const config::CompareAlarm& alarm) {
  object["kind"] = "compare";
  object["what"] = static_cast<std::uint8_t>(alarm.what);
  object["tolerance"] = exact(alarm.tolerance);
  object["confidence"] = exact(alarm.confidence);
  object["certify"] = exact(alarm.certify);
  if (alarm.at_most) object["at_most"] = exact(*alarm.at_most);
  if (alarm.limit) object["limit_ms"] = alarm.limit->count();
  write_meaning(object, alarm.meaning);
}
config::CompareAlarm read_compare(const json::object& object) {
  config::CompareAlarm alarm;
  alarm.what = enumerator(object, "what", config::CompareAlarm::What::latency);
  alarm.tolerance = exact(object, "tolerance");
  alarm.confidence = exact(object, "confidence");
  alarm.certify = exact(object, "certify");
  if (object.contains("at_most")) alarm.at_most = exact(object, "at_most");
  if (object.contains("limit_ms")) alarm.limit = millis(object, "limit_ms");
  alarm.meaning = read_meaning(object);
  return alarm;
}

void write_external(json::object& object, const config::ExternalAlarm& alarm) {
  object["kind"] = "external";
  json::object match;
  for (const auto& [label, value] : alarm.match) match[label] = value;
  object["match"] = std::move(match);
  object["settle_ms"] = alarm.settle.count();
  object["stale_after_ms"] = alarm.stale_after.count();
}
config::ExternalAlarm read_external(const json::object& object) {
  config::ExternalAlarm alarm;
  // Records of older versions know alarms by their names only.
  if (!object.contains("match")) return alarm;
  for (const auto& [label, value] : object.at("match").as_object())
    alarm.match.emplace(label, json::value_to<std::string>(value));
  alarm.settle = millis(object, "settle_ms");
  alarm.stale_after = millis(object, "stale_after_ms");
  return alarm;
}

}  // namespace

json::object alarm_to_json(const config::Alarm& alarm) {
  json::object object{{"name", alarm.name},
                      {"over_ms", alarm.over.count()},
                      {"minimum_requests", alarm.minimum_requests},
                      {"observe", alarm.observe}};
  std::visit(Overloaded{[&](const config::ErrorRateAlarm& a) {
                          object["kind"] = "error_rate";
                          write_threshold(object, a.threshold);
                          write_meaning(object, a.meaning);
                        },
                        [&](const config::LatencyAlarm& a) {
                          object["kind"] = "latency";
                          object["quantile"] = exact(a.quantile);
                          write_threshold(object, a.threshold);
                        },
                        [&](const config::RequestRateAlarm& a) {
                          object["kind"] = "request_rate";
                          write_threshold(object, a.threshold);
                        },
                        [&](const config::CompareAlarm& a) { write_compare(object, a); },
                        [&](const config::ExternalAlarm& a) { write_external(object, a); }},
             alarm.condition);
  return object;
}

config::Alarm alarm_from_json(const json::object& object) {
  config::Alarm alarm;
  alarm.name = text(object, "name");
  alarm.over = millis(object, "over_ms");
  alarm.minimum_requests = number<std::uint64_t>(object, "minimum_requests");
  // Records of older versions have no such key.
  if (const json::value* observe = object.if_contains("observe"))
    alarm.observe = observe->as_bool();
  const std::string kind = text(object, "kind");
  if (kind == "error_rate")
    alarm.condition = config::ErrorRateAlarm{read_threshold(object), read_meaning(object)};
  else if (kind == "latency")
    alarm.condition = config::LatencyAlarm{exact(object, "quantile"), read_threshold(object)};
  else if (kind == "request_rate")
    alarm.condition = config::RequestRateAlarm{read_threshold(object)};
  else if (kind == "compare")
    alarm.condition = read_compare(object);
  else if (kind == "external")
    alarm.condition = read_external(object);
  else
    throw std::invalid_argument("unknown kind of alarm '" + kind + "'");
  return alarm;
}

}  // namespace teal::control
