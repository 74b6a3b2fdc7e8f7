// What it means that a path is under a prefix: the same for routes and for what alarms count.
//
// Pure.
#pragma once

#include <string_view>

namespace teal {

/// Prefix on segment borders: "/a" covers "/a" and "/a/b", not "/ab"; "/a/" covers "/a/b", not
/// "/a". "/" covers everything, the "*" of OPTIONS included.
inline bool covers(std::string_view prefix, std::string_view path) {
  if (prefix == "/") return true;
  if (!path.starts_with(prefix)) return false;
  return path.size() == prefix.size() || prefix.ends_with('/') || path[prefix.size()] == '/';
}

}  // namespace teal
