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

Http2Upstream* Http2Upstream::connect(WorkerLoop& loop,
                                      const boost::local_shared_ptr<TargetRuntime>& target) {
  const boost::intrusive_ptr<Http2Upstream> made = begin<Http2Upstream>(loop, target);
  if (!made) return nullptr;
  target->http2.push_back(made);
  made->note_need();
  return made.get();
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
  target->http2.push_back(made);
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
    lose(Failure::tls, net::Refusal::none);
    return;
  }
  phase_ = Phase::greeting;
  make_session();
  connected();
}

/// The target has said what it takes, or that it leaves.
void Http2Upstream::begin_to_take() {
  if (session_->streams_taken()) {
    lose(Failure::not_begun, net::Refusal::none);
    return;
  }
  if (!session_->has_settings()) return;
  if (!session_->accepts_streams()) {
    (*target_->stats)[ServiceStat::upstream_connect_failures].add();
    lose(Failure::connect, net::Refusal::none);
    return;
  }
  // RFC 9113, section 6.5.2: a target says 0 for a short time only.
  if (const std::uint32_t room = session_->most_streams(); room > 0)
    admit(room);
  else
    tell_streams([](Http2TargetStream& stream) { stream.on_full(); });
}

/// Those that are more than it takes go on.
void Http2Upstream::admit(std::uint32_t room) {
  phase_ = Phase::open;
  Streams surplus;
  while (streams_.size() > room) surplus.push_back(take_out(streams_.size() - 1));
  attached_ -= static_cast<std::uint32_t>(surplus.size());
  requests_ -= static_cast<std::uint32_t>(surplus.size());
  tell_streams([](Http2TargetStream& stream) { stream.on_ready(); });
  for (auto& stream : surplus) move_on(std::move(stream));
}

/// Whoever hears it may leave; the last one takes the place.
template <class Tell>
void Http2Upstream::tell_streams(Tell tell) {
  for (std::size_t i = 0; i < streams_.size();) {
    Http2TargetStream* const stream = streams_[i].get();
    tell(*stream);
    if (i < streams_.size() && streams_[i].get() == stream) ++i;
  }
}

void Http2Upstream::move_on(std::unique_ptr<Http2TargetStream> stream) {
  Http2Upstream* other = with_room(*target_, true);
  if (other == nullptr) other = connect(loop_, target_);
  if (other == nullptr) {
    (*target_->stats)[ServiceStat::upstream_connect_failures].add();
    ++attached_;  // until it has left
    gone_.push_back(std::move(stream));
    gone_.back()->lose(Failure::connect, net::Refusal::none);
    return;
  }
  stream->move_to(*other);
  Http2TargetStream& moved = *stream;
  other->add(std::move(stream));
  if (other->takes_none()) moved.on_full();
}

// ---- streams ------------------------------------------------------------------------------------

Http2Upstream* Http2Upstream::with_room(TargetRuntime& target, bool fresh) {
  for (const auto& each : target.http2)
    if (auto* const upstream = static_cast<Http2Upstream*>(each.get()); upstream->has_room(fresh))
      return upstream;
  return nullptr;
}

bool Http2Upstream::has_room(bool fresh) const {
  const std::uint32_t most = target_->upstream_settings.concurrent_streams;
  if (phase_ < Phase::open) return !is_stale_ && streams_.size() < most && !is_at_its_end();
  return phase_ == Phase::open && !fresh && !is_broken() && !is_pinged_ &&
         session_->accepts_streams() &&
         streams_.size() < std::min(most, session_->most_streams()) && !is_at_its_end();
}

/// It has had as many requests as the one that the target left, and has not shown yet that it
/// outlives them.
bool Http2Upstream::is_at_its_end() const {
  const std::uint32_t most = target_->left_after;
  return most > 0 && requests_ >= most && requests_ - streams_.size() < most;
}

/// The target has left: what it does not take is closed, and is to find the next one no longer.
void Http2Upstream::note_leaving() {
  const std::uint32_t taken = session_->streams_taken().value_or(0);
  if (taken > 0 && taken < requests_) target_->left_after = taken;
}

void Http2Upstream::note_staying() {
  const std::uint32_t most = target_->left_after;
  if (most > 0 && requests_ - streams_.size() >= most && session_->accepts_streams()) [[unlikely]]
    target_->left_after = 0;
}

TargetSide& Http2Upstream::open_stream(Exchange& exchange, const UpstreamOptions& wanted) {
  const bool is_kept = requests_ > 0 && is_ready();
  if (is_kept) (*target_->stats)[ServiceStat::upstream_reuses].add();
  if (std::exchange(is_idle_, false)) {
    end_idle();
    note_need();
  }
  // The silence of one that was not spoken to says nothing.
  if (streams_.empty()) last_input_ = next_ping_ = loop_.now();
  add(std::make_unique<Http2TargetStream>(*this, streams_.size(), exchange, wanted, is_kept));
  return *streams_.back();
}

void Http2Upstream::add(std::unique_ptr<Http2TargetStream> stream) {
  stream->set_place(streams_.size());
  streams_.push_back(std::move(stream));
  ++attached_;
  ++requests_;
}

std::unique_ptr<Http2TargetStream> Http2Upstream::take_out(std::size_t place) {
  if (place + 1 != streams_.size()) {
    streams_.back()->set_place(place);
    std::swap(streams_[place], streams_.back());
  }
  std::unique_ptr<Http2TargetStream> stream = std::move(streams_.back());
  streams_.pop_back();
  return stream;
}

