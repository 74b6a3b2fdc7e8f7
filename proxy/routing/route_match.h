// Which of the matches that cover a host and a path takes the request, as in the Gateway API: the
// whole path before the longest prefix, then one that asks for the method, then the one that asks
// for most headers, then the first of the file. (The host was looked at before: route_index.h.)
//
// Pure.
#pragma once

#include "base/path_prefix.h"
#include "config/route.h"
#include "net/http/message.h"

namespace teal::proxy {

/// Whether what the match asks for besides host and path is there.
bool meets_conditions(const config::Match& match, const net::RequestHead& head);

/// Whether `a` is asked before `b`, of the same host; equal ones keep their order.
bool comes_before(const config::Match& a, const config::Match& b);

}  // namespace teal::proxy
