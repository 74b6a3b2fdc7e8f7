#include "proxy/upstream/http2_upstream.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {
namespace {

constexpr std::size_t kRead = 64 * 1024;

/// A target is asked for a sign of life again in the same silence only as often as servers of gRPC
/// put up with by default (five minutes).
constexpr Millis kNextPing{310'000};

}  // namespace

Http2Upstream::Http2Upstream(WorkerLoop& loop, net::Stream stream,
                             boost::local_shared_ptr<TargetRuntime> target)
    : Http2Channel(loop, std::move(stream), std::move(target)),
      idle_since_(loop.now()),
      last_input_(loop.now()),
      next_ping_(loop.now()),
      timer_([](void* self) { static_cast<Http2Upstream*>(self)->on_timeout(); }, this) {}

Http2Upstream::~Http2Upstream() = default;

// ---- the way to it ------------------------------------------------------------------------------

Result<Http2Upstream*> Http2Upstream::connect(
    WorkerLoop& loop, const boost::local_shared_ptr<TargetRuntime>& target) {
  const auto made = begin<Http2Upstream>(loop, target);
  if (!made) return made.error();
  target->connections().http2.emplace_back(*made);
  (*made)->note_need();
  return made->get();
}

void Http2Upstream::take_over(WorkerLoop& loop, net::Stream stream,
                              const boost::local_shared_ptr<TargetRuntime>& target,
                              Exchange& exchange, const UpstreamOptions& wanted) {
  const boost::intrusive_ptr<Http2Upstream> made(
      new Http2Upstream(loop, std::move(stream), target));
  if (!made->watch()) {
    exchange.on_upstream_failed(Failure::connect, net::Refusal::none);
    return;
  }
  made->count_opened();
  target->connections().http2.emplace_back(made);
  made->note_need();
  made->make_session();
  made->phase_ = Phase::greeting;
  exchange.on_moved(made->open_stream(exchange, wanted));
  // What came with the end of the handshake is there already, and will not be announced again.
  made->mark_ready({.read = true});
  made->resume_soon();
}

void Http2Upstream::make_session() {
  session_ = net::Http2Session::make_client(net::kHttp2ResponseLimits, stream_.tls() != nullptr);
  (*target_->stats)[ServiceStat::upstream_http2_connections].add();
  last_input_ = loop_.now();
  resume_after_turn();
}

void Http2Upstream::on_open() {
  if (stream_.tls() != nullptr && !stream_.tls()->is_http2()) {
    (*target_->stats)[ServiceStat::upstream_tls_failures].add();
    (*target_->stats)[ServiceStat::upstream_connect_failures].add();
    fail_all(Failure::tls, net::Refusal::none);
    return;
  }
  phase_ = Phase::greeting;
  make_session();
  connected();
}

/// The target has said what it takes, or that it leaves.
void Http2Upstream::begin_to_take() {
  if (session_->streams_taken()) {
    fail_all(Failure::not_begun, net::Refusal::none);
    return;
  }
  if (!session_->has_settings()) return;
  if (!session_->accepts_streams()) {
    (*target_->stats)[ServiceStat::upstream_connect_failures].add();
    fail_all(Failure::connect, net::Refusal::none);
    return;
  }
  // RFC 9113, section 6.5.2: a target says 0 for a short time only.
  if (const std::uint32_t room = session_->max_streams(); room > 0)
    admit(room);
  else
    notify_streams([](Http2TargetStream& stream) { stream.on_full(); });
}

/// Those that are more than it takes go on.
void Http2Upstream::admit(std::uint32_t room) {
  phase_ = Phase::open;
  Streams surplus;
  while (streams_.size() > room) surplus.push_back(take_out(streams_.size() - 1));
  attached_ -= static_cast<std::uint32_t>(surplus.size());
  requests_ -= static_cast<std::uint32_t>(surplus.size());
  notify_streams([](Http2TargetStream& stream) { stream.on_ready(); });
  for (auto& stream : surplus) reassign_stream(std::move(stream));
}

/// Whoever hears it may leave; the last one takes the place.
template <class Notify>
void Http2Upstream::notify_streams(Notify notify) {
  for (std::size_t i = 0; i < streams_.size();) {
    Http2TargetStream* const stream = streams_[i].get();
    notify(*stream);
    if (i < streams_.size() && streams_[i].get() == stream) ++i;
  }
}

void Http2Upstream::reassign_stream(std::unique_ptr<Http2TargetStream> stream) {
  Http2Upstream* other = with_room(*target_, true);
  if (other == nullptr) {
    const Result<Http2Upstream*> made = connect(loop_, target_);
    if (!made) {
      ++attached_;  // until it has left
      finished_streams_.push_back(std::move(stream));
      finished_streams_.back()->fail_to_connect(made.error().source() == Source::internal);
      return;
    }
    other = *made;
  }
  stream->move_to(*other);
  Http2TargetStream& moved = *stream;
  other->add(std::move(stream));
  if (other->takes_none()) moved.on_full();
}

// ---- input --------------------------------------------------------------------------------------

void Http2Upstream::on_ready(net::Readiness ready) {
  mark_ready(ready);
  if (phase_ == Phase::connecting) {
    go_on_connecting(ready);
    if (phase_ == Phase::connecting) return;
  } else if (ready.write && is_blocked() && write_pending()) {
    resume_after_turn();
  }
  if (ready.read) read_input();
}

void Http2Upstream::read_input() {
  int reads = 0;
  while (phase_ > Phase::connecting && phase_ < Phase::closed && may_read()) {
    if (++reads > kReadsPerTurn) {
      read_next_turn();
      break;
    }
    const net::ReadResult got = read_behind({}, kRead);
    if (got.size > 0) {
      last_input_ = loop_.now();
      is_pinged_ = false;
      is_feeding_ = true;
      session_->feed({loop_.scratch(0).data(), got.size}, last_input_);
      is_feeding_ = false;
      loop_.writes().flush();  // the views into the scratch buffer end here
      after_feed();
      if (phase_ == Phase::closed) return;
    }
    if (got.error != 0 || got.eof) {
      if (attached_ == 0) (*target_->stats)[ServiceStat::upstream_closed_idle].add();
      fail_all(Failure::reset, net::Refusal::none);
      return;
    }
    if (session_->fault() != net::Refusal::none) break;
  }
  if (phase_ != Phase::closed) resume_after_turn();
}

void Http2Upstream::after_feed() {
  for (Http2TargetStream* const stream : streams_with_input_) stream->after_input();
  streams_with_input_.clear();
  reap_closed_streams();
  if (phase_ == Phase::greeting) begin_to_take();
  if (phase_ == Phase::open && !session_->accepts_streams()) {
    phase_ = Phase::draining;
    leave_pool();
  }
  update_idle();
}

void Http2Upstream::reap_closed_streams() {
  if (session_ == nullptr || !session_->has_closed()) return;
  note_leaving();
  for (const net::Http2Session::Closed& closed : session_->take_closed()) {
    auto& stream = static_cast<Http2TargetStream&>(*closed.stream);
    stream.on_closed(closed.error);  // it may leave by that
    retire_if_finished(stream);
    if (phase_ == Phase::closed) return;
  }
  note_staying();
}

void Http2Upstream::update_idle() {
  if (!streams_.empty() || phase_ < Phase::open || phase_ == Phase::closed) return;
  if (is_leaving()) {
    end();
    return;
  }
  if (is_idle_) return;
  if (!become_idle(target_->connections().idle_http2)) {
    end();
    return;
  }
  idle_since_ = loop_.now();
  is_idle_ = true;
}

// ---- turns --------------------------------------------------------------------------------------

void Http2Upstream::resume() {
  if (phase_ == Phase::closed || phase_ == Phase::connecting) return;
  is_waiting_ = false;
  const bool was_broken = is_broken();
  // The target may have answered before it closed.
  if (was_broken) mark_ready({.read = true});
  for (std::size_t i = 0; i < streams_.size(); ++i) streams_[i]->feed();
  read_input();
  if (was_broken && phase_ != Phase::closed) fail_all(Failure::reset, net::Refusal::none);
}

void Http2Upstream::finish_turn() {
  is_late_ = false;
  finished_streams_.clear();
  if (phase_ == Phase::closed || phase_ == Phase::connecting || is_broken()) return;
  reap_closed_streams();
  write_frames();
  reap_closed_streams();
  for (std::size_t i = 0; i < streams_.size(); ++i) streams_[i]->after_output();
  if (phase_ == Phase::closed) return;
  if (session_->is_over()) {
    const net::Refusal rule = session_->fault();
    const bool is_fault = rule != net::Refusal::none;
    if (is_fault) (*target_->stats)[ServiceStat::upstream_protocol_errors].add();
    fail_all(is_fault ? Failure::protocol : Failure::reset, rule);
    return;
  }
  update_idle();
  if (phase_ != Phase::closed) set_deadline();
}

// ---- ends ---------------------------------------------------------------------------------------

void Http2Upstream::fail_all(Failure failure, net::Refusal rule) {
  if (phase_ == Phase::closed) return;
  const boost::intrusive_ptr<Http2Upstream> alive(this);
  leave_pool();
  // Before the requests are told, since they may look for another connection.
  phase_ = Phase::closed;
  count_closed(is_idle_);
  timer_.cancel();
  close_channel();
  const std::size_t begin = finished_streams_.size();
  for (auto& stream : streams_) finished_streams_.push_back(std::move(stream));
  streams_.clear();
  for (std::size_t i = begin; i < finished_streams_.size(); ++i)
    finished_streams_[i]->fail(failure, rule);
  resume_after_turn();  // to forget them
}

void Http2Upstream::end() {
  TEAL_ASSERT(attached_ == 0);
  if (phase_ > Phase::connecting && !is_feeding_ && !is_broken()) {
    session_->stop();
    write_frames();
  }
  fail_all(Failure::none, net::Refusal::none);
}

void Http2Upstream::set_deadline() {
  if (phase_ < Phase::open) return;  // Those that wait have deadlines of their own.
  Mono at = idle_since_ + target_->spec().timeouts.upstream_idle;
  if (is_pinged_)
    at = last_input_ + target_->spec().upstream.ping_timeout;
  else if (!is_idle_)
    at = std::max(last_input_ + target_->spec().upstream.ping_after, next_ping_);
  loop_.wheel().set(timer_, at);
}

void Http2Upstream::on_timeout() {
  if (phase_ == Phase::closed) return;
  if (is_idle_) {
    (*target_->stats)[ServiceStat::upstream_expired_idle].add();
    end();
  } else if (is_pinged_) {
    (*target_->stats)[ServiceStat::upstream_ping_timeouts].add();
    fail_all(Failure::reset, net::Refusal::none);
  } else {
    is_pinged_ = true;
    last_input_ = loop_.now();  // the silence begins anew, and has to end in time
    next_ping_ = last_input_ + kNextPing;
    session_->ping();
    resume_after_turn();
  }
}

}  // namespace teal::proxy
