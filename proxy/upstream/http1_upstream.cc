#include "proxy/upstream/http1_upstream.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "net/http1/writer.h"
#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/upstream/http2_upstream.h"

namespace teal::proxy {
namespace {

/// What a connection is worth: more of an unwanted body costs more than a new connection.
constexpr std::size_t kDiscarded = 64 * 1024;
constexpr Millis kDiscarding{1000};

/// What is worth two system calls, into a pipe and out of it, where one read and one write would
/// do. Measured: at 64 KiB of body splicing takes four fifths of the time.
constexpr std::uint64_t kWorthSplicing = std::uint64_t{24} * 1024;

}  // namespace

Http1Upstream::Http1Upstream(WorkerLoop& loop, net::Stream stream,
                             boost::local_shared_ptr<TargetRuntime> target)
    : TargetConnection(loop, std::move(stream), std::move(target)),
      read_size_(kFirstRead),
      parser_(net::kHttp1ResponseLimits),
      timer_([](void* self) { static_cast<Http1Upstream*>(self)->on_idle_timeout(); }, this) {}

Http1Upstream::~Http1Upstream() = default;

Result<Http1Upstream*> Http1Upstream::connect(WorkerLoop& loop,
                                              const boost::local_shared_ptr<TargetRuntime>& target,
                                              Exchange& exchange, const UpstreamOptions& wanted) {
  const auto made = begin<Http1Upstream>(loop, target);
  if (!made) return made.error();
  (*made)->attach(exchange, wanted);
  return made->get();
}

Http1Upstream* Http1Upstream::reuse(TargetRuntime& target, Exchange& exchange,
                                    const UpstreamOptions& wanted) {
  TargetConnections& connections = target.connections();
  if (connections.idle_http1.empty()) return nullptr;
  Http1Upstream* kept = static_cast<Http1Upstream*>(connections.idle_http1.newest());
  if (!wanted.proxy_header.empty()) {
    if (!connections.idle_named) return nullptr;
    const auto found = connections.idle_named->find(wanted.proxy_header);
    if (found == connections.idle_named->end()) return nullptr;
    kept = static_cast<Http1Upstream*>(found->second);
    connections.idle_named->erase(found);
  }
  kept->end_idle();
  (*target.stats)[ServiceStat::upstream_reuses].add();
  kept->attach(exchange, wanted);
  return kept;
}

void Http1Upstream::attach(Exchange& exchange, const UpstreamOptions& wanted) {
  TEAL_ASSERT(state_ != State::closed && exchange_ == nullptr);
  exchange_ = &exchange;
  if (state_ == State::idle)
    state_ = State::busy;
  else
    proxy_header_ = wanted.proxy_header;
  // Few servers take upgrades over HTTP/2, so where TLS would choose it is not given the choice.
  if (state_ == State::connecting && wanted.may_switch) speak_http1();
  is_paused_ = has_response_begun_ = is_spliced_ = false;
  read_size_ = kFirstRead;
  max_read_ = wanted.max_read;
  timer_.cancel();
  forget_written();
  ++requests_;
  parser_.expect(wanted.method, wanted.may_switch);
}

void Http1Upstream::send_head(const net::RequestHead& head, const RequestStyle& style) {
  is_chunked_ = head.framing.kind == net::Framing::Kind::chunked;
  append_request_head(output(), head, style);
}

void Http1Upstream::send_body(std::string_view bytes) {
  if (!is_chunked_) {
    write_view(bytes);
    return;
  }
  write_view(net::chunk_header(bytes.size()).view());
  write_view(bytes);
  write_view(net::kCrlf);
}

void Http1Upstream::begin_tunnel() {
  is_tunnel_ = true;
  is_chunked_ = false;
}

void Http1Upstream::send_end(const net::Fields& trailers) {
  if (is_tunnel_) finish_output();
  if (is_chunked_) append_last_chunk(output(), trailers);
}

void Http1Upstream::on_ready(net::Readiness ready) {
  mark_ready(ready);
  if (state_ == State::connecting) {
    go_on_connecting(ready);
    if (state_ != State::busy) return;
  } else if (ready.write && is_blocked() && write_pending() && exchange_ != nullptr) {
    exchange_->on_upstream_unblocked();
  }
  if (state_ == State::idle && ready.read) {
    on_idle_input();
    return;
  }
  if (ready.read) read_response();
}

void Http1Upstream::resume() {
  if (state_ == State::idle && may_read()) {
    on_idle_input();
    return;
  }
  if (state_ != State::busy && state_ != State::discarding) return;
  if (is_broken() && state_ == State::discarding) {
    abandon();
    return;
  }
  if (is_broken()) {
    // The target may have answered before it closed: what it said last is worth more than EPIPE.
    mark_ready({.read = true});
    read_response();
    if (state_ == State::busy && exchange_ != nullptr) fail(Failure::reset, net::Refusal::none);
    return;
  }
  read_response();
}

void Http1Upstream::on_open() {
  if (stream_.tls() != nullptr && stream_.tls()->is_http2()) {
    become_http2();
    return;
  }
  state_ = State::busy;
  connected();
  if (exchange_ != nullptr) exchange_->on_connected(*this);
}

void Http1Upstream::become_http2() {
  state_ = State::closed;
  count_closed(false);
  Exchange& exchange = *std::exchange(exchange_, nullptr);
  Http2Upstream::take_over(loop_, release_stream(), target_, exchange, {.max_read = max_read_});
}

void Http1Upstream::unpause() {
  if (!std::exchange(is_paused_, false)) return;
  if (may_read()) loop_.resume_soon(*this);
}

bool Http1Upstream::is_reading() const {
  return state_ == State::discarding ||
         (state_ == State::busy && exchange_ != nullptr && !is_paused_ && !has_input_ended_);
}

void Http1Upstream::read_response() {
  int reads = 0;
  while (is_reading() && may_read()) {
    if (++reads > kReadsPerTurn) {
      loop_.resume_next_turn(*this);
      return;
    }
    if (const std::optional<net::ReadResult> spliced = splice_body()) {
      if (spliced->error != 0 || spliced->eof) {
        fail(Failure::reset, net::Refusal::none);
        return;
      }
      exchange_->after_response_input();
      continue;
    }
    net::ReadResult got = read_behind(stash_, read_size_);
    // The body has ended with bytes that were not shown, and the connection behind it.
    const bool ends_unseen = std::exchange(is_spliced_, false) && parser_.bytes_remaining() == 0;
    if (ends_unseen && got.error != 0) got = {.drained = true, .eof = true};
    if (got.size > 0 || (ends_unseen && !got.eof)) {
      has_response_begun_ = true;
      const std::string_view input(loop_.scratch(0).data(), stash_.size() + got.size);
      if (!parse(input)) return;
      if (got.size == read_size_) read_size_ = std::min(read_size_ * 4, max_read_);
      loop_.writes().flush();  // the views into the scratch buffer end here
      if (exchange_ != nullptr) exchange_->after_response_input();
    }
    if (got.error != 0) {
      fail(Failure::reset, net::Refusal::none);
      return;
    }
    if (got.eof && exchange_ == nullptr) {
      abandon();
      return;
    }
    if (got.eof) {
      has_input_ended_ = true;
      const net::ParseStep step = parser_.at_eof();
      if (step.event == net::ParseEvent::end && stash_.empty()) {
        exchange_->on_response_end(parser_.trailers(), false);
      } else {
        fail(Failure::reset, net::Refusal::none);
      }
      return;
    }
    if (got.drained) return;
  }
}

std::optional<net::ReadResult> Http1Upstream::splice_body() {
  if (parser_.bytes_remaining() < (is_spliced_ ? 1 : kWorthSplicing) || exchange_ == nullptr)
      [[likely]]
    return std::nullopt;
  Channel* const client = exchange_->bare_output();
  if (client == nullptr) return std::nullopt;
  const std::optional<net::ReadResult> got = client->splice_from(*this, parser_.bytes_remaining());
  if (got && got->size > 0) {
    is_spliced_ = true;
    parser_.skip_body(got->size);
    exchange_->on_response_spliced(got->size);
  }
  return got;
}

bool Http1Upstream::parse(std::string_view input) {
  while (true) {
    const net::ParseStep step = parser_.next(input);
    input.remove_prefix(step.consumed);
    if (state_ == State::discarding && step.event != net::ParseEvent::need_more) {
      if (!discard_step(step, input.empty())) return false;
      continue;
    }
    switch (step.event) {
      case net::ParseEvent::need_more: keep_rest(stash_, input); return true;
      case net::ParseEvent::head: exchange_->on_response_head(parser_.head()); break;
      case net::ParseEvent::body: exchange_->on_response_body(step.body); break;
      case net::ParseEvent::end:
        keep_rest(stash_, {});
        if (!input.empty()) loop_.counters().refused(net::Refusal::bytes_after_message).add();
        exchange_->on_response_end(parser_.trailers(),
                                   parser_.head().keep_alive && input.empty() && !is_blocked());
        return false;
      case net::ParseEvent::refused:
        (*target_->stats)[ServiceStat::upstream_protocol_errors].add();
        if (net::is_of_answers(parser_.refusal()))
          loop_.counters().refused(parser_.refusal()).add();
        fail(Failure::protocol, parser_.refusal());
        return false;
    }
    if (state_ == State::discarding) continue;
    if (exchange_ == nullptr || state_ != State::busy) return false;
  }
}

bool Http1Upstream::discard_step(const net::ParseStep& step, bool is_last_input) {
  discarded_ += step.body.size();
  const bool is_end = step.event == net::ParseEvent::end;
  if (is_end && is_last_input && parser_.head().keep_alive && !is_blocked()) {
    const boost::intrusive_ptr<Http1Upstream> alive(this);
    free_memory(stash_);
    std::erase(target_->connections().discarding, alive);
    state_ = State::busy;
    release();
    return false;
  }
  if (!is_end && step.event != net::ParseEvent::refused && discarded_ <= kDiscarded) return true;
  abandon();
  return false;
}

void Http1Upstream::fail(Failure failure, net::Refusal rule) {
  const boost::intrusive_ptr<Http1Upstream> alive(this);
  if (exchange_ != nullptr) {
    exchange_->on_upstream_failed(failure, rule);  // abandons this connection
  } else {
    abandon();
  }
}

void Http1Upstream::release() {
  TEAL_ASSERT(state_ == State::busy);
  exchange_ = nullptr;
  if (target_->is_retired || loop_.is_draining() || is_broken() ||
      !become_idle(target_->connections().idle_http1)) {
    abandon();
    return;
  }
  state_ = State::idle;
  loop_.wheel().set(timer_, loop_.now() + target_->spec().timeouts.upstream_idle);
  if (!proxy_header_.empty()) {
    auto& named = target_->connections().idle_named;
    if (!named) named = std::make_unique<TargetConnections::ByName>();
    named->emplace(proxy_header_, this);
  }
  // Not seen yet, but there: the target's close, or bytes that nobody asked for.
  if (may_read()) loop_.resume_soon(*this);
}

void Http1Upstream::discard() {
  TEAL_ASSERT(state_ == State::busy);
  exchange_ = nullptr;
  is_paused_ = false;
  if (target_->is_retired || loop_.is_draining()) {
    abandon();
    return;
  }
  state_ = State::discarding;
  discarded_ = 0;
  target_->connections().discarding.emplace_back(this);
  loop_.wheel().set(timer_, loop_.now() + kDiscarding);
  // Where this is not said in the middle of the input, the rest may be there already.
  if (may_read()) loop_.resume_soon(*this);
}

void Http1Upstream::abandon() {
  const boost::intrusive_ptr<Http1Upstream> alive(this);
  exchange_ = nullptr;
  if (state_ == State::closed) return;
  if (state_ == State::idle) forget_name();
  if (state_ == State::discarding) std::erase(target_->connections().discarding, alive);
  count_closed(state_ == State::idle);
  state_ = State::closed;
  timer_.cancel();
  close_channel();
}

void Http1Upstream::close_idle() {
  TEAL_ASSERT(state_ == State::idle || state_ == State::discarding);
  abandon();
}

void Http1Upstream::on_idle_input() {
  const net::ReadResult got = read_behind({}, 1);
  if (got.size == 0 && !got.eof && got.error == 0) return;  // nothing there after all
  if (got.size > 0) loop_.counters().refused(net::Refusal::bytes_after_message).add();
  (*target_->stats)[ServiceStat::upstream_closed_idle].add();
  abandon();
}

void Http1Upstream::forget_name() {
  const auto& named = target_->connections().idle_named;
  if (proxy_header_.empty() || !named) return;
  const auto [begin, end] = named->equal_range(proxy_header_);
  const auto me =
      std::find_if(begin, end, [this](const auto& each) { return each.second == this; });
  if (me != end) named->erase(me);
}

void Http1Upstream::on_idle_timeout() {
  if (state_ == State::discarding) abandon();
  if (state_ != State::idle) return;
  (*target_->stats)[ServiceStat::upstream_expired_idle].add();
  abandon();
}

}  // namespace teal::proxy
