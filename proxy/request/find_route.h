// How the route of a request is found in the index that it is pinned to: by the listener that it
// came by, its host, its path, and its head where a route asks for more.
#pragma once

#include "net/http/refusal.h"
#include "proxy/loop/route_pin.h"
#include "proxy/request/request.h"

namespace teal::proxy {

/// `routes`: the worker's. True: `route` stands at the one that matches. False: there is none, or a
/// rule of HTTP is broken, and `broken` says which. A path that could be understood in two ways is
/// normalised.
bool find_route(Request& request, const WorkerRoutes& routes, RoutePin& route,
                net::Refusal& broken);

}  // namespace teal::proxy
