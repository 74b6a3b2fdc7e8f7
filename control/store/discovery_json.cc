#include "control/store/discovery_json.h"

#include <boost/json.hpp>

#include <algorithm>
#include <string>

#include "control/store/stored_json.h"

namespace teal::control {
namespace {

namespace json = boost::json;

/// By revision.
json::object write(const std::vector<FoundTargetPlace>& places) {
  json::object out;
  for (const FoundTargetPlace& place : places) {
    json::value& list = out[place.revision];
    if (!list.is_array()) list.emplace_array();
    list.get_array().emplace_back(to_string(place.address));
  }
  return out;
}

std::vector<Address> read_addresses(const json::value& list) {
  std::vector<Address> addresses;
  for (const json::value& each : list.as_array())
    if (const auto address = parse_target_address(json::value_to<std::string>(each)))
      addresses.push_back(*address);
  std::ranges::sort(addresses);
  return addresses;
}

std::vector<FoundTargetPlace> read_places(const json::value& by_revision) {
  std::vector<FoundTargetPlace> places;
  for (const auto& [revision, list] : by_revision.as_object())
    for (Address& address : read_addresses(list))
      places.push_back({std::string(revision), std::move(address)});
  std::ranges::sort(places);
  return places;
}

}  // namespace

json::object discovery_record(const SavedSets& sets) {
  json::array sources;
  for (const SavedSource& source : sets.sources) {
    json::object out{{"source", source.source}, {"known", write(source.known)}};
    if (source.last_success) out["at"] = source.last_success->time_since_epoch().count();
    sources.emplace_back(std::move(out));
  }
  json::array held_out;
  for (const Address& address : sets.held_out) held_out.emplace_back(to_string(address));
  return {{"sources", std::move(sources)},
          {"ours", write(sets.ours)},
          {"held_out", std::move(held_out)}};
}

SavedSets read_discovery_record(const json::object& record) {
  SavedSets sets;
  for (const json::value& each : record.at("sources").as_array()) {
    const json::object& source = each.as_object();
    SavedSource saved{text(source, "source"), read_places(source.at("known")), std::nullopt};
    if (source.contains("at")) saved.last_success = WallTime{millis(source, "at")};
    sets.sources.push_back(std::move(saved));
  }
  sets.ours = read_places(record.at("ours"));
  sets.held_out = read_addresses(record.at("held_out"));
  return sets;
}

}  // namespace teal::control
