// What a worker does about limits that all workers share: requests that wait for a place, and idle
// connections that nobody needs (docs/adr/0020-limits-by-need.md).
//
// A place that comes free is for whoever has waited longest, on whatever worker. That worker is
// called, and until it has answered the place is promised: new requests leave it alone. Whoever
// begins to wait looks once more afterwards, and whoever was called passes on what room it left, so
// that no place is free while somebody waits for one and nobody is called.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "proxy/exchange/exchange.h"
#include "proxy/worker/worker.h"

namespace teal::proxy {

void Worker::wake_soon(const boost::local_shared_ptr<GroupRuntime>& group) {
  if (!std::exchange(group->wake_pending, true)) wake_.push_back(group);
}

void Worker::offer_room(const boost::local_shared_ptr<GroupRuntime>& group) {
  if (!group->is_limited) {
    if (!group->waiting.empty()) wake_soon(group);
    return;
  }
  if (group->limits->pending.count() == 0) return;
  if (const auto longest = group->limits->board.longest()) call_worker(*longest, group);
}

void Worker::call_worker(std::size_t worker, const boost::local_shared_ptr<GroupRuntime>& group) {
  const bool is_first = group->limits->board.call(worker);
  if (worker == index_)
    wake_soon(group);
  else if (is_first)
    shared_.call(worker, group->limits);
}

void Worker::on_called(const GroupLimits& limits) {
  const auto group = groups_by_limits_.find(&limits);
  TEAL_ASSERT(group != groups_by_limits_.end());  // It has shown that its requests wait.
  wake_soon(group->second);
  after_each();
}

void Worker::show_waiting(const GroupRuntime& group) {
  if (group.is_serving || !group.is_limited) return;
  group.limits->board.show(
      index_, group.waiting.empty() ? Mono::max() : group.waiting.front()->queued_at());
}

bool Worker::has_room(const GroupRuntime& group) const {
  const std::uint32_t promised = group.promised();
  if (!group.has_room(promised)) return false;
  const GroupView& view = table_->routes.services[group.service].groups[group.colour];
  const auto& targets = table_->services[group.service].groups[group.colour].targets;
  for (std::size_t i = 0; i < targets.size(); ++i)
    if (view.accepts(view.targets[i]) && targets[i]->has_room(promised)) return true;
  return false;
}

void Worker::serve_waiting(const boost::local_shared_ptr<GroupRuntime>& group) {
  if (!group->is_limited) {
    let_waiting_try(*group);
    return;
  }
  WaitBoard& board = group->limits->board;
  board.answer(index_);
  // Who is taken out, finds the room taken and goes back has been on the board all the time: a
  // place that comes free meanwhile is offered.
  group->is_serving = true;
  let_waiting_try(*group);
  group->is_serving = false;
  show_waiting(*group);
  if (group->limits->pending.count() == 0 || !has_room(*group)) return;
  // Those that are left here cannot use it. The order in which workers are asked has an end.
  const auto next = group->waiting.empty() ? board.longest() : board.after(index_);
  if (next) call_worker(*next, group);
}

/// One that finds the room taken goes back to its place: then there is none, but for those who may
/// not go where others can.
void Worker::let_waiting_try(GroupRuntime& group) {
  std::size_t left = 0;
  while (left < group.waiting.size()) {
    Exchange* const next = group.waiting[left];
    const bool is_choosy = next->has_tried_targets();
    next->on_room();
    if (left >= group.waiting.size() || group.waiting[left] != next) continue;
    if (!is_choosy) break;
    ++left;
  }
}

void Worker::close_surplus() {
  const bool is_short = overload_ > OverloadLevel::none;
  for (auto& [id, target] : targets_) {
    const std::uint32_t idle_http2 = target->idle_http2.size();
    const std::uint32_t surplus =
        target->need.end_period(target->in_flight, target->idle - idle_http2, is_short);
    // A connection that names a client is needed as long as the client is there, not by number.
    const bool is_by_number = !target->upstream_settings.proxy_protocol || is_short;
    if (is_by_number) idle_pool_.close_surplus(target->idle_http1, surplus);
    if (target->http2.empty()) continue;
    const auto in_use = static_cast<std::uint32_t>(target->http2.size()) - idle_http2;
    idle_pool_.close_surplus(target->idle_http2,
                             target->need_http2.end_period(in_use, idle_http2, is_short));
  }
  idle_pool_.end_period();
  after_each();
}

}  // namespace teal::proxy
