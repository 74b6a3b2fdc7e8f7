// The part of Exchange that lets a client and a target change the protocol of their connection
// (proxy/headers/upgrade.h; what is asked for at all, reply_rules.h). What follows is a Tunnel's
// (tunnel.h).
#include <utility>

#include "net/http/websocket.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/response_style.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

void Exchange::on_switched(net::ResponseHead& head) {
  // A target that switches before it has the whole request would take the rest of it for the
  // other protocol's bytes.
  if (!request_.is_whole || !request_.upgrade.is_answered_by(head)) {
    serving_.count(ServiceStat::upstream_protocol_errors);
    loop_.counters().refused(net::Refusal::upgrade_unrequested).add();
    on_upstream_failed(Failure::protocol, net::Refusal::upgrade_unrequested);
    return;
  }
  if (serving_.exposure().is_exposed() && try_replay_unseen()) return;
  phase_ = Phase::tunnel;
  response_.first_byte_micros =
      std::chrono::duration_cast<Micros>(loop_.now() - request_.began).count();
  response_.status = response_.outcome = request_.head.is_extended_connect() ? 200 : 101;
  response_.framing = {};
  if (attempts_.note_outcome(response_.outcome)) serving_.note_error();
  attempts_.side()->begin_tunnel();
  ResponseStyle how = response_style(loop_, request_, response_, serving_);
  how.close = false;
  how.upgrade = request_.upgrade.protocol;
  if (!request_.upgrade.websocket_key.empty()) how.without = net::kWebsocketAccept;
  client_->send_switched(head, how);
  Tunnel::Labels labels{route().service().spec->name, serving_.view().revision, route().timeouts()};
  serving_.end(Origin::target, grpc_.end(response_, serving_.shielded()), response_);
  retries_.permit().end();
  attempts_.end_request();  // A tunnel is no request.
  serving_.route().release();
  replay_.drop();
  tunnel_ = std::make_unique<Tunnel>(Tunnel::Ends{*client_, *attempts_.side(), *attempts_.target()},
                                     std::move(labels), loop_.counters(), loop_.wheel(),
                                     deadlines_.timer(), loop_.now());
  if (attempts_.target()->is_retired) tunnel_->on_target_retired(loop_.now(), loop_.rng());
  client_->resume_request();
}

void Exchange::end_tunnel(Termination why, bool client_is_gone) {
  response_.termination = why;
  attempts_.drop(false);
  tunnel_->end_client(why, client_is_gone);
  finish(Origin::target);
}

}  // namespace teal::proxy
