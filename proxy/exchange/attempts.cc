#include "proxy/exchange/attempts.h"

#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

bool Attempts::reserve_places(TargetRuntime& target, bool fresh) {
  wants_fresh_ = fresh;
  if (!in_flight_.reserve(target, *group())) {
    if (in_flight_.end()) loop_.queues().offer_room(target.group);
    return false;
  }
  wants_fresh_ = false;
  return true;
}

void Attempts::fail_at_once(bool is_own_lack) {
  side_ = nullptr;
  if (in_flight_.end()) loop_.queues().offer_room(target_->group);
  if (!is_own_lack) report(Failure::connect, 0);
  failed_ = {.failure = Failure::connect, .is_own_lack = is_own_lack};
  leave_target_out();
}

TargetSide& Attempts::detach() {
  TargetSide& side = *std::exchange(side_, nullptr);
  if (in_flight_.end() || !target_->group->waiting.empty()) [[unlikely]]
    loop_.queues().offer_room(target_->group);
  return side;
}

void Attempts::drop(bool reusable) {
  if (side_ == nullptr) return;
  TargetSide& side = detach();
  if (reusable) {
    side.release();
  } else {
    side.abandon();
  }
}

void Attempts::discard(bool is_clean) {
  const bool is_blocked = side_->is_blocked();
  TargetSide& side = detach();
  if (is_clean && !is_blocked) {
    side.discard();
  } else {
    side.abandon();
  }
}

bool Attempts::pass_over(const FailedAttempt& failed) {
  const bool is_passed = is_passed_over(failed, tries_);
  tries_.fresh_was_tried = tries_.fresh_was_tried || failed.failure != Failure::not_begun;
  if (is_passed) {
    ++tries_.left_behind;
    --tries_.attempts;
  }
  return is_passed;
}

void Attempts::set_full_aside() {
  full_target_ = target_->id;
  leave_target_out();
  --count_;
  --tries_.attempts;
  drop(false);
}

TargetId Attempts::take_full() {
  const TargetId full = std::exchange(full_target_, 0);
  std::erase(tried_, full);
  return full;
}

void Attempts::report(Failure failure, std::uint16_t status) {
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

/// Where the service wants it by target: it answered, after so long since the attempt began.
void Attempts::count_answer(std::uint16_t status) {
  const auto micros = std::chrono::duration_cast<Micros>(loop_.now() - began_);
  target_->counts->answered(status, static_cast<std::uint64_t>(micros.count()));
}

}  // namespace teal::proxy
