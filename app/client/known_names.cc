#include "app/client/known_names.h"

#include <algorithm>
#include <utility>

#include <boost/json.hpp>

#include "app/view/json_at.h"
#include "base/ascii.h"
#include "base/printable.h"

namespace teal::app {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxNames = 1000;

/// None that a shell, or Teal's command line, would take for anything but a name.
bool is_plain_name(const std::string& name) {
  const auto is_plain = [](char each) {
    return is_alnum(each) || each == '.' || each == '_' || each == '-';
  };
  return !name.empty() && name.front() != '-' && std::ranges::all_of(name, is_plain);
}

}  // namespace

KnownNames ask_for_names(const Ask& ask) {
  KnownNames names;
  const Result<AdminAnswer> answer = ask("/v1/services?limit=1000");
  const std::optional<json::object> page =
      answer && answer->status == 200 ? parse_object(answer->body) : std::nullopt;
  const json::array* services = page ? array_at(*page, "services") : nullptr;
  if (services == nullptr) return names;
  for (const json::value& each : *services) {
    const json::object* service = each.if_object();
    if (names.services.size() == kMaxNames) break;
    if (service == nullptr || !is_plain_name(text_at(*service, "name"))) continue;
    const std::string name = text_at(*service, "name");
    names.services.emplace_back(name, printable("live " + text_at(*service, "live")));
    const json::object* deployment = object_at(*service, "deployment");
    if (deployment == nullptr) deployment = object_at(*service, "last_deployment");
    if (deployment == nullptr || !is_plain_name(text_at(*deployment, "id"))) continue;
    names.deployments.emplace_back(text_at(*deployment, "id"),
                                   printable(name + " " + text_at(*deployment, "revision") + ", " +
                                             text_at(*deployment, "status")));
  }
  return names;
}

Result<AdminAnswer> ask_for_little(const AdminClient& client, const std::string& path,
                                   Millis limit) {
  std::string body;
  const auto take = [&body](std::string_view bytes) {
    body += bytes;
    return body.size() <= kMaxNamesAnswer;
  };
  Result<AdminAnswer> answer = client.receive("GET", path, limit, take);
  if (body.size() > kMaxNamesAnswer)
    return Error{Source::upstream,
                 "the answer of " + to_string(client.address()) + " is too long; ask a Teal"};
  if (answer && answer->status == 200) answer->body = std::move(body);
  return answer;
}

}  // namespace teal::app
