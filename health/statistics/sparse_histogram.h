// SparseHistogram: the values of a histogram that has few of them, or of few kinds, in as little
// memory as its buckets that are not empty: nothing for one without values, at most 5 KB.
//
// A plain value; pure.
#pragma once

#include <cstdint>
#include <vector>

#include "base/histogram.h"

namespace teal::health {

class SparseHistogram {
 public:
  SparseHistogram() = default;
  explicit SparseHistogram(const Histogram& of);

  void add_to(Histogram& sum) const;
  /// Requires: these values are among those of `all`.
  void subtract_from(Histogram& all) const;
  bool empty() const { return buckets_.empty(); }

  bool operator==(const SparseHistogram&) const = default;

 private:
  struct Bucket {
    std::uint64_t index : 16;
    std::uint64_t count : 48;
    bool operator==(const Bucket&) const = default;
  };

  std::vector<Bucket> buckets_;  ///< That are not empty.
  std::uint64_t sum_micros_ = 0;
};

}  // namespace teal::health
