// Outlier: passive ejection. A target that fails real requests so many times in a row is taken out
// for a while, longer each time; never more than the allowed share of its group (counted after the
// ejection), and never the last one that still accepts requests. Envoy's rules,
// pure: failures and times in, ejections and returns out.
//
// Control thread; one per service.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/service_state.h"
#include "base/time.h"
#include "config/config.h"

namespace teal::health {

class Outlier {
 public:
  explicit Outlier(const config::Outlier& spec) : spec_(spec) {}

  /// A worker saw `consecutive` failures in a row from `target`, a member of `group`. The reason if
  /// it is to be ejected now; the caller marks it.
  std::optional<std::string> on_failures(TargetId target, std::uint32_t consecutive,
                                         std::span<const TargetState> group, Mono now);
  /// The targets whose ejection has ended by `now`.
  std::vector<TargetId> returns(Mono now);
  /// An active probe found it healthy again (not: still healthy), or it left: forget it.
  void forget(TargetId target);
  /// The next moment at which returns() may have something to say.
  std::optional<Mono> next_return() const;

 private:
  struct Ejection {
    std::uint32_t in_a_row = 0;  ///< Falls by one for every base interval spent in peace.
    bool out = false;
    Mono until;  ///< While out; since when it is back otherwise.
  };
  config::Outlier spec_;
  std::map<TargetId, Ejection> known_;
};

}  // namespace teal::health
