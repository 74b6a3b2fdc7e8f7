#include "proxy/idle_pool.h"

#include "proxy/target_connection.h"

namespace teal::proxy {

bool IdlePool::make_place() {
  counters_[Stat::upstream_evicted_idle].add();
  return close_oldest() && share_.enter();
}

bool IdlePool::close_oldest() {
  if (by_age_.empty()) return false;
  by_age_.oldest()->close_idle();
  return true;
}

bool IdlePool::give_way() {
  if (!close_oldest()) return false;
  counters_[Stat::upstream_evicted_idle].add();
  return true;
}

void IdlePool::close_surplus(const IdleList& list, std::uint32_t count) {
  counters_[Stat::upstream_surplus_idle].add(count);
  for (; count > 0; --count) list.oldest()->close_idle();
}

void IdlePool::end_period() {
  std::uint32_t surplus = share_.end_period();
  if (surplus == 0) return;
  while (surplus-- > 0 && give_way()) {
  }
  share_.give_back_unused();
}

}  // namespace teal::proxy
