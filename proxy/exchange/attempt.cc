// The part of Exchange that deals with targets: asking one, waiting for one, and what comes after a
// failure. Which one is asked stands in target_picker.h.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {
bool Exchange::open_upstream(std::size_t index, bool fresh) {
  const boost::local_shared_ptr<TargetRuntime> target = group_runtime().targets[index];
  if (joined_->is_limited) [[unlikely]] {
    wants_fresh_ = fresh;
    if (!in_flight_.reserve(*target, *joined_.group())) {
      if (in_flight_.end()) loop_.queues().offer_room(target->group);
      return false;
    }
    wants_fresh_ = false;
  }
  ++attempts_;
  ++tries_.attempts;
  if (attempts_ > 1) {
    traffic_->retries.add();
    retried_at_ = loop_.now();
  }
  if (again_) [[unlikely]]
    count(*std::exchange(again_, std::nullopt));
  target_ = target;
  UpstreamOptions wanted{request_.head.method, request_.info.most_read, fresh,
                         request_.upgrade.is_asked()};
  if (const auto version = service().spec->upstream.proxy_protocol)
    wanted.proxy_header = net::make_proxy_header(*version, client_->client_ends());
  upstream_ = acquire_upstream(loop_, target, *this, wanted);
  if (upstream_ == nullptr) {
    if (in_flight_.end()) loop_.queues().offer_room(target->group);
    report(Failure::connect, 0);
    response_.last_failure = Failure::connect;
    failed_ = {.failure = Failure::connect};
    tried_.push_back(target->id);
    const Next next = decide(failed_);
    if (next != Next::another_target) {
      follow(next, failed_);
      return true;  // over, or with the other group
    }
    again_ = ServiceStat::retries_connect;
    return false;
  }
  in_flight_.begin(*target_, *joined_.group());
  if (pending_.is_granted()) [[unlikely]] {
    pending_.end();
    // It has what it waited for, and the timer is the attempt's from now on: should it have to wait
    // again, that is a wait with a time of its own.
    was_queued_ = false;
  }
  if (upstream_->is_connected()) {
    connect_micros_ = 0;
    send_request();
    return true;
  }
  phase_ = Phase::connecting;
  connect_began_ = loop_.now();
  waits_for_stream_ = false;
  set_deadline(timeouts().connect);
  if (upstream_->is_full()) on_full();
  return true;
}

void Exchange::enter_queue() {
  const GroupPointer queue = joined_.group();
  const bool is_new = !pending_.is_in(queue);
  if (!pending_.move_to(queue)) {
    count(ServiceStat::requests_without_room);
    if (is_retried_for_room()) return;
    reply({503, "all targets are busy and the queue is full", Termination::queue_full});
    return;
  }
  phase_ = Phase::queued;
  loop_.counters().service(queue->service)[ServiceStat::requests_waiting].add();
  if (!std::exchange(was_queued_, true)) {
    count(ServiceStat::requests_queued);
    queue_number_ = loop_.queues().next_number();
    queued_at_ = loop_.now();
    set_deadline(timeouts().queue);
  }
  // Where the room was gone again: back to its place, its time runs on.
  queue->waiting.insert(place_in(queue->waiting), this);
  loop_.queues().show(*queue);
  // A place that came free on another worker before this one was seen to wait was offered to
  // nobody.
  if (is_new && queue->is_limited && loop_.queues().has_room(*queue))
    loop_.queues().offer_room(queue);
}

std::deque<WaitingRequest*>::iterator Exchange::place_in(
    std::deque<WaitingRequest*>& waiting) const {
  return std::lower_bound(waiting.begin(), waiting.end(), queue_number_,
                          [](const WaitingRequest* each, std::uint64_t number) {
                            return each->queue_number() < number;
                          });
}

void Exchange::leave_queue() {
  if (phase_ != Phase::queued) return;
  GroupRuntime& queue = *joined_.group();
  const auto me = place_in(queue.waiting);
  TEAL_ASSERT(me != queue.waiting.end() && *me == this);
  queue.waiting.erase(me);
  loop_.counters().service(queue.service)[ServiceStat::requests_waiting].subtract();
  loop_.queues().show(queue);
  phase_ = Phase::connecting;
}

