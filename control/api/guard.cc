#include "control/api/guard.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace teal::control {
namespace {

/// The elements of a comma-separated list (RFC 9110 section 5.6.1), trimmed, none empty.
std::vector<std::string_view> elements(std::string_view list) {
  std::vector<std::string_view> out;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (const std::string_view element = trim(list.substr(0, comma)); !element.empty())
      out.push_back(element);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return out;
}

struct Authority {
  std::string_view host, port;  ///< An IPv6 address with its brackets; the port may be empty.
};

Authority split_authority(std::string_view text) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
    return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

bool is_ip_literal(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  return parse_ip(host).has_value();
}

bool is_wildcard(const Address& address) {
  return address.host == "0.0.0.0" || address.host == "::";
}

bool is_own_host(std::string_view host, const Address& own) {
  if (host == "localhost" || host == "127.0.0.1" || host == "[::1]") return true;
  // Rebinding needs a name: whoever writes an address has reached the socket that listens there.
  if (is_wildcard(own)) return is_ip_literal(host);
  return host == (own.kind == Address::Kind::ip6 ? "[" + own.host + "]" : own.host);
}

bool is_allowed_host(const std::string& authority, const Address& own,
                     const std::vector<std::string>& allowed_hosts) {
  const Authority parts = split_authority(authority);
  for (const std::string& allowed : allowed_hosts)
    if (to_lower_copy(allowed) == authority || to_lower_copy(allowed) == parts.host) return true;
  const bool own_port = parts.port.empty() || parts.port == std::to_string(own.port);
  return own_port && is_own_host(parts.host, own);
}

/// A quality of 0 says "not this" (RFC 9110 section 12.4.2).
bool is_refused(std::string_view parameters) {
  const std::size_t q = parameters.find("q=");
  if (q == std::string_view::npos) return false;
  const std::string_view value = parameters.substr(q + 2);
  const std::size_t end = value.find_first_not_of("0.");
  return value.starts_with('0') && (end == std::string_view::npos || value[end] == ';');
}

/// 2: names it, 1: names its type, 0: anything; -1: does not cover it.
int precision(std::string_view range, std::string_view media_type) {
  if (range == media_type) return 2;
  const std::string_view type = media_type.substr(0, media_type.find('/') + 1);
  if (range.size() == type.size() + 1 && range.starts_with(type) && range.back() == '*') return 1;
  return range == "*/*" ? 0 : -1;
}

}  // namespace

std::optional<ApiError> check_sender(const ApiRequest& request,
                                     const std::vector<std::string>& allowed_hosts) {
  const bool is_local = request.reached.kind == Address::Kind::unix_socket;
  if (!request.host && !is_local)
    return ApiError{400, "host-missing", "The request has no Host",
                    "every request names the host it is for (RFC 9112 section 3.2)",
                    "send a Host header: " + to_string(request.reached)};
  const std::string host = to_lower_copy(request.host.value_or("localhost"));
  if (!is_local && !is_allowed_host(host, request.reached, allowed_hosts))
    return ApiError{
        421, "host-not-allowed", "The request is for another host",
        "'" + host + "' is not a name of this control API",
        "use " + to_string(request.reached) + ", or add the name to admin.allowed_hosts"};
  if (request.origin &&
      to_lower_copy(*request.origin) != (request.secure ? "https://" : "http://") + host)
    return ApiError{403, "foreign-origin", "The request comes from another site",
                    "the Origin '" + *request.origin + "' is not this control API's",
                    "call the API from a program or from a page that it served"};
  return std::nullopt;
}

std::optional<ApiError> check_site(const ApiRequest& request, bool shown) {
  if (!request.fetch_site || *request.fetch_site == "none" || *request.fetch_site == "same-origin")
    return std::nullopt;
  const bool only_reads = request.method == "GET" || request.method == "HEAD";
  // A frame, an embed or an object is a navigation too, but its destination is another.
  if (shown && only_reads && request.fetch_mode == "navigate" && request.fetch_dest == "document")
    return std::nullopt;
  return ApiError{403, "foreign-site", "The request comes from another site",
                  "a browser says that a page of another site asks (Sec-Fetch-Site: " +
                      *request.fetch_site + ")",
                  "call the API from a program or from a page that it served"};
}

void add_guards(ApiResponse& response) {
  constexpr std::pair<const char*, const char*> kGuards[] = {
      {"Cache-Control", "no-store"},
      {"X-Content-Type-Options", "nosniff"},
      {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
      {"X-Frame-Options", "DENY"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Referrer-Policy", "no-referrer"},
  };
  for (const auto& guard : kGuards) {
    const bool is_there = std::any_of(response.headers.begin(), response.headers.end(),
                                      [&](const auto& each) { return each.first == guard.first; });
    if (!is_there) response.headers.emplace_back(guard.first, guard.second);
  }
}

std::optional<ApiError> check_content_type(const ApiRequest& request) {
  if (!request.content_type && request.body.empty()) return std::nullopt;
  const std::string given = request.content_type.value_or("");
  const std::string type = to_lower_copy(trim(std::string_view(given).substr(0, given.find(';'))));
  if (type == "application/json") return std::nullopt;
  return ApiError{415, "not-json", "The body is not declared as JSON",
                  given.empty() ? "the request has a body and no Content-Type"
                                : "the Content-Type is '" + given + "'",
                  "send Content-Type: application/json"};
}

std::optional<ApiError> check_accept(const ApiRequest& request, std::string_view media_type) {
  if (!request.accept) return std::nullopt;
  int best = -1;
  bool refused = true;
  const std::string accept = to_lower_copy(*request.accept);
  for (const std::string_view element : elements(accept)) {
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    const int level = precision(trim(element.substr(0, semicolon)), media_type);
    if (level < best || level == -1) continue;
    refused = is_refused(element.substr(semicolon));
    best = level;
  }
  if (!refused || accept.empty()) return std::nullopt;
  return ApiError{406, "not-acceptable", "The answer has another media type",
                  "this resource is " + std::string(media_type) + " and the request accepts '" +
                      *request.accept + "'",
                  "accept " + std::string(media_type) + " or */*"};
}

std::optional<std::vector<std::string>> parse_if_match(std::string_view header) {
  std::vector<std::string> tags;
  for (const std::string_view element : elements(header)) {
    if (element == "*") return std::nullopt;
    if (element.size() >= 2 && element.front() == '"' && element.back() == '"')
      tags.emplace_back(element.substr(1, element.size() - 2));
  }
  return tags;
}

}  // namespace teal::control
