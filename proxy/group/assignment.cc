#include "proxy/group/assignment.h"

#include <optional>
#include <string_view>

#include "proxy/headers/rewrite.h"
#include "proxy/routing/sticky.h"

namespace teal::proxy {
namespace {

std::string set_cookie(const config::Sticky& sticky, const StickyCookies& cookies,
                       const StickyClient& client, bool is_secure) {
  std::string value = sticky.cookie;
  value += '=';
  cookies.write(client, value);
  value += "; Path=/; Max-Age=";
  value += std::to_string(sticky.max_age.count() / 1000);
  value += "; HttpOnly; SameSite=Lax";
  if (sticky.secure || is_secure) value += "; Secure";
  return value;
}

}  // namespace

Drawn draw_sticky(const AssignmentContext& context, Weight release, Assignment& assignment) {
  const ServiceView& service = context.service;
  const StickyCookies& cookies = *service.sticky;
  const config::Sticky& sticky = *service.spec->sticky;
  // A sibling domain may have set another cookie of the name, which stands before ours.
  for (std::size_t nth = 0; nth < kMaxStickyCookies; ++nth) {
    const std::string_view cookie = find_cookie(context.request.head.fields, sticky.cookie, nth);
    if (cookie.empty()) break;
    if (const std::optional<StickyClient> client = cookies.read(cookie)) {
      assignment.sticky_client = client->serial;
      assignment.is_returning = true;
      return {cookies.is_release(*client, release, service.draw),
              static_cast<double>(release.basis_points()) / Weight::kWhole};
    }
    context.counters[Stat::sticky_refused].add();
  }
  const Drawn drawn = context.splitter.draw(release);
  const StickyClient client = cookies.draw(drawn.release, release, service.draw, context.rng);
  assignment.sticky_client = client.serial;
  assignment.set_cookie = set_cookie(sticky, cookies, client, context.request.info.peer.secure);
  return drawn;
}

}  // namespace teal::proxy
