// The system's clocks. app/ makes one and hands it to everything that needs the time.
#pragma once

#include "base/time.h"

namespace teal {

class SystemClock final : public Clock {
 public:
  Mono mono() const override;
  WallTime wall() const override;
};

}  // namespace teal
