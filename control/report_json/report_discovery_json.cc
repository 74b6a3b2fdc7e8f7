// Where a service's targets are found, as JSON.
#include <boost/json.hpp>

#include "control/report_json/json_values.h"
#include "control/report_json/report_json.h"

namespace teal::control {
namespace {

namespace json = boost::json;

json::array texts(const std::vector<Address>& addresses) {
  json::array out;
  for (const Address& address : addresses) out.emplace_back(text(to_string(address)));
  return out;
}

json::object to_json(const SourceReport& source) {
  json::object out;
  out["source"] = text(source.source);
  out["type"] = text(source.type);
  out["revision"] = text(source.revision);
  out["targets"] = source.targets;
  out["last_success"] = or_null(source.last_success);
  out["age_ms"] = source.age ? json::value(source.age->count()) : json::value(nullptr);
  out["failing"] = source.failing;
  out["empty"] = source.empty;
  out["last_problem"] = text(source.last_problem);
  out["held_removals"] = source.held;
  json::array refused;
  for (const std::string& each : source.refused) refused.emplace_back(text(each));
  out["refused"] = std::move(refused);
  out["refused_total"] = source.refused_total;
  return out;
}

}  // namespace

json::value to_json(const std::optional<DiscoveryReport>& discovery) {
  if (!discovery) return nullptr;
  json::array sources;
  for (const SourceReport& source : discovery->sources) sources.push_back(to_json(source));
  json::array waiting;
  for (const WaitingSet& set : discovery->waiting)
    waiting.push_back(
        json::object{{"revision", text(set.revision)}, {"targets", texts(set.targets)}});
  json::object out;
  out["sources"] = std::move(sources);
  out["waiting"] = std::move(waiting);
  out["held_out"] = texts(discovery->held_out);
  out["left_out"] = discovery->left_out;
  out["kept"] = discovery->kept;
  return out;
}

}  // namespace teal::control
