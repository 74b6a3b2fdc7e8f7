#include "proxy/exchange/exchange.h"

#include <utility>

#include "base/assert.h"
#include "proxy/exchange/response_style.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/request/find_route.h"

namespace teal::proxy {

Exchange::Exchange(WorkerLoop& loop)
    : loop_(loop),
      serving_(loop, request_),
      attempts_(loop),
      deadlines_(
          loop, [](void* self) { static_cast<Exchange*>(self)->on_deadline(); }, this),
      queue_(
          loop, [](void* self) { static_cast<Exchange*>(self)->on_room(); }, this),
      continue_(loop, attempts_, serving_, deadlines_),
      edits_(loop, request_, serving_.route()),
      retries_({request_, replay_, response_, attempts_, serving_}) {}

Exchange::~Exchange() {
  TEAL_ASSERT(phase_ == Phase::idle || phase_ == Phase::done);
}

/// Part of every request, and so in its caller's code.
[[gnu::always_inline]] inline void Exchange::start() {
  serving_.draw();
  attempts_.join(serving_.group().runtime);
  if (grpc_.is_call()) {
    const auto deadline =
        grpc_.take_deadline(request_.head, request_.began, deadlines_.of_request());
    if (!deadline) {
      try_reply(refuse_deadline);
      return;
    }
    deadlines_.set_of_request(*deadline);
  }
  attempt();
}

/// Part of every request, too.
[[gnu::always_inline]] inline void Exchange::take_up(ClientSide& client, const ClientInfo& info,
                                                     net::RequestHead& head) {
  client_ = &client;
  request_.take(info, head, loop_.now());
  serving_.begin();
  edits_.begin();
  // Who has sent some of the body already waits for nothing.
  continue_.begin(client, request_.head.expects_continue && request_.has_body() &&
                              !request_.info.is_http10 && !request_.info.has_body_begun);
  attempts_.begin(request_.began);
  queue_.begin();
  replay_.begin();
  grpc_.begin(request_.head);
  response_ = {};
}

void Exchange::begin(ClientSide& client, const ClientInfo& info, net::RequestHead& head) {
  take_up(client, info, head);
  make_request_ids(request_.head, request_.info.peer, loop_.rng(), request_.ids);
  phase_ = Phase::connecting;
  if (loop_.overload() >= OverloadLevel::no_requests) [[unlikely]] {
    try_reply(refuse_overload);
    return;
  }
  using net::HeaderId;
  const bool is_usual =
      !request_.head.fields.has_any_of_or_odd_name<HeaderId::via, HeaderId::upgrade,
                                                   HeaderId::trailer, HeaderId::max_forwards>() &&
      !request_.head.is_extended_connect();
  if (!is_usual && try_reply(reply_by_way)) return;
  if (!find_route(request_, loop_.routes(), serving_.route(), response_.last_rule)) {
    try_reply(refuse_without_route);
    return;
  }
  if (route().actions() != nullptr && is_held_by_route()) return;
  if (!is_usual && try_reply(reply_by_hop)) return;
  if (route().actions() != nullptr) edits_.edit_request();
  deadlines_.begin(request_.began, route().timeouts().request);
  start();
}

void Exchange::begin_call(ClientSide& client, const ClientInfo& info, net::RequestHead& head,
                          const OwnCall& call) {
  take_up(client, info, head);
  request_.ids = call.ids;
  phase_ = Phase::connecting;
  serving_.serve_calls();
  serving_.route().pin_as(call.asking);
  if (!serving_.route().take(call.route, loop_.routes())) {
    try_reply(refuse_without_target);
    return;
  }
  deadlines_.begin(request_.began, route().timeouts().request);
  serving_.draw_for_call();
  attempts_.join(serving_.group().runtime);
  attempt();
}

bool Exchange::is_held_by_route() {
  return try_reply(reply_by_route) || (route().gate() != nullptr && enter_gate());
}

/// True: the request waits, or is over.
bool Exchange::enter_gate() {
  phase_ = Phase::gated;
  if (!gate_)
    gate_ = make_gate(loop_, [](void* self) { static_cast<Exchange*>(self)->on_gate(); }, this);
  deadlines_.begin(request_.began, route().timeouts().request);
  gate_->ask({route(), request_, client_->client_ends()});
  on_gate();
  return true;
}

void Exchange::on_gate() {
  TEAL_ASSERT(phase_ == Phase::gated);
  if (gate_->state() == Gate::State::waits) {
    deadlines_.begin_phase(gate_->time_limit());
    return;
  }
  if (gate_->state() == Gate::State::refused) {
    reply(gate_->take_reply());
    return;
  }
  phase_ = Phase::connecting;
  deadlines_.cancel();
  // As from a queue it goes where the newest routing truth leads.
  if (!route().is_newest(loop_.routes()) && !serving_.route().follow(loop_.routes())) {
    response_.last_rule = net::Refusal::none;
    try_reply(refuse_without_route);
    return;
  }
  if (try_reply(reply_behind_gate) || try_reply(reply_by_hop)) return;
  edits_.edit_request();
  gate_->put_fields(request_);
  // What it waited for is neither its group's time nor its target's, and whoever judges those
  // knows of it from now on.
  request_.began = loop_.now();
  attempts_.note_wait(request_.began);
  start();
}

void Exchange::on_request_body(std::string_view bytes) {
  if (tunnel_) {
    request_.bytes_received += bytes.size();
    tunnel_->on_client_bytes(bytes, loop_.now());
    return;
  }
  if (continue_.expectation().is_waited_for()) [[unlikely]]
    continue_.on_body();
  request_.bytes_received += bytes.size();
  if (continue_.expectation().is_body_refused()) [[unlikely]]
    return;
  if (request_.bytes_received > request_.body_limit) [[unlikely]] {
    loop_.counters()[Stat::bodies_too_large].add();
    reply_or_truncate(body_too_large(), Origin::client);
    return;
  }
  if (attempts_.side() == nullptr) return;
  if (replay_.is_complete())
    replay_.append(bytes, attempts_.side()->may_come_back() ||
                              keeps_body(*route().service().spec, serving_.is_release()));
  attempts_.side()->send_body(bytes);
  deadlines_.begin_phase(route().timeouts().stream_idle);
}

void Exchange::on_request_end(const net::Fields& trailers) {
  if (tunnel_) {
    if (tunnel_->on_client_end(loop_.now())) end_tunnel(Termination::ok);
    return;
  }
  if (std::exchange(request_.is_whole, true)) return;
  if (continue_.expectation().is_waited_for()) [[unlikely]]
    continue_.on_body();
  if (attempts_.side() == nullptr || !wants_body() || continue_.expectation().is_body_refused())
    return;
  if (trailers.empty()) [[likely]] {
    attempts_.side()->send_end(trailers);
  } else {
    const std::optional<net::Fields> picked = edits_.pick_request_trailers(trailers, grpc_);
    if (!picked) {
      on_request_refused(net::Refusal::field_name_underscored);
      return;
    }
    if (!picked->empty()) replay_.spoil();
    attempts_.side()->send_end(*picked);
  }
  if (phase_ == Phase::waiting) deadlines_.begin_phase(route().timeouts().response_header);
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
      continue_.on_continue();
      return;
    }
    if (request_.info.is_http10 || !serving_.exposure().try_reserve()) return;
    response_.has_sent_interim = true;
    client_->send_interim(head);
    return;
  }
  if (request_.head.is_extended_connect() && head.status < 300) {
    // To this client that would be a tunnel.
    on_upstream_failed(Failure::protocol, net::Refusal::none);
    return;
  }
  if (head.minor_version == 0) [[unlikely]]
    attempts_.target()->connections().continues.answered_in_http10(loop_.now());
  const std::uint16_t outcome = grpc_.is_call() ? grpc_.take_head(head) : head.status;
  if (outcome >= 500 && try_retry_status(outcome)) return;
  if (serving_.exposure().is_exposed() && try_replay_unseen()) return;
  phase_ = Phase::relaying;
  if (continue_.expectation().is_in_doubt()) [[unlikely]]
    continue_.on_answer(head);
  replay_.drop();
  response_.first_byte_micros =
      std::chrono::duration_cast<Micros>(loop_.now() - request_.began).count();
  response_.take_head(head, outcome, request_.info.is_http10);
  if (!grpc_.is_call() || grpc_.status()) {
    if (attempts_.note_outcome(outcome)) serving_.note_error();
  }
  edits_.note_response(head);
  if (route().actions() != nullptr) [[unlikely]]
    edits_.edit_response(head, response_);
  client_->send_head(head, response_style(loop_, request_, response_, serving_));
  deadlines_.begin_phase(route().timeouts().stream_idle);
}

