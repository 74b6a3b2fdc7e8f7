#include "control/deploy/publisher.h"

#include <algorithm>

namespace teal::control {

void Publisher::publish(ServiceEntry& service) {
  if (count_ == 0) return hand_over(services_.take_changed());
  if (services_.take_changed(service))
    hand_over({&service});
  else if (is_renewed_)
    hand_over({});
}

void Publisher::publish_health(ServiceEntry& service, Mono now) {
  if (service.health_turns.take(now)) publish(service);
}

void Publisher::publish_changed(Mono now) {
  const std::vector<ServiceEntry*> changed = services_.take_changed();
  for (ServiceEntry* const service : changed) service->health_turns.borrow(now);
  hand_over(changed);
}

void Publisher::hand_over(const std::vector<ServiceEntry*>& services) {
  Publication publication;
  for (ServiceEntry* const service : services) {
    SharedService snapshot = snapshot_of(service->state(), service->published);
    if (snapshot == service->published) continue;
    service->published = snapshot;
    publication.services.push_back(std::move(snapshot));
  }
  if (publication.services.empty() && !is_renewed_) return;
  is_renewed_ = false;
  const std::uint64_t version = publication.version = ++count_;
  ports_.publish(std::move(publication), [weak = std::weak_ptr(self_), version](Mono at) {
    if (const auto self = weak.lock()) (*self)->applied(version, at);
  });
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
