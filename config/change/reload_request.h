// The bodies of POST /v1/config/reload and /v1/config/rollback.
//
// Cold path, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "config/load.h"

namespace teal::config {

struct ReloadRequest {
  bool dry_run = false;
  std::optional<std::uint64_t> if_generation;  ///< Only where Teal runs on this one.
  Millis confirm_within{
      0};  ///< Unless it is confirmed by then, the one before comes back; 0: never.
};

struct RollbackRequest {
  std::optional<std::uint64_t> to;  ///< Left out: the one before.
  bool confirm_access = false;      ///< Also where who may come in changes by it.
};

// An empty body is an empty object.
Loaded<ReloadRequest> parse_reload_request(std::string_view json);
Loaded<RollbackRequest> parse_config_rollback_request(std::string_view json);

}  // namespace teal::config
