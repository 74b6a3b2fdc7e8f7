#include "proxy/exchange/exchange.h"

#include <utility>

#include "base/assert.h"
#include "net/http/path_rules.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/request/target_picker.h"

namespace teal::proxy {

Exchange::Exchange(WorkerLoop& loop)
    : loop_(loop),
      judge_(loop, request_, assignment_, traffic_),
      attempts_(loop),
      queue_(
          loop, [](void* self) { static_cast<Exchange*>(self)->on_room(); }, this),
      deadlines_(loop, [](void* self) { static_cast<Exchange*>(self)->on_deadline(); }, this) {}

Exchange::~Exchange() {
  TEAL_ASSERT(phase_ == Phase::idle || phase_ == Phase::done);
}

void Exchange::begin(ClientSide& client, const ClientInfo& info, net::RequestHead& head) {
  client_ = &client;
  request_.take(info, head, loop_.now());
  route_.pin(loop_.table());
  connection_options_.begin();
  traffic_.begin();
  judge_.begin();
  is_settled_ = false;
  // Who has sent some of the body already waits for nothing.
  expectation_.begin(request_.head.expects_continue && request_.has_body() &&
                     !request_.info.http10 && !request_.info.body_begun);
  attempts_.begin(request_.began);
  queue_.begin();
  shielded_ = {};
  replay_.begin();
  grpc_.begin(request_.head);
  response_ = {};
  loop_.counters()[Stat::requests_active].add();
  make_request_ids(request_.head, request_.info.peer, loop_.rng(), request_.ids);
  phase_ = Phase::connecting;
  if (loop_.overload() >= OverloadLevel::no_requests) [[unlikely]] {
    refuse_overload();
    return;
  }
  using net::HeaderId;
  const bool is_usual =
      !request_.head.fields.has_any_of_or_odd_name<HeaderId::via, HeaderId::upgrade,
                                                   HeaderId::trailer, HeaderId::max_forwards>() &&
      !request_.head.is_extended_connect();
  if (!is_usual && try_answer_by_way()) return;
  if (!route()) {
    reply_without_route();
    return;
  }
  if (route_.actions() != nullptr && try_answer_by_route()) return;
  if (!is_usual && !settle_hop()) return;
  if (route_.actions() != nullptr) change_request();
  deadlines_.begin(request_.began, route_.timeouts().request);
  choose_group();
  join_group();
  enter_traffic();
  if (grpc_.is_call()) {
    const auto deadline =
        grpc_.take_deadline(request_.head, request_.began, deadlines_.of_request());
    if (!deadline) {
      reply_line(400, "grpc-timeout is not a number and a unit", Termination::refused);
      return;
    }
    deadlines_.set_of_request(*deadline);
  }
  attempt();
}

bool Exchange::route() {
  const RouteTable& routes = route_.table().routes;
  const std::string_view target = request_.head.text(request_.head.target);
  const net::PathScan look = net::scan_path(target, request_.head.size - request_.head.target.at);
  std::string_view path = target.substr(0, look.size);
  if (!look.is_plain) [[unlikely]] {
    const config::PathRules& rules = route_.listener(request_.info.listener).paths;
    response_.last_rule = request_.normalise_path(rules);
    if (response_.last_rule != net::Refusal::none) return false;
    path = request_.routed_path(rules);
  }
  const std::string_view host =
      routes.listeners[request_.info.listener].needs_host()
          ? normalise_host(request_.head.text(request_.head.authority), request_.host_buffer)
          : std::string_view{};
  const RouteTable::Route* const found =
      routes.match(request_.info.listener, host, path, request_.head);
  if (found == nullptr) return false;
  route_.take(*found);
  request_.matched = static_cast<std::uint32_t>(found->path.size());
  return true;
}

void Exchange::choose_group() {
  judge_.reassign();  // A second choice, after a wait.
  assign({route_.service(), route_.listener(request_.info.listener).group,
          route_.runtime().runtime->splitter, request_, loop_.rng(), loop_.counters()},
         assignment_);
  if (assignment_.audience == Audience::split) {
    // Without a share nothing is being tried on clients; a fallback is not judged any more.
    if (route_.service().exposure != nullptr && route_.service().release_weight() > Weight::none())
      limit_exposure();
    if (route_.service().judging) judge_.start(route_);
  }
  colour_ = assignment_.colour;
}

void Exchange::attempt() {
  while (true) {
    const Pick pick = pick_target(
        {*route_.service().spec, route_.group(colour_), route_.group_runtime(colour_),
         attempts_.tried(), request_.head, request_.info.peer.address, loop_.now(), loop_.rng()},
        loop_.candidates());
    if (pick.target != kNobody) {
      if (open_upstream(pick.target, attempts_.wants_fresh())) return;
      continue;  // refused at once, or full meanwhile: the next one
    }
    if (!pick.somebody_is_full && attempts_.has_full_aside()) [[unlikely]] {
      if (goes_to_full_target()) return;
      continue;
    }
    if (pick.somebody_is_full) {
      enter_queue();
    } else if (response_.last_failure != Failure::none && attempts_.tries().attempts > 0) {
      follow(decide(attempts_.failed(), true), attempts_.failed());
    } else {
      count(ServiceStat::requests_without_target);
      reply_line(503, "no healthy target", Termination::no_target);
    }
    return;
  }
}

void Exchange::on_connected(TargetSide& side) {
  TEAL_ASSERT(phase_ == Phase::connecting);
  attempts_.move_to(side);
  if (queue_.waits_for_stream()) {
    if (ends_wait_for_stream()) send_request();
    return;
  }
  attempts_.note_connected(loop_.now());
  send_request();
}

void Exchange::send_request() {
  if (request_.upgrade.is_asked() &&
      !attempts_.side()->takes_upgrade(request_.head, request_.upgrade.style()) &&
      !goes_without_upgrade())
    return;
  phase_ = Phase::waiting;
  const bool asks = expectation_.ask(attempts_.target()->continues, loop_.now());
  attempts_.side()->send_head(
      request_.head,
      {request_.info.peer, route_.service().spec->host_header, attempts_.target()->address,
       request_.ids, loop_.shared().hop, request_.upgrade.style(), asks});
  if (!replay_.bytes().empty()) {
    attempts_.side()->send_body(replay_.bytes());
    loop_.writes().flush();  // the buffer may move when more comes
  }
  if (request_.is_whole) {
    if (request_.head.framing.kind != net::Framing::Kind::none) attempts_.side()->send_end({});
    deadlines_.begin_phase(route_.timeouts().response_header);
    return;
  }
  deadlines_.begin_phase(route_.timeouts().stream_idle);
  if (expectation_.is_waited_for()) [[unlikely]]
    await_continue();
  client_->resume_request();
}

bool Exchange::is_upload_blocked() const {
  return attempts_.side() != nullptr && attempts_.side()->is_blocked();
}

void Exchange::on_request_body(std::string_view bytes) {
  if (tunnel_) {
    request_.bytes_received += bytes.size();
    tunnel_->on_client_bytes(bytes, loop_.now());
    return;
  }
  if (expectation_.is_waited_for()) [[unlikely]]
    take_unasked_body();
  request_.bytes_received += bytes.size();
  if (expectation_.is_body_refused()) [[unlikely]]
    return;
  if (request_.bytes_received > request_.body_limit) [[unlikely]] {
    loop_.counters()[Stat::bodies_too_large].add();
    reply_or_truncate(body_too_large(), Origin::client);
    return;
  }
  if (attempts_.side() == nullptr) return;
  if (replay_.is_complete())
    replay_.append(bytes, attempts_.side()->may_come_back() ||
                              keeps_body(*route_.service().spec, is_on_release()));
  attempts_.side()->send_body(bytes);
  deadlines_.begin_phase(route_.timeouts().stream_idle);
}

void Exchange::on_request_end(const net::Fields& trailers) {
  if (tunnel_) {
    if (tunnel_->on_client_end(loop_.now())) end_tunnel(Termination::ok);
    return;
  }
  if (std::exchange(request_.is_whole, true)) return;
  if (expectation_.is_waited_for()) [[unlikely]]
    take_unasked_body();
  if (attempts_.side() == nullptr || !wants_body() || expectation_.is_body_refused()) return;
  if (trailers.empty()) [[likely]]
    attempts_.side()->send_end(trailers);
  else if (!send_trailers(trailers))
    return;
  if (phase_ == Phase::waiting) deadlines_.begin_phase(route_.timeouts().response_header);
}

void Exchange::on_upstream_unblocked() {
  if (tunnel_ && tunnel_->is_over()) {
    end_tunnel(Termination::ok);
    return;
  }
  if (!request_.is_whole || tunnel_) client_->resume_request();
}

void Exchange::on_response_head(net::ResponseHead& head) {
  if (head.status == 101) {
    on_switched(head);
    return;
  }
  if (head.is_interim()) {
    if (head.status == 100) {
      on_continue();
      return;
    }
    if (request_.info.http10 || !exposure_.may_be_seen()) return;
    response_.interim_sent = true;
    client_->send_interim(head);
    return;
  }
  if (request_.head.is_extended_connect() && head.status < 300) {
    // To this client that would be a tunnel.
    after_failed_attempt(Failure::protocol, net::Refusal::none);
    return;
  }
  if (head.minor_version == 0) [[unlikely]]
    attempts_.target()->continues.answered_in_http10(loop_.now());
  const std::uint16_t outcome = grpc_.is_call() ? grpc_.take_head(head) : head.status;
  if (outcome >= 500 && try_retry_status(outcome)) return;
  if (exposure_.is_exposed() && try_replay_unseen()) return;
  phase_ = Phase::relaying;
  if (expectation_.is_in_doubt()) [[unlikely]]
    take_answer(head);
  replay_.drop();
  response_.first_byte_micros =
      std::chrono::duration_cast<Micros>(loop_.now() - request_.began).count();
  take_response(head, outcome);
  connection_options_.note_response(head);
  if (route_.actions() != nullptr) [[unlikely]]
    edit_response(head);
  client_->send_head(head, style());
  deadlines_.begin_phase(route_.timeouts().stream_idle);
}

void Exchange::take_response(const net::ResponseHead& head, std::uint16_t outcome) {
  response_.status = head.status;
  response_.outcome = outcome;
  using Kind = net::Framing::Kind;
  response_.framing = head.framing;
  if (head.framing.kind == Kind::chunked || head.framing.kind == Kind::until_close)
    response_.framing.kind = request_.info.http10 ? Kind::until_close : Kind::chunked;
  if (!grpc_.is_call() || grpc_.status()) settle_outcome();
}

void Exchange::settle_outcome() {
  if (response_.outcome >= 500) {
    attempts_.report(Failure::status, response_.outcome);
    judge_.error();
  } else {
    attempts_.note_answer(response_.outcome);
  }
}

void Exchange::on_response_body(std::string_view bytes) {
  if (compressor_) [[unlikely]] {
    if (!send_compressed(ResponseCompressor::Step::put, bytes)) return;
  } else {
    response_.bytes_sent += bytes.size();
    if (tunnel_) {
      tunnel_->on_target_bytes(bytes, loop_.now());
      return;
    }
    client_->send_body(bytes);
  }
  deadlines_.begin_phase(route_.timeouts().stream_idle);
}

Channel* Exchange::bare_output() const {
  return phase_ == Phase::relaying && !compressor_ ? client_->bare_output() : nullptr;
}

void Exchange::on_response_spliced(std::size_t size) {
  response_.bytes_sent += size;
  deadlines_.begin_phase(route_.timeouts().stream_idle);
}

void Exchange::after_response_input() {
  if (compressor_ && !send_compressed(ResponseCompressor::Step::flush)) [[unlikely]]
    return;
  const bool relays = phase_ == Phase::relaying || phase_ == Phase::tunnel;
  if (relays && attempts_.side() != nullptr && client_->is_output_blocked())
    attempts_.side()->pause();
}

void Exchange::on_client_unblocked() {
  if (phase_ == Phase::done) return;
  if (phase_ == Phase::relaying) deadlines_.begin_phase(route_.timeouts().stream_idle);
  if (tunnel_) tunnel_->on_unblocked(loop_.now());
  if (attempts_.side() != nullptr) attempts_.side()->unpause();
}

void Exchange::on_response_end(const net::Fields& trailers, bool clean) {
  if (tunnel_) {
    if (tunnel_->on_target_end(loop_.now())) end_tunnel(Termination::ok);
    return;
  }
  if (grpc_.is_call() && !grpc_.status()) {
    response_.outcome = grpc_.take_trailers(trailers);
    settle_outcome();
  }
  const bool reusable = clean && has_target_read();
  if (compressor_ && !send_compressed(ResponseCompressor::Step::finish)) return;
  if (trailers.empty()) [[likely]]
    client_->send_end(trailers);
  else
    answer_trailers(trailers);
  attempts_.drop(reusable);
  finish(Origin::target);
}

}  // namespace teal::proxy
