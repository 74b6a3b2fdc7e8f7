// Splitter: which *group* serves the next request. Exact at any volume and still random given the
// past: permuted blocks (docs/adr/0005). In a block of L requests the release gets its
// share of places, rounded by error diffusion from block to block, and every order of the places is
// equally likely. The block is never stored: drawing "release" with probability places left /
// requests left gives exactly that distribution (Knuth, TAOCP 2, 3.4.2, algorithm S).
//
// One per worker and service, owned by the worker; pure given its generator. Does not know health,
// stickiness cookies on the wire, or targets.
#pragma once

#include <cstdint>

#include "base/rng.h"
#include "base/weight.h"

namespace teal::proxy {

/// One draw, and what was known of it beforehand.
struct Drawn {
  bool release = false;
  /// How likely the release was, given every earlier draw: places left / requests left. 0 or 1
  /// where nothing was left to chance.
  double release_probability = 0;
  // The block that it was drawn in, where something was; length 0 otherwise.
  std::uint64_t block = 0;  ///< Counts the blocks of this splitter.
  std::uint32_t block_length = 0;
  std::uint32_t block_release = 0;  ///< Places in it that go to the release.
};

class Splitter {
 public:
  explicit Splitter(std::uint64_t seed) : rng_(seed) {}

  /// Draws the group of the next request. A changed weight starts a new block.
  Drawn draw(Weight release);

  /// The block length for a weight: the shortest that gives whole places, where that is at most
  /// 1000; else about 100, but long enough to hold one place of the rarer side.
  static std::uint32_t block_length(Weight release);

 private:
  void start_block(Weight release);

  Rng rng_;
  Weight weight_;
  std::uint64_t block_ = 0;
  std::uint32_t length_ = 0;
  std::uint32_t places_ = 0;
  std::uint32_t left_ = 0;          ///< Requests left in the block.
  std::uint32_t release_left_ = 0;  ///< Of which go to the release.
  std::uint32_t carry_ = 0;         ///< Error diffusion, in 1/10000 of a place.
};

}  // namespace teal::proxy
