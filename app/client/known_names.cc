#include "app/client/known_names.h"

#include <boost/json.hpp>

#include "app/view/json_at.h"

namespace teal::app {

namespace json = boost::json;

KnownNames ask_for_names(const Ask& ask) {
  KnownNames names;
  const Result<AdminAnswer> answer = ask("/v1/services?limit=1000");
  const std::optional<json::object> page =
      answer && answer->status == 200 ? parse_object(answer->body) : std::nullopt;
  const json::array* services = page ? array_at(*page, "services") : nullptr;
  if (services == nullptr) return names;
  for (const json::value& each : *services) {
    const json::object* service = each.if_object();
    if (service == nullptr || text_at(*service, "name").empty()) continue;
    const std::string name = text_at(*service, "name");
    names.services.emplace_back(name, "live " + text_at(*service, "live"));
    const json::object* deployment = object_at(*service, "deployment");
    if (deployment == nullptr) deployment = object_at(*service, "last_deployment");
    if (deployment == nullptr || text_at(*deployment, "id").empty()) continue;
    names.deployments.emplace_back(
        text_at(*deployment, "id"),
        name + " " + text_at(*deployment, "revision") + ", " + text_at(*deployment, "status"));
  }
  return names;
}

}  // namespace teal::app
