// What an auth service is told of a request, and by what two requests are alike to it.
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "net/tls/mac.h"
#include "proxy/request/request.h"
#include "proxy/routing/route_index.h"

namespace teal::proxy {

/// A whole head of HTTP/1.1: a GET of the path that forward_auth names, with the request's own
/// headers as far as they are neither of its connection nor of its body, and X-Forwarded-Method and
/// -Uri. What else goes to any target (X-Forwarded-For, -Proto, -Host, ids) is added to it as to
/// any request.
std::string make_auth_request(const Request& request, const config::RouteActions& actions);

/// Under which the answer is kept; nothing: it is not, since nobody asked for that, or since the
/// request has none of the headers that tell clients apart.
std::optional<net::Mac::Tag> auth_cache_key(const Request& request, const RouteGate& gate,
                                            const net::Mac& secret);
/// Larger ones would cost more memory than they are worth.
bool is_worth_keeping(const std::vector<config::NamedValue>& fields);

}  // namespace teal::proxy
