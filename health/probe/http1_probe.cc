#include "health/probe/http1_probe.h"

namespace teal::health {

Http1Probe::Http1Probe(std::size_t most) : most_(most) {
  parser_.expect(net::Method::get);
}

void Http1Probe::feed(std::string_view bytes) {
  if (is_over()) return;
  has_begun_ = has_begun_ || !bytes.empty();
  rest_ += bytes;
  std::string_view input = rest_;
  while (!is_over()) {
    const net::ParseStep step = parser_.next(input);
    input.remove_prefix(step.consumed);
    switch (step.event) {
      case net::ParseEvent::need_more: rest_.erase(0, rest_.size() - input.size()); return;
      case net::ParseEvent::head:
        if (!parser_.head().is_interim()) status_ = parser_.head().status;
        break;
      case net::ParseEvent::body:
        body_ += step.body.size();
        is_whole_ = body_ >= most_;
        break;
      case net::ParseEvent::end: is_whole_ = true; break;
      case net::ParseEvent::refused:
        failure_ = "the answer is not valid HTTP: ";
        failure_ += net::explain(parser_.refusal());
        break;
    }
  }
}

void Http1Probe::feed_end() {
  if (is_over()) return;
  if (parser_.at_eof().event == net::ParseEvent::end && rest_.empty())
    is_whole_ = true;
  else
    failure_ = has_begun_ ? "connection closed before the answer was complete"
                          : "connection closed without an answer";
}

}  // namespace teal::health
