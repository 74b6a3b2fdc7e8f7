// How the route of a request is found in the table that it is pinned to: by the listener that it
// came by, its host, its path, and its head where a route asks for more.
#pragma once

#include "net/http/refusal.h"
#include "proxy/loop/route_pin.h"
#include "proxy/request/request.h"

namespace teal::proxy {

/// True: `route` stands at the one that matches. False: there is none, or a rule of HTTP is broken,
/// and `broken` says which. A path that could be understood in two ways is normalised.
bool find_route(Request& request, RoutePin& route, net::Refusal& broken);

}  // namespace teal::proxy
