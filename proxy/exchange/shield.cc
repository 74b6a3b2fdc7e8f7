// The part of Exchange that keeps failures from clients: when a request is sent once more and to
// whom, the retry budget, the shield (docs/adr/0011) and the exposure budget.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/request/target_picker.h"

namespace teal::proxy {
// ---- who may be asked ---------------------------------------------------------------------------

void Exchange::leave_group() {
  retry_.end();
  attempts_.leave();
}

bool Exchange::is_on_release() const {
  return assignment_.audience == Audience::split && colour_ != route_.service().live;
}

RecoveryFacts Exchange::recovery_facts() const {
  return {*route_.service().spec,
          RequestTraits{request_.is_repeatable(), replay_.is_complete()},
          attempts_.tries(),
          is_on_release(),
          response_.interim_sent,
          has_other_target(),
          route_.service().groups[route_.service().live].available};
}

Next Exchange::decide(const FailedAttempt& failed, bool group_is_exhausted) {
  const RecoveryFacts facts = recovery_facts();
  const Recovery recovery = plan_recovery(failed, facts, group_is_exhausted);
  if (recovery.hindrance) count(*recovery.hindrance);
  Next next = recovery.next;
  if (needs_budget(failed, next)) {
    const bool crosses = next == Next::live_group;
    const Colour to = crosses ? route_.service().live : colour_;
    const GroupPointer& group = route_.group_runtime(to).runtime;
    const std::uint32_t active = std::max(group->peak, group->last_peak);
    if (!retry_.move_to(group, retry_limit(route_.service().spec->retry, active))) {
      count(crosses ? ServiceStat::shield_over_budget : ServiceStat::retries_over_budget);
      next = Next::give_up;
    }
  }
  if (next == Next::give_up && !exposure_.may_be_seen() &&
      may_go_live(facts, failed.request_sent)) {
    count(ServiceStat::exposure_replayed);
    next = Next::live_group;
  }
  return next;
}

bool Exchange::has_other_target() const {
  return has_untried_target(route_.group(colour_), attempts_.tried(), attempts_.target_id());
}

void Exchange::follow(Next next, const FailedAttempt& failed) {
  switch (next) {
    case Next::give_up: give_up(failed.failure); return;
    case Next::another_target:
      attempts_.note_reason(failed.failure == Failure::not_begun ? ServiceStat::retries_not_begun
                            : failed.request_sent                ? ServiceStat::retries_failed
                                                                 : ServiceStat::retries_connect);
      attempts_.leave_target_out();
      break;
    case Next::live_group:
      attempts_.note_reason(ServiceStat::retries_shield);
      go_live(&failed);
      break;
    case Next::fresh_connection: {
      attempts_.note_reason(failed.failure == Failure::not_begun
                                ? ServiceStat::retries_not_begun
                                : ServiceStat::retries_reused_died);
      const bool is_passed = attempts_.pass_over(failed);
      const std::size_t target = place_of(route_.group(colour_), attempts_.target_id());
      if (open_upstream(target, !is_passed)) return;
      break;
    }
  }
  phase_ = Phase::connecting;
  attempt();
}

bool Exchange::try_other_group_for_room() {
  const FailedAttempt failed{.failure = Failure::connect, .status = 503};
  if (!is_on_release()) return false;
  const Next next = decide(failed, true);
  if (next != Next::live_group) return false;
  attempts_.forget_target();
  follow(next, failed);
  return true;
}

bool Exchange::try_retry_status(std::uint16_t status) {
  const FailedAttempt failed{.failure = Failure::status,
                             .status = status,
                             .on_kept_connection = attempts_.side()->is_kept(),
                             .request_sent = true,
                             .response_begun = true,
                             .grpc = grpc_.status()};
  const Next next = decide(failed);
  if (next == Next::give_up) return false;
  response_.last_failure = Failure::status;
  attempts_.note_failed(failed);
  attempts_.report(Failure::status, status);
  grpc_.forget_answer();
  attempts_.discard(has_target_read());
  follow(next, failed);
  return true;
}

// ---- the shield ---------------------------------------------------------------------------------

void Exchange::go_live(const FailedAttempt* failed) {
  TEAL_ASSERT(attempts_.side() == nullptr && is_on_release());
  shielded_.is = true;
  shielded_.from = colour_;
  shielded_.target = attempts_.take_target();
  if (failed != nullptr) {
    judge_.error();  // What blue answers does not erase it.
    shielded_.failure = failed->failure;
    shielded_.status = blamed_status(*failed);
    shielded_.grpc = failed->grpc;
    shielded_.origin = failed->failure == Failure::status ? Origin::target : Origin::teal;
    traffic_->shielded.add();
  }
  using Header = config::Shield::Header;
  const Header who = route_.service().spec->shield.header;
  if (who == Header::everybody || (who == Header::trusted && request_.info.peer.trusted)) {
    shielded_.header = to_string(colour_);
    shielded_.header += "; ";
    shielded_.header += shielded_.reason();
    if (shielded_.failure == Failure::status)
      shielded_.header += " " + std::to_string(shielded_.status);
  }
  end_exposure(false);
  attempts_.leave();  // And keeps the permit of its retry, which was granted for the live group.
  colour_ = route_.service().live;
  join_group();
  queue_.give_up_place();
}

// ---- the exposure budget ------------------------------------------------------------------------

/// Does the release get the request that was drawn for it?
void Exchange::limit_exposure() {
  Exposure& exposure = *route_.service().exposure;
  const bool live_serves = route_.service().groups[route_.service().live].available;
  const bool is_full = exposure.is_full();
  if (is_full && live_serves) {
    // Chance has no part in that for any request, those that were drawn for the live group
    // included.
    if (assignment_.colour != route_.service().live) count(ServiceStat::exposure_diverted);
    assignment_.give_to(route_.service().live, route_.service().live);
  }
  if (assignment_.colour == route_.service().live) return;
  const bool can_be_taken_back = route_.service().spec->shield.enabled &&
                                 request_.is_repeatable() &&
                                 request_.has_body_within(ReplayBuffer::kMaxBytes);
  if (exposure_.enter(exposure, can_be_taken_back, live_serves)) return;
  count(ServiceStat::exposure_diverted);
  assignment_.give_to(route_.service().live, route_.service().live);
}

bool Exchange::try_replay_unseen() {
  if (exposure_.may_be_seen() || !may_go_live(recovery_facts(), true)) return false;
  count(ServiceStat::exposure_replayed);
  attempts_.discard(has_target_read());
  go_live(nullptr);
  phase_ = Phase::connecting;
  attempt();
  return true;
}

bool Exchange::try_replay_after_timeout() {
  // Past its own deadline the client does not wait any more.
  if (grpc_.has_deadline()) return false;
  if (phase_ == Phase::relaying || exposure_.may_be_seen() || !may_go_live(recovery_facts(), true))
    return false;
  const FailedAttempt failed{.failure = Failure::response_timeout, .request_sent = true};
  count(ServiceStat::exposure_replayed);
  queue_.leave();
  if (attempts_.side() != nullptr) attempts_.report(Failure::response_timeout, 0);
  attempts_.drop(false);
  // The only case in which a request takes longer than it may: at most twice as long.
  deadlines_.begin(loop_.now(), route_.timeouts().request);
  response_.last_failure = failed.failure;
  go_live(&failed);
  phase_ = Phase::connecting;
  attempt();
  return true;
}

void Exchange::end_exposure(bool failed) {
  if (exposure_.settle(failed)) loop_.control().exposed();
}

}  // namespace teal::proxy
