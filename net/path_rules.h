// Path rules: what becomes of a path that two readers may understand in two ways, before a route is
// chosen: it is brought into the one form that both understand alike, refused, or passed as it is,
// as the listener says. What comes out is routed on and forwarded, byte by byte, so that no target
// sees another path than the one that was looked at (RFC 3986, sections 5.2.4 and 6.2.2).
//
// Dots that hide from these rules and that some servers find ("..%2F" decoded before the path is
// cut, "..;" as a path parameter) are refused in any case, unless dots may pass.
//
// Pure; looks at paths, never at queries.
#pragma once

#include <string>
#include <string_view>

#include "config/route.h"
#include "net/refusal.h"

namespace teal::net {

/// Nothing in the path is odd: what nearly every path is.
bool is_plain_path(std::string_view path);

/// Writes the path that is to be routed and forwarded, which is never longer than what came.
/// A refusal where the rules say so; `out` is of no use then.
Refusal normalise_path(std::string_view path, const config::PathRules& rules, std::string& out);

}  // namespace teal::net
