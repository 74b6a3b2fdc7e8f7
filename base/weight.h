// Weight: a share of the traffic in basis points, 0 to 10000. Split: the shares of blue and green,
// which always sum to 10000 (architecture invariant 1). Integers, so that no share is ever rounded
// twice (docs/adr/0005).
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/colour.h"
#include "base/result.h"

namespace teal {

class Weight {
 public:
  static constexpr std::uint32_t kWhole = 10000;

  constexpr Weight() = default;
  /// Requires: basis_points <= 10000.
  constexpr explicit Weight(std::uint32_t basis_points)
      : basis_points_(static_cast<std::uint16_t>(basis_points)) {
    TEAL_ASSERT(basis_points <= kWhole);
  }

  static constexpr Weight none() { return Weight{0}; }
  static constexpr Weight all() { return Weight{kWhole}; }
  /// Requires: percent <= 100.
  static constexpr Weight percent(std::uint32_t percent) { return Weight{percent * 100}; }

  constexpr std::uint32_t basis_points() const { return basis_points_; }
  constexpr Weight rest() const { return Weight{kWhole - basis_points_}; }
  constexpr auto operator<=>(const Weight&) const = default;

 private:
  std::uint16_t basis_points_ = 0;
};

/// "12.5%", "0.01%", "100%". A bare number is read as percent too. At most two decimals.
Result<Weight> parse_weight(std::string_view text);
/// The shortest form: "10%", "12.5%", "0.01%".
std::string to_string(Weight weight);
std::ostream& operator<<(std::ostream& out, Weight weight);

class Split {
 public:
  /// Everything to blue.
  constexpr Split() = default;

  static constexpr Split all_to(Colour colour) { return Split{colour, Weight::all()}; }
  /// `weight` to `colour`, the rest to the other.
  static constexpr Split with(Colour colour, Weight weight) { return Split{colour, weight}; }

  constexpr Weight of(Colour colour) const {
    return colour == Colour::green ? green_ : green_.rest();
  }
  constexpr bool operator==(const Split&) const = default;

 private:
  constexpr Split(Colour colour, Weight weight)
      : green_(colour == Colour::green ? weight : weight.rest()) {}

  Weight green_;
};

/// "blue=90% green=10%".
std::string to_string(Split split);
std::ostream& operator<<(std::ostream& out, Split split);

}  // namespace teal
