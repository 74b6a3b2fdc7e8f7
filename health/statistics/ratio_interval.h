// RatioInterval: between which bounds the release's rate of bad requests over live's lies, valid at
// any look: all ratios that a mixture over a grid of ratios does not refute at the given level (a
// confidence sequence by inverting e-processes; Howard et al., Ann. Stat. 2021). Bounds are known
// to a step of the grid, outwards. For display; decisions are RatioTest's.
//
// Slow requests come by the thousand a second, and hardly any of them is looked at by a person: an
// event is counted under its probability, of which there are few, and the grid follows when bounds
// are asked for.
//
// Pure; control thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace teal::health {

class RatioInterval {
 public:
  /// Requires: 0 < probability < 1, as RatioTest::add.
  void add(bool release, double probability);

  struct Bounds {
    std::optional<double> low;  ///< Missing: not bounded within the grid, 1/1000 to 1000.
    std::optional<double> high;
  };
  /// At a probability of `alpha` of ever being wrong.
  Bounds bounds(double alpha);

 private:
  static constexpr std::size_t kPerDecade = 20;
  static constexpr std::size_t kSize = 6 * kPerDecade + 1;
  /// Probabilities counted at a time.
  static constexpr std::size_t kMaxAlike = 64;

  /// Events that are not in logs_ yet.
  struct Alike {
    double probability = 0;
    std::uint64_t release = 0, live = 0;
  };
  void take_in();

  std::array<double, kSize> logs_{};  ///< Log-likelihood of each ratio of the grid.
  std::vector<Alike> new_;
  bool is_empty_ = true;
};

}  // namespace teal::health
