#include "health/probe/grpc_health.h"

#include <gtest/gtest.h>

namespace teal::health {
namespace {

using namespace std::string_literals;

TEST(GrpcHealth, AsksForAServiceOrTheServer) {
  EXPECT_EQ(grpc_health_request(""), "\0\0\0\0\0"s);
  EXPECT_EQ(grpc_health_request("shop"), "\0\0\0\0\6\x0a\4shop"s);
  const std::string longer = grpc_health_request(std::string(200, 'x'));
  EXPECT_EQ(longer.substr(0, 8), "\0\0\0\0\xcb\x0a\xc8\x01"s);
}

TEST(GrpcHealth, ReadsTheAnswer) {
  EXPECT_EQ(read_grpc_health("\0\0\0\0\2\x08\1"s), Serving::serving);
  EXPECT_EQ(read_grpc_health("\0\0\0\0\2\x08\2"s), Serving::not_serving);
  EXPECT_EQ(read_grpc_health("\0\0\0\0\2\x08\3"s), Serving::service_unknown);
  EXPECT_EQ(read_grpc_health("\0\0\0\0\0"s), Serving::unknown) << "the default is left out";
  EXPECT_EQ(read_grpc_health("\0\0\0\0\2\x08\x09"s), Serving::unknown);
}

TEST(GrpcHealth, PassesOverFieldsItDoesNotKnow) {
  EXPECT_EQ(read_grpc_health("\0\0\0\0\x09\x12\2hi\x08\1\x18\x80\1"s), Serving::serving);
  EXPECT_EQ(read_grpc_health("\0\0\0\0\x07\x15xxxx\x08\1"s), Serving::serving);
  EXPECT_EQ(read_grpc_health("\0\0\0\0\x0b\x11xxxxxxxx\x08\1"s), Serving::serving);
}

TEST(GrpcHealth, IsNotTakenInByWhatIsNoAnswer) {
  for (const std::string& body :
       {""s, "\0\0\0\0"s, "\1\0\0\0\2\x08\1"s, "\0\0\0\0\3\x08\1"s, "\0\0\0\0\1\x08\1"s,
        "\0\0\0\0\1\x08"s, "\0\0\0\0\3\x12\5x"s, "\0\0\0\0\1\x0b"s, "\0\0\0\0\2\x08\x80"s,
        "\0\0\0\0\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"s})
    EXPECT_EQ(read_grpc_health(body), Serving::malformed);
}

}  // namespace
}  // namespace teal::health
