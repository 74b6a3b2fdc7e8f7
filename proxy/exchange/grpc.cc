// What an exchange knows of gRPC: the deadline that a call brings, the status that it ends with,
// and the status that stands for an answer of Teal's own. A call's outcome is what its status means
// as an HTTP status (base/grpc_status.h): by that it is retried, shielded, counted and judged.
#include <algorithm>

#include "net/http/grpc.h"
#include "proxy/exchange/exchange.h"
#include "proxy/worker/worker.h"

namespace teal::proxy {
namespace {

/// What a longer deadline says is that there is none.
constexpr Millis kLongestTimeout = std::chrono::hours{24 * 365};

GrpcStatus status_of_own(std::uint16_t status, Termination termination) {
  switch (status) {
    case 408: return GrpcStatus::cancelled;
    case 413:
    case 429:
    case 431: return GrpcStatus::resource_exhausted;
    case 504:
      // Not connected: nothing was done of it.
      if (termination != Termination::connect_timeout) return GrpcStatus::deadline_exceeded;
      break;
    default: break;
  }
  return grpc_status_of(status);
}

}  // namespace

bool Exchange::take_grpc_timeout() {
  const net::Field* const field = head_.fields.find("grpc-timeout");
  if (field == nullptr) return true;
  const std::optional<Millis> timeout = net::parse_grpc_timeout(head_.fields.value(*field));
  if (!timeout) {
    reply(400, "grpc-timeout is not a number and a unit", Termination::refused);
    return false;
  }
  const Mono deadline = began_ + std::min(*timeout, kLongestTimeout);
  if (deadline < request_deadline_) {
    request_deadline_ = deadline;
    has_client_deadline_ = true;
  }
  return true;
}

/// A client cancels at its deadline, which it rounds up by about a hundredth to say it.
bool Exchange::is_at_client_deadline() const {
  constexpr Millis kSlack{20};
  return has_client_deadline_ &&
         worker_.now() + (request_deadline_ - began_) / 50 + kSlack >= request_deadline_;
}

std::uint16_t Exchange::grpc_outcome(const net::ResponseHead& head) {
  grpc_status_.reset();
  if (head.status != 200) {
    grpc_status_ = grpc_status_of(head.status);
    return head.status;
  }
  const net::Field* const field = head.fields.find("grpc-status");
  if (field == nullptr) return 200;  // the trailers will tell
  grpc_status_ = parse_grpc_status(head.fields.value(*field));
  return http_status_of(*grpc_status_);
}

void Exchange::take_grpc_trailers(const net::Fields& trailers) {
  if (grpc_status_) return;
  const net::Field* const field = trailers.find("grpc-status");
  grpc_status_ = field != nullptr ? parse_grpc_status(trailers.value(*field)) : GrpcStatus::unknown;
  response_.outcome = http_status_of(*grpc_status_);
  settle_outcome();
}

void Exchange::answer_grpc(std::uint16_t status, ResponseStyle& style) {
  grpc_status_ = status_of_own(status, response_.termination);
  response_.status = 200;
  response_.framing = {};
  style.framing = {};
  style.grpc_status = grpc_status_;
}

GrpcStatus Exchange::final_grpc_status() const {
  if (shielded_.is_blamed()) return shielded_.grpc.value_or(grpc_status_of(shielded_.status));
  if (response_.termination == Termination::client_gone) return GrpcStatus::cancelled;
  if (response_.termination == Termination::request_timeout) return GrpcStatus::deadline_exceeded;
  return grpc_status_ && !response_.was_cut ? *grpc_status_ : GrpcStatus::internal;
}

}  // namespace teal::proxy
