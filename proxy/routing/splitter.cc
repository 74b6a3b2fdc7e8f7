#include "proxy/routing/splitter.h"

#include <algorithm>
#include <numeric>

namespace teal::proxy {

namespace {

constexpr std::uint32_t kWhole = Weight::kWhole;
/// Longer blocks would be exact too, but only after so many requests.
constexpr std::uint32_t kMaxExactBlock = 1000;
constexpr std::uint32_t kUsualBlock = 100;

}  // namespace

std::uint32_t Splitter::block_length(Weight release) {
  const std::uint32_t share = release.basis_points();
  const std::uint32_t exact = kWhole / std::gcd(share, kWhole);
  if (exact <= kMaxExactBlock) return exact;
  // Neither 0 nor the whole comes here: their exact block has length 1.
  const std::uint32_t rarer = std::min(share, kWhole - share);
  return std::max(kUsualBlock, (kWhole + rarer - 1) / rarer);
}

void Splitter::start_block(Weight release) {
  ++block_;
  left_ = length_ = block_length(release);
  // What the last block was short of a whole place is owed to this one.
  const std::uint32_t owed = left_ * release.basis_points() + carry_;
  release_left_ = places_ = owed / kWhole;
  carry_ = owed % kWhole;
}

/// Condition 1 of the comparison (docs/judge.md): random given the past, and it says how likely.
Drawn Splitter::draw(Weight release) {
  if (release != weight_) {
    weight_ = release;
    left_ = 0;
    carry_ = 0;
  }
  if (release == Weight::none()) return {.release = false, .release_probability = 0};
  if (release == Weight::all()) return {.release = true, .release_probability = 1};
  if (left_ == 0) start_block(release);
  const double probability = static_cast<double>(release_left_) / left_;
  const bool chosen = rng_.below(left_) < release_left_;
  --left_;
  if (chosen) --release_left_;
  return {chosen, probability, block_, length_, places_};
}

}  // namespace teal::proxy
