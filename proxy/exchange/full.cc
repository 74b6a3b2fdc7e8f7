// The part of Exchange for targets that are there and do not begin the request: that take no stream
// for now (SETTINGS_MAX_CONCURRENT_STREAMS 0), or that hand it back (RFC 9113, section 8.7). What
// is tried after the latter stands in proxy/policy/retry.h.
#include <utility>
#include <vector>

#include "base/assert.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/target_picker.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

/// As where all places of a target are taken: another one gets the request, and where there is none
/// it waits, with the time of a queue.
void Exchange::on_full() {
  TEAL_ASSERT(phase_ == Phase::connecting);
  if (queue_.waits_for_stream()) return;
  if (has_other_target()) {
    attempts_.set_full_aside();
    attempt();
    return;
  }
  attempts_.note_connected(loop_.now());
  queue_.wait_for_stream(loop_.now());
  set_deadline(route_.timeouts().queue);
}

/// No other target is left to be asked. False: not now, or it failed at once.
bool Exchange::goes_to_full_target() {
  const std::size_t place = place_of(route_.group(colour_), attempts_.take_full());
  return place != kNobody && open_upstream(place, false);
}

/// False: the routing truth has changed meanwhile, and it went where that leads, as from a queue.
bool Exchange::ends_wait_for_stream() {
  queue_.stop_waiting_for_stream();
  attempts_.note_wait(request_.began + queue_.end_wait(loop_.now()));
  if (route_.is_in(loop_.table())) return true;
  attempts_.drop(false);
  if (follow_newest()) attempt();
  return false;
}

/// Nobody had room for it in time.
void Exchange::end_wait() {
  count(ServiceStat::queue_timeouts);
  queue_.stop_waiting_for_stream();
  attempts_.drop(false);
  if (try_other_group_for_room()) return;
  reply({503, "all targets are busy", Termination::queue_timeout});
}

/// What was not begun its client may send again. Where Teal could not, because its body is gone,
/// that is no fault of the target's, nor of its release.
void Exchange::give_up(Failure failure) {
  if (failure == Failure::not_begun) {
    count(ServiceStat::requests_not_begun);
    if (replay_.is_complete()) {
      judge_.error();
    } else {
      traffic_.leave();
      end_exposure(false);
    }
  }
  reply(failed(failure));
}

}  // namespace teal::proxy
