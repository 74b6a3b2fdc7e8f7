#include "control/engine/status.h"

namespace teal::control {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::created: return "Created";
    case Status::queued: return "Queued";
    case Status::in_progress: return "InProgress";
    case Status::baking: return "Baking";
    case Status::ready: return "Ready";
    case Status::succeeded: return "Succeeded";
    case Status::failed: return "Failed";
    case Status::stopped: return "Stopped";
  }
  return "Created";
}

}  // namespace teal::control
