// ServiceView: one service as workers route to it: its groups, the split, the targets with their
// health, as control last published them and as the file says. And RouteUpdate: what one
// publication changes of the routes that a worker has.
//
// Made on the control thread (proxy/routing/route_builder.h), shared by all workers and never
// written after that; a request pins the view that it began with. What has not changed between two
// views of a service, the set of a group's targets above all, is one object in both.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/exposure.h"
#include "base/publication.h"
#include "config/config.h"
#include "proxy/routing/balancer.h"
#include "proxy/routing/route_index.h"
#include "proxy/routing/shared_limits.h"
#include "proxy/routing/slot_table.h"
#include "proxy/routing/target_counts.h"

namespace teal::net {
class TlsClient;
}  // namespace teal::net

namespace teal::proxy {

class StickyCookies;

/// The targets of one group, and what all workers count together of each. All vectors are as
/// `states`.
struct TargetSet {
  std::shared_ptr<const TargetStates> states;
  std::vector<std::shared_ptr<SharedTarget>> shared;
  /// Empty where the service wants no counts; null: there was no place (TargetCountsTable).
  std::vector<std::shared_ptr<CountsByWorker>> counts;
  HashRing ring;  ///< Only where the service balances by consistent hash.
};

struct GroupView {
  Colour colour = Colour::blue;
  std::string revision;
  PerAudience<SlotId> slots;
  std::shared_ptr<const TargetSet> set;
  std::span<const TargetState> targets;  ///< The set's.
  /// What all workers share; always the same ones.
  std::shared_ptr<GroupLimits> limits;
  /// Some target accepts requests.
  bool available = false;
  /// Serves what the live group cannot, also without a share (GroupState::fallback).
  bool fallback = false;
  /// Health is ignored (is_panicking).
  bool panicking = false;
  bool accepts(const TargetState& target) const {
    return panicking ? !target.draining : target.accepts_requests();
  }
  /// Requires: `made` is not null.
  void take_targets(std::shared_ptr<const TargetSet> made) {
    set = std::move(made);
    targets = *set->states;
  }
};

struct ServiceView {
  ServiceId id = 0;
  SharedSpec spec;
  Colour live = Colour::blue;
  Split split;
  PerColour<GroupView> groups;
  /// What the release may still cost clients; null: no limit.
  std::shared_ptr<Exposure> exposure;
  std::optional<Judging> judging;
  std::shared_ptr<const ErrorMeanings> meanings;  ///< As ServiceRouting::meanings.
  bool watches_ages = false;                      ///< As ServiceRouting::watches_ages.
  std::uint64_t draw = 0;                         ///< As ServiceRouting::draw.
  std::shared_ptr<const StickyCookies> sticky;    ///< Null: clients are drawn for each request.
  std::shared_ptr<const PageList> error_pages;
  std::shared_ptr<const net::TlsClient> tls;  ///< Of its targets; null: plain.

  Colour release() const { return other(live); }
  Weight release_weight() const { return split.of(release()); }
};

using SharedView = std::shared_ptr<const ServiceView>;

struct RouteUpdate {
  std::uint64_t version = 0;                ///< Of the publication that it is part of.
  std::shared_ptr<const RouteIndex> index;  ///< Null: it stays as it was.
  std::vector<SharedView> services;         ///< Those that are new or have changed, each once.
  std::vector<ServiceId> removed;           ///< Nobody asks them any more.
};

}  // namespace teal::proxy
