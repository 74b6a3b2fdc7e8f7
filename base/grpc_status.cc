#include "base/grpc_status.h"

#include <array>

namespace teal {

std::string_view to_string(GrpcStatus status) {
  static constexpr std::array<std::string_view, kGrpcStatuses> kNames{"OK",
                                                                      "CANCELLED",
                                                                      "UNKNOWN",
                                                                      "INVALID_ARGUMENT",
                                                                      "DEADLINE_EXCEEDED",
                                                                      "NOT_FOUND",
                                                                      "ALREADY_EXISTS",
                                                                      "PERMISSION_DENIED",
                                                                      "RESOURCE_EXHAUSTED",
                                                                      "FAILED_PRECONDITION",
                                                                      "ABORTED",
                                                                      "OUT_OF_RANGE",
                                                                      "UNIMPLEMENTED",
                                                                      "INTERNAL",
                                                                      "UNAVAILABLE",
                                                                      "DATA_LOSS",
                                                                      "UNAUTHENTICATED"};
  return kNames[static_cast<std::size_t>(status)];
}

GrpcStatus parse_grpc_status(std::string_view value) {
  if (value.empty() || value.size() > 2) return GrpcStatus::unknown;
  unsigned number = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return GrpcStatus::unknown;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number < kGrpcStatuses ? static_cast<GrpcStatus>(number) : GrpcStatus::unknown;
}

}  // namespace teal
