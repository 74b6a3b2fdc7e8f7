// RouteEdits: what a route changes of a request and of its response on their way: the path, fields,
// which trailers go on, the coding of the response's body. It goes by the heads as they came where
// an edit would hide something: what Connection said of trailers, what coding the client likes.
//
// Part of one exchange, on its worker's thread; of a request whose route changes nothing it knows
// next to nothing. Does not send, and does not answer in a target's place (reply_rules.h).
#pragma once

#include <memory>
#include <optional>

#include "net/http/message.h"
#include "proxy/exchange/response_compressor.h"
#include "proxy/headers/trailers.h"
#include "proxy/loop/route_pin.h"
#include "proxy/request/grpc_call.h"
#include "proxy/request/request.h"
#include "proxy/request/response_state.h"

namespace teal::proxy {

class WorkerLoop;

class RouteEdits {
 public:
  /// All but the loop are parts of the same exchange.
  RouteEdits(WorkerLoop& loop, Request& request, const RoutePin& route)
      : loop_(loop), request_(request), route_(route) {}
  RouteEdits(const RouteEdits&) = delete;
  RouteEdits& operator=(const RouteEdits&) = delete;

  /// Of the next request.
  void begin() { connection_options_.begin(); }
  /// Of the request: nothing more of the response goes through here.
  void end() { compressor_.reset(); }

  // ---- the request
  /// Requires: the route has actions, and whoever asks what the client said has asked.
  void edit_request();
  /// Trailers go on to the target. Few applications know what to do with them, and some merge them
  /// into the head.
  bool passes_trailers(const GrpcCall& grpc) const {
    return grpc.is_call() ||
           (route_.actions() != nullptr && route_.actions()->passes_request_trailers);
  }
  /// What of the request's trailers goes on, in the same bytes; counts the rest. Nothing: they are
  /// refused (net::Refusal::field_name_underscored), which is counted, too.
  std::optional<net::Fields> pick_request_trailers(const net::Fields& trailers,
                                                   const GrpcCall& grpc);

  // ---- the response
  /// Before its head is edited by anybody.
  void note_response(const net::ResponseHead& head) { connection_options_.note_response(head); }
  /// Its framing may change. Requires: the route has actions.
  void edit_response(net::ResponseHead& head, ResponseState& response);
  /// Of its body; null: that goes as it comes.
  ResponseCompressor* compressor() const { return compressor_.get(); }
  /// What of its trailers goes on.
  net::Fields pick_response_trailers(const net::Fields& trailers) const;

 private:
  WorkerLoop& loop_;
  Request& request_;
  const RoutePin& route_;
  ConnectionOptions connection_options_;
  EditedHead edited_head_;
  std::unique_ptr<ResponseCompressor> compressor_;
};

}  // namespace teal::proxy
