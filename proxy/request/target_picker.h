// TargetPicker: which target of its group a request is to go to now. Left out are targets that do
// not accept requests, that the request has tried, that are full, and of those in their slow start
// so many turns as their ramp says; the service's balance chooses among the others.
//
// Free functions of one worker. What they change is what chance and turns are made of: the
// generator, the group's balancer. Does not open connections, wait or retry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "base/service_state.h"
#include "base/time.h"
#include "config/config.h"
#include "net/http/message.h"
#include "proxy/loop/worker_routes.h"
#include "proxy/routing/balancer.h"
#include "proxy/routing/service_view.h"

namespace teal::proxy {

struct PickContext {
  const config::Service& spec;
  const GroupView& view;
  const WorkerService::Group& group;   ///< What the worker keeps about the same group.
  const std::vector<TargetId>& tried;  ///< By this request.
  const net::RequestHead& head;
  std::string_view client;  ///< The address of the peer.
  Mono now;
  Rng& rng;
};

struct Pick {
  std::size_t target = kNobody;   ///< Place in the group's targets.
  bool somebody_is_full = false;  ///< Some target would have done, had it room.
};

/// `candidates`: scratch memory.
Pick pick_target(const PickContext& context, std::vector<Candidate>& candidates);

/// Some target accepts requests and is neither among `tried` nor `present`.
bool has_untried_target(const GroupView& view, std::span<const TargetId> tried, TargetId present);

/// kNobody: it has left the group.
std::size_t index_of(const GroupView& view, TargetId target);

/// The key by which a consistent hash places the request. What it does not have hashes as empty.
std::uint64_t hash_of_request(const config::HashOn& on, const net::RequestHead& head,
                              std::string_view client);

}  // namespace teal::proxy
