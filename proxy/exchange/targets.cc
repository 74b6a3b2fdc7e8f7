// The part of Exchange that deals with targets: asking one, waiting for one, its failures and its
// silence. Which one is asked stands in target_picker.h, what comes after a failure in shield.cc.
#include <utility>

#include "base/assert.h"
#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/request/target_picker.h"

namespace teal::proxy {

void Exchange::attempt() {
  while (true) {
    const Pick pick =
        pick_target({*route().service().spec, serving_.view(), serving_.group(), attempts_.tried(),
                     request_.head, request_.info.peer.address, loop_.now(), loop_.rng()},
                    loop_.candidates());
    if (pick.target != kNobody) {
      if (open_upstream(pick.target, attempts_.wants_fresh())) return;
      continue;  // refused at once, or full meanwhile: the next one
    }
    if (!pick.somebody_is_full && attempts_.has_full_aside()) [[unlikely]] {
      // No other target is left to be asked than the one that took no stream.
      const std::size_t index = index_of(serving_.view(), attempts_.take_full());
      if (index != kNobody && open_upstream(index, false)) return;
      continue;
    }
    if (pick.somebody_is_full) {
      enter_queue();
    } else if (attempts_.tries().attempts > 0 &&
               (response_.last_failure != Failure::none || attempts_.failed().is_own_lack)) {
      follow(retries_.decide(attempts_.failed(), true), attempts_.failed());
    } else {
      try_reply(refuse_without_target);
    }
    return;
  }
}

/// False: the target refused at once, or is full: another one is to be asked.
bool Exchange::open_upstream(std::size_t index, bool fresh) {
  const boost::local_shared_ptr<TargetRuntime> target = serving_.group().targets[index];
  if (!attempts_.reserve(*target, fresh)) return false;
  attempts_.start(target, loop_.now());
  if (attempts_.count() > 1) serving_.count_retry();
  if (attempts_.has_reason()) [[unlikely]]
    serving_.count(*attempts_.take_reason());
  UpstreamOptions wanted{request_.head.method, request_.info.max_read, fresh,
                         request_.upgrade.is_asked()};
  if (const auto version = route().service().spec->upstream.proxy_protocol)
    wanted.proxy_header = net::make_proxy_header(*version, client_->client_ends());
  const auto [side, is_own_lack] = acquire_upstream(loop_, target, *this, wanted);
  if (side == nullptr) {
    attempts_.fail_at_once(is_own_lack);
    if (!is_own_lack) response_.last_failure = Failure::connect;
    const FailedAttempt failed = attempts_.failed();
    const Next next = retries_.decide(failed);
    if (next != Next::another_target) {
      follow(next, failed);
      return true;  // over, or with the other group
    }
    if (!is_own_lack) attempts_.note_reason(ServiceStat::retries_connect);
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
  deadlines_.begin_phase(route().timeouts().connect);
  if (side->is_full()) on_full();
  return true;
}

void Exchange::on_connected(TargetSide& side) {
  TEAL_ASSERT(phase_ == Phase::connecting);
  attempts_.move_to(side);
  if (queue_.waits_for_stream()) {
    queue_.stop_waiting_for_stream();
    attempts_.note_wait(request_.began + queue_.end_wait(loop_.now()));
    if (!route().is_newest(loop_.routes())) {
      // The routing truth has changed meanwhile: it goes where that leads, as from a queue.
      attempts_.drop(false);
      if (follow_newest()) attempt();
      return;
    }
  } else {
    attempts_.note_connected(loop_.now());
  }
  send_request();
}

void Exchange::send_request() {
  if (request_.upgrade.is_asked() &&
      !attempts_.side()->takes_upgrade(request_.head, request_.upgrade.style())) [[unlikely]] {
    // To a client of HTTP/1 it is an ordinary request then, as if the target had said so; to one of
    // HTTP/2 that would mean something else.
    if (request_.head.is_extended_connect()) {
      attempts_.drop(true);
      try_reply(refuse_protocol);
      return;
    }
    request_.upgrade.clear();
  }
  phase_ = Phase::waiting;
  const bool asks = continue_.ask();
  attempts_.side()->send_head(
      request_.head,
      {request_.info.peer, route().service().spec->host_header, attempts_.target()->address(),
       request_.ids, loop_.shared().hop, request_.upgrade.style(), asks});
  if (!replay_.bytes().empty()) {
    attempts_.side()->send_body(replay_.bytes());
    loop_.writes().flush();  // the buffer may move when more comes
  }
  if (request_.is_whole) {
    if (request_.head.framing.kind != net::Framing::Kind::none) attempts_.side()->send_end({});
    deadlines_.begin_phase(route().timeouts().response_header);
    return;
  }
  deadlines_.begin_phase(route().timeouts().stream_idle);
  if (continue_.expectation().is_waited_for()) [[unlikely]]
    continue_.await(request_body_idle());
  client_->resume_request();
}

// ---- waiting for room

void Exchange::enter_queue() {
  const bool had_place = queue_.has_place();
  if (!queue_.enter(attempts_.group(), !attempts_.tried().empty())) {
    serving_.count(ServiceStat::requests_without_room);
    refuse_room("all targets are busy and the queue is full", Termination::queue_full);
    return;
  }
  phase_ = Phase::connecting;
  if (had_place) return;  // The room was gone again: its time runs on.
  serving_.count(ServiceStat::requests_queued);
  deadlines_.begin_phase(route().timeouts().queue);
}

void Exchange::on_room() {
  TEAL_ASSERT(phase_ == Phase::connecting);
  attempts_.note_wait(request_.began + queue_.end_wait(loop_.now()));
  // A request that waits follows the newest routing truth: after a rollback it must not come out of
  // the queue on the wrong side (caddy#4442).
  if (!route().is_newest(loop_.routes()) && !follow_newest()) return;
  attempt();
}

/// Nobody of the group has room for the request, or had it in time: the live group answers where it
/// may in the release's place.
void Exchange::refuse_room(std::string_view text, Termination termination) {
  const FailedAttempt failed{.failure = Failure::connect, .status = 503};
  if (serving_.is_release() && retries_.decide(failed, true) == Next::live_group) {
    attempts_.forget_target();
    follow(Next::live_group, failed);
    return;
  }
  reply({503, text, termination});
}

bool Exchange::follow_newest() {
  const bool was_retrying = retries_.permit().is_granted();
  retries_.permit().end();
  attempts_.leave();
  if (!serving_.follow(loop_.routes())) {
    response_.last_rule = net::Refusal::none;
    try_reply(refuse_without_route);
    return false;
  }
  attempts_.join(serving_.group().runtime);
  if (was_retrying) retries_.permit().carry_to(attempts_.group());
  return true;
}

/// The target takes no request for now (SETTINGS_MAX_CONCURRENT_STREAMS 0). As where all places of
/// a target are taken another one gets the request, and where there is none it waits, with the time
/// of a queue.
void Exchange::on_full() {
  TEAL_ASSERT(phase_ == Phase::connecting);
  if (queue_.waits_for_stream()) return;
  if (retries_.has_other_target()) {
    attempts_.set_full_aside();
    attempt();
    return;
  }
  attempts_.note_connected(loop_.now());
  queue_.wait_for_stream(loop_.now());
  deadlines_.begin_phase(route().timeouts().queue);
}

// ---- failures

void Exchange::on_upstream_failed(Failure failure, net::Refusal rule, bool is_own_lack) {
  if (phase_ == Phase::connecting && failure == Failure::reset) failure = Failure::connect;
  if (!is_own_lack) response_.last_failure = failure;
  response_.last_rule = rule;
  if (tunnel_) {
    end_tunnel(Termination::upstream_truncated);
    return;
  }
  if (phase_ == Phase::relaying) {
    serving_.count(ServiceStat::upstream_truncated);
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
                             side.was_left_behind(),
                             is_own_lack};
  attempts_.note_failed(failed);
  const Next next = retries_.decide(failed);
  if (is_targets_fault(failed, {request_.is_repeatable(), replay_.is_complete()}, next))
    attempts_.report(failure, 0);
  attempts_.drop(false);
  follow(next, failed);
}

// ---- time

void Exchange::on_deadline() {
  if (tunnel_) {
    end_tunnel(tunnel_->on_deadline(loop_.now()));
    return;
  }
  if (phase_ == Phase::gated && !deadlines_.is_request_over()) {
    gate_->on_late();
    on_gate();
    return;
  }
  if (deadlines_.is_request_over()) {
    serving_.count(ServiceStat::request_timeouts);
    if (phase_ != Phase::gated && try_replay_after_timeout()) return;
    if (attempts_.side() != nullptr) attempts_.report(Failure::response_timeout, response_.status);
    reply_or_truncate({504, "the request took longer than it may", Termination::request_timeout},
                      Origin::teal);
    return;
  }
  switch (phase_) {
    case Phase::connecting:
      if (queue_.is_waiting()) {
        serving_.count(ServiceStat::queue_timeouts);
        queue_.give_up();
        attempts_.drop(false);
        refuse_room("all targets are busy", Termination::queue_timeout);
        return;
      }
      serving_.count(ServiceStat::connect_timeouts);
      on_upstream_failed(Failure::connect_timeout, net::Refusal::none);
      return;
    case Phase::waiting:
      if (continue_.expectation().is_asked()) {
        continue_.on_silence();
        return;
      }
      // While the request still goes out it is the target that does not take it: the client's own
      // slowness is timed by its side.
      if (!request_.is_whole && !is_upload_blocked() && grpc_.is_call()) {
        on_request_stalled();
        return;
      }
      if (!request_.is_whole && !is_upload_blocked()) {
        deadlines_.begin_phase(route().timeouts().stream_idle);
        return;
      }
      serving_.count(ServiceStat::response_header_timeouts);
      on_upstream_failed(Failure::response_timeout, net::Refusal::none);
      return;
    case Phase::relaying:
      serving_.count(ServiceStat::stream_timeouts);
      if (client_->is_output_blocked()) {
        attempts_.drop(false);
        truncate(Termination::stream_timeout, Origin::client);  // it does not read
      } else if (grpc_.is_call() && !request_.is_whole) {
        attempts_.drop(false);
        truncate(Termination::stream_timeout, Origin::client);  // neither has anything to say
      } else {
        on_upstream_failed(Failure::stalled, net::Refusal::none);
      }
      return;
    case Phase::idle:
    case Phase::gated:
    case Phase::tunnel:
    case Phase::done: return;
  }
}

}  // namespace teal::proxy
