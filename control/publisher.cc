#include "control/publisher.h"

#include <algorithm>

namespace teal::control {

void Publisher::publish(const std::vector<ServiceState>& states, Mono now) {
  if (count_ > 0 && states == published_) return;
  published_ = states;
  last_ = now;
  const std::uint64_t version = ++count_;
  ports_.publish(version, published_, [weak = std::weak_ptr(self_), version] {
    if (const auto self = weak.lock()) (*self)->applied(version);
  });
}

void Publisher::when_applied(std::function<void()> then) {
  if (applied_ == count_) {
    then();
    return;
  }
  waiting_.emplace_back(count_, std::move(then));
}

void Publisher::applied(std::uint64_t version) {
  applied_ = std::max(applied_, version);
  // One at a time from the front: what is called may publish and wait anew.
  while (!waiting_.empty() && waiting_.front().first <= applied_) {
    const std::function<void()> then = std::move(waiting_.front().second);
    waiting_.pop_front();
    then();
  }
}

}  // namespace teal::control
