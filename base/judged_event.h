// JudgedEvent: one client request that ended badly, became slow or is overdue, told to the judge by
// the worker that saw it. Once per client request, and by the group that was drawn first: a replay
// elsewhere neither erases nor moves the blame (docs/judge.md). Client aborts are no events,
// neither is preview traffic; what is an error, and to whom, is its `meanings`.
//
// A plain value; crosses from workers to control in batches.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "base/colour.h"
#include "base/error_meaning.h"
#include "base/time.h"

namespace teal {

struct JudgedEvent {
  enum class Kind : std::uint8_t {
    error,    ///< It ended badly: of the usual meaning 5xx, no answer, cut.
    slow,     ///< It has taken as long as threshold number `threshold`; told then, not at its end.
    overdue,  ///< It has reached the age by which most have ended, and has not.
    settled,  ///< An overdue one has ended, and not badly.
  };

  Kind kind = Kind::error;
  Colour group = Colour::blue;  ///< The one drawn, whoever answered.
  std::uint8_t threshold = 0;   ///< Kind slow: place among the thresholds of the step.
  /// All kinds but slow: whom it concerns, by the numbers of the deployment's meanings of "error".
  MeaningSet meanings = kUsualMeaning;
  /// How likely the release was to be drawn, given the draws before. 0 or 1: nothing was random,
  /// and the comparison learns nothing from the request.
  double release_probability = 0;

  // The permuted block that it was drawn in (proxy/routing/splitter.h). Length 0: in none; drawn
  // with release_probability independently of all others (a sticky client that came back).
  std::uint64_t block = 0;          ///< No two blocks of a deployment have the same number.
  std::uint32_t block_length = 0;   ///< Requests in it.
  std::uint32_t block_release = 0;  ///< Of which go to the release.

  Mono began;  ///< The whole head was there.
  Mono seen;   ///< When it ended, became slow or overdue; seen - began is its age.

  std::uint64_t request = 0;  ///< The same for all events of one request and for no other's.
  std::uint64_t client = 0;   ///< Sticky number; 0: none.
  /// Where a client that came back with a cookie came from, as a keyed hash of its address (an IPv6
  /// one's /56). 0: it was drawn for this request, or is not sticky.
  std::uint64_t place = 0;
  std::uint64_t table = 0;  ///< The publication that it was drawn under.

  std::array<char, 64> request_id{};
  std::uint8_t request_id_size = 0;

  void set_request_id(std::string_view id) {
    request_id_size = static_cast<std::uint8_t>(std::min(id.size(), request_id.size()));
    std::copy_n(id.begin(), request_id_size, request_id.begin());
  }
  std::string_view id() const { return {request_id.data(), request_id_size}; }
};
static_assert(std::is_trivially_copyable_v<JudgedEvent>);

}  // namespace teal
