// The words for a deployment that everybody shares: its id, its status, its kind.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace teal::control {

using DeploymentId = std::string;  ///< "d-1", "d-2"...: in order of creation.

/// CodeDeploy's status words (DeploymentStatus).
enum class Status : std::uint8_t {
  created,  ///< Known, nothing done.
  queued,
  in_progress,  ///< Waiting for healthy targets, or shifting.
  baking,       ///< Waiting at a step while judging.
  ready,        ///< Waiting for a person or a program: a gate, a pause, missing evidence.
  succeeded,
  failed,
  stopped,
};
/// "InProgress" and so on, verbatim.
std::string_view to_string(Status status);
constexpr bool is_terminal(Status status) {
  return status >= Status::succeeded;
}

enum class Kind : std::uint8_t { deploy, rollback };
constexpr std::string_view to_string(Kind kind) {
  return kind == Kind::deploy ? "deploy" : "rollback";
}

}  // namespace teal::control