void Http2Upstream::bury_if_over(const Http2TargetStream& stream) {
  const std::size_t place = stream.place();
  const bool is_here = place < streams_.size() && streams_[place].get() == &stream;
  if (is_here && stream.is_over()) gone_.push_back(take_out(place));
}

/// It is not wanted any more once nobody has a request on it.
bool Http2Upstream::is_leaving() const {
  return phase_ != Phase::open || target_->retired || loop_.is_draining();
}

void Http2Upstream::on_left(Http2TargetStream& stream) {
  --attached_;
  if (phase_ == Phase::closed) return;
  if (phase_ < Phase::open) is_stale_ = true;
  bury_if_over(stream);
  if (attached_ == 0 && is_leaving())
    end();
  else
    resume_after_turn();
}

void Http2Upstream::retire() {
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::open) phase_ = Phase::draining;
  if (attached_ == 0) end();
}

/// One more of the target's is in use.
void Http2Upstream::note_need() {
  const std::size_t open = target_->http2.size();
  target_->need_http2.saw(static_cast<std::uint32_t>(open) - target_->idle_http2.size());
}

void Http2Upstream::leave_pool() {
  std::erase(target_->http2, boost::intrusive_ptr<KeptConnection>(this));
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
      loop_.gather().flush();  // the views into the scratch buffer end here
      after_feed();
      if (phase_ == Phase::closed) return;
    }
    if (got.error != 0 || got.eof) {
      if (attached_ == 0) (*target_->stats)[ServiceStat::upstream_closed_idle].add();
      lose(Failure::reset, net::Refusal::none);
      return;
    }
    if (session_->fault() != net::Refusal::none) break;
  }
  if (phase_ != Phase::closed) resume_after_turn();
}

void Http2Upstream::after_feed() {
  for (Http2TargetStream* const stream : fed_) stream->after_input();
  fed_.clear();
  settle_closed();
  if (phase_ == Phase::greeting) begin_to_take();
  if (phase_ == Phase::open && !session_->accepts_streams()) {
    phase_ = Phase::draining;
    leave_pool();
  }
  settle_empty();
}

void Http2Upstream::settle_closed() {
  if (session_ == nullptr || !session_->has_closed()) return;
  note_leaving();
  for (const net::Http2Session::Closed& closed : session_->take_closed()) {
    auto& stream = static_cast<Http2TargetStream&>(*closed.stream);
    stream.on_closed(closed.error);  // it may leave by that
    bury_if_over(stream);
    if (phase_ == Phase::closed) return;
  }
  note_staying();
}

void Http2Upstream::settle_empty() {
  if (!streams_.empty() || phase_ < Phase::open || phase_ == Phase::closed) return;
  if (is_leaving()) {
    end();
    return;
  }
  if (is_idle_) return;
  if (!become_idle(target_->idle_http2)) {
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
  if (was_broken && phase_ != Phase::closed) lose(Failure::reset, net::Refusal::none);
}

void Http2Upstream::finish_turn() {
  is_late_ = false;
  gone_.clear();
  if (phase_ == Phase::closed || phase_ == Phase::connecting || is_broken()) return;
  settle_closed();
  write_frames();
  settle_closed();
  for (std::size_t i = 0; i < streams_.size(); ++i) streams_[i]->after_output();
  if (phase_ == Phase::closed) return;
  if (session_->is_over()) {
    const net::Refusal rule = session_->fault();
    const bool is_fault = rule != net::Refusal::none;
    if (is_fault) (*target_->stats)[ServiceStat::upstream_protocol_errors].add();
    lose(is_fault ? Failure::protocol : Failure::reset, rule);
    return;
  }
  settle_empty();
  if (phase_ != Phase::closed) set_deadline();
}

// ---- ends ---------------------------------------------------------------------------------------

void Http2Upstream::lose(Failure failure, net::Refusal rule) {
  if (phase_ == Phase::closed) return;
  const boost::intrusive_ptr<Http2Upstream> alive(this);
  leave_pool();
  // Before the requests are told, since they may look for another connection.
  phase_ = Phase::closed;
  count_closed(is_idle_);
  timer_.cancel();
  close_channel();
  const std::size_t begin = gone_.size();
  for (auto& stream : streams_) gone_.push_back(std::move(stream));
  streams_.clear();
  for (std::size_t i = begin; i < gone_.size(); ++i) gone_[i]->lose(failure, rule);
  resume_after_turn();  // to forget them
}

void Http2Upstream::end() {
  TEAL_ASSERT(attached_ == 0);
  if (phase_ > Phase::connecting && !is_feeding_ && !is_broken()) {
    session_->stop();
    write_frames();
  }
  lose(Failure::none, net::Refusal::none);
}

void Http2Upstream::set_deadline() {
  if (phase_ < Phase::open) return;  // Those that wait have deadlines of their own.
  Mono at = idle_since_ + target_->idle_timeout;
  if (is_pinged_)
    at = last_input_ + target_->upstream_settings.ping_timeout;
  else if (!is_idle_)
    at = std::max(last_input_ + target_->upstream_settings.ping_after, next_ping_);
  loop_.wheel().set(timer_, at);
}

void Http2Upstream::on_timeout() {
  if (phase_ == Phase::closed) return;
  if (is_idle_) {
    (*target_->stats)[ServiceStat::upstream_expired_idle].add();
    end();
  } else if (is_pinged_) {
    (*target_->stats)[ServiceStat::upstream_ping_timeouts].add();
    lose(Failure::reset, net::Refusal::none);
  } else {
    is_pinged_ = true;
    last_input_ = loop_.now();  // the silence begins anew, and has to end in time
    next_ping_ = last_input_ + kNextPing;
    session_->ping();
    resume_after_turn();
  }
}

}  // namespace teal::proxy
