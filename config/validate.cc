#include "config/validate.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "base/own_sockets.h"
#include "config/nearest.h"

namespace teal::config {
namespace {

/// Two that are equal so are for the very same requests.
struct ByRequests {
  static auto key(const Match& match) {
    return std::tie(match.listener, match.host, match.path, match.is_exact, match.methods,
                    match.headers);
  }
  bool operator()(const Match& a, const Match& b) const { return key(a) < key(b); }
};
using Taken = std::map<Match, std::string, ByRequests>;

/// A single match may stand without its list.
std::string match_path(const std::string& owner, std::size_t index, const Report& report) {
  const std::string path = owner + ".match";
  const std::string item = path + '[' + std::to_string(index) + ']';
  return report.has(item) ? item : path;
}

void check_match(const Config& config, const Match& match, const std::string& path,
                 const std::string& who, Taken& taken, Report& report) {
  std::vector<std::string> names;
  for (const Listener& listener : config.listeners) names.push_back(listener.name);
  const bool listener_is_known =
      match.listener.empty() ||  // missing or no name: said already
      std::find(names.begin(), names.end(), match.listener) != names.end();
  if (!listener_is_known)
    report.add_at(path + ".listener", "there is no listener " + quoted(match.listener),
                  did_you_mean(match.listener, names));
  if (report.touches(path)) return;
  const auto [other, is_new] = taken.emplace(match, who);
  if (!is_new)
    report.add_at(path,
                  std::string("the same listener, host and path") +
                      (match.has_conditions() ? ", methods and headers" : "") + " lead to " +
                      other->second + " already",
                  "give one of the two another host or path");
}

/// A prefix can take the place of a prefix only.
void check_new_path(const Route& route, const std::string& path, Report& report) {
  const bool replaces_prefix =
      route.actions.rewrite.kind == NewPath::Kind::prefix ||
      (route.actions.redirect && route.actions.redirect->path.kind == NewPath::Kind::prefix);
  if (!replaces_prefix) return;
  for (std::size_t i = 0; i < route.match.size(); ++i)
    if (route.match[i].is_exact)
      report.add_at(match_path(path, i, report), "has an exact path, and the route a new prefix",
                    "give the route a new path instead of a prefix");
}

template <class Visit>
void for_each_forward_auth(const Service& service, Visit visit) {
  const std::string path = "services." + service.name;
  if (service.actions.forward_auth) visit(*service.actions.forward_auth, path + ".forward_auth");
  for (const Route& route : service.routes)
    if (route.actions.forward_auth)
      visit(*route.actions.forward_auth, path + ".routes." + route.name + ".forward_auth");
}

/// Some service asks it whether requests may go on: it needs no match of its own.
bool is_asked(const Config& config, const Service& service) {
  bool is = false;
  for (const Service& other : config.services)
    for_each_forward_auth(other, [&](const ForwardAuth& forward, const std::string&) {
      is = is || forward.service == service.name;
    });
  return is;
}

/// Whoever is asked asks nobody, so that no request waits for itself.
void check_forward_auth(const Config& config, const Service& service, Report& report) {
  for_each_forward_auth(service, [&](const ForwardAuth& forward, const std::string& path) {
    // Inherited, or missing, or no name: said already.
    if (!report.has(path) || forward.service.empty()) return;
    const auto asked = std::ranges::find(config.services, forward.service, &Service::name);
    if (asked == config.services.end()) {
      std::vector<std::string> names;
      for (const Service& each : config.services) names.push_back(each.name);
      report.add_at(path + ".service", "there is no service " + quoted(forward.service),
                    did_you_mean(forward.service, names));
      return;
    }
    bool asks = false;
    for_each_forward_auth(*asked, [&](const ForwardAuth&, const std::string&) { asks = true; });
    if (asked->name == service.name)
      report.add_at(path + ".service", "is the service itself, which would ask itself",
                    "make a service of its own of what is to be asked");
    else if (asks)
      report.add_at(
          path + ".service",
          quoted(forward.service) + " has forward_auth itself: whoever is asked may not ask",
          "remove its forward_auth");
  });
}

void check_service(const Config& config, const Service& service, Taken& taken, Report& report) {
  const std::string path = "services." + service.name;
  if (service.match.empty() && service.routes.empty() && !report.touches(path + ".match") &&
      !report.touches(path + ".routes") && !is_asked(config, service))
    report.add_at(path, "has no match, so that no request reaches it",
                  "add match: { listener: NAME }");
  for (std::size_t i = 0; i < service.match.size(); ++i)
    check_match(config, service.match[i], match_path(path, i, report),
                "service " + quoted(service.name), taken, report);
  for (const Route& route : service.routes) {
    const std::string where = path + ".routes." + route.name;
    for (std::size_t i = 0; i < route.match.size(); ++i)
      check_match(config, route.match[i], match_path(where, i, report),
                  "route " + quoted(route.name) + " of service " + quoted(service.name), taken,
                  report);
    check_new_path(route, where, report);
  }
  check_forward_auth(config, service, report);
  const std::string live(to_string(service.live));
  const bool live_is_known = !report.touches(path + ".live") && !report.touches(path + '.' + live);
  if (!live_is_known || report.touches(path + ".discover")) return;
  const Group& group = service.groups[service.live];
  if (group.targets.empty() && service.discover.empty())
    report.add_at(path + '.' + live, "is the live group and has no targets",
                  "add targets: [ IP:PORT ], or name the other colour in live");
  else if (group.revision.empty())
    report.add_at(path + '.' + live, "is the live group and has no revision to find targets of",
                  "name the release that runs, like revision: v1");
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

/// As far as the text alone shows: which addresses this machine has is seen at the start.
void check_own_targets(const Config& config, Report& report) {
  std::vector<OwnSocket> sockets{{"the admin address", config.admin.address, true}};
  for (const Listener& listener : config.listeners)
    sockets.push_back({"listener " + quoted(listener.name), listener.address, false});
  for (const Service& service : config.services)
    for (const Colour colour : kColours) {
      const std::string path =
          "services." + service.name + '.' + std::string(to_string(colour)) + ".targets";
      if (report.touches(path)) continue;  // Places may have moved.
      const std::vector<Address>& targets = service.groups[colour].targets;
      for (std::size_t i = 0; i < targets.size(); ++i) {
        const OwnSocket* const own = find_own(sockets, targets[i], {});
        if (own != nullptr && (own->is_admin || !service.allows_own))
          report.add_at(path + '[' + std::to_string(i) + ']', why_not_own(targets[i], *own),
                        remedy_for_own(*own));
      }
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
  check_own_targets(config, report);
  Taken taken;
  for (const Service& service : config.services) check_service(config, service, taken, report);
}

}  // namespace teal::config
