// ExposureHold: one request's part in what a release may cost clients (base/exposure.h): whether a
// visible failure of it has to be paid for, and whether a place for that is reserved.
//
// A value of one exchange, on its worker's thread. Whoever enters ends it, before what holds the
// Exposure is let go of. Does not decide where a request goes instead, nor what a failure is.
#pragma once

#include <utility>

#include "base/assert.h"
#include "base/exposure.h"

namespace teal::proxy {

class ExposureHold {
 public:
  ExposureHold() = default;
  ~ExposureHold() { TEAL_ASSERT(exposure_ == nullptr); }
  ExposureHold(const ExposureHold&) = delete;
  ExposureHold& operator=(const ExposureHold&) = delete;

  /// A visible failure of the request has to be paid to the release's exposure.
  bool is_exposed() const { return exposure_ != nullptr; }

  /// The request is to go to the release. What cannot be taken back any more holds a reservation
  /// from now on; what can, from the moment when its response is to be seen. False: there is none,
  /// and the live group can serve it instead, where it is not exposed.
  /// Requires: it is not exposed yet.
  bool enter(Exposure& exposure, bool can_be_taken_back, bool live_serves) {
    TEAL_ASSERT(exposure_ == nullptr);
    if (!can_be_taken_back) {
      is_reserved_ = exposure.reserve();
      if (!is_reserved_ && live_serves) return false;
    }
    exposure_ = &exposure;
    return true;
  }

  /// What the release did is to be seen by the client: reserves a place where one is needed. False:
  /// there is none.
  bool try_reserve() {
    if (exposure_ == nullptr || is_reserved_) return true;
    is_reserved_ = exposure_->reserve();
    return is_reserved_;
  }

  /// The end, or the request has left the release. `failed`: before its client's eyes. True:
  /// control must be told. Does nothing where the request is not exposed.
  bool end(bool failed) {
    Exposure* const exposure = std::exchange(exposure_, nullptr);
    const bool was_reserved = std::exchange(is_reserved_, false);
    if (exposure == nullptr) return false;
    if (failed) return was_reserved ? exposure->spend() : exposure->overspend();
    if (was_reserved) exposure->release();
    return false;
  }

 private:
  Exposure* exposure_ = nullptr;  ///< Null: it is not exposed.
  bool is_reserved_ = false;
};

}  // namespace teal::proxy
