// What a route makes of a request's path and address: the path that its target is asked for, and
// where a redirect leads.
//
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "config/route.h"

namespace teal::proxy {

/// `prefix`: what the match covered. Prefixes end on segments: "/a" by "/b" makes "/b/x" of "/a/x",
/// "/" of "/a" by "/". What is no path ("*") stays.
std::string replaced_path(const config::NewPath& by, std::string_view prefix,
                          std::string_view path);

/// The URL that a request asked for, in its parts.
struct RequestUrl {
  std::string_view authority;  ///< May be empty.
  std::string_view target;     ///< With the query, which is kept.
  bool secure = false;
};

/// The value of Location. A path alone where neither scheme nor host nor port is another; it never
/// begins with two slashes, which would lead to another host.
std::string redirect_location(const config::Redirect& redirect, std::string_view prefix,
                              const RequestUrl& url);

}  // namespace teal::proxy
