// The part of Exchange that does what a route says besides asking a target: replies
// (local_reply.h), edits, compression. Requests of plain routes do not come by here.
#include "proxy/exchange/exchange.h"
#include "proxy/headers/edits.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

bool Exchange::try_answer_by_route() {
  const std::optional<LocalReply> answer =
      answer_by_route(request_, {*route_.actions(), route_.listener(request_.info.listener),
                                 loop_.shared().rate_limits, loop_.now(), loop_.counters()});
  if (answer) reply(*answer);
  return answer.has_value();
}

/// After everybody who asks what the client said.
void Exchange::change_request() {
  if (route_.actions()->rewrite.kind != config::NewPath::Kind::same)
    request_.rewrite_path(route_.actions()->rewrite, route_.listener(request_.info.listener).paths);
  if (route_.actions()->request_headers.empty()) return;
  connection_options_.note_request(request_.head);
  edit_head(request_.head, route_.actions()->request_headers, request_.bytes);
}

void Exchange::edit_response(net::ResponseHead& head) {
  if (!route_.actions()->response_headers.empty()) {
    edited_.own(head);
    edit_head(head, route_.actions()->response_headers, edited_.bytes());
  }
  if (!route_.actions()->compress || request_.info.http10) return;
  compressor_ = begin_compression(request_.head, head, edited_, *route_.actions()->compress,
                                  request_.liked, loop_);
  if (compressor_) response_.framing = {net::Framing::Kind::chunked, 0};
}

bool Exchange::send_compressed(ResponseCompressor::Made made) {
  if (!made) {
    attempts_.drop(false);
    truncate(Termination::compression_failed, Origin::teal);
    return false;
  }
  if (made->empty()) return true;
  response_.bytes_sent += made->size();
  client_->send_body(*made);
  loop_.gather().flush();  // the views into it end here
  return true;
}

}  // namespace teal::proxy
