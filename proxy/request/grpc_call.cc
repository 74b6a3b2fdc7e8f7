#include "proxy/request/grpc_call.h"

#include <algorithm>

#include "base/assert.h"

namespace teal::proxy {
namespace {

/// What a longer deadline says is that there is none.
constexpr Millis kMaxTimeout = std::chrono::hours{24 * 365};

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

std::optional<Mono> GrpcCall::take_deadline(const net::RequestHead& head, Mono began,
                                            Mono deadline) {
  const net::Field* const field = head.fields.find("grpc-timeout");
  if (field == nullptr) return deadline;
  const std::optional<Millis> timeout = net::parse_grpc_timeout(head.fields.value(*field));
  if (!timeout) return std::nullopt;
  const Mono own = began + std::min(*timeout, kMaxTimeout);
  has_deadline_ = own < deadline;
  return std::min(own, deadline);
}

/// A client cancels at its deadline, which it rounds up by about a hundredth to say it.
bool GrpcCall::is_at_deadline(Mono now, Mono began, Mono deadline) const {
  constexpr Millis kSlack{20};
  return has_deadline_ && now + (deadline - began) / 50 + kSlack >= deadline;
}

std::uint16_t GrpcCall::take_head(const net::ResponseHead& head) {
  status_.reset();
  if (head.status != 200) {
    status_ = grpc_status_of(head.status);
    return head.status;
  }
  const net::Field* const field = head.fields.find("grpc-status");
  if (field == nullptr) return 200;  // the trailers will tell
  status_ = parse_grpc_status(head.fields.value(*field));
  return http_status_of(*status_);
}

std::uint16_t GrpcCall::take_trailers(const net::Fields& trailers) {
  TEAL_ASSERT(!status_);
  const net::Field* const field = trailers.find("grpc-status");
  status_ = field != nullptr ? parse_grpc_status(trailers.value(*field)) : GrpcStatus::unknown;
  return http_status_of(*status_);
}

GrpcStatus GrpcCall::take_own(std::uint16_t http_status, Termination termination) {
  status_ = status_of_own(http_status, termination);
  return *status_;
}

GrpcStatus GrpcCall::final_status(const ResponseState& response, const Shielded& shielded) const {
  if (shielded.is_blamed()) return shielded.grpc.value_or(grpc_status_of(shielded.status));
  if (response.termination == Termination::client_gone) return GrpcStatus::cancelled;
  if (response.termination == Termination::request_timeout) return GrpcStatus::deadline_exceeded;
  return status_ && !response.was_cut ? *status_ : GrpcStatus::internal;
}

}  // namespace teal::proxy
