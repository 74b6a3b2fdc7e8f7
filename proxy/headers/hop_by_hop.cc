#include "proxy/headers/hop_by_hop.h"

#include "net/tls/identity.h"

#include <algorithm>

#include "base/ascii.h"
#include "net/http/field_names.h"
#include "net/http/literal.h"

namespace teal::proxy {

namespace {

using net::HeaderId;

/// Fields that are meant for the target or the client themselves, or that say who may do what:
/// Connection cannot make a proxy drop them ("hop-by-hop abuse": a client strips Authorization or
/// X-Forwarded-For from its own request behind the checks of the first proxy). Known ids need no
/// entry: of them only those of is_hop_by_hop() ever go.
constexpr auto kProtected = std::to_array<std::string_view>({
    "age",         "allow",        "authorization", "cache-control",    "clear-site-data",
    "early-data",  "etag",         "expires",       "last-modified",    "link",
    "location",    "max-forwards", "origin",        "pragma",           "prefer",
    "priority",    "range",        "refresh",       "retry-after",      "strict-transport-security",
    "traceparent", "user-agent",   "vary",          "www-authenticate",
});
constexpr auto kProtectedBeginnings = std::to_array<std::string_view>({
    "accept",
    "access-control-",
    "authentication-",
    "content-",
    "cross-origin-",
    "if-",
    "permissions",
    "referrer-",
    "sec-",
    "x-auth",
    "x-forwarded-",
    "x-real-",
});

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.size() >= beginning.size() &&
         net::iequals(text.substr(0, beginning.size()), beginning);
}

bool is_protected(std::string_view name) {
  if (net::header_id(name) != HeaderId::other) return true;
  return std::ranges::any_of(kProtected, [&](auto known) { return net::iequals(name, known); }) ||
         std::ranges::any_of(kProtectedBeginnings,
                             [&](auto beginning) { return begins_with(name, beginning); });
}

}  // namespace

std::string_view next_element(std::string_view& list) {
  const auto comma = list.find(',');
  const std::string_view element = list.substr(0, comma);
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return trim(element);
}

bool is_identity_header(std::string_view name) {
  return net::reads_alike(name, net::kIdentityHeader);
}

void ConnectionNames::read(const net::Fields& fields) {
  for (const net::Field& field : fields)
    if (field.id == HeaderId::connection) read_connection(fields.value(field));
}

void ConnectionNames::read_connection(std::string_view options) {
  while (!options.empty()) {
    const std::string_view option = next_element(options);
    if (option.empty() || net::is<"keep-alive">(option) || net::is<"close">(option)) continue;
    if (net::is<"te">(option)) {
      names_te_ = true;
    } else if (named_size_ == kMaxNamed) {
      has_too_many_ = true;
      return;
    } else if (!is_protected(option)) {
      named_[named_size_++] = {option.data(), option.size()};
    }
  }
}

bool ConnectionNames::is_named(std::string_view field) const {
  if (has_too_many_) return !is_protected(field);
  return std::any_of(named_.begin(), named_.begin() + named_size_,
                     [&](const Name& option) { return net::iequals(option.view(), field); });
}

}  // namespace teal::proxy
