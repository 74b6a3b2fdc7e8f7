#include "control/deploy/announcer.h"

#include <utility>

namespace teal::control {

void Announcer::begin(std::string store, std::uint64_t reserved, const std::string& process) {
  number_ = reserved_ = reserved;
  unreserved_ = store + "." + process;
  store_ = std::move(store);
}

void Announcer::say(Level level, std::string type, std::string service, DeploymentId deployment,
                    std::string text) {
  log_.write(level, text, {{"event", type}, {"service", service}, {"deployment", deployment}});
  last_.push_back(Announcement{id_of(++number_), clock_.wall(), std::move(type), std::move(service),
                               std::move(deployment), std::move(text)});
  if (last_.size() > kKept) last_.pop_front();
  // A copy of both: a listener may unsubscribe itself, or cause the next announcement.
  const Announcement announcement = last_.back();
  const std::map<std::uint64_t, Listener> listeners = listeners_;
  for (const auto& [token, listener] : listeners)
    if (listeners_.contains(token)) listener(announcement);
}

std::uint64_t Announcer::subscribe(Listener listener) {
  listeners_.emplace(next_token_, std::move(listener));
  return next_token_++;
}

}  // namespace teal::control
