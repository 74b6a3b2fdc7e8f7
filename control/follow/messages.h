// What a leader and its followers tell each other. The leader runs the engine and the judge; a
// follower only proxies: the draining predecessor of an upgrade, a member of a fleet. Publications
// come down to it (State, SplitChange); up go what its workers run on (Applied), what they counted
// (Counters) and what the judge is told at once (Events), which it keeps until an Ack has come.
//
// Times are of the sender's monotonic clock. On one machine that is the receiver's, too; elsewhere
// `sent` beside them says how to read them.
//
// Plain values, any thread. Identity is a name or an id that the leader gave, never a place in a
// list. How they read as bytes is control/follow/codec.h; what they mean to control is not here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/counters.h"
#include "base/error_meaning.h"
#include "base/judged_event.h"
#include "base/outcome.h"
#include "base/publication.h"
#include "base/service_state.h"
#include "base/sticky_secrets.h"

namespace teal::control::follow {

/// Up, once, first of all.
struct Hello {
  std::uint8_t oldest = 0, newest = 0;  ///< Versions of the protocol that it speaks.
  std::string id;                       ///< The follower's: visible ASCII, 1 to 64.
  std::string config_digest;            ///< SHA-256 in hexadecimal, or empty.
  std::uint64_t applied_term = 0, applied_version = 0;  ///< What its workers run on; 0: nothing.
  std::uint64_t recorded = 0;  ///< The last Events that it knows to be recorded; 0: none.
  bool operator==(const Hello&) const = default;
};

/// How far the exposure budget is used, by all together.
struct ExposureState {
  std::uint32_t budget = 0, spent = 0;
  bool operator==(const ExposureState&) const = default;
};

/// All that a worker's table of one service is made of.
struct FollowedService {
  std::string name;
  Colour live = Colour::blue;
  Split split;
  std::optional<ExposureState> exposure;
  std::uint64_t draw = 0, step = 0;
  bool watches_ages = false;
  /// As they were configured; numbered from 1 as they stand. Empty: there are none but the usual.
  std::vector<ErrorMeaning> meanings;
  std::optional<Judging> judging;
  PerColour<GroupState> groups;
  bool operator==(const FollowedService&) const = default;
};

/// Down: a publication, or a part of it where it has many services.
struct State {
  std::uint64_t version = 0;
  bool is_last = true;  ///< Of the version: now it may be published.
  Mono sent;
  std::optional<StickySecrets> secrets;  ///< Where they have changed.
  std::vector<FollowedService> services;
  bool operator==(const State&) const = default;
};

/// Down: what has to be there first. A State of the same version follows.
struct SplitChange {
  std::uint64_t version = 0;
  std::string service;
  Colour live = Colour::blue;
  Split split;
  std::uint64_t nonce = 0;  ///< The newest that the leader has heard from this follower; 0: none.
  bool operator==(const SplitChange&) const = default;
};

/// Up: every worker runs on it.
struct Applied {
  std::uint64_t version = 0;
  std::uint64_t nonce = 0;  ///< Drawn anew each time.
  bool operator==(const Applied&) const = default;
};

/// What came to one stream's counters since the last Counters.
struct CounterDelta {
  TrafficKey key;
  Stage stage;
  TrafficCounters counters;
  bool operator==(const CounterDelta&) const = default;
};

/// Up.
struct Counters {
  std::uint64_t sequence = 0;  ///< From 1 for each follower, without gaps.
  std::vector<CounterDelta> deltas;
  bool operator==(const Counters&) const = default;
};

struct ServiceEvents {
  std::string service;
  std::vector<JudgedEvent> events;
};

/// Up.
struct Events {
  std::uint64_t sequence = 0;  ///< From 1 for each follower, without gaps.
  Mono sent;
  Mono settled;               ///< Every judged request that began before is told of, or ended well.
  std::uint64_t dropped = 0;  ///< Since it began: what was too much to be told.
  std::vector<ServiceEvents> services;
  std::vector<BadOutcome> outcomes;
};

/// Down: all Events up to this one are recorded.
struct Ack {
  std::uint64_t sequence = 0;
  bool operator==(const Ack&) const = default;
};

using Message = std::variant<Hello, State, SplitChange, Applied, Counters, Events, Ack>;

// ---- limits of a message ------------------------------------------------------------------------

inline constexpr std::size_t kMaxName = 256;    ///< Of services, revisions, digests.
inline constexpr std::size_t kMaxReason = 256;  ///< Longer ones are cut when they are written.
inline constexpr std::size_t kMaxAddress = 256;
inline constexpr std::size_t kMaxPath = 4096;     ///< Of a meaning.
inline constexpr std::size_t kMaxTargets = 1000;  ///< Of a group.
inline constexpr std::size_t kMaxWords = 64;      ///< Statuses of a meaning.
inline constexpr std::size_t kMaxThresholds = 64;
inline constexpr std::size_t kMaxServices = 10'000;
/// Of 15 KB each in memory, whatever they take of a frame.
inline constexpr std::size_t kMaxDeltas = 1000;
inline constexpr std::size_t kMaxEvents = 32'768;

}  // namespace teal::control::follow
