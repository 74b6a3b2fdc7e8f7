// OverloadLadder: what Teal stops doing, and in which order, when memory, connections or
// descriptors run out, so that it is still there when they are over. Each level includes the ones
// below it.
//
// Pure: told how much of what is used, it says the level. It goes up at once, as far as it must,
// and down by one level at a time, after the use has been clearly below that level's mark for a
// while; so it does not flap. Asked by the control thread (app/serve/overload_watch.h), obeyed by
// workers (Worker::follow_overload).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace teal::proxy {

enum class OverloadLevel : std::uint8_t {
  none,
  short_idle,     ///< Idle connections of clients end sooner.
  no_keep_alive,  ///< Connections end with their request.
  no_requests,    ///< New requests are answered 503.
  no_accepts,     ///< New connections wait in the backlog.
};
inline constexpr std::size_t kOverloadLevels = 5;

enum class OverloadResource : std::uint8_t { memory, connections, descriptors };
inline constexpr std::size_t kOverloadResources = 3;
std::string_view to_string(OverloadResource resource);

/// How much of a resource is used.
struct Usage {
  std::uint64_t used = 0;
  std::uint64_t limit = 0;  ///< 0: there is none.

  /// In thousandths of the limit.
  std::uint64_t share() const { return limit == 0 ? 0 : used * 1000 / limit; }
};
using Usages = std::array<Usage, kOverloadResources>;

class OverloadLadder {
 public:
  /// From which share on a level is taken, in thousandths, and how far below it it is left again.
  static constexpr std::array<std::uint64_t, kOverloadLevels> kMarks{0, 850, 900, 950, 980};
  static constexpr std::uint64_t kSlack = 50;
  /// So long below before one level is left.
  static constexpr Millis kCalm{1000};

  /// True: the level is another.
  bool step(const Usages& usages, Mono now);
  OverloadLevel level() const { return level_; }
  /// The resources that ask for the present level or more, as of the last step: "memory 91%".
  const std::string& reasons() const { return reasons_; }

 private:
  OverloadLevel level_ = OverloadLevel::none;
  Mono pressed_ = Mono::min();  ///< When something last asked for the present level.
  std::string reasons_;
};

}  // namespace teal::proxy
