#include "proxy/downstream/http2.h"

#include <algorithm>
#include <utility>

#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {
namespace {

constexpr std::size_t kRead = 32 * 1024;
/// Between the two steps of an end, where the client does not answer the first (RFC 9113, section
/// 6.8: at least a round trip).
constexpr Millis kShutdown{1000};
/// For an answer to our PING.
constexpr Millis kPing{10'000};

net::Http2Limits limits_of(const config::Listener& spec) {
  net::Http2Limits result;
  result.concurrent_streams = spec.http2.concurrent_streams;
  result.path_bytes = spec.limits.request_line_bytes;
  result.head_bytes = spec.limits.header_bytes;
  result.fields = spec.limits.header_count;
  result.reset_burst = spec.http2.reset_burst;
  result.resets_per_second = spec.http2.resets_per_second;
  return result;
}

}  // namespace

Http2Downstream::Http2Downstream(Downstream& from)
    : Http2Channel(from, [](void* self) { static_cast<Http2Downstream*>(self)->on_timeout(); }),
      requests_limit_(requests_limit()),
      opened_(loop_.now()),
      idle_since_(opened_),
      last_input_(opened_) {
  session_ = net::Http2Session::make_server(limits_of(spec()), *this);
  stats()[ListenerStat::http2_connections].add();
}

Http2Downstream::~Http2Downstream() = default;

void Http2Downstream::take_over(Downstream& from) {
  const boost::intrusive_ptr<Http2Downstream> next(new Http2Downstream(from));
  if (!next->start()) return;
  const std::string begun = std::exchange(next->stash_, {});
  next->session_->feed(begun, next->loop_.now());
  next->loop_.writes().flush();  // the views into it end here
  next->set_deadline();
  // What came with the end of the greeting is there already, and will not be announced again.
  next->mark_ready({.read = true});
  next->resume_soon();
  next->resume_after_turn();
}

// ---- input --------------------------------------------------------------------------------------

void Http2Downstream::on_ready(net::Readiness ready) {
  mark_ready(ready);
  if (ready.broken) {
    count_input_failure();
    lose_all();
    close();
    return;
  }
  if (ready.write && is_blocked() && write_pending()) {
    if (phase_ == Phase::closing) {
      try_to_end();
      return;
    }
    resume_after_turn();
  }
  if (!ready.read) return;
  if (phase_ == Phase::lingering) linger();
  if (phase_ < Phase::closing) read_input();
}

void Http2Downstream::read_input() {
  int reads = 0;
  while (phase_ < Phase::closing && may_read() && !is_blocked()) {
    if (++reads > kReadsPerTurn) {
      read_next_turn();
      break;
    }
    const net::ReadResult got = read_behind({}, kRead);
    if (got.size > 0) {
      last_input_ = loop_.now();
      is_pinged_ = false;
      session_->feed({loop_.scratch(0).data(), got.size}, last_input_);
      loop_.writes().flush();  // the views into the scratch buffer end here
      reap_closed_streams();
    }
    if (got.error != 0 || got.eof) {
      if (got.error != 0) count_input_failure();
      lose_all(got.error == 0);
      close();
      return;
    }
    if (session_->fault() != net::Refusal::none) break;
  }
  resume_after_turn();
}

net::Http2ServerStream& Http2Downstream::open_stream() {
  ++begun_;
  if ((requests_limit_ != 0 && begun_ >= requests_limit_) || loop_.ends_connections())
    start_shutdown();
  requests_.push_back(std::make_unique<Http2Request>(*this, requests_.size()));
  return *requests_.back();
}

void Http2Downstream::on_malformed(const net::RequestHead& head, net::Refusal rule) {
  loop_.counters().refused(rule).add();
  log_own({net::status_of(rule), 0}, Termination::refused, net::to_string(rule), &head);
}

void Http2Downstream::answer(Http2Request& request, const LocalReply& answer,
                             std::string_view detail, const net::RequestHead& head) {
  ResponseStyle style;
  style.location = answer.location;
  style.framing = {net::Framing::Kind::length, answer.text.size()};
  style.date = loop_.date();
  LocalReplyContent content;
  const std::string_view text = error_page(answer, content, style);
  const std::size_t size =
      request.send_local_reply(answer.status, text, style, head.method == net::Method::head);
  log_own({answer.status, size}, answer.termination, detail, &head);
}

// ---- turns --------------------------------------------------------------------------------------

void Http2Downstream::resume() {
  switch (phase_) {
    case Phase::closed: return;
    case Phase::closing:
      if (is_broken())
        close();
      else
        try_to_end();
      return;
    case Phase::lingering: linger(); return;
    default: break;
  }
  if (is_broken()) {
    lose_all();
    close();
    return;
  }
  is_waiting_ = false;
  for (std::size_t i = 0; i < requests_.size(); ++i) requests_[i]->resume_if_asked();
  read_input();
}

void Http2Downstream::finish_turn() {
  is_late_ = false;
  if (phase_ >= Phase::closing || is_broken()) return;  // resume() comes for that
  reap_closed_streams();
  write_frames();
  reap_closed_streams();
  for (std::size_t i = 0; i < requests_.size(); ++i) requests_[i]->report_room();
  if (session_->is_over()) {
    end_after_output();
    return;
  }
  set_deadline();
  // Where output was in the way of reading. Not now: the other connections have their turn first.
  if (may_read() && !is_blocked()) read_next_turn();
}

void Http2Downstream::reap_closed_streams() {
  if (!session_->has_closed()) return;
  for (const net::Http2Session::Closed& closed : session_->take_closed()) {
    auto& request = static_cast<Http2Request&>(*closed.stream);
    request.on_gone(closed.error == net::Http2Error::none);
    const std::size_t index = request.index();
    if (index + 1 != requests_.size()) {
      requests_.back()->set_index(index);
      std::swap(requests_[index], requests_.back());
    }
    requests_.pop_back();
  }
  if (requests_.empty()) idle_since_ = loop_.now();
}

// ---- ends ---------------------------------------------------------------------------------------

void Http2Downstream::lose_all(bool in_order) {
  reap_closed_streams();
  for (const auto& request : requests_) request->on_gone(in_order);
}

void Http2Downstream::end_after_output() {
  lose_all();
  if (const net::Refusal rule = session_->fault(); rule != net::Refusal::none) {
    loop_.counters().refused(rule).add();
    log_own({net::status_of(rule), 0}, Termination::refused, net::to_string(rule), nullptr);
  }
  end_connection(Ending::brief_linger);
}

void Http2Downstream::start_shutdown() {
  if (shutdown_at_ != Mono::max()) return;
  session_->start_shutdown();
  shutdown_at_ = loop_.now() + kShutdown;
  resume_after_turn();
}

void Http2Downstream::drain() {
  if (phase_ >= Phase::closing) return;
  start_shutdown();
  set_deadline();
}

void Http2Downstream::add_to_census(CensusTaker& census) const {
  for (const auto& request : requests_) request->add_to_census(census);
}

void Http2Downstream::shorten_idle() {
  Downstream::shorten_idle();
  if (phase_ >= Phase::closing) return;
  if (loop_.ends_connections()) start_shutdown();
  set_deadline();
}

void Http2Downstream::abort() {
  if (phase_ == Phase::closed) return;
  for (const auto& request : requests_) request->on_shutdown();
  if (phase_ < Phase::closing) {
    session_->stop();
    session_->write(*this);
  }
  loop_.writes().flush();
  close();
}

void Http2Downstream::set_deadline() {
  Mono at = requests_.empty() ? idle_since_ + loop_.idle_limit(timeouts_.keep_alive)
                              : last_input_ + timeouts_.keep_alive;
  if (is_pinged_) at += kPing;
  if (!session_->has_begun()) at = opened_ + timeouts_.request_header;
  if (!session_->is_in_head()) {
    head_since_ = Mono::max();
  } else {
    if (head_since_ == Mono::max()) head_since_ = loop_.now();
    at = std::min(at, head_since_ + timeouts_.request_header);
  }
  loop_.wheel().set(timer_, std::min(at, shutdown_at_));
}

void Http2Downstream::on_timeout() {
  if (phase_ >= Phase::closing) {
    close();
    return;
  }
  Shard& counters = loop_.counters();
  const Mono now = loop_.now();
  const bool is_head_late = !session_->has_begun() || session_->is_in_head();
  if (now >= shutdown_at_) {
    shutdown_at_ = Mono::max();
    session_->finish_shutdown();
  } else if (is_head_late) {
    counters[Stat::request_header_timeouts].add();
    session_->stop();
  } else if (requests_.empty()) {
    counters[Stat::keep_alive_timeouts].add();
    if (loop_.overload() != OverloadLevel::none) counters[Stat::overload_closed_idle].add();
    session_->stop();
  } else if (is_pinged_) {
    counters[Stat::keep_alive_timeouts].add();
    lose_all();
    close();
    return;
  } else {
    is_pinged_ = true;
    session_->ping();
    set_deadline();
  }
  resume_after_turn();
}

}  // namespace teal::proxy
