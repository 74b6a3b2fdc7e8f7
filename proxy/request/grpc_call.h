// GrpcCall: what an exchange knows of its request as a call of gRPC: whether it is one, whether its
// client has brought a deadline, and the status that it ends with. A call's outcome is what that
// status means as one of HTTP (base/grpc_status.h): by that it is retried, shielded, counted and
// judged.
//
// A value of one exchange. Does not answer, time or count.
#pragma once

#include <cstdint>
#include <optional>

#include "base/grpc_status.h"
#include "base/time.h"
#include "net/http/grpc.h"
#include "net/http/message.h"
#include "proxy/request/response_state.h"

namespace teal::proxy {

class GrpcCall {
 public:
  /// Of the next request.
  void begin(const net::RequestHead& head) {
    is_call_ = net::is_grpc(head);
    has_deadline_ = false;
    status_.reset();
  }

  bool is_call() const { return is_call_; }
  /// Of the response, once it is known.
  std::optional<GrpcStatus> status() const { return status_; }

  /// `deadline`, or what the client brings where that comes before it. Nothing: what it brings has
  /// no meaning.
  std::optional<Mono> take_deadline(const net::RequestHead& head, Mono began, Mono deadline);
  /// The deadline is the client's.
  bool has_deadline() const { return has_deadline_; }
  /// A client that leaves now leaves at its deadline.
  bool is_at_deadline(Mono now, Mono began, Mono deadline) const;

  /// What the status in the head means; that of a whole answer, or 200 for what is to come.
  std::uint16_t take_head(const net::ResponseHead& head);
  /// What the status in the trailers means. Requires: the head had none.
  std::uint16_t take_trailers(const net::Fields& trailers);
  /// Teal answers by itself with a status of HTTP: what stands for it is the call's status.
  GrpcStatus take_own(std::uint16_t http_status, Termination termination);
  /// The answer is not passed on, another one is to come.
  void forget_answer() { status_.reset(); }

  /// The status that the call counts by. Nothing: it is no call.
  std::optional<GrpcStatus> end(const ResponseState& response, const Shielded& shielded) const {
    if (!is_call_) [[likely]]
      return std::nullopt;
    return final_status(response, shielded);
  }

 private:
  GrpcStatus final_status(const ResponseState& response, const Shielded& shielded) const;

  bool is_call_ = false;
  bool has_deadline_ = false;
  std::optional<GrpcStatus> status_;
};

}  // namespace teal::proxy
