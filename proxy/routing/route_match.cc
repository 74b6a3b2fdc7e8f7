#include "proxy/routing/route_match.h"

#include <algorithm>
#include <tuple>

namespace teal::proxy {
namespace {

bool fits(const config::HeaderMatch& wanted, std::string_view value) {
  switch (wanted.kind) {
    case config::HeaderMatch::Kind::present: return true;
    case config::HeaderMatch::Kind::exact: return value == wanted.value;
    case config::HeaderMatch::Kind::prefix: return value.starts_with(wanted.value);
  }
  return false;
}

bool has_fitting(const net::Fields& fields, const config::HeaderMatch& wanted) {
  return std::any_of(fields.begin(), fields.end(), [&](const net::Field& field) {
    return net::iequals(fields.name(field), wanted.name) && fits(wanted, fields.value(field));
  });
}

}  // namespace

bool meets_conditions(const config::Match& match, const net::RequestHead& head) {
  if (!match.methods.empty()) {
    const std::string_view method = head.text(head.method_text);
    if (std::find(match.methods.begin(), match.methods.end(), method) == match.methods.end())
      return false;
  }
  return std::all_of(
      match.headers.begin(), match.headers.end(),
      [&](const config::HeaderMatch& wanted) { return has_fitting(head.fields, wanted); });
}

bool comes_before(const config::Match& a, const config::Match& b) {
  // A whole path is the longest that covers it, so that lengths may be compared first.
  const auto rank = [](const config::Match& match) {
    return std::make_tuple(match.path.size(), match.is_exact, !match.methods.empty(),
                           match.headers.size());
  };
  return rank(a) > rank(b);
}

}  // namespace teal::proxy
