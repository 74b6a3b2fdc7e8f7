// The part of Exchange that keeps failures from clients: the request is sent once more, to the same
// target, another one or the live group (docs/adr/0010, 0011), or is given up. Which of these it is
// stands in retries.h.
#include <utility>

#include "base/assert.h"
#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/request/target_picker.h"

namespace teal::proxy {

void Exchange::follow(Next next, const FailedAttempt& failed) {
  switch (next) {
    case Next::give_up: give_up(failed); return;
    case Next::another_target:
      if (!failed.is_own_lack)
        attempts_.note_reason(failed.failure == Failure::not_begun ? ServiceStat::retries_not_begun
                              : failed.request_sent                ? ServiceStat::retries_failed
                                                                   : ServiceStat::retries_connect);
      attempts_.leave_target_out();
      break;
    case Next::live_group:
      attempts_.note_reason(ServiceStat::retries_shield);
      go_live(&failed);
      return;
    case Next::fresh_connection: {
      attempts_.note_reason(failed.failure == Failure::not_begun
                                ? ServiceStat::retries_not_begun
                                : ServiceStat::retries_reused_died);
      const bool is_passed = attempts_.pass_over(failed);
      const std::size_t index = index_of(serving_.view(), attempts_.target_id());
      if (open_upstream(index, !is_passed)) return;
      break;
    }
  }
  phase_ = Phase::connecting;
  attempt();
}

void Exchange::go_live(const FailedAttempt* failed) {
  TEAL_ASSERT(attempts_.side() == nullptr);
  serving_.go_live(failed, attempts_.take_target());
  attempts_.leave();  // And keeps the permit of its retry, which was granted for the live group.
  attempts_.join(serving_.group().runtime);
  queue_.give_up_place();
  phase_ = Phase::connecting;
  attempt();
}

/// What Teal could ask nobody for is no fault of the group's. What was not begun its client may
/// send again. Where Teal could not, because its body is gone, that is no fault of the target's,
/// nor of its release.
void Exchange::give_up(const FailedAttempt& last) {
  if (last.is_own_lack) {
    serving_.count(ServiceStat::requests_without_descriptor);
    // What a release did before that stays its fault.
    if (!serving_.shielded().is_blamed()) serving_.withdraw();
    reply(without_descriptor());
    return;
  }
  if (last.failure == Failure::not_begun) {
    serving_.count(ServiceStat::requests_not_begun);
    if (replay_.is_complete())
      serving_.note_error();
    else
      serving_.withdraw();
  }
  reply(failed(last.failure));
}

bool Exchange::try_retry_status(std::uint16_t status) {
  const FailedAttempt failed{.failure = Failure::status,
                             .status = status,
                             .on_kept_connection = attempts_.side()->is_kept(),
                             .request_sent = true,
                             .response_begun = true,
                             .grpc = grpc_.status()};
  const Next next = retries_.decide(failed);
  if (next == Next::give_up) return false;
  response_.last_failure = Failure::status;
  attempts_.note_failed(failed);
  attempts_.report(Failure::status, status);
  grpc_.forget_answer();
  attempts_.discard(has_target_read());
  follow(next, failed);
  return true;
}

bool Exchange::try_replay_unseen() {
  if (serving_.exposure().try_reserve() || !retries_.can_take_back()) return false;
  serving_.count(ServiceStat::exposure_replayed);
  attempts_.discard(has_target_read());
  go_live(nullptr);
  return true;
}

bool Exchange::try_replay_after_timeout() {
  // Past its own deadline the client does not wait any more.
  if (grpc_.has_deadline()) return false;
  if (phase_ == Phase::relaying || serving_.exposure().try_reserve() || !retries_.can_take_back())
    return false;
  const FailedAttempt failed{.failure = Failure::response_timeout, .request_sent = true};
  serving_.count(ServiceStat::exposure_replayed);
  queue_.leave();
  if (attempts_.side() != nullptr) attempts_.report(Failure::response_timeout, 0);
  attempts_.drop(false);
  // The only case in which a request takes longer than it may: at most twice as long.
  deadlines_.begin(loop_.now(), route().timeouts().request);
  response_.last_failure = failed.failure;
  go_live(&failed);
  return true;
}

}  // namespace teal::proxy
