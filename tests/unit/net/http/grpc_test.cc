#include "net/http/grpc.h"

#include <gtest/gtest.h>

#include "base/byte_buffer.h"

namespace teal::net {
namespace {

std::string message_of(std::string_view text) {
  ByteBuffer out;
  out.commit(put_grpc_message(out.reserve_writer(3 * text.size()), text));
  return std::string(out.view());
}

TEST(Grpc, IsToldByItsContentType) {
  for (const char* type : {"application/grpc", "application/grpc+proto", "application/grpc;x=y",
                           "Application/gRPC+json"})
    EXPECT_TRUE(is_grpc_type(type)) << type;
  for (const char* type : {"application/grpc-web", "application/grpcx", "application/json", "",
                           "application/grp", " application/grpc"})
    EXPECT_FALSE(is_grpc_type(type)) << type;
}

TEST(Grpc, TimeoutsAreDigitsAndAUnit) {
  EXPECT_EQ(parse_grpc_timeout("1H"), Millis{3'600'000});
  EXPECT_EQ(parse_grpc_timeout("2M"), Millis{120'000});
  EXPECT_EQ(parse_grpc_timeout("99999999S"), Millis{99'999'999'000});
  EXPECT_EQ(parse_grpc_timeout("250m"), Millis{250});
  EXPECT_EQ(parse_grpc_timeout("1u"), Millis{1});
  EXPECT_EQ(parse_grpc_timeout("1500u"), Millis{2});
  EXPECT_EQ(parse_grpc_timeout("1000001n"), Millis{2});
  EXPECT_EQ(parse_grpc_timeout("0m"), Millis{0});
}

TEST(Grpc, TimeoutsOfAnyOtherFormAreNone) {
  for (const char* value :
       {"", "1", "m", "123456789m", "1s", "1h", "-1S", "+1S", "1.5S", "1 S", "1SS", "0x1S", " 1S"})
    EXPECT_FALSE(parse_grpc_timeout(value)) << value;
}

TEST(Grpc, MessagesArePercentEncoded) {
  EXPECT_EQ(message_of("no healthy target"), "no healthy target");
  EXPECT_EQ(message_of("100% of\n\xc3\xa4"), "100%25 of%0A%C3%A4");
  EXPECT_EQ(message_of(""), "");
}

}  // namespace
}  // namespace teal::net
