// The part of Exchange that deals with targets: asking one, waiting for one, and what comes after a
// failure. Which one is asked stands in target_picker.h.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/request/target_picker.h"

namespace teal::proxy {

bool Exchange::open_upstream(std::size_t index, bool fresh) {
  const boost::local_shared_ptr<TargetRuntime> target =
      route_.group_runtime(colour_).targets[index];
  if (!attempts_.reserve(*target, fresh)) return false;
  attempts_.start(target, loop_.now());
  if (attempts_.count() > 1) traffic_->retries.add();
  if (attempts_.has_reason()) [[unlikely]]
    count(*attempts_.take_reason());
  UpstreamOptions wanted{request_.head.method, request_.info.max_read, fresh,
                         request_.upgrade.is_asked()};
  if (const auto version = route_.service().spec->upstream.proxy_protocol)
    wanted.proxy_header = net::make_proxy_header(*version, client_->client_ends());
  TargetSide* const side = acquire_upstream(loop_, target, *this, wanted);
  if (side == nullptr) {
    attempts_.fail_at_once();
    response_.last_failure = Failure::connect;
    const FailedAttempt failed = attempts_.failed();
    const Next next = decide(failed);
    if (next != Next::another_target) {
      follow(next, failed);
      return true;  // over, or with the other group
    }
    attempts_.note_reason(ServiceStat::retries_connect);
    return false;
  }
  attempts_.go_out_by(*side);
  queue_.found_target();  // The deadline is the attempt's from now on.
  if (side->is_connected()) {
    attempts_.note_kept();
    send_request();
    return true;
  }
  phase_ = Phase::connecting;
  attempts_.begin_to_connect(loop_.now());
  queue_.stop_waiting_for_stream();
  deadlines_.begin_phase(route_.timeouts().connect);
  if (side->is_full()) on_full();
  return true;
}

void Exchange::enter_queue() {
  const bool had_place = queue_.has_place();
  if (!queue_.enter(attempts_.group(), !attempts_.tried().empty())) {
    count(ServiceStat::requests_without_room);
    if (try_other_group_for_room()) return;
    reply({503, "all targets are busy and the queue is full", Termination::queue_full});
    return;
  }
  phase_ = Phase::connecting;
  if (had_place) return;  // The room was gone again: its time runs on.
  count(ServiceStat::requests_queued);
  deadlines_.begin_phase(route_.timeouts().queue);
}

void Exchange::on_room() {
  TEAL_ASSERT(phase_ == Phase::connecting);
  attempts_.note_wait(request_.began + queue_.end_wait(loop_.now()));
  // A request that waits follows the newest routing truth: after a rollback it must not come out of
  // the queue on the wrong side (caddy#4442).
  if (!route_.is_in(loop_.table()) && !follow_newest()) return;
  attempt();
}

bool Exchange::follow_newest() {
  end_exposure(false);
  const bool was_retrying = retry_.is_granted();
  leave_group();
  // What was shielded counts for the group that it was drawn for.
  if (!shielded_.is) traffic_.leave();
  if (!route_.follow(loop_.table())) {
    response_.last_rule = net::Refusal::none;
    reply_without_route();
    return false;
  }
  if (shielded_.is) {
    colour_ = route_.service().live;
  } else {
    choose_group();
    judge_.forget_unless_judging();
    enter_traffic();
  }
  join_group();
  if (was_retrying) retry_.carry_to(attempts_.group());
  return true;
}

void Exchange::on_upstream_failed(Failure failure, net::Refusal rule) {
  const bool connecting = phase_ == Phase::connecting;
  after_failed_attempt(connecting && failure == Failure::reset ? Failure::connect : failure, rule);
}

void Exchange::after_failed_attempt(Failure failure, net::Refusal rule) {
  response_.last_failure = failure;
  response_.last_rule = rule;
  if (tunnel_) {
    end_tunnel(Termination::upstream_truncated);
    return;
  }
  if (phase_ == Phase::relaying) {
    count(ServiceStat::upstream_truncated);
    attempts_.report(failure, response_.status);
    attempts_.drop(false);
    truncate(
        failure == Failure::stalled ? Termination::stream_timeout : Termination::upstream_truncated,
        Origin::teal);
    return;
  }
  const TargetSide& side = *attempts_.side();
  const FailedAttempt failed{failure,
                             0,
                             side.is_kept(),
                             side.is_sent(),
                             side.has_response_begun(),
                             side.was_left_behind()};
  attempts_.note_failed(failed);
  const Next next = decide(failed);
  if (is_targets_fault(failed, {request_.is_repeatable(), replay_.is_complete()}, next))
    attempts_.report(failure, 0);
  attempts_.drop(false);
  follow(next, failed);
}

void Exchange::on_deadline() {
  if (tunnel_) {
    end_tunnel(tunnel_->on_deadline(loop_.now()));
    return;
  }
  if (deadlines_.is_request_over()) {
    count(ServiceStat::request_timeouts);
    if (try_replay_after_timeout()) return;
    if (attempts_.side() != nullptr) attempts_.report(Failure::response_timeout, response_.status);
    reply_or_truncate({504, "the request took longer than it may", Termination::request_timeout},
                      Origin::teal);
    return;
  }
  switch (phase_) {
    case Phase::connecting:
      if (queue_.is_waiting()) {
        end_wait();
        return;
      }
      count(ServiceStat::connect_timeouts);
      after_failed_attempt(Failure::connect_timeout, net::Refusal::none);
      return;
    case Phase::waiting:
      if (expectation_.is_asked()) {
        on_continue_timeout();
        return;
      }
      // While the request still goes out it is the target that does not take it: the client's own
      // slowness is timed by its side.
      if (!request_.is_whole && !is_upload_blocked() && grpc_.is_call()) {
        on_request_stalled();
        return;
      }
      if (!request_.is_whole && !is_upload_blocked()) {
        deadlines_.begin_phase(route_.timeouts().stream_idle);
        return;
      }
      count(ServiceStat::response_header_timeouts);
      after_failed_attempt(Failure::response_timeout, net::Refusal::none);
      return;
    case Phase::relaying:
      count(ServiceStat::stream_timeouts);
      if (client_->is_output_blocked()) {
        attempts_.drop(false);
        truncate(Termination::stream_timeout, Origin::client);  // it does not read
      } else if (grpc_.is_call() && !request_.is_whole) {
        attempts_.drop(false);
        truncate(Termination::stream_timeout, Origin::client);  // neither has anything to say
      } else {
        after_failed_attempt(Failure::stalled, net::Refusal::none);
      }
      return;
    case Phase::idle:
    case Phase::tunnel:
    case Phase::done: return;
  }
}

// ---- targets that take no request for now (SETTINGS_MAX_CONCURRENT_STREAMS 0), or hand it back
// (RFC 9113, section 8.7)

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
  deadlines_.begin_phase(route_.timeouts().queue);
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
  queue_.leave();
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
