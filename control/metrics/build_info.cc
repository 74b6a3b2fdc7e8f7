#include "control/metrics/build_info.h"

namespace teal::control {

BuildInfo build_info() {
  return {TEAL_VERSION, TEAL_REVISION, TEAL_COMPILER};
}

}  // namespace teal::control
