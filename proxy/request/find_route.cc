#include "proxy/request/find_route.h"

#include <string_view>

#include "net/http/path_rules.h"

namespace teal::proxy {

bool find_route(Request& request, const WorkerRoutes& routes, RoutePin& route,
                net::Refusal& broken) {
  const ListenerId listener = request.info.listener;
  const ListenerRoutes& listed = *route.index().listener(listener).routes;
  const std::string_view target = request.head.text(request.head.target);
  const net::PathScan look = net::scan_path(target, request.head.size - request.head.target.at);
  std::string_view path = target.substr(0, look.size);
  if (!look.is_plain) [[unlikely]] {
    const config::PathRules& rules = route.listener(listener).paths;
    broken = request.normalise_path(rules);
    if (broken != net::Refusal::none) return false;
    path = request.routed_path(rules);
  }
  const std::string_view host =
      listed.needs_host()
          ? normalise_host(request.head.text(request.head.authority), request.host_buffer)
          : std::string_view{};
  const Route* const found = listed.match(host, path, request.head);
  if (found == nullptr || !route.take(*found, routes)) return false;
  request.matched = static_cast<std::uint32_t>(found->path.size());
  return true;
}

}  // namespace teal::proxy