void Exchange::on_response_body(std::string_view bytes) {
  if (edits_.compressor()) [[unlikely]] {
    if (!send_compressed(ResponseCompressor::Step::put, bytes)) return;
  } else {
    response_.bytes_sent += bytes.size();
    if (tunnel_) {
      tunnel_->on_target_bytes(bytes, loop_.now());
      return;
    }
    client_->send_body(bytes);
  }
  deadlines_.begin_phase(route().timeouts().stream_idle);
}

Channel* Exchange::bare_output() const {
  return phase_ == Phase::relaying && !edits_.compressor() ? client_->bare_output() : nullptr;
}

void Exchange::on_response_spliced(std::size_t size) {
  response_.bytes_sent += size;
  deadlines_.begin_phase(route().timeouts().stream_idle);
}

void Exchange::after_response_input() {
  if (edits_.compressor() && !send_compressed(ResponseCompressor::Step::flush)) [[unlikely]]
    return;
  const bool relays = phase_ == Phase::relaying || phase_ == Phase::tunnel;
  if (relays && attempts_.side() != nullptr && client_->is_output_blocked())
    attempts_.side()->pause();
}

void Exchange::on_client_unblocked() {
  if (phase_ == Phase::done) return;
  if (phase_ == Phase::relaying) deadlines_.begin_phase(route().timeouts().stream_idle);
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
    if (attempts_.note_outcome(response_.outcome)) serving_.note_error();
  }
  const bool reusable = clean && has_target_read();
  if (edits_.compressor() && !send_compressed(ResponseCompressor::Step::finish)) return;
  if (trailers.empty()) [[likely]]
    client_->send_end(trailers);
  else
    client_->send_end(edits_.pick_response_trailers(trailers));
  attempts_.drop(reusable);
  finish(Origin::target);
}

}  // namespace teal::proxy
