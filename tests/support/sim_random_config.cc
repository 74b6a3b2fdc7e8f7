#include "tests/support/sim_random_config.h"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <set>
#include <span>
#include <string_view>

#include "tests/support/sim_names.h"
#include "tests/support/sim_random_keys.h"
#include "tests/support/sim_route_keys.h"

namespace teal::sim {
namespace {

constexpr std::string_view kRoute = "route:";

/// Of "secret", at the least cost that there is.
constexpr std::string_view kHash = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";

template <class List>
bool has(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

/// The lines, each by so much.
std::string indented(const std::string& lines, const std::string& by) {
  std::string text;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    text += by + lines.substr(at, end - at) + '\n';
    at = end + 1;
  }
  return text;
}

template <class Parts>
std::vector<std::string> names_of(const Parts& parts) {
  std::vector<std::string> names;
  for (const auto& each : parts) names.push_back(each.name);
  return names;
}

/// All keys that such a part may have: how often each is there.
std::map<std::string, std::uint32_t> known_keys(bool is_service) {
  std::map<std::string, std::uint32_t> keys;
  for (const KeyMaker& each : is_service ? service_keys() : listener_keys())
    keys[std::string(each.name)] = each.percent;
  if (is_service)
    for (const Name route : kRoutes) keys[std::string(kRoute) + std::string(route)] = 30;
  return keys;
}

template <class Part>
void draw_key(Rng& rng, Part& part, const std::string& key, std::uint32_t percent) {
  part.keys.erase(key);
  if (happens(rng, percent)) part.keys[key] = rng.next();
}

template <class Part>
Part draw_part(Rng& rng, Name name, bool is_service) {
  Part part{std::string(name), {}};
  for (const auto& [key, percent] : known_keys(is_service)) draw_key(rng, part, key, percent);
  return part;
}

template <class Parts>
void shuffle(Rng& rng, Parts& parts) {
  for (std::size_t i = parts.size(); i > 1; --i)
    std::swap(parts[i - 1], parts[rng.below(static_cast<std::uint32_t>(i))]);
}

/// Some go, others come, and some of what they say is another thing.
template <class Parts>
void change_parts(Rng& rng, Parts& parts, std::span<const Name> names, bool is_service) {
  const std::uint32_t extent = 1 + rng.below(20);
  for (const Name name : names) {
    const auto is_it = [&](const auto& part) { return part.name == name; };
    const auto found = std::ranges::find_if(parts, is_it);
    if (found == parts.end()) {
      if (happens(rng, 40))
        parts.push_back(draw_part<typename Parts::value_type>(rng, name, is_service));
      continue;
    }
    if (parts.size() > 1 && happens(rng, 15)) {
      parts.erase(found);
      continue;
    }
    for (const auto& [key, percent] : known_keys(is_service))
      if (happens(rng, extent)) draw_key(rng, *found, key, percent);
  }
  if (happens(rng, 20)) shuffle(rng, parts);
}

std::string service_text(const std::map<std::string, std::uint64_t>& seeds, KeyContext context) {
  std::string text;
  std::string routes;
  bool has_match = false;
  for (const KeyMaker& each : service_keys()) {
    const auto seed = seeds.find(std::string(each.name));
    if (seed == seeds.end()) continue;
    context.rng = Rng{seed->second};
    const std::string made = each.make(context);
    has_match = has_match || (each.name == "match" && !made.empty());
    text += indented(made, "    ");
  }
  for (const auto& [key, seed] : seeds) {
    if (!key.starts_with(kRoute)) continue;
    context.rng = Rng{seed};
    const std::string made = make_route(context);
    if (made.empty()) continue;
    routes += "      " + key.substr(kRoute.size()) + ":\n" + indented(made, "        ");
  }
  if (!routes.empty()) return text + "    routes:\n" + routes;
  return has_match ? text : text + indented(own_match(context), "    ");
}

std::string listener_text(const std::map<std::string, std::uint64_t>& seeds, KeyContext context) {
  std::string text;
  for (const KeyMaker& each : listener_keys()) {
    const auto seed = seeds.find(std::string(each.name));
    if (seed == seeds.end()) continue;
    context.rng = Rng{seed->second};
    text += indented(each.make(context), "    ");
  }
  return text;
}

}  // namespace

// ---- the files ----------------------------------------------------------------------------------

ConfigFiles::ConfigFiles() {
  std::string pattern = (std::filesystem::temp_directory_path() / "teal-sim-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  Rng rng{1};
  change(rng, 100);
}

void ConfigFiles::change(Rng& rng, std::uint32_t percent) {
  for (const char* const name : {"p0.html", "p1.json", "p2.txt"})
    if (happens(rng, percent)) write(name, "page " + std::to_string(rng.below(3)));
  for (const char* const name : {"u0.htpasswd", "u1.htpasswd"})
    if (happens(rng, percent))
      write(name, "anna:" + std::string(kHash) + "\n" +
                      (happens(rng, 50) ? "bert:" + std::string(kHash) + "\n" : ""));
}

void ConfigFiles::write(const char* name, const std::string& text) const {
  std::ofstream(folder_ / name) << text;
  std::filesystem::permissions(
      folder_ / name, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

ConfigFiles::~ConfigFiles() {
  std::error_code failed;
  std::filesystem::remove_all(folder_, failed);
}

// ---- the configuration --------------------------------------------------------------------------

RandomConfig::RandomConfig(Rng& rng, const ConfigFiles& files) : folder_(files.folder().string()) {
  draw(rng);
}

void RandomConfig::draw(Rng& rng) {
  listeners_.clear();
  services_.clear();
  for (const Name name : kListeners)
    if (happens(rng, 70)) listeners_.push_back(draw_part<Part>(rng, name, false));
  for (const Name name : kServices)
    if (happens(rng, 75)) services_.push_back(draw_part<Part>(rng, name, true));
  if (listeners_.empty()) listeners_.push_back(draw_part<Part>(rng, kListeners.front(), false));
  if (services_.empty()) services_.push_back(draw_part<Part>(rng, kServices.front(), true));
  shuffle(rng, services_);
}

/// Often a change of one kind alone: what it does must not need another one beside it.
void RandomConfig::change(Rng& rng) {
  switch (rng.below(12)) {
    case 0:
    case 1: return;  // What its files say may be another thing.
    case 2: return draw(rng);
    case 3:
    case 4: return shuffle(rng, services_);
    case 5: return change_parts(rng, listeners_, kListeners, false);
    case 6: return change_parts(rng, services_, kServices, true);
    case 7: return change_key(rng);
    default:
      change_parts(rng, listeners_, kListeners, false);
      change_parts(rng, services_, kServices, true);
  }
}

/// One, of one service or listener.
void RandomConfig::change_key(Rng& rng) {
  const bool is_service = happens(rng, 75);
  Parts& parts = is_service ? services_ : listeners_;
  Part& part = parts[rng.below(static_cast<std::uint32_t>(parts.size()))];
  const std::map<std::string, std::uint32_t> keys = known_keys(is_service);
  const auto which = rng.below(static_cast<std::uint32_t>(keys.size()));
  const auto& [key, percent] = *std::next(keys.begin(), which);
  draw_key(rng, part, key, percent);
}

std::string RandomConfig::text() const {
  const std::vector<std::string> listeners = names_of(listeners_);
  std::vector<std::string> auths;
  for (const Part& each : services_)
    if (has(kAuthServices, each.name)) auths.push_back(each.name);
  const std::vector<std::string> none;
  std::set<std::string> taken;
  Rng unused{0};
  std::string text = "access_log: off\nworkers: 1\nlisteners:\n";
  for (const Part& each : listeners_) {
    const auto place = std::ranges::find(kListeners, each.name) - kListeners.begin();
    text += "  " + each.name + ":\n    address: 127.0.0.1:" + std::to_string(8080 + place) + '\n' +
            listener_text(each.keys, {unused, folder_, listeners, none, each.name, taken});
  }
  text += "services:\n";
  for (const Part& each : services_) {
    const bool is_asked = has(kAuthServices, each.name);
    text += "  " + each.name + ":\n" +
            service_text(each.keys,
                         {unused, folder_, listeners, is_asked ? none : auths, each.name, taken});
  }
  return text;
}

}  // namespace teal::sim
