#include "app/view/state.h"

#include <string_view>

#include <boost/json.hpp>

#include "base/printable.h"
#include "base/time.h"

namespace teal::app {
namespace {

namespace json = boost::json;

std::string counted(std::uint64_t count, std::string_view one) {
  return std::to_string(count) + ' ' + std::string(one) + (count == 1 ? "" : "s");
}

}  // namespace

std::string render_store(const control::StoreSummary& summary, const std::string& path) {
  const std::string since =
      summary.last_change ? format_time(*summary.last_change) : std::string("none");
  return printable(path) + " is sound\n  " + counted(summary.services, "service") + ", " +
         counted(summary.deployments, "deployment") + ", " + counted(summary.events, "event") +
         ", " + counted(summary.generations, "generation") + " of the configuration\n  " +
         counted(summary.bytes, "byte") + ", schema " + std::to_string(summary.version) +
         ", last change " + since + '\n';
}

json::object to_json(const control::StoreSummary& summary, const std::string& path) {
  return {{"file", json::string(path)},
          {"schema", summary.version},
          {"id", json::string(summary.id)},
          {"services", summary.services},
          {"deployments", summary.deployments},
          {"events", summary.events},
          {"evidence", summary.evidence},
          {"generations", summary.generations},
          {"bytes", summary.bytes},
          {"last_change", summary.last_change
                              ? json::value(json::string(format_time(*summary.last_change)))
                              : json::value(nullptr)}};
}

}  // namespace teal::app
