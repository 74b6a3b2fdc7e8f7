#include "health/probe/http2_probe.h"

#include <algorithm>
#include <utility>

namespace teal::health {
namespace {

/// A probe is too short for what floods are measured by.
constexpr Mono kNow{std::chrono::seconds{1}};

}  // namespace

Http2Probe::Http2Probe(ProbeRequest request, bool secure, std::size_t most)
    : session_(net::Http2Session::make_client(net::kHttp2ResponseLimits, secure)),
      most_(most),
      request_(std::move(request)) {}

Http2Probe::~Http2Probe() = default;

/// As requests are: when the target's SETTINGS have come. Where they allow no stream yet, the
/// session keeps it until others do (RFC 9113, section 6.5.2).
void Http2Probe::ask() {
  if (std::exchange(is_asked_, true)) return;
  net::Http2FieldSection section;
  section.add_lines(request_.lines);
  session_->send_request(*this, {request_.method, request_.host, request_.path}, section,
                         request_.body.empty());
  session_->send_body(*this, request_.body, *this);
  session_->send_end(*this);
}

std::string Http2Probe::take_output() {
  session_->write(*this);
  return std::exchange(output_, {});
}

void Http2Probe::feed(std::string_view bytes) {
  session_->feed(bytes, kNow);
  if (is_over()) return;
  if (session_->has_settings()) ask();
  if (const net::Refusal rule = session_->fault(); rule != net::Refusal::none)
    failure_ = "the answer is not HTTP/2: " + std::string(net::explain(rule));
  else if (session_->has_closed())
    failure_ = "the target reset the stream before the answer was complete";
  else if (session_->is_over())
    failure_ = "the target ended the connection before the answer was complete";
}

void Http2Probe::on_response(net::ResponseHead& head) {
  if (head.is_interim()) return;
  status_ = head.status;
  note_grpc_status(head.fields);
}

void Http2Probe::on_body(std::string_view bytes) {
  session_->consume(*this, bytes.size());
  body_ += bytes.substr(0, most_ - std::min(most_, body_.size()));
  if (body_.size() >= most_) is_whole_ = true;
}

void Http2Probe::on_end(const net::Fields& trailers) {
  note_grpc_status(trailers);
  is_whole_ = true;
}

void Http2Probe::on_refused(net::Refusal rule) {
  failure_ = "the answer breaks a rule of HTTP/2: " + std::string(net::explain(rule));
}

void Http2Probe::note_grpc_status(const net::Fields& fields) {
  if (const net::Field* field = fields.find("grpc-status")) grpc_status_ = fields.value(*field);
}

}  // namespace teal::health
