#include "proxy/headers/upgrade.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/headers/rewrite.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

using Lines = std::vector<std::string>;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

std::string wanted(const Lines& fields, const std::vector<std::string>& allowed = {"websocket"},
                   std::string_view start_line = "GET / HTTP/1.1") {
  const auto owned = test::request_head(start_line, fields);
  return std::string(wanted_upgrade(owned.head, allowed));
}

bool switches(const Lines& fields, std::string_view protocol = "websocket") {
  const auto owned = test::response_head("HTTP/1.1 101 Switching Protocols", fields);
  return switches_to(owned.head, protocol);
}

TEST(Upgrade, IsWantedWhereConnectionSaysSoAndTheProtocolIsAllowed) {
  EXPECT_EQ(wanted({"Connection: upgrade", "Upgrade: websocket"}), "websocket");
  EXPECT_EQ(wanted({"Connection: keep-alive, UPGRADE", "Upgrade: WebSocket"}), "WebSocket");
  EXPECT_EQ(wanted({"Connection: close", "Connection: upgrade", "Upgrade: websocket"}),
            "websocket");
  EXPECT_EQ(wanted({"Connection: upgrade", "Upgrade: h2c, websocket"}), "websocket");
  EXPECT_EQ(wanted({"Connection: upgrade", "Upgrade: h2c", "Upgrade: chat"}, {"chat"}), "chat");
  EXPECT_EQ(wanted({"Connection: upgrade", "Upgrade: b, a"}, {"a", "b"}), "b");
}

TEST(Upgrade, IsIgnoredOtherwise) {
  EXPECT_EQ(wanted({"Upgrade: websocket"}), "");
  EXPECT_EQ(wanted({"Connection: upgrade"}), "");
  EXPECT_EQ(wanted({"Connection: upgrades", "Upgrade: websocket"}), "");
  EXPECT_EQ(wanted({"Connection: upgrade", "Upgrade: h2c"}), "");
  EXPECT_EQ(wanted({"Connection: upgrade", "Upgrade: websocket/13"}), "");
  EXPECT_EQ(wanted({"Connection: upgrade", "Upgrade: ,"}), "");
  EXPECT_EQ(wanted({"Connection: upgrade", "Upgrade: websocket"}, {}), "");
  EXPECT_EQ(wanted({"Connection: upgrade", "Upgrade: websocket"}, {"websocket"}, "GET / HTTP/1.0"),
            "");
}

TEST(Upgrade, HappensForTheOneProtocolThatWasAskedFor) {
  EXPECT_TRUE(switches({"Connection: upgrade", "Upgrade: WebSocket"}));
  EXPECT_FALSE(switches({"Connection: upgrade"}));
  EXPECT_FALSE(switches({"Upgrade: chat"}));
  EXPECT_FALSE(switches({"Upgrade: websocket, chat"}));
  EXPECT_FALSE(switches({"Upgrade: chat, websocket"}));
  EXPECT_FALSE(switches({"Upgrade: websocket", "Upgrade: websocket"}));
}

TEST(Upgrade, AKeyIsAnsweredByItsHash) {
  const auto answered = [](const Lines& fields) {
    const auto owned = test::response_head("HTTP/1.1 101 Switching Protocols", fields);
    return answers_key(owned.head, "dGhlIHNhbXBsZSBub25jZQ==");
  };
  EXPECT_TRUE(answered({"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}));
  EXPECT_FALSE(answered({"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo"}));
  EXPECT_FALSE(answered({}));
}

Lines asked(const Lines& fields, const UpgradeStyle& upgrade) {
  const auto owned = test::request_head("GET /chat HTTP/1.1", fields);
  Rng rng{1};
  RequestIds ids;
  const Peer peer{.address = "203.0.113.7"};
  make_request_ids(owned.head, peer, rng, ids);
  ByteBuffer out;
  append_request_head(out, owned.head, {peer, {}, "10.1.1.1:8080", ids, Hop{1}, upgrade});
  return test::lines_of(out.view());
}

TEST(Upgrade, IsSaidToTheTargetInOneConnectionField) {
  const Lines lines =
      asked({"Host: a", "Connection: upgrade, te, sec-websocket-key", "TE: trailers",
             "Upgrade: h2c, websocket", "Sec-WebSocket-Key: theirs"},
            {"websocket", ""});
  EXPECT_THAT(test::values_of(lines, "connection"), ElementsAre("upgrade"));
  EXPECT_THAT(test::values_of(lines, "upgrade"), ElementsAre("websocket"));
  EXPECT_THAT(test::values_of(lines, "sec-websocket-key"), ElementsAre("theirs"));
  EXPECT_THAT(test::values_of(lines, "te"), testing::IsEmpty());
}

TEST(Upgrade, HasAKeyOfOursWhereTheClientHasNone) {
  const Lines lines = asked({"Host: a", "sec-websocket-key: theirs"}, {"websocket", "ours"});
  EXPECT_THAT(test::values_of(lines, "sec-websocket-key"), ElementsAre("ours"));
  EXPECT_THAT(test::values_of(lines, "sec-websocket-version"), ElementsAre("13"));
  EXPECT_THAT(test::values_of(asked({"Host: a", "sec-websocket-version: 8"}, {"websocket", "ours"}),
                              "sec-websocket-version"),
              ElementsAre("8"));
}

TEST(Upgrade, IsSaidToTheClientWithTheTargetsFieldsAndNoFraming) {
  const auto owned =
      test::response_head("HTTP/1.1 101 Switching Protocols",
                          {"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Accept: x",
                           "Content-Length: 0", "Set-Cookie: a=b"});
  ResponseStyle style;
  style.upgrade = "websocket";
  style.set_cookie = "teal=1";
  ByteBuffer out;
  append_response_head(out, owned.head, style);
  const Lines lines = test::lines_of(out.view());
  EXPECT_EQ(lines[0], "HTTP/1.1 101 Switching Protocols");
  EXPECT_THAT(test::values_of(lines, "connection"), ElementsAre("upgrade"));
  EXPECT_THAT(test::values_of(lines, "upgrade"), ElementsAre("websocket"));
  EXPECT_THAT(test::values_of(lines, "set-cookie"), ElementsAre("a=b", "teal=1"));
  EXPECT_THAT(lines, Contains("Sec-WebSocket-Accept: x"));
  EXPECT_THAT(test::values_of(lines, "content-length"), testing::IsEmpty());
  style.without = "sec-websocket-accept";
  ByteBuffer other;
  append_response_head(other, owned.head, style);
  EXPECT_THAT(test::lines_of(other.view()), Not(Contains("Sec-WebSocket-Accept: x")));
}

}  // namespace
}  // namespace teal::proxy
