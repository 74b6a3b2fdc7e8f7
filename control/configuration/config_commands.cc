#include "control/configuration/config_commands.h"

#include <utility>

#include "base/assert.h"

namespace teal::control {

std::string_view to_string(ReloadResult result) {
  switch (result) {
    case ReloadResult::applied: return "applied";
    case ReloadResult::unchanged: return "unchanged";
    case ReloadResult::checked: return "checked";
    case ReloadResult::invalid: return "invalid";
    case ReloadResult::refused: return "refused";
    case ReloadResult::failed: return "failed";
    case ReloadResult::rolled_back: return "rolled_back";
  }
  return "";
}

ApiError not_loaded(int status, std::string type, std::string detail, std::string remedy) {
  return {status, std::move(type), kNotLoaded, std::move(detail), std::move(remedy)};
}

void throw_exception_from_error(const ReloadRefusal& refusal,
                                const boost::source_location& /*where*/) {
  assertion_failed("value of a refused reload: " + refusal.error.detail, __FILE__, __LINE__);
}

}  // namespace teal::control
