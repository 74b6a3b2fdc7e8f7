#include "proxy/target_side.h"

#include "proxy/upstream.h"
#include "proxy/worker.h"

namespace teal::proxy {

TargetSide* reach(Worker& worker, const boost::local_shared_ptr<TargetRuntime>& target,
                  Exchange& exchange, const Reach& wanted) {
  if (!wanted.fresh)
    if (TargetSide* const kept = Upstream::reuse(*target, exchange, wanted)) return kept;
  const Result<boost::intrusive_ptr<Upstream>> made = Upstream::connect(worker, target);
  if (!made) {
    worker.counters()[Stat::upstream_connect_failures].add();
    return nullptr;
  }
  (*made)->attach(exchange, wanted);
  return made->get();
}

}  // namespace teal::proxy
