// What the store keeps of deployments and services, as JSON text that reads back to equal values.
// An Error means that the store cannot be trusted: whoever reads stops.
//
// Plain functions, any thread. The control API's JSON is another one, for people
// (control/report_json/report_json.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/service_state.h"
#include "control/discovery/target_sets.h"
#include "control/engine/deployment.h"
#include "health/judge/episodes.h"

namespace teal::control {

std::string to_json(const DeploymentSpec& spec);
Result<DeploymentSpec> spec_from_json(std::string_view json);

/// The idle group waits warm for so long yet. The time runs while Teal does and the group has no
/// share of the traffic.
struct Kept {
  Colour colour = Colour::blue;
  Millis left{0};
  bool operator==(const Kept&) const = default;
};

/// The group, without a share, serves what the live one cannot. It is retired once that has
/// accepted requests for so long without a break. How long it has is not kept: a restart begins
/// anew.
struct Fallback {
  Colour colour = Colour::green;
  Millis keep_old{0};
  DeploymentId deployment;  ///< Which ended so.
  bool operator==(const Fallback&) const = default;
};

/// A service as the store knows it. Of the targets only address and draining survive: ids and
/// health are this process's business.
struct SavedService {
  ServiceState state;
  std::uint64_t version = 0;
  PerColour<bool> retiring;
  std::optional<Kept> kept;
  std::vector<health::Episode> episodes;  ///< Of external alarms.
  /// Instead of kept->left, in the records of older Teals: when its time is over; read only.
  std::optional<WallTime> kept_until = std::nullopt;
  std::optional<Fallback> fallback = std::nullopt;
  /// What stood among the targets and is not the address of one, as older versions could store;
  /// read only.
  std::vector<std::string> unusable = {};
  SavedSets discovery = {};
  bool operator==(const SavedService&) const = default;
};

std::string to_json(const SavedService& service);
Result<SavedService> service_from_json(std::string_view json);

}  // namespace teal::control
