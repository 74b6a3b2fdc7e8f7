// The two messages of grpc.health.v1.Health/Check (the gRPC health checking protocol), framed as
// gRPC frames messages: HealthCheckRequest{1: service} out, HealthCheckResponse{1: status} in.
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace teal::health {

/// HealthCheckResponse.ServingStatus.
enum class Serving : std::uint8_t {
  unknown = 0,
  serving = 1,
  not_serving = 2,
  service_unknown = 3,
  malformed,  ///< That was no such message.
};

std::string_view to_string(Serving serving);

/// What asks how `service` is; empty: the server as a whole.
std::string grpc_health_request(std::string_view service);
/// What a whole response body says.
Serving read_grpc_health(std::string_view body);

}  // namespace teal::health
