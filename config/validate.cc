#include "config/validate.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "config/nearest.h"

namespace teal::config {
namespace {

using Route = std::tuple<std::string, std::string, std::string>;

/// A single match may stand without its list.
std::string match_path(const Service& service, std::size_t index, const Report& report) {
  const std::string path = "services." + service.name + ".match";
  const std::string item = path + '[' + std::to_string(index) + ']';
  return report.has(item) ? item : path;
}

void check_match(const Config& config, const Service& service, std::size_t index,
                 std::map<Route, std::string>& routes, Report& report) {
  const Match& match = service.match[index];
  const std::string path = match_path(service, index, report);
  std::vector<std::string> names;
  for (const Listener& listener : config.listeners) names.push_back(listener.name);
  const bool listener_is_known =
      match.listener.empty() ||  // missing or no name: said already
      std::find(names.begin(), names.end(), match.listener) != names.end();
  if (!listener_is_known)
    report.add_at(path + ".listener", "there is no listener " + quoted(match.listener),
                  did_you_mean(match.listener, names));
  if (report.touches(path)) return;
  const auto [other, is_new] =
      routes.emplace(Route{match.listener, match.host, match.path}, service.name);
  if (!is_new)
    report.add_at(
        path,
        "the same listener, host and path lead to service " + quoted(other->second) + " already",
        "give one of the two another host or path");
}

void check_service(const Config& config, const Service& service,
                   std::map<Route, std::string>& routes, Report& report) {
  const std::string path = "services." + service.name;
  if (service.match.empty() && !report.touches(path + ".match"))
    report.add_at(path, "has no match, so that no request reaches it",
                  "add match: { listener: NAME }");
  for (std::size_t i = 0; i < service.match.size(); ++i)
    check_match(config, service, i, routes, report);
  const std::string live(to_string(service.live));
  const bool live_is_known = !report.touches(path + ".live") && !report.touches(path + '.' + live);
  if (service.groups[service.live].targets.empty() && live_is_known)
    report.add_at(path + '.' + live, "is the live group and has no targets",
                  "add targets: [ IP:PORT ], or name the other colour in live");
}

void check_addresses(const Config& config, Report& report) {
  std::map<Address, std::string> taken;
  taken.emplace(config.admin.address, "the admin address");
  for (const Listener& listener : config.listeners) {
    const std::string path = "listeners." + listener.name + ".address";
    const bool is_chosen_later =
        listener.address.kind != Address::Kind::unix_socket && listener.address.port == 0;
    if (is_chosen_later || report.touches(path)) continue;
    const auto [other, is_new] =
        taken.emplace(listener.address, "listener " + quoted(listener.name));
    if (!is_new)
      report.add_at(path, to_string(listener.address) + " is taken by " + other->second,
                    "give each an address of its own");
  }
}

}  // namespace

void validate(const Config& config, Report& report) {
  if (config.listeners.empty() && !report.touches("listeners"))
    report.add_at("listeners", "there must be at least one listener",
                  "add listeners: { public: { address: 0.0.0.0:8080 } }");
  if (config.services.empty() && !report.touches("services"))
    report.add_at("services", "there must be at least one service");
  check_addresses(config, report);
  std::map<Route, std::string> routes;
  for (const Service& service : config.services) check_service(config, service, routes, report);
}

}  // namespace teal::config
