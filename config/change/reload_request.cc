#include "config/change/reload_request.h"

#include "base/parse_number.h"
#include "config/document.h"
#include "config/reader.h"
#include "config/report.h"

namespace teal::config {
namespace {

constexpr Millis kShortestConfirm = std::chrono::seconds{1};
constexpr Millis kLongestConfirm = std::chrono::hours{24};

template <class Read>
auto read(std::string_view json, const Read& read_keys)
    -> Loaded<decltype(read_keys(std::declval<Mapping&>()))> {
  Report report("request body");
  const std::optional<Node> root = read_json_object(json.empty() ? "{}" : json, report);
  if (!root) return report.take();
  decltype(read_keys(std::declval<Mapping&>())) request;
  {
    Mapping keys(Value(*root, "", "", report));
    request = read_keys(keys);
  }
  if (!report.empty()) return report.take();
  return request;
}

std::optional<std::uint64_t> generation(Mapping& keys, std::string_view key) {
  const auto value = keys.find(key);
  if (!value) return std::nullopt;
  const auto number = parse_whole<std::uint64_t>(value->node().text);
  if (!number || *number == 0)
    value->problem("must be the number of a generation", "GET /v1/config says the present one");
  return number;
}

}  // namespace

Loaded<ReloadRequest> parse_reload_request(std::string_view json) {
  return read(json, [](Mapping& keys) {
    ReloadRequest request;
    keys.boolean("dry_run", request.dry_run);
    request.if_generation = generation(keys, "if_generation");
    keys.duration("confirm_within", request.confirm_within, kShortestConfirm, kLongestConfirm);
    return request;
  });
}

Loaded<RollbackRequest> parse_config_rollback_request(std::string_view json) {
  return read(json, [](Mapping& keys) {
    RollbackRequest request;
    request.to = generation(keys, "to");
    keys.boolean("confirm_access", request.confirm_access);
    return request;
  });
}

}  // namespace teal::config
