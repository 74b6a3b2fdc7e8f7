#include "control/store/episode_record.h"

#include <stdexcept>
#include <string>
#include <utility>

namespace teal::control {
namespace {

namespace json = boost::json;
using health::Episode;

std::string text(const json::object& object, const char* key) {
  return json::value_to<std::string>(object.at(key));
}
WallTime wall(const json::object& object, const char* key) {
  return WallTime{Millis{json::value_to<std::int64_t>(object.at(key))}};
}

/// An enumerator by its number, which is part of the store's format.
template <class Enum>
Enum enumerator(const json::object& object, const char* key, Enum last) {
  const auto value = json::value_to<std::uint8_t>(object.at(key));
  if (value > static_cast<std::uint8_t>(last)) throw std::invalid_argument(key);
  return static_cast<Enum>(value);
}

Episode read_episode(const json::object& object) {
  Episode episode;
  episode.alarm = text(object, "alarm");
  episode.fingerprint = text(object, "fingerprint");
  episode.source = enumerator(object, "source", Episode::Source::earlier);
  episode.state = enumerator(object, "state", Episode::State::resolved);
  episode.bearing = enumerator(object, "bearing", Episode::Bearing::other_release);
  episode.starts = wall(object, "starts");
  episode.heard = wall(object, "heard");
  episode.ended = wall(object, "ended");
  episode.why = text(object, "why");
  episode.stale = object.at("stale").as_bool();
  return episode;
}

}  // namespace

json::array episode_records(const std::vector<Episode>& episodes) {
  json::array list;
  for (const Episode& episode : episodes)
    list.emplace_back(json::object{{"alarm", episode.alarm},
                                   {"fingerprint", episode.fingerprint},
                                   {"source", static_cast<std::uint8_t>(episode.source)},
                                   {"state", static_cast<std::uint8_t>(episode.state)},
                                   {"bearing", static_cast<std::uint8_t>(episode.bearing)},
                                   {"starts", episode.starts.time_since_epoch().count()},
                                   {"heard", episode.heard.time_since_epoch().count()},
                                   {"ended", episode.ended.time_since_epoch().count()},
                                   {"why", episode.why},
                                   {"stale", episode.stale}});
  return list;
}

std::vector<Episode> read_episode_records(const json::object& service) {
  std::vector<Episode> episodes;
  if (const json::value* list = service.if_contains("episodes")) {
    for (const json::value& each : list->as_array())
      episodes.push_back(read_episode(each.as_object()));
    return episodes;
  }
  // Older versions know alarms that fire, by name, and why. Whether one was the release's fault was
  // decided when it fired.
  for (const auto& [name, why] : service.at("firing").as_object()) {
    Episode episode;
    episode.alarm = name;
    episode.source = Episode::Source::earlier;
    episode.bearing = Episode::Bearing::began_before;
    episode.why = json::value_to<std::string>(why);
    episodes.push_back(std::move(episode));
  }
  return episodes;
}

}  // namespace teal::control
