#include "proxy/request/target_picker.h"

#include <algorithm>

#include "proxy/headers/rewrite.h"

namespace teal::proxy {
namespace {

bool is_among(TargetId target, std::span<const TargetId> targets) {
  return std::find(targets.begin(), targets.end(), target) != targets.end();
}

/// A target in its slow start is left out of so many draws as its ramp says. A consistent hash does
/// not ramp: its keys have one place.
bool gets_turn(const PickContext& context, const TargetState& target) {
  if (context.spec.balance == config::Balance::consistent_hash) return true;
  const config::SlowStart& slow = context.spec.slow_start;
  const Millis age = std::chrono::duration_cast<Millis>(context.now - target.accepts_since);
  if (age >= slow.window) return true;
  return context.rng.below(10'000) < slow_start_share(slow, age);
}

[[gnu::always_inline]] inline std::size_t balance(const PickContext& context,
                                                  std::span<const Candidate> candidates) {
  Balancer& balancer = context.group.runtime->balancer;
  switch (context.spec.balance) {
    case config::Balance::round_robin: return balancer.round_robin(candidates);
    case config::Balance::least_request: return balancer.least_request(candidates);
    case config::Balance::consistent_hash:
      return context.view.set->ring.pick(
          hash_of_request(context.spec.hash_on, context.head, context.client), candidates);
  }
  return kNobody;
}

}  // namespace

Pick pick_target(const PickContext& context, std::vector<Candidate>& candidates) {
  const GroupView& view = context.view;
  const GroupRuntime& runtime = *context.group.runtime;
  // Places that waiting requests were called for are not for others.
  const std::uint32_t promised = runtime.promised();
  const bool group_has_room = runtime.has_room(promised);
  const bool ramps = context.spec.slow_start.window.count() > 0;
  const bool has_tried = !context.tried.empty();
  Pick pick;
  bool is_thinned = false;
  candidates.resize(view.targets.size());
  const auto look = [&](std::size_t i, bool with_care) __attribute__((always_inline)) {
    const TargetState& state = view.targets[i];
    const TargetRuntime& target = *context.group.targets[i];
    const bool accepts = view.accepts(state) && !(has_tried && is_among(state.id, context.tried));
    const bool has_room = group_has_room && target.has_room(promised);
    pick.somebody_is_full = pick.somebody_is_full || (accepts && !has_room);
    const bool usable = accepts && has_room;
    const bool is_left_out = usable && with_care && !gets_turn(context, state);
    is_thinned = is_thinned || is_left_out;
    candidates[i] = {target.in_flight, usable && !is_left_out};
  };
  for (std::size_t i = 0; i < candidates.size(); ++i) look(i, ramps);
  pick.target = balance(context, candidates);
  if (pick.target != kNobody || !is_thinned) return pick;
  // All that have room are new: then nobody need be careful with any of them.
  for (std::size_t i = 0; i < candidates.size(); ++i) look(i, false);
  pick.target = balance(context, candidates);
  return pick;
}

bool has_untried_target(const GroupView& view, std::span<const TargetId> tried, TargetId present) {
  return std::any_of(view.targets.begin(), view.targets.end(), [&](const TargetState& target) {
    return view.accepts(target) && target.id != present && !is_among(target.id, tried);
  });
}

std::size_t index_of(const GroupView& view, TargetId target) {
  const auto found = std::find_if(view.targets.begin(), view.targets.end(),
                                  [&](const TargetState& each) { return each.id == target; });
  return found == view.targets.end() ? kNobody
                                     : static_cast<std::size_t>(found - view.targets.begin());
}

std::uint64_t hash_of_request(const config::HashOn& on, const net::RequestHead& head,
                              std::string_view client) {
  switch (on.kind) {
    case config::HashOn::Kind::client_address: return hash_key(client);
    case config::HashOn::Kind::path: return hash_key(head.path());
    case config::HashOn::Kind::cookie: return hash_key(find_cookie(head.fields, on.name));
    case config::HashOn::Kind::header: {
      const net::Field* field = head.fields.find(std::string_view(on.name));
      return hash_key(field != nullptr ? head.fields.value(*field) : std::string_view());
    }
  }
  return 0;
}

}  // namespace teal::proxy
