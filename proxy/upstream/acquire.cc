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

Result<TargetSide*> connect(WorkerLoop& loop, const boost::local_shared_ptr<TargetRuntime>& target,
                            Exchange& exchange, const UpstreamOptions& wanted) {
  // Where TLS chooses, the first connection has to find out (Http1Upstream::become_http2).
  if (target->spec().upstream.protocol != config::TargetProtocol::http2) {
    const Result<Http1Upstream*> made = Http1Upstream::connect(loop, target, exchange, wanted);
    if (!made) return made.error();
    return *made;
  }
  const Result<Http2Upstream*> made = Http2Upstream::connect(loop, target);
  if (!made) return made.error();
  return &(*made)->open_stream(exchange, wanted);
}

}  // namespace

Acquired acquire_upstream(WorkerLoop& loop, const boost::local_shared_ptr<TargetRuntime>& target,
                          Exchange& exchange, const UpstreamOptions& wanted) {
  if (TargetSide* const kept = find_kept(*target, exchange, wanted)) return {kept};
  loop.runtimes().note_busy(target);
  const Result<TargetSide*> made = connect(loop, target, exchange, wanted);
  if (made) return {*made};
  const bool is_own_lack = made.error().source() == Source::internal;
  if (!is_own_lack) (*target->stats)[ServiceStat::upstream_connect_failures].add();
  return {nullptr, is_own_lack};
}

}  // namespace teal::proxy
