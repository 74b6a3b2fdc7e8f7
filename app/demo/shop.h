// The small HTTP application that `teal demo` ships: a shop of three products. Runs in a process of
// its own; a broken release of it fails a share of its requests and is slow.
//
//   GET /           the shop as JSON     GET /products/N   one product     GET /healthz   200
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace teal::app {

struct ShopOptions {
  std::string revision = "v1";
  std::uint32_t fail_percent = 0;  ///< Of the requests but health checks: 500.
  Millis slow{0};                  ///< Added to each of them.
};

/// Listens on a free port of 127.0.0.1, prints "listening PORT" on standard output and serves until
/// SIGTERM or until standard input ends (so that it never outlives who started it).
int run_demo_shop(const ShopOptions& options);

}  // namespace teal::app
