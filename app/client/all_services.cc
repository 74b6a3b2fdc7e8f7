#include "app/client/all_services.h"

#include <iterator>
#include <optional>
#include <utility>

#include <boost/json.hpp>

#include "app/client/client.h"
#include "app/view/json_at.h"

namespace teal::app {
namespace {

namespace json = boost::json;

/// As many as the API gives at once.
const std::string kPage = "/v1/services?limit=1000";

/// Behind which service the next page begins; nothing: it was the last one, or of an older Teal.
std::optional<std::string> next_of(const json::object& page) {
  const json::value* const next = page.if_contains("next");
  if (next == nullptr || !next->is_string()) return std::nullopt;
  return std::string(next->get_string());
}

}  // namespace

Result<AdminAnswer> ask_for_all_services(const Ask& ask) {
  Result<AdminAnswer> answer = ask(kPage);
  if (!answer || answer->status >= 400) return answer;
  std::optional<json::object> all = parse_object(answer->body);
  std::optional<std::string> next = all ? next_of(*all) : std::nullopt;
  if (!next) return answer;
  while (next) {
    Result<AdminAnswer> more = ask(kPage + "&after=" + path_segment(*next));
    if (!more || more->status >= 400) return more;
    std::optional<json::object> page = parse_object(more->body);
    const bool has_list = page && page->contains("services") && page->at("services").is_array() &&
                          all->contains("services") && all->at("services").is_array();
    if (!has_list) return more;
    next = next_of(*page);
    json::array& list = all->at("services").get_array();
    std::ranges::move(page->at("services").get_array(), std::back_inserter(list));
  }
  (*all)["next"] = nullptr;
  answer->body = json::serialize(*all);
  return answer;
}

}  // namespace teal::app
