#include "proxy/routing/route_answer.h"

#include <algorithm>

namespace teal::proxy {
namespace {

struct HostPort {
  std::string_view host;
  std::string_view port;  ///< Empty: not given.
};

HostPort split_authority(std::string_view authority) {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon);
  if (!has_port) return {authority, {}};
  return {authority.substr(0, colon), authority.substr(colon + 1)};
}

/// Some readers take a backslash for a slash.
void keep_one_slash(std::string& path) {
  const std::size_t end = std::min(path.find_first_not_of("/\\"), path.size());
  if (end > 1) path.erase(1, end - 1);
}

}  // namespace

std::string replaced_path(const config::NewPath& by, std::string_view prefix,
                          std::string_view path) {
  if (by.kind == config::NewPath::Kind::same || !path.starts_with('/')) return std::string(path);
  if (by.kind == config::NewPath::Kind::whole) return by.path;
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  std::string result = by.path;
  const std::string_view rest = path.substr(std::min(prefix.size(), path.size()));
  if (!rest.empty() && result.ends_with('/')) result.pop_back();
  return result += rest;
}

std::string redirect_location(const config::Redirect& redirect, std::string_view prefix,
                              const RequestUrl& url) {
  const std::string_view path = url.target.substr(0, url.target.find('?'));
  std::string where = replaced_path(redirect.path, prefix, path);
  if (!where.starts_with('/')) where = '/';
  const HostPort came = split_authority(url.authority);
  const bool is_elsewhere =
      !redirect.scheme.empty() || !redirect.host.empty() || redirect.port != 0;
  const std::string_view host = redirect.host.empty() ? came.host : redirect.host;
  std::string location;
  if (is_elsewhere && !host.empty()) {
    const std::string_view own = url.secure ? "https" : "http";
    const std::string_view scheme = redirect.scheme.empty() ? own : redirect.scheme;
    location.append(scheme).append("://").append(host);
    const std::string port = redirect.port != 0 ? std::to_string(redirect.port) : "";
    if (!port.empty() && port != (scheme == "https" ? "443" : "80"))
      location.append(":").append(port);
  } else {
    keep_one_slash(where);
  }
  return location.append(where).append(url.target.substr(path.size()));
}

}  // namespace teal::proxy
