#include "tests/support/unit_exchange_room.h"

#include "base/assert.h"

namespace teal::proxy {
namespace {

/// The test's only one: who asks for a side knows the loop, and nothing of the room around it.
ExchangeRoom*& present_room() {
  static ExchangeRoom* room = nullptr;
  return room;
}

}  // namespace

ExchangeRoom::ExchangeRoom(std::uint32_t workers) : LoopRoom(workers) {
  TEAL_ASSERT(present_room() == nullptr);
  present_room() = this;
}

ExchangeRoom::~ExchangeRoom() {
  present_room() = nullptr;
}

Acquired ExchangeRoom::acquire(const boost::local_shared_ptr<TargetRuntime>& target,
                               const UpstreamOptions& wanted) {
  Reach how = Reach::connected;
  if (!reach_.empty()) {
    how = reach_.front();
    reach_.pop_front();
  }
  Attempt& attempt = attempts.emplace_back(Attempt{target->id, wanted, nullptr});
  if (how == Reach::refused || how == Reach::lacking) return {nullptr, how == Reach::lacking};
  attempt.side = std::make_unique<FakeTarget>();
  attempt.side->connected = how == Reach::connected || how == Reach::kept;
  attempt.side->kept = how == Reach::kept;
  attempt.side->full = how == Reach::full;
  return {attempt.side.get()};
}

Acquired acquire_upstream(WorkerLoop& /*loop*/,
                          const boost::local_shared_ptr<TargetRuntime>& target,
                          Exchange& /*exchange*/, const UpstreamOptions& wanted) {
  TEAL_ASSERT(present_room() != nullptr);
  return present_room()->acquire(target, wanted);
}

}  // namespace teal::proxy
