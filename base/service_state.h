// What control knows about a service and the workers need to know: which group is live, the split,
// and the targets of both groups with their health. Control owns the one true copy and hands out
// snapshots (base/publication.h); proxy/ makes routes of them; neither includes the other.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/colour.h"
#include "base/counters.h"
#include "base/error_meaning.h"
#include "base/exposure.h"
#include "base/time.h"
#include "base/weight.h"

namespace teal {

/// Names one service for the life of the process: one that is taken out of the configuration and
/// comes back has the same. They are dense, from 0.
using ServiceId = std::uint32_t;
/// One listener likewise.
using ListenerId = std::uint32_t;

/// Names one registration of one target for the life of the process. 0 is nobody. A target that is
/// removed and added again gets a new one.
using TargetId = std::uint32_t;

enum class Health : std::uint8_t { unknown, healthy, unhealthy };

constexpr std::string_view to_string(Health health) {
  switch (health) {
    case Health::unknown: return "unknown";
    case Health::healthy: return "healthy";
    case Health::unhealthy: return "unhealthy";
  }
  return "unknown";
}

struct TargetState {
  TargetId id = 0;
  /// What the active probes say; unknown until the first verdict.
  Health health = Health::unknown;
  /// Taken out by outlier detection for a while.
  bool ejected = false;
  /// Gets no new requests; the running ones finish.
  bool draining = false;
  Address address;
  /// When it last began to accept requests; the beginning of time where it did so from the start.
  Mono accepts_since{};
  /// Why it is in the state it is in, for a person: "probe: connection refused".
  std::string reason;

  bool accepts_requests() const { return health == Health::healthy && !ejected && !draining; }
  bool operator==(const TargetState&) const = default;
};

struct GroupState {
  /// The release this group runs; empty where nothing is registered.
  std::string revision;
  std::vector<TargetState> targets;
  /// The group is not live and serves what the live one cannot, request by request, also without a
  /// share: it stayed after a rollback into a group that serves nobody (docs/adr/0021-fallback.md).
  bool fallback = false;

  bool operator==(const GroupState&) const = default;
};

/// Somebody of the group accepts requests.
bool accepts_requests(std::span<const TargetState> targets);
bool accepts_requests(const GroupState& group);

/// What the workers are to tell of single requests while the release is compared with the live one.
struct Judging {
  /// A request that takes longer is slow, by each of these; rising. Frozen for a step, so that both
  /// groups are measured by the same rule.
  std::vector<Micros> slower_than;
  /// A request in flight of this age is told, so that nobody waits for its end.
  Micros overdue{0};
  /// By which meanings of "error" somebody compares: to the others nothing is told.
  MeaningSet compared = kUsualMeaning;

  bool operator==(const Judging&) const = default;
};

/// What workers do with a service's requests, its targets apart.
struct ServiceRouting {
  ServiceId id = 0;
  std::string name;
  Colour live = Colour::blue;
  Split split = Split::all_to(Colour::blue);
  /// Of the running deployment, where it has a budget. Not saved; the engine's journal has it.
  std::shared_ptr<Exposure> exposure;
  /// The number of the last deployment: sticky clients are drawn anew for each
  /// (proxy/routing/sticky.h). Not saved; the deployments are. 0: there was none.
  std::uint64_t draw = 0;
  /// The step of the last deployment's plan whose evidence is gathered now: that of its last
  /// publication, or a later bake that has evidence of its own. Not saved either.
  std::uint64_t step = 0;
  /// Workers look often how old the requests in flight are, since an alarm on latency is judged.
  bool watches_ages = false;
  /// What the running deployment's alarms count as errors besides every 5xx; null: nothing else.
  std::shared_ptr<const ErrorMeanings> meanings;
  /// Nothing: no deployment is judged by comparison, and the request path has nothing to do.
  std::optional<Judging> judging;

  /// What begins now belongs to it.
  Stage stage() const { return {draw, step}; }
  bool operator==(const ServiceRouting&) const = default;
};

/// Control's own: it changes it as it likes, and hands out what base/publication.h makes of it.
struct ServiceState : ServiceRouting {
  PerColour<GroupState> groups;

  bool operator==(const ServiceState&) const = default;
};

/// So few of the live group's targets are healthy that their health is not to be believed: all that
/// do not drain are asked (Envoy's panic mode). Not while none is and a fallback serves: then there
/// is somebody to ask. `fallback`: the targets of the other group where that is a fallback.
bool is_panicking(std::span<const TargetState> live, std::span<const TargetState> fallback,
                  std::uint32_t below_percent);
bool is_panicking(const ServiceState& service, std::uint32_t below_percent);

}  // namespace teal
