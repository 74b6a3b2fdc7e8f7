#include "health/probe/prober.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/ascii.h"
#include "health/probe/grpc_health.h"
#include "net/io/asio_endpoint.h"
#include "net/tls/session.h"

namespace teal::health {
namespace {

/// "connection refused", for the middle of a sentence.
std::string in_words(int error) {
  std::string text = std::strerror(error);
  text.front() = to_lower(text.front());
  return text;
}

std::string in_words(net::TlsFailure failure) {
  std::string text(to_string(failure));
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::string in_words(const std::vector<config::StatusRange>& expected) {
  std::string text;
  for (const config::StatusRange& range : expected) {
    if (!text.empty()) text += " or ";
    text += std::to_string(range.first);
    if (range.last != range.first) text += "-" + std::to_string(range.last);
  }
  return text;
}

std::string answer_of(unsigned status) {
  return "status " + std::to_string(status);
}

bool is_our_lack(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Prober::Prober(net::Reactor& reactor, ProbeScratch& scratch, const Address& target,
               std::shared_ptr<const ProbePlan> plan, Done done)
    : reactor_(reactor),
      scratch_(scratch),
      target_(target),
      plan_(std::move(plan)),
      done_(std::move(done)) {}

Prober::~Prober() = default;

Prober::Start Prober::start() {
  const Result<net::AsioEndpoint> endpoint = net::to_asio_endpoint(target_);
  if (!endpoint) {
    failure_ = endpoint.error().message();
    return Start::over;
  }
  net::Socket socket(
      ::socket(endpoint->data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // A Unix socket with a full queue answers EAGAIN: as good as refused.
  if (!socket ||
      (::connect(socket.fd(), endpoint->data(), static_cast<socklen_t>(endpoint->size())) != 0 &&
       errno != EINPROGRESS)) {
    error_ = errno;
    return is_our_lack(error_) ? Start::lacking : Start::over;
  }
  stream_ = net::Stream(std::move(socket));
  if (!reactor_.add(stream_.socket().fd(), *this)) {
    stream_.close();
    return Start::lacking;
  }
  phase_ = Phase::connecting;
  return Start::running;
}

void Prober::time_out() {
  fail("timed out after " + format_duration(plan_->check.timeout));
}

void Prober::cancel() {
  done_ = nullptr;
  close();
}

std::string Prober::reason() const {
  if (!passed_) return error_ != 0 ? in_words(error_) : failure_;
  switch (plan_->check.kind) {
    case config::HealthCheck::Kind::tcp: return "connected";
    case config::HealthCheck::Kind::grpc: return std::string(to_string(Serving::serving));
    case config::HealthCheck::Kind::http: break;
  }
  return answer_of(status_);
}

void Prober::on_ready(net::Readiness ready) {
  has_ended_ = has_ended_ || ready.ended;
  if (phase_ == Phase::connecting) {
    if (!ready.write) return;
    if (ready.broken) {
      if (const int error = net::connect_error(stream_.socket()); error != 0) return fail_by(error);
    }
    return on_connected(ready.read);
  }
  if (phase_ == Phase::shaking_hands) return shake_hands();
  if (phase_ == Phase::asking && write()) read();
}

/// Something `has_come` already, which will not be announced again.
void Prober::on_connected(bool has_come) {
  // What a new connection's buffer does not take goes nowhere.
  if (const std::string& header = plan_->proxy_header; !header.empty()) {
    const net::WriteResult written = stream_.write(header);
    if (written.size < header.size()) return fail_by(written.error != 0 ? written.error : EAGAIN);
  }
  const ProbePreamble& preamble = plan_->preamble;
  if (!preamble.tls) return on_open(has_come);
  stream_.start_tls(std::make_unique<net::TlsSession>(
      *preamble.tls, target_,
      plan_->check.http2 ? config::TargetProtocol::http2 : config::TargetProtocol::http1,
      scratch_.tls, stream_.socket().fd()));
  phase_ = Phase::shaking_hands;
  shake_hands();
}

void Prober::shake_hands() {
  switch (stream_.tls()->handshake()) {
    case net::TlsSession::Progress::waiting: return;
    case net::TlsSession::Progress::failed:
      return fail("no TLS: " + in_words(stream_.tls()->failure()));
    case net::TlsSession::Progress::done: return on_open(true);
  }
}

/// There is a connection to ask on.
void Prober::on_open(bool has_come) {
  phase_ = Phase::asking;
  if (plan_->check.kind == config::HealthCheck::Kind::tcp) return finish(true);
  if (plan_->check.http2) {
    http2_ = std::make_unique<Http2Probe>(plan_->http2_request(target_),
                                          plan_->preamble.tls != nullptr, kBodyLimit);
    if (!write()) return;
  } else {
    // In the thread's buffer, which nearly always is free again at once.
    std::swap(unsent_, scratch_.output);
    unsent_.clear();
    plan_->append_http1_request(unsent_, target_);
    if (!write()) return;
    if (unsent_.empty()) std::swap(unsent_, scratch_.output);
  }
  if (has_come) read();
}

/// False: it is over.
bool Prober::write() {
  if (http2_) unsent_ += http2_->take_output();
  if (unsent_.empty() && !stream_.has_unsent()) return true;
  const net::WriteResult written = stream_.write(unsent_);
  if (written.error != 0) {
    fail_by(written.error);
    return false;
  }
  unsent_.erase(0, written.size);
  return true;
}

void Prober::read() {
  while (phase_ == Phase::asking) {
    const net::ReadResult got = stream_.read(scratch_.input);
    // What came with a broken end of TLS may be the whole answer.
    if (got.size == 0 && got.error != 0) return fail_by(got.error);
    if (got.size > 0) {
      came_ += got.size;
      if (came_ > kAnswerLimit) return fail("an answer without an end");
      const std::string_view bytes(scratch_.input.data(), got.size);
      if (http2_) {
        http2_->feed(bytes);
        if (!write()) return;
      } else {
        if (!http1_) http1_ = std::make_unique<Http1Probe>(kBodyLimit);
        http1_->feed(bytes);
      }
    }
    look_at_answer(got.eof);
    if (got.error != 0 && phase_ == Phase::asking) return fail_by(got.error);
    // The end is not announced again.
    if (got.drained && (!has_ended_ || got.size == 0)) return;
  }
}

void Prober::look_at_answer(bool has_ended) {
  if (http2_) {
    if (http2_->is_over())
      return plan_->check.kind == config::HealthCheck::Kind::grpc ? judge_grpc() : judge_http2();
    if (has_ended) fail("connection closed without an answer");
    return;
  }
  if (has_ended) {
    if (!http1_) http1_ = std::make_unique<Http1Probe>(kBodyLimit);
    http1_->feed_end();
  }
  if (!http1_) return;
  // An unexpected status is answer enough.
  if (http1_->is_over() || (http1_->status() != 0 && !is_expected(http1_->status()))) judge_http1();
}

void Prober::judge_http1() {
  status_ = http1_->status();
  if (status_ == 0) return fail(http1_->failure());
  if (!is_expected(status_))
    return fail(answer_of(status_) + ", expected " + in_words(plan_->check.expect));
  if (!http1_->failure().empty()) return fail(answer_of(status_) + ", but " + http1_->failure());
  finish(true);
}

void Prober::judge_http2() {
  status_ = http2_->status();
  if (status_ != 0 && !is_expected(status_))
    return fail(answer_of(status_) + ", expected " + in_words(plan_->check.expect));
  if (!http2_->failure().empty()) return fail(http2_->failure());
  finish(true);
}

void Prober::judge_grpc() {
  if (!http2_->failure().empty()) return fail(http2_->failure());
  status_ = http2_->status();
  if (status_ != 200) return fail(answer_of(status_) + ", not gRPC");
  if (const std::string& told = http2_->grpc_status(); told != "0")
    return fail("grpc-status " + (told.empty() ? "missing" : told));
  const Serving serving = read_grpc_health(http2_->body());
  if (serving != Serving::serving)
    return fail(std::string(to_string(serving)) + ", expected SERVING");
  finish(true);
}

bool Prober::is_expected(unsigned status) const {
  return std::ranges::any_of(plan_->check.expect, [status](const config::StatusRange& range) {
    return range.contains(status);
  });
}

void Prober::fail(std::string why) {
  failure_ = std::move(why);
  finish(false);
}

void Prober::fail_by(int error) {
  error_ = error;
  finish(false);
}

void Prober::finish(bool passed) {
  passed_ = passed;
  // It may be that only the reactor and the owner hold this.
  const boost::intrusive_ptr<Prober> self(this);
  close();
  if (const Done done = std::exchange(done_, nullptr)) done();
}

void Prober::close() {
  if (phase_ == Phase::over) return;
  phase_ = Phase::over;
  stream_.close();
  reactor_.remove_closed(*this);
}

}  // namespace teal::health
