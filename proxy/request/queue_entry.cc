#include "proxy/request/queue_entry.h"

#include <algorithm>

#include "base/assert.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {
namespace {

/// Requests wait in the order in which they came.
auto position_in(boost::container::deque<WaitingRequest*>& waiting, const WaitingRequest& request) {
  return std::lower_bound(waiting.begin(), waiting.end(), request.queue_number(),
                          [](const WaitingRequest* each, std::uint64_t number) {
                            return each->queue_number() < number;
                          });
}

}  // namespace

bool QueueEntry::enter(const GroupPointer& queue, bool has_tried) {
  TEAL_ASSERT(!is_queued_);
  const bool is_new = !permit_.is_in(queue);
  if (!permit_.move_to(queue)) return false;
  if (!std::exchange(has_place_, true)) {
    number_ = loop_.queues().next_number();
    since_ = loop_.now();
  }
  is_queued_ = true;
  has_tried_ = has_tried;
  queue->waiting.insert(position_in(queue->waiting, *this), this);
  loop_.counters().service(queue->service)[ServiceStat::requests_waiting].add();
  loop_.queues().show(*queue);
  // A place that came free on another worker before this one was seen to wait was offered to
  // nobody.
  if (is_new && queue->is_limited && loop_.queues().has_room(*queue))
    loop_.queues().offer_room(queue);
  return true;
}

void QueueEntry::leave_queue() {
  GroupRuntime& queue = *permit_.group();
  const auto me = position_in(queue.waiting, *this);
  TEAL_ASSERT(me != queue.waiting.end() && *me == this);
  queue.waiting.erase(me);
  is_queued_ = false;
  loop_.counters().service(queue.service)[ServiceStat::requests_waiting].subtract();
  loop_.queues().show(queue);
}

}  // namespace teal::proxy
