// What Teal's own responses look like, by their status, and the ranges in which statuses are given.
// Plain structs, as in config/config.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/tls.h"

namespace teal::config {

struct StatusRange {
  std::uint16_t first = 200;
  std::uint16_t last = 299;

  bool contains(unsigned status) const { return first <= status && status <= last; }
  bool operator==(const StatusRange&) const = default;
};

/// What Teal's own responses with these statuses say, from a file (proxy/headers/error_pages.h).
struct ErrorPage {
  std::vector<StatusRange> statuses;
  FileName file;
  std::string content_type;
  bool operator==(const ErrorPage&) const = default;
};

}  // namespace teal::config
