// What a worker does about overload (proxy/policy/overload.h), besides what requests ask it.
#include <algorithm>

#include "proxy/downstream/acceptor.h"
#include "proxy/downstream/downstream.h"
#include "proxy/worker/worker.h"

namespace teal::proxy {
namespace {

constexpr Millis kShortest{1000};
constexpr int kShorter = 8;

}  // namespace

Millis Worker::short_idle_limit(Millis keep_alive) const {
  const bool is_last = overload_ >= OverloadLevel::no_keep_alive;
  return std::min(keep_alive, is_last ? kShortest : std::max(keep_alive / kShorter, kShortest));
}

void Worker::follow_overload() {
  const bool is_worse = overload_ > followed_;
  followed_ = overload_;
  ends_connections_ = draining_ || overload_ >= OverloadLevel::no_keep_alive;
  const bool accepts = overload_ < OverloadLevel::no_accepts;
  if (!draining_)
    for (const auto& listening : listenings_) listening->set_accepting(accepts);
  if (is_worse) {
    const std::vector<Downstream*> open(downstreams_.begin(), downstreams_.end());
    for (Downstream* each : open) each->hasten();
  }
  after_each();
}

}  // namespace teal::proxy
