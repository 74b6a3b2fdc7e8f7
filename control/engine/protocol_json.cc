#include "control/engine/protocol_json.h"

#include <boost/json.hpp>

namespace teal::control {
namespace {

namespace json = boost::json;

Error unreadable(std::string_view text, std::string_view why) {
  return Error{Source::internal, "the journal holds an event that this Teal cannot read (" +
                                     std::string(why) + "): " + std::string(text.substr(0, 200))};
}

json::object fields(const Event& event) {
  return std::visit(
      Overloaded{
          [](const event::Begin&) -> json::object { return {{"event", "begin"}}; },
          [](const event::HealthChanged& e) -> json::object {
            json::object health{{"event", "health"},
                                {"healthy", e.healthy},
                                {"unhealthy", e.unhealthy},
                                {"unknown", e.unknown}};
            if (e.ejected > 0) health["ejected"] = e.ejected;
            return health;
          },
          [](const event::Recounted& e) -> json::object {
            return {{"event", "recounted"}, {"minimum", e.minimum}};
          },
          [](const event::ConfigChanged& e) -> json::object {
            return {{"event", "config"}, {"generation", e.generation}, {"digest", e.digest}};
          },
          [](const event::BaselineHealth& e) -> json::object {
            return {{"event", "baseline"},
                    {"healthy", e.healthy},
                    {"unhealthy", e.unhealthy},
                    {"unknown", e.unknown},
                    {"lost_ms", e.lost_for.count()}};
          },
          [](const event::SplitApplied& e) -> json::object {
            return {{"event", "applied"}, {"shift", e.shift}, {"took_us", e.took.count()}};
          },
          [](const event::AlarmBreached& e) -> json::object {
            return {{"event", "alarm"}, {"name", e.name}, {"why", e.why}};
          },
          [](const event::Evidence& e) -> json::object {
            return {{"event", "evidence"}, {"missing", e.missing}};
          },
          [](const event::Exposed& e) -> json::object {
            return {{"event", "exposed"}, {"spent", e.spent}};
          },
          [](const event::Wake&) -> json::object { return {{"event", "wake"}}; },
          [](const event::Proceed& e) -> json::object {
            json::object object{{"event", "continue"}};
            if (!e.why.empty()) object["why"] = e.why;
            return object;
          },
          [](const event::Pause&) -> json::object { return {{"event", "pause"}}; },
          [](const event::Promote&) -> json::object { return {{"event", "promote"}}; },
          [](const event::Stop&) -> json::object { return {{"event", "stop"}}; },
          [](const event::Rollback& e) -> json::object {
            return {{"event", "rollback"}, {"why", e.why}};
          },
          [](const event::Resumed&) -> json::object { return {{"event", "resumed"}}; },
      },
      event);
}

/// Throws boost::system::system_error or std::exception on what is not there.
Event read(const json::object& object) {
  const std::string name = json::value_to<std::string>(object.at("event"));
  const auto text = [&](const char* key) { return json::value_to<std::string>(object.at(key)); };
  const auto count = [&](const char* key) { return json::value_to<std::uint32_t>(object.at(key)); };
  if (name == "begin") return event::Begin{};
  if (name == "health")
    return event::HealthChanged{count("healthy"), count("unhealthy"), count("unknown"),
                                object.contains("ejected") ? count("ejected") : 0};
  if (name == "recounted") return event::Recounted{count("minimum")};
  if (name == "config")
    return event::ConfigChanged{json::value_to<std::uint64_t>(object.at("generation")),
                                text("digest")};
  if (name == "baseline")
    return event::BaselineHealth{count("healthy"), count("unhealthy"), count("unknown"),
                                 Millis{json::value_to<std::int64_t>(object.at("lost_ms"))}};
  if (name == "applied")
    return event::SplitApplied{json::value_to<std::uint64_t>(object.at("shift")),
                               Micros{json::value_to<std::int64_t>(object.at("took_us"))}};
  if (name == "alarm") return event::AlarmBreached{text("name"), text("why")};
  if (name == "evidence") return event::Evidence{text("missing")};
  if (name == "exposed") return event::Exposed{count("spent")};
  if (name == "wake") return event::Wake{};
  if (name == "continue") return event::Proceed{object.contains("why") ? text("why") : ""};
  if (name == "pause") return event::Pause{};
  if (name == "promote") return event::Promote{};
  if (name == "stop") return event::Stop{};
  if (name == "rollback") return event::Rollback{text("why")};
  if (name == "resumed") return event::Resumed{};
  throw std::invalid_argument("unknown event '" + name + "'");
}

}  // namespace

std::string to_json(const Event& event) {
  return json::serialize(fields(event));
}

Result<Event> event_from_json(std::string_view text) {
  boost::system::error_code status;
  const json::value value = json::parse(text, status);
  if (status) return unreadable(text, status.message());
  if (!value.is_object()) return unreadable(text, "not an object");
  try {
    return read(value.get_object());
  } catch (const std::exception& error) {
    return unreadable(text, error.what());
  }
}

}  // namespace teal::control
