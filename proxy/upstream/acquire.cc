// How an exchange gets a connection to its target: a kept one, a stream of one, or a new one.
#include "proxy/exchange/target_side.h"

#include "proxy/loop/worker_loop.h"
#include "proxy/upstream/http1_upstream.h"
#include "proxy/upstream/http2_upstream.h"

namespace teal::proxy {

namespace {

TargetSide* find_kept(TargetRuntime& target, Exchange& exchange, const UpstreamOptions& wanted) {
  if (!wanted.fresh)
    if (TargetSide* const kept = Http1Upstream::reuse(target, exchange, wanted)) return kept;
  const bool is_for_http1 =
      wanted.may_switch && target.spec().upstream.protocol != config::TargetProtocol::http2;
  if (target.connections().http2.empty() || is_for_http1) return nullptr;
  Http2Upstream* const shared = Http2Upstream::with_room(target, wanted.fresh);
  return shared != nullptr ? &shared->open_stream(exchange, wanted) : nullptr;
}

TargetSide* connect(WorkerLoop& loop, const boost::local_shared_ptr<TargetRuntime>& target,
                    Exchange& exchange, const UpstreamOptions& wanted) {
  // Where TLS chooses, the first connection has to find out (Http1Upstream::become_http2).
  if (target->spec().upstream.protocol != config::TargetProtocol::http2)
    return Http1Upstream::connect(loop, target, exchange, wanted);
  Http2Upstream* const made = Http2Upstream::connect(loop, target);
  return made != nullptr ? &made->open_stream(exchange, wanted) : nullptr;
}

}  // namespace

TargetSide* acquire_upstream(WorkerLoop& loop, const boost::local_shared_ptr<TargetRuntime>& target,
                             Exchange& exchange, const UpstreamOptions& wanted) {
  if (TargetSide* const kept = find_kept(*target, exchange, wanted)) return kept;
  loop.runtimes().note_busy(target);
  TargetSide* const made = connect(loop, target, exchange, wanted);
  if (made == nullptr) (*target->stats)[ServiceStat::upstream_connect_failures].add();
  return made;
}

}  // namespace teal::proxy
