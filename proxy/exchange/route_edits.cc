#include "proxy/exchange/route_edits.h"

#include "proxy/headers/edits.h"
#include "proxy/headers/odd_names.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

void RouteEdits::edit_request() {
  const config::RouteActions& actions = *route_.actions();
  if (actions.rewrite.kind != config::NewPath::Kind::same)
    request_.rewrite_path(actions.rewrite, route_.listener(request_.info.listener).paths);
  if (actions.request_headers.empty()) return;
  connection_options_.note_request(request_.head);
  edit_head(request_.head, actions.request_headers, request_.bytes);
}

std::optional<net::Fields> RouteEdits::pick_request_trailers(const net::Fields& trailers,
                                                             const GrpcCall& grpc) {
  Shard& counters = loop_.counters();
  net::Fields picked;
  if (passes_trailers(grpc)) {
    const ConnectionNames survey = connection_options_.of_request(request_.head);
    pick_trailers(trailers, survey,
                  route_.actions() == nullptr ? nullptr : &route_.actions()->request_headers,
                  picked);
    if (take_out_odd_names(picked, route_.listener(request_.info.listener).underscores)
            .is_refused) {
      counters.refused(net::Refusal::field_name_underscored).add();
      return std::nullopt;
    }
  }
  counters[Stat::request_trailers].add(trailers.size() - picked.size());
  return picked;
}

void RouteEdits::edit_response(net::ResponseHead& head, ResponseState& response) {
  const config::RouteActions& actions = *route_.actions();
  if (!actions.response_headers.empty()) {
    edited_head_.own(head);
    edit_head(head, actions.response_headers, edited_head_.bytes());
  }
  if (!actions.compress || request_.info.is_http10) return;
  compressor_ = begin_compression(request_.head, head, edited_head_, *actions.compress,
                                  request_.accepted_coding, loop_);
  if (compressor_) response.framing = {net::Framing::Kind::chunked, 0};
}

net::Fields RouteEdits::pick_response_trailers(const net::Fields& trailers) const {
  net::Fields picked;
  const ConnectionNames survey = connection_options_.of_response();
  pick_trailers(trailers, survey,
                route_.actions() == nullptr ? nullptr : &route_.actions()->response_headers,
                picked);
  return picked;
}

}  // namespace teal::proxy
