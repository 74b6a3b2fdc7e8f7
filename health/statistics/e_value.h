// E-values are kept as logarithms; this is the number itself, for JSON and for people.
//
// Pure.
#pragma once

#include <algorithm>
#include <cmath>

namespace teal::health {

/// The e-value of its natural logarithm, exp(600) at most: a double holds no more than exp(709),
/// and JSON knows no infinity. 0 of minus infinity.
inline double finite_e_value(double log_e) {
  constexpr double kMaxLog = 600;
  return std::exp(std::min(log_e, kMaxLog));
}

}  // namespace teal::health
