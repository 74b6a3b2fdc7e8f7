// The part of Exchange that lets a client and a target change the protocol of their connection
// (proxy/headers/upgrade.h). What follows is a Tunnel's (tunnel.h).
#include <utility>

#include "base/assert.h"
#include "net/http/websocket.h"
#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

/// False: the request asks for what there is not, and was answered.
bool Exchange::choose_upgrade() {
  const std::vector<std::string>& allowed = route_.service().spec->upgrades;
  if (!request_.head.is_extended_connect()) {
    request_.upgrade.protocol = wanted_upgrade(request_.head, allowed);
    return true;
  }
  const std::string_view asked = request_.head.text(request_.head.protocol);
  if (!is_allowed(asked, allowed)) {
    route_.forget_service();
    refuse_upgrade();
    return false;
  }
  request_.upgrade.protocol = asked;
  if (net::iequals(asked, net::kWebsocket))
    request_.upgrade.websocket_key = net::make_websocket_key(loop_.rng());
  return true;
}

/// Nobody's release is to be blamed for what a client asks.
void Exchange::refuse_upgrade() {
  traffic_.leave();
  loop_.counters().refused(net::Refusal::protocol_unsupported).add();
  reply(refused(net::Refusal::protocol_unsupported));
}

/// What its target does not take is to a client of HTTP/1 an ordinary request, as if the target had
/// said so. False: to this client that would mean something else, and it was answered.
bool Exchange::goes_without_upgrade() {
  if (!request_.head.is_extended_connect()) {
    request_.upgrade.clear();
    return true;
  }
  attempts_.drop(true);
  refuse_upgrade();
  return false;
}

void Exchange::on_switched(net::ResponseHead& head) {
  // A target that switches before it has the whole request would take the rest of it for the
  // other protocol's bytes.
  if (!request_.is_whole || !request_.upgrade.is_answered_by(head)) {
    count(ServiceStat::upstream_protocol_errors);
    loop_.counters().refused(net::Refusal::upgrade_unrequested).add();
    after_failed_attempt(Failure::protocol, net::Refusal::upgrade_unrequested);
    return;
  }
  if (exposure_.is_exposed() && try_replay_unseen()) return;
  phase_ = Phase::tunnel;
  response_.first_byte_micros =
      std::chrono::duration_cast<Micros>(loop_.now() - request_.began).count();
  response_.status = response_.outcome = request_.head.is_extended_connect() ? 200 : 101;
  response_.framing = {};
  settle_outcome();
  attempts_.side()->begin_tunnel();
  ResponseStyle how = style();
  how.close = false;
  how.upgrade = request_.upgrade.protocol;
  if (!request_.upgrade.websocket_key.empty()) how.without = net::kWebsocketAccept;
  client_->send_switched(head, how);
  Tunnel::Labels labels{route_.service().spec->name, route_.group(colour_).revision,
                        route_.timeouts()};
  settle(Origin::target);
  retry_.end();
  attempts_.end_request();  // A tunnel is no request.
  route_.release();
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
