#include "config/change/key_effects.h"

#include <algorithm>
#include <array>

namespace teal::config {
namespace {

struct Line {
  std::string_view pattern;  ///< Of the key or one above it.
  Effect effect;
};

constexpr std::array kEffects{
    Line{"admin.tls", Effect::new_connections},
    Line{"listeners.*.tls", Effect::new_connections},
    Line{"listeners.*.http2", Effect::new_connections},
    Line{"listeners.*.proxy_protocol", Effect::new_connections},
    Line{"listeners.*.allow", Effect::new_connections},
    Line{"listeners.*.deny", Effect::new_connections},
    Line{"services.*.tls", Effect::new_connections},
    Line{"services.*.upstream", Effect::new_connections},
    Line{"services.*.blue", Effect::ignored},
    Line{"services.*.green", Effect::ignored},
    Line{"services.*.live", Effect::ignored},
    Line{"services.*.deploy", Effect::next_deployment},
};

/// Whoever changes one of these may shut somebody out, himself included, or let somebody in.
constexpr std::array<std::string_view, 20> kAccess{
    "admin.allowed_hosts",
    "admin.tls",
    "listeners.*.trusted_proxies",
    "listeners.*.proxy_protocol",
    "listeners.*.tls.client_auth",
    "listeners.*.tls.client_ca",
    "listeners.*.tls.certificates.client_auth",
    "listeners.*.tls.certificates.client_ca",
    "listeners.*.address",
    "listeners.*.socket_mode",
    "listeners.*.allow",
    "listeners.*.deny",
    "services.*.allow",
    "services.*.deny",
    "services.*.basic_auth",
    "services.*.forward_auth",
    "services.*.routes.*.allow",
    "services.*.routes.*.deny",
    "services.*.routes.*.basic_auth",
    "services.*.routes.*.forward_auth",
};

std::string_view take_segment(std::string_view& path) {
  const std::string_view segment = path.substr(0, path.find('.'));
  path.remove_prefix(std::min(path.size(), segment.size() + 1));
  return segment;
}

/// The path is of the pattern, or of a key below that.
bool leads_to(std::string_view pattern, std::string_view path) {
  while (!pattern.empty()) {
    if (path.empty()) return false;
    const std::string_view asked = take_segment(pattern);
    const std::string_view segment = take_segment(path);
    if (asked != "*" && asked != segment) return false;
  }
  return true;
}

}  // namespace

Effect effect_of(std::string_view path) {
  const auto line = std::ranges::find_if(
      kEffects, [&](const Line& each) { return leads_to(each.pattern, path); });
  return line == kEffects.end() ? Effect::live : line->effect;
}

bool is_access(std::string_view path) {
  return std::ranges::any_of(kAccess,
                             [&](std::string_view pattern) { return leads_to(pattern, path); });
}

std::string_view to_string(Effect effect) {
  switch (effect) {
    case Effect::live: return "live";
    case Effect::new_connections: return "new_connections";
    case Effect::next_deployment: return "next_deployment";
    case Effect::ignored: return "ignored";
    case Effect::needs_restart: return "needs_restart";
  }
  return "";
}

std::string_view in_words(Effect effect) {
  switch (effect) {
    case Effect::live: return "at once";
    case Effect::new_connections: return "for new connections";
    case Effect::next_deployment: return "from the next deployment on";
    case Effect::ignored: return "ignored: what deployments decided counts";
    case Effect::needs_restart: return "needs a restart";
  }
  return "";
}

}  // namespace teal::config
