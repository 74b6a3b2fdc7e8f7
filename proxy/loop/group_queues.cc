#include "proxy/loop/group_queues.h"

namespace teal::proxy {

void GroupQueues::offer_room(const boost::local_shared_ptr<GroupRuntime>& group) {
  if (!group->is_limited) {
    if (!group->waiting.empty()) wake_soon(group);
    return;
  }
  if (group->limits->pending.count() == 0) return;
  if (const auto longest = group->limits->board.longest()) call_worker(*longest, group);
}

void GroupQueues::call_worker(std::size_t worker,
                              const boost::local_shared_ptr<GroupRuntime>& group) {
  const bool is_first = group->limits->board.call(worker);
  if (worker == worker_)
    wake_soon(group);
  else if (is_first)
    peers_.call(worker, group->limits);
}

void GroupQueues::show(const GroupRuntime& group) {
  if (group.is_serving || !group.is_limited) return;
  group.limits->board.show(
      worker_, group.waiting.empty() ? Mono::max() : group.waiting.front()->queued_at());
}

bool GroupQueues::has_room(const GroupRuntime& group) const {
  const std::uint32_t promised = group.promised();
  if (!group.has_room(promised)) return false;
  const PinnedService& service = routes_.service(group.service);
  if (service == nullptr) return false;
  const GroupView& view = service->view->groups[group.colour];
  const auto& targets = service->groups[group.colour].targets;
  for (std::size_t i = 0; i < targets.size(); ++i)
    if (view.accepts(view.targets[i]) && targets[i]->has_room(promised)) return true;
  return false;
}

void GroupQueues::serve_next() {
  const boost::local_shared_ptr<GroupRuntime> group = std::move(woken_.back());
  woken_.pop_back();
  group->is_wake_pending = false;
  serve(group);
}

void GroupQueues::serve(const boost::local_shared_ptr<GroupRuntime>& group) {
  if (!group->is_limited) {
    let_waiting_try(*group);
    return;
  }
  WaitBoard& board = group->limits->board;
  board.answer(worker_);
  // Who is taken out, finds the room taken and goes back has been on the board all the time: a
  // place that comes free meanwhile is offered.
  group->is_serving = true;
  let_waiting_try(*group);
  group->is_serving = false;
  show(*group);
  if (group->limits->pending.count() == 0 || !has_room(*group)) return;
  // Those that are left here cannot use it. The order in which workers are asked has an end.
  const auto next = group->waiting.empty() ? board.longest() : board.after(worker_);
  if (next) call_worker(*next, group);
}

/// One that finds the room taken goes back to its place: then there is none, but for those who may
/// not go where others can.
void GroupQueues::let_waiting_try(GroupRuntime& group) {
  std::size_t left = 0;
  while (left < group.waiting.size()) {
    WaitingRequest* const next = group.waiting[left];
    const bool is_choosy = next->has_tried_targets();
    next->on_room();
    if (left >= group.waiting.size() || group.waiting[left] != next) continue;
    if (!is_choosy) break;
    ++left;
  }
}

}  // namespace teal::proxy
