// The status codes of gRPC (grpc/doc/statuscodes.md), as numbers, names and HTTP statuses.
//
// Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace teal {

enum class GrpcStatus : std::uint8_t {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};
inline constexpr std::size_t kGrpcStatuses = 17;

/// "UNAVAILABLE".
std::string_view to_string(GrpcStatus status);

/// The value of grpc-status; what is none of the known numbers is `unknown`, as clients take it.
GrpcStatus parse_grpc_status(std::string_view value);

/// The HTTP status that means the same (google/rpc/code.proto). What it makes a 5xx counts as the
/// server's failure: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS.
constexpr std::uint16_t http_status_of(GrpcStatus status) {
  switch (status) {
    case GrpcStatus::ok: return 200;
    case GrpcStatus::cancelled: return 499;
    case GrpcStatus::invalid_argument:
    case GrpcStatus::failed_precondition:
    case GrpcStatus::out_of_range: return 400;
    case GrpcStatus::deadline_exceeded: return 504;
    case GrpcStatus::not_found: return 404;
    case GrpcStatus::already_exists:
    case GrpcStatus::aborted: return 409;
    case GrpcStatus::permission_denied: return 403;
    case GrpcStatus::resource_exhausted: return 429;
    case GrpcStatus::unimplemented: return 501;
    case GrpcStatus::unavailable: return 503;
    case GrpcStatus::unauthenticated: return 401;
    case GrpcStatus::unknown:
    case GrpcStatus::internal:
    case GrpcStatus::data_loss: break;
  }
  return 500;
}

/// What a client of gRPC makes of an answer without grpc-status (http-grpc-status-mapping.md).
constexpr GrpcStatus grpc_status_of(std::uint16_t http_status) {
  switch (http_status) {
    case 400: return GrpcStatus::internal;
    case 401: return GrpcStatus::unauthenticated;
    case 403: return GrpcStatus::permission_denied;
    case 404: return GrpcStatus::unimplemented;
    case 429:
    case 502:
    case 503:
    case 504: return GrpcStatus::unavailable;
    default: return GrpcStatus::unknown;
  }
}

}  // namespace teal
