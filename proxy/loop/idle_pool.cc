#include "proxy/loop/idle_pool.h"

#include "proxy/loop/kept_connection.h"

namespace teal::proxy {

bool IdlePool::make_place() {
  return give_way() && share_.enter();
}

bool IdlePool::give_way() {
  if (by_age_.empty()) return false;
  KeptConnection* const oldest = by_age_.oldest();
  oldest->stats()[ServiceStat::upstream_evicted_idle].add();
  oldest->close_idle();
  return true;
}

void IdlePool::close_surplus(const IdleList& list, std::uint32_t count) {
  if (count > 0) list.oldest()->stats()[ServiceStat::upstream_surplus_idle].add(count);
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
