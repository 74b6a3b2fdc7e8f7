// The part of Exchange that is no request any more: a connection that its target agreed to speak
// another protocol on (101, RFC 9110, section 7.8), WebSocket in most cases. Bytes go both ways as
// they are; a side that takes no more stops the other, a side that has ended leaves the other its
// word.
//
// With the 101 the request is over for all numbers and for the judge, who look at how long an
// answer took and not at how long two programs talk. What remains is a tunnel: counted for itself,
// logged at its end, and of the routing truth it keeps only what it needs, so that it does not hold
// old tables. It stays with its target through every shift; when the target leaves its group the
// tunnel gets `tunnel_drain`.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "net/http/websocket.h"
#include "proxy/exchange/exchange.h"
#include "proxy/headers/upgrade.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

/// False: the request asks for what there is not, and was answered.
bool Exchange::choose_upgrade() {
  const std::vector<std::string>& allowed = service().spec->upgrades;
  if (!head_.is_extended_connect()) {
    upgrade_ = wanted_upgrade(head_, allowed);
    return true;
  }
  const std::string_view asked = head_.text(head_.protocol);
  if (!is_allowed(asked, allowed)) {
    route_.forget_service();
    refuse_upgrade();
    return false;
  }
  upgrade_ = asked;
  if (net::iequals(asked, net::kWebsocket)) websocket_key_ = net::make_websocket_key(loop_.rng());
  return true;
}

/// Nobody's release is to be blamed for what a client asks.
void Exchange::refuse_upgrade() {
  end_traffic();
  response_.last_rule = net::Refusal::protocol_unsupported;
  loop_.counters().refused(response_.last_rule).add();
  reply(net::status_of(response_.last_rule), net::explain(response_.last_rule),
        Termination::refused);
}

/// What its target does not take is to a client of HTTP/1 an ordinary request, as if the target had
/// said so. False: to this client that would mean something else, and it was answered.
bool Exchange::goes_without_upgrade() {
  if (!head_.is_extended_connect()) {
    upgrade_.clear();
    return true;
  }
  drop_upstream(true);
  refuse_upgrade();
  return false;
}

UpgradeStyle Exchange::upgrade_style() const {
  return {upgrade_, websocket_key_};
}

void Exchange::on_switched(net::ResponseHead& head) {
  // A target that switches before it has the whole request would take the rest of it for the
  // other protocol's bytes.
  const bool is_answer = request_done_ && switches_to(head, upgrade_) &&
                         (websocket_key_.empty() || answers_key(head, websocket_key_));
  if (!is_answer) {
    count(ServiceStat::upstream_protocol_errors);
    loop_.counters().refused(net::Refusal::upgrade_unrequested).add();
    after_failed_attempt(Failure::protocol, net::Refusal::upgrade_unrequested);
    return;
  }
  if (exposure_.is_exposed() && is_kept_from_sight()) return;
  phase_ = Phase::tunnel;
  response_.first_byte_micros = std::chrono::duration_cast<Micros>(loop_.now() - began_).count();
  response_.status = response_.outcome = head_.is_extended_connect() ? 200 : 101;
  response_.framing = {};
  settle_outcome();
  upstream_->begin_tunnel();
  ResponseStyle how = style();
  how.close = false;
  how.upgrade = upgrade_;
  if (!websocket_key_.empty()) how.without = net::kWebsocketAccept;
  client_->send_switched(head, how);
  begin_tunnel();
}

void Exchange::begin_tunnel() {
  Tunnel& tunnel = tunnel_.emplace(Tunnel{});  // Clang cannot make a nested one in place.
  tunnel.service = service().spec->name;
  tunnel.revision = group().revision;
  tunnel.timeouts = timeouts();
  settle(Origin::target);
  retry_.end();
  joined_.end_request();  // A tunnel is no request.
  route_.release();
  replay_.drop();
  tunnel_index = target_->tunnels.size();
  target_->tunnels.push_back(this);
  loop_.counters()[Stat::tunnels].add();
  loop_.counters()[Stat::tunnels_active].add();
  request_deadline_ = Mono::max();
  set_tunnel_deadline();
  if (target_->retired) on_target_retired(loop_.now(), loop_.rng());
  client_->resume_request();
}

void Exchange::leave_tunnel() {
  auto& tunnels = target_->tunnels;
  TEAL_ASSERT(tunnels[tunnel_index] == this);
  tunnels[tunnel_index] = tunnels.back();
  tunnels[tunnel_index]->tunnel_index = tunnel_index;
  tunnels.pop_back();
  loop_.counters()[Stat::tunnels_active].subtract();
}

/// Where one side has ended its part nobody may be left to end the other.
void Exchange::set_tunnel_deadline() {
  const config::ServiceTimeouts& limits = tunnel_->timeouts;
  const bool is_half = tunnel_->client_ended || tunnel_->target_ended;
  set_deadline(is_half ? std::min(limits.tunnel_idle, limits.stream_idle) : limits.tunnel_idle);
}

void Exchange::relay_to_target(std::string_view bytes) {
  bytes_received_ += bytes.size();
  upstream_->send_body(bytes);
  set_tunnel_deadline();
}

void Exchange::on_client_end() {
  if (std::exchange(tunnel_->client_ended, true)) return;
  upstream_->send_end({});
  if (is_over_both_ways())
    end_tunnel(Termination::ok);
  else
    set_tunnel_deadline();
}

void Exchange::on_target_end() {
  if (std::exchange(tunnel_->target_ended, true)) return;
  client_->send_end({});
  if (is_over_both_ways())
    end_tunnel(Termination::ok);
  else
    set_tunnel_deadline();
}

/// What the client said last has to reach its target first; the client's side waits by itself.
bool Exchange::is_over_both_ways() {
  return tunnel_->client_ended && tunnel_->target_ended && upstream_->is_drained();
}

/// Each at a moment of its own: clients that all come back at once are a flood.
void Exchange::on_target_retired(Mono now, Rng& rng) {
  const auto drain = static_cast<std::uint32_t>(tunnel_->timeouts.tunnel_drain.count());
  request_deadline_ = now + Millis{drain - rng.below(drain / 10 + 1)};
  set_tunnel_deadline();
}

void Exchange::on_tunnel_deadline() {
  const bool is_drained = loop_.now() >= request_deadline_;
  if (is_drained)
    loop_.counters()[Stat::tunnels_drained].add();
  else
    (*target_->stats)[ServiceStat::tunnel_timeouts].add();
  end_tunnel(is_drained ? Termination::tunnel_drained : Termination::tunnel_idle);
}

/// Behind the end of the target's side there is nothing that a client could break off: how it
/// leaves then is its own affair.
void Exchange::on_tunnel_client_gone(bool in_order) {
  const bool is_well = in_order || tunnel_->target_ended;
  if (!is_well) loop_.counters()[Stat::client_aborts].add();
  end_tunnel(is_well ? Termination::ok : Termination::client_gone, true);
}

/// In order, as far as the client can see, unless somebody was cut off in the middle.
void Exchange::end_tunnel(Termination termination, bool client_is_gone) {
  response_.termination = termination;
  drop_upstream(false);
  const bool is_stuck = termination == Termination::tunnel_idle && client_->is_output_blocked();
  if (is_stuck || termination == Termination::upstream_truncated ||
      termination == Termination::refused) {
    client_->send_truncated();
  } else if (!tunnel_->target_ended && !client_is_gone) {
    client_->send_end({});
  }
  finish(Origin::target);
}

}  // namespace teal::proxy