void Exchange::on_room() {
  TEAL_ASSERT(phase_ == Phase::queued);
  leave_queue();
  queue_micros_ = std::chrono::duration_cast<Micros>(loop_.now() - queued_at_).count();
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
    reply(without_route(net::Refusal::none, loop_.counters()));
    return false;
  }
  if (shielded_.is) {
    colour_ = service().live;
  } else {
    choose_group();
    judge_.forget_unless_judging();
    enter_traffic();
  }
  join_group();
  if (was_retrying) retry_.carry_to(joined_.group());
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
    report(failure, response_.status);
    drop_upstream(false);
    truncate(
        failure == Failure::stalled ? Termination::stream_timeout : Termination::upstream_truncated,
        Origin::teal);
    return;
  }
  failed_ = {failure,
             0,
             upstream_->is_kept(),
             upstream_->is_sent(),
             upstream_->has_response_begun(),
             upstream_->was_left_behind()};
  const Next next = decide(failed_);
  if (is_targets_fault(failed_, traits(), next)) report(failure, 0);
  drop_upstream(false);
  follow(next, failed_);
}

void Exchange::give_up(Failure failure) {
  if (failure == Failure::not_begun) note_not_begun();
  reply(failed(failure));
}

TargetSide& Exchange::detach_upstream() {
  TargetSide& upstream = *std::exchange(upstream_, nullptr);
  if (in_flight_.end() || !target_->group->waiting.empty()) [[unlikely]]
    loop_.queues().offer_room(target_->group);
  return upstream;
}

void Exchange::drop_upstream(bool reusable) {
  if (upstream_ == nullptr) return;
  TargetSide& upstream = detach_upstream();
  if (reusable) {
    upstream.release();
  } else {
    upstream.abandon();
  }
}

void Exchange::report(Failure failure, std::uint16_t status) {
  if (target_->counts != nullptr && failure == Failure::status)
    count_answer(status);
  else if (target_->counts != nullptr)
    target_->counts->failed(failure);
  ++target_->tally.requests;
  ++target_->tally.failures;
  ++target_->consecutive_failures;
  const bool is_gateway = failure != Failure::status || (status >= 502 && status <= 504);
  target_->consecutive_gateway = is_gateway ? target_->consecutive_gateway + 1 : 0;
  loop_.reports().report({.target = target_->id,
                          .failure = failure,
                          .status = status,
                          .consecutive = target_->consecutive_failures,
                          .at = loop_.now(),
                          .consecutive_gateway = target_->consecutive_gateway});
}

void Exchange::count_answer(std::uint16_t status) {
  // The first one began with the request, or when it had waited for room.
  const Mono began = attempts_ > 1
                         ? retried_at_
                         : request_.began + Micros{std::max<std::int64_t>(0, queue_micros_)};
  target_->counts->answered(
      status,
      static_cast<std::uint64_t>(std::chrono::duration_cast<Micros>(loop_.now() - began).count()));
}

void Exchange::set_deadline(Millis phase) {
  const Mono limit = phase.count() > 0 ? loop_.now() + phase : Mono::max();
  const Mono deadline = std::min(limit, request_deadline_);
  if (deadline == Mono::max()) {
    timer_.cancel();
  } else {
    loop_.wheel().set(timer_, deadline);
  }
}

void Exchange::on_deadline() {
  if (tunnel_) {
    end_tunnel(tunnel_->on_deadline(loop_.now()));
    return;
  }
  if (loop_.now() >= request_deadline_) {
    count(ServiceStat::request_timeouts);
    if (is_spared_timeout()) return;
    leave_queue();
    if (upstream_ != nullptr) report(Failure::response_timeout, response_.status);
    reply_or_truncate({504, "the request took longer than it may", Termination::request_timeout},
                      Origin::teal);
    return;
  }
  switch (phase_) {
    case Phase::queued:
      leave_queue();
      end_wait();
      return;
    case Phase::connecting:
      if (waits_for_stream_) {
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
        set_deadline(timeouts().stream_idle);
        return;
      }
      count(ServiceStat::response_header_timeouts);
      after_failed_attempt(Failure::response_timeout, net::Refusal::none);
      return;
    case Phase::relaying:
      count(ServiceStat::stream_timeouts);
      if (client_->is_output_blocked()) {
        drop_upstream(false);
        truncate(Termination::stream_timeout, Origin::client);  // it does not read
      } else if (grpc_.is_call() && !request_.is_whole) {
        drop_upstream(false);
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

}  // namespace teal::proxy
