#include "net/http/websocket.h"

#include <gtest/gtest.h>

namespace teal::net {
namespace {

TEST(Websocket, AnswersTheKeyOfTheRfc) {
  // RFC 6455, section 1.3.
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(Websocket, MakesKeysOfSixteenBytesEachAnother) {
  Rng rng(1);
  const std::string first = make_websocket_key(rng);
  const std::string second = make_websocket_key(rng);
  EXPECT_EQ(first.size(), 24U);
  EXPECT_TRUE(first.ends_with("=="));
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace teal::net
