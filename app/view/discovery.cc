#include "app/view/discovery.h"

#include <boost/json.hpp>

#include <cmath>
#include <map>

#include "app/view/json_at.h"
#include "base/time.h"

namespace teal::app {
namespace {

namespace json = boost::json;

std::string counted(double count, const std::string& what) {
  const auto whole = static_cast<std::uint64_t>(count);
  return std::to_string(whole) + " " + what + (whole == 1 ? "" : "s");
}

std::string age_of(const json::object& source) {
  const auto age = number_at(source, "age_ms");
  if (!age) return "never answered";
  return format_duration(Millis{static_cast<std::int64_t>(std::floor(*age / 1000)) * 1000}) +
         " ago";
}

DiscoveryLine line_of(const json::object& source) {
  DiscoveryLine line;
  line.text = "found: " + text_at(source, "source") + " (" + text_at(source, "revision") +
              "): " + counted(number_at(source, "targets").value_or(0), "target") + ", " +
              age_of(source);
  const std::string problem = text_at(source, "last_problem");
  if (flag_at(source, "failing")) line.text += ", failing";
  if (flag_at(source, "empty")) line.text += ", empty";
  if (!problem.empty()) line.text += ": " + problem;
  if (const double held = number_at(source, "held_removals").value_or(0); held > 0)
    line.text += "; " + counted(held, "target") + " not named any more, waited for";
  if (const double refused = number_at(source, "refused_total").value_or(0); refused > 0) {
    const std::vector<std::string> shown = texts_at(source, "refused");
    line.text += "; not believed: " + (shown.empty() ? "" : shown.front());
    if (refused > 1) line.text += " and " + counted(refused - 1, "other");
  }
  line.is_trouble = flag_at(source, "failing") || flag_at(source, "empty") || !problem.empty() ||
                    number_at(source, "held_removals").value_or(0) > 0 ||
                    number_at(source, "refused_total").value_or(0) > 0;
  return line;
}

/// "blue has 2 targets of dns, 1 of config and dns".
std::string origins_of(const std::string& colour, const json::object& group) {
  std::map<std::string, std::size_t> counts;
  if (const json::array* targets = array_at(group, "targets"))
    for (const json::value& value : *targets) {
      const json::object* const target = value.if_object();
      if (target == nullptr) continue;
      std::string origin;
      for (const std::string& source : texts_at(*target, "sources"))
        origin += (origin.empty() ? "" : " and ") + source;
      ++counts[origin];
    }
  std::string text;
  for (const auto& [origin, count] : counts) {
    text += text.empty() ? colour + " has " : ", ";
    text += std::to_string(count) + " of ";
    text += origin;
  }
  return text;
}

std::string listed(const std::vector<std::string>& addresses) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(addresses.size(), kShown); ++i)
    text += (i == 0 ? "" : ", ") + addresses[i];
  if (addresses.size() > kShown)
    text += " and " + std::to_string(addresses.size() - kShown) + " more";
  return text;
}

void add_waiting(const json::object& service, const json::object& discovery,
                 std::vector<DiscoveryLine>& lines) {
  const json::array* const waiting = array_at(discovery, "waiting");
  if (waiting == nullptr) return;
  for (const json::value& value : *waiting)
    if (const json::object* const set = value.if_object())
      lines.push_back({"waiting: " + text_at(*set, "revision") + " on " +
                       listed(texts_at(*set, "targets")) + ": teal deploy " +
                       text_at(service, "name") + " --revision " + text_at(*set, "revision")});
}

}  // namespace

std::vector<DiscoveryLine> render_discovery(const json::object& service) {
  std::vector<DiscoveryLine> lines;
  const json::object* const discovery = object_at(service, "discovery");
  if (discovery == nullptr) return lines;
  if (const json::array* const sources = array_at(*discovery, "sources"))
    for (const json::value& value : *sources)
      if (const json::object* const source = value.if_object()) lines.push_back(line_of(*source));
  const json::object* const groups = object_at(service, "groups");
  for (const std::string colour : {"blue", "green"}) {
    const json::object* const group = groups == nullptr ? nullptr : object_at(*groups, colour);
    if (group == nullptr) continue;
    if (std::string origins = origins_of(colour, *group); !origins.empty())
      lines.push_back({std::move(origins)});
  }
  add_waiting(service, *discovery, lines);
  if (const std::vector<std::string> out = texts_at(*discovery, "held_out"); !out.empty())
    lines.push_back({"drained by hand until they are not found any more: " + listed(out)});
  if (const double left = number_at(*discovery, "left_out").value_or(0); left > 0)
    lines.push_back({counted(left, "target") + " found and left out: in the other group, or over "
                                               "the limit of 1000",
                     true});
  if (const double kept = number_at(*discovery, "kept").value_or(0); kept > 0)
    lines.push_back(
        {counted(kept, "target") + " not found any more and kept: nobody else would serve", true});
  return lines;
}

}  // namespace teal::app
