// ShareTest: e-values on "the share of bad requests is at most p0" and on "it is at least p0", from
// two counts: mixtures of binomial likelihood ratios (the betting form of Waudby-Smith and Ramdas,
// JRSS-B 2024, with fixed bets). Valid at any look, as RatioTest.
//
// Pure functions of counts.
#pragma once

#include <cstdint>

namespace teal::health {

/// Natural logarithm of the e-value against "at most `most`": great where the share is above.
double log_e_above(double most, std::uint64_t bad, std::uint64_t good);
/// Against "at least `most`": great where the share is below.
double log_e_below(double most, std::uint64_t bad, std::uint64_t good);

}  // namespace teal::health
