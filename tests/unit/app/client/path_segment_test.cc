#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "app/client/client.h"

namespace teal::app {
namespace {

// RFC 3986, section 3.3: pchar.
constexpr std::string_view kAsTheyAre =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@";

TEST(PathSegment, KeepsWhatASegmentMayHoldAndEncodesEveryOtherByte) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    const std::string encoded = std::string("%") + kHex[byte >> 4U] + kHex[byte & 15U];
    const bool is_kept = kAsTheyAre.find(text) != std::string_view::npos;
    EXPECT_EQ(path_segment(text), is_kept ? text : encoded) << byte;
  }
}

TEST(PathSegment, EncodesNamesThatWouldBeSeveralSegments) {
  EXPECT_EQ(path_segment(""), "");
  EXPECT_EQ(path_segment("10.0.0.1:8080"), "10.0.0.1:8080");
  EXPECT_EQ(path_segment("[::1]:80"), "%5B::1%5D:80");
  EXPECT_EQ(path_segment("a/../b?c#d%41 \xc3\xa9"), "a%2F..%2Fb%3Fc%23d%2541%20%C3%A9");
}

}  // namespace
}  // namespace teal::app
