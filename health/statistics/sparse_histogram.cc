#include "health/statistics/sparse_histogram.h"

#include <algorithm>

namespace teal::health {

SparseHistogram::SparseHistogram(const Histogram& of) : sum_micros_(of.sum_micros) {
  const auto is_used = [](std::uint64_t count) { return count > 0; };
  buckets_.reserve(static_cast<std::size_t>(std::ranges::count_if(of.buckets, is_used)));
  for (std::size_t index = 0; index < Histogram::kSize; ++index)
    if (const std::uint64_t count = of.buckets[index]; count > 0)
      buckets_.push_back({index & 0xFFFFU, count & 0xFFFF'FFFF'FFFFU});
}

void SparseHistogram::add_to(Histogram& sum) const {
  for (const Bucket& bucket : buckets_) sum.buckets[bucket.index] += bucket.count;
  sum.sum_micros += sum_micros_;
}

void SparseHistogram::subtract_from(Histogram& all) const {
  for (const Bucket& bucket : buckets_) all.buckets[bucket.index] -= bucket.count;
  all.sum_micros -= sum_micros_;
}

}  // namespace teal::health
