#include "base/grpc_status.h"

#include <gtest/gtest.h>

namespace teal {
namespace {

TEST(GrpcStatusCode, IsReadAsClientsReadIt) {
  EXPECT_EQ(parse_grpc_status("0"), GrpcStatus::ok);
  EXPECT_EQ(parse_grpc_status("14"), GrpcStatus::unavailable);
  EXPECT_EQ(parse_grpc_status("16"), GrpcStatus::unauthenticated);
  for (const char* other : {"", "17", "-1", "1 ", "0x1", "014", "OK", "99999999999"})
    EXPECT_EQ(parse_grpc_status(other), GrpcStatus::unknown) << other;
}

TEST(GrpcStatusCode, CountsAsTheServersFailureWhereItIsOne) {
  std::string failures;
  for (std::size_t i = 0; i < kGrpcStatuses; ++i) {
    const auto status = static_cast<GrpcStatus>(i);
    if (http_status_of(status) >= 500) failures += std::string(to_string(status)) + " ";
  }
  EXPECT_EQ(failures, "UNKNOWN DEADLINE_EXCEEDED UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS ");
}

TEST(GrpcStatusCode, StandsForAnAnswerThatIsNoGrpc) {
  EXPECT_EQ(grpc_status_of(503), GrpcStatus::unavailable);
  EXPECT_EQ(grpc_status_of(404), GrpcStatus::unimplemented);
  EXPECT_EQ(grpc_status_of(500), GrpcStatus::unknown);
  EXPECT_EQ(grpc_status_of(200), GrpcStatus::unknown);
}

}  // namespace
}  // namespace teal
