#include "proxy/exchange/continue_relay.h"

#include <algorithm>

#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

void ContinueRelay::await(Millis body_idle) {
  if (!expectation_.is_asked()) {
    on_silence();
    return;
  }
  // Its own time for the body must not run out meanwhile.
  deadlines_.begin_phase(body_idle.count() > 0
                             ? std::clamp(body_idle / 2, Millis{1}, Expectation::kWait)
                             : Expectation::kWait);
}

void ContinueRelay::on_continue() {
  if (expectation_.is_in_doubt()) attempts_.target()->connections().continues.answered();
  if (expectation_.take_continue()) send_continue(ServiceStat::continue_by_target);
}

/// From now on the client has its time for the body.
void ContinueRelay::send_continue(ServiceStat by) {
  serving_.count(by);
  client_->send_continue();
  deadlines_.begin_phase(serving_.route().timeouts().stream_idle);
  client_->resume_request();
}

void ContinueRelay::on_silence() {
  // Not one that did not even take the head yet.
  if (expectation_.is_asked() && !attempts_.is_blocked())
    attempts_.target()->connections().continues.was_silent(expectation_.asked_at(), loop_.now());
  if (expectation_.take_word()) send_continue(ServiceStat::continue_by_teal);
}

void ContinueRelay::on_body() {
  if (expectation_.take_body(loop_.now()))
    attempts_.target()->connections().continues.was_silent(expectation_.asked_at(), loop_.now());
}

void ContinueRelay::on_answer(const net::ResponseHead& head) {
  const bool came_instead = expectation_.take_answer(head.minor_version != net::kHttp2);
  // One of HTTP/1.0 does not know what it was asked.
  if (came_instead && head.minor_version > 0)
    attempts_.target()->connections().continues.answered();
  client_->resume_request();  // No time for the body runs any more.
}

}  // namespace teal::proxy
