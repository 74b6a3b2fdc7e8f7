// What `tolerance`, `confidence` and `certify` of a comparison may be: for the file, and for the
// API, which takes the first two in place of a deployment's own.
#pragma once

namespace teal::config {

/// Both ends may be taken.
struct Range {
  double least = 0;
  double most = 0;

  constexpr bool contains(double number) const { return number >= least && number <= most; }
  bool operator==(const Range&) const = default;
};

inline constexpr Range kTolerance{1, 100};
inline constexpr Range kConfidence{0.9, 0.99999};
inline constexpr Range kCertify{0.5, 0.99999};

}  // namespace teal::config
