// The numbers of one stream of traffic as plain values: what the judge, the exporter and the status
// page read. Workers hold the same numbers as single-writer atomics (proxy/telemetry/shard.h) and a
// reading merges them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/colour.h"
#include "base/grpc_status.h"
#include "base/histogram.h"
#include "base/time.h"

namespace teal {

/// Who made the answer that counted: the target, Teal in its place (502, 503, 504), or nobody
/// because the client went away first.
enum class Origin : std::uint8_t { target, teal, client };
inline constexpr std::array<Origin, 3> kOrigins{Origin::target, Origin::teal, Origin::client};

constexpr std::string_view to_string(Origin origin) {
  switch (origin) {
    case Origin::target: return "target";
    case Origin::teal: return "teal";
    case Origin::client: return "client";
  }
  return "client";
}

/// Public traffic is split and judged; preview traffic (a listener with `group: idle` or
/// `group: live`) is counted apart and never judged.
enum class Audience : std::uint8_t { split, preview };

constexpr std::string_view to_string(Audience audience) {
  return audience == Audience::split ? "split" : "preview";
}

/// One T for split and one for preview traffic.
template <class T>
struct PerAudience {
  std::array<T, 2> values{};

  T& operator[](Audience audience) { return values[static_cast<std::size_t>(audience)]; }
  const T& operator[](Audience audience) const {
    return values[static_cast<std::size_t>(audience)];
  }
};

/// Finished requests, client aborts not counted, and those of them with a 5xx, whoever of target
/// and Teal made it.
struct Tally {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  bool operator==(const Tally&) const = default;
};

constexpr Tally operator+(const Tally& one, const Tally& more) {
  return {one.requests + more.requests, one.errors + more.errors};
}

/// Never below nothing.
constexpr Tally operator-(const Tally& now, const Tally& before) {
  return {now.requests - std::min(now.requests, before.requests),
          now.errors - std::min(now.errors, before.errors)};
}

/// Finished requests by origin and status class; [origin][status / 100 - 1].
using RequestCounts = std::array<std::array<std::uint64_t, 5>, kOrigins.size()>;

Tally tally_of(const RequestCounts& requests);

/// By number, from 1 (base/error_meaning.h), as far as anything was counted.
using TalliesByMeaning = std::vector<Tally>;

TalliesByMeaning& operator+=(TalliesByMeaning& sum, const TalliesByMeaning& more);
/// Never below nothing.
TalliesByMeaning& operator-=(TalliesByMeaning& now, const TalliesByMeaning& before);

/// A tally for each meaning of "error" that a deployment's alarms have.
struct Tallies {
  Tally usual;
  TalliesByMeaning by_meaning;

  Tallies(Tally of_5xx = {}, TalliesByMeaning others = {})
      : usual(of_5xx), by_meaning(std::move(others)) {}
  /// 0: the usual one.
  Tally of(std::size_t meaning) const;
  Tallies& operator+=(const Tallies& more);
  bool operator==(const Tallies&) const = default;
};

/// How many requests are known to have taken as long as some time, and how many to have ended
/// sooner.
struct SlowCount {
  std::uint64_t slow = 0;
  std::uint64_t fast = 0;
  bool operator==(const SlowCount&) const = default;
};

struct TrafficCounters {
  static constexpr std::size_t kClasses = std::tuple_size_v<RequestCounts::value_type>;

  RequestCounts requests{};
  /// Extra upstream attempts beyond the first.
  std::uint64_t retries = 0;
  /// Requests that failed on this group, the release, and were asked of the live one. They are in
  /// `requests` with what the client would have got.
  std::uint64_t shielded = 0;
  /// From the whole request head to the last byte of the response. Client aborts are not in it.
  Histogram duration;
  /// From the whole request head until the client went away: the request would have taken longer,
  /// nobody knows how much (a censored observation).
  Histogram given_up;
  /// From the whole request head to the response head.
  Histogram first_byte;
  /// Of the deployment that it was counted in; of several together it says nothing.
  TalliesByMeaning by_meaning = {};

  Tally tally() const { return tally_of(requests); }
  /// 0: the usual meaning.
  Tally tally(std::size_t meaning) const;
  Tallies tallies() const { return {tally(), by_meaning}; }
  std::uint64_t total() const { return tally().requests; }
  std::uint64_t errors() const { return tally().errors; }
  /// A request that was given up took as long as its age then; one that was younger is in neither
  /// number, since it says nothing.
  SlowCount slow_count(std::uint64_t micros) const;

  TrafficCounters& operator+=(const TrafficCounters& more);
  TrafficCounters& operator-=(const TrafficCounters& earlier);
  bool operator==(const TrafficCounters&) const = default;
};

/// One stream of traffic: counted together, labelled together.
struct TrafficKey {
  std::string service;
  Colour colour = Colour::blue;
  std::string revision;
  Audience audience = Audience::split;

  auto operator<=>(const TrafficKey&) const = default;
};

/// Finished calls of gRPC by status.
using GrpcCounts = std::array<std::uint64_t, kGrpcStatuses>;

struct TrafficReading {
  TrafficKey key;
  TrafficCounters counters;
  std::uint64_t active = 0;  ///< Requests in flight.
  GrpcCounts grpc{};
};

/// A step of a deployment. A request belongs for good to the stage in whose routing table its group
/// was drawn, however late it ends: each stage of a stream is counted in a slot of its own.
struct Stage {
  std::uint64_t deployment = 0;  ///< Its number (ServiceState::draw); 0: before the first one.
  std::uint64_t step = 0;        ///< As ServiceState::step.

  auto operator<=>(const Stage&) const = default;
};

/// Requests of one stream by when they began.
struct Begun {
  TrafficCounters ended;
  /// How long they have taken, each once: those that have ended and those given up, and those in
  /// flight by their age when their worker last looked (ServiceState::watches_ages). A little older
  /// than `ended`; so what is here from some age on, less what is there, is in flight and at least
  /// that old.
  Histogram reached;

  bool operator==(const Begun&) const = default;
};

/// What began in a deployment, and of that what began in one of its steps.
struct StageReading {
  Begun deployment;
  Begun step;
};

/// The requests in flight of one group, whatever its revisions.
struct GroupInFlight {
  std::uint64_t requests = 0;
  Micros oldest{0};  ///< Its age, as of the last second. 0: there is none.

  bool operator==(const GroupInFlight&) const = default;
};

/// One number for the exporter that is not per group: connections, refusals, pool reuse...
struct MetricSample {
  enum class Type : std::uint8_t { counter, gauge };

  std::string name;  ///< Prometheus name with unit suffix, "teal_downstream_connections_total".
  std::string help;
  Type type = Type::counter;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

}  // namespace teal
