#include "control/deploy/publisher.h"

#include <algorithm>

namespace teal::control {

void Publisher::publish(const std::vector<ServiceState>& states) {
  if (!std::exchange(is_renewed_, false) && states == published_) return;
  published_ = states;
  const std::uint64_t version = ++count_;
  ports_.publish(version, published_, [weak = std::weak_ptr(self_), version](Mono at) {
    if (const auto self = weak.lock()) (*self)->applied(version, at);
  });
}

bool Publisher::take_health_turn(Mono now) {
  if (const auto earned = (now - refilled_) / kHealthPause; earned > 0) {
    turns_ = static_cast<int>(std::min<std::int64_t>(kHealthBurst, turns_ + earned));
    refilled_ = now;
  }
  if (turns_ == 0) return false;
  --turns_;
  return true;
}

void Publisher::when_applied(std::function<void()> then) {
  if (applied_ == count_) {
    then();
    return;
  }
  waiting_.emplace_back(count_, std::move(then));
}

void Publisher::applied(std::uint64_t version, Mono at) {
  applied_ = std::max(applied_, version);
  applied_at_ = at;
  // One at a time from the front: what is called may publish and wait anew.
  while (!waiting_.empty() && waiting_.front().first <= applied_) {
    const std::function<void()> then = std::move(waiting_.front().second);
    waiting_.pop_front();
    then();
  }
}

}  // namespace teal::control
