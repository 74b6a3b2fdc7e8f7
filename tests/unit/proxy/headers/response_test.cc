#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/headers/rewrite.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

using net::Framing;
using test::lines_of;
using test::values_of;
using testing::ElementsAre;
using testing::IsEmpty;
using Lines = std::vector<std::string>;

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

ResponseStyle style_of(Framing framing) {
  ResponseStyle style;
  style.framing = framing;
  style.date = kDate;
  return style;
}

Lines passed(std::string_view start_line, const Lines& fields, const ResponseStyle& style) {
  const auto owned = test::response_head(start_line, fields);
  ByteBuffer out;
  append_response_head(out, owned.head, style);
  return lines_of(out.view());
}

Lines ok(const Lines& fields, const ResponseStyle& style = style_of({Framing::Kind::length, 5})) {
  return passed("HTTP/1.1 200 OK", fields, style);
}

TEST(ResponseHead, IsHttp11WithTheTargetsOwnReason) {
  EXPECT_EQ(passed("HTTP/1.0 418 Short and stout", {}, style_of({}))[0],
            "HTTP/1.1 418 Short and stout");
}

TEST(ResponseHead, KeepsEndToEndFieldsInOrderAndAddsVia) {
  const Lines lines = ok({"Server: app", "Set-Cookie: a=1", "Set-Cookie: b=2", "X-A:  1"});
  EXPECT_THAT((Lines{lines.begin() + 1, lines.begin() + 5}),
              ElementsAre("Server: app", "Set-Cookie: a=1", "Set-Cookie: b=2", "X-A: 1"));
  EXPECT_THAT(values_of(lines, "via"), ElementsAre("1.1 teal"));
  EXPECT_THAT(values_of(ok({"Via: 1.1 cache"}), "via"), ElementsAre("1.1 cache, 1.1 teal"));
}

TEST(ResponseHead, DropsHopByHopFieldsAndWhatConnectionNames) {
  const Lines lines =
      ok({"Connection: close, X-Hop, Set-Cookie, Cache-Control", "X-Hop: 1", "Keep-Alive: 2",
          "Upgrade: h2c", "Proxy-Authenticate: Basic", "Transfer-Encoding: chunked",
          "Set-Cookie: a=1", "Cache-Control: no-store", "Trailer: X-Sum"});
  for (const char* name :
       {"connection", "x-hop", "keep-alive", "upgrade", "proxy-authenticate", "transfer-encoding"})
    EXPECT_THAT(values_of(lines, name), IsEmpty()) << name;
  EXPECT_THAT(values_of(lines, "set-cookie"), ElementsAre("a=1"));
  EXPECT_THAT(values_of(lines, "cache-control"), ElementsAre("no-store"));
  EXPECT_THAT(values_of(lines, "trailer"), ElementsAre("X-Sum"));
}

TEST(ResponseHead, IsFramedAsItLeavesNotAsItCame) {
  const Lines length = ok({"Transfer-Encoding: chunked"}, style_of({Framing::Kind::length, 12}));
  EXPECT_THAT(values_of(length, "content-length"), ElementsAre("12"));
  EXPECT_THAT(values_of(length, "transfer-encoding"), IsEmpty());
  const Lines chunked = ok({"Content-Length: 12"}, style_of({Framing::Kind::chunked, 0}));
  EXPECT_THAT(values_of(chunked, "transfer-encoding"), ElementsAre("chunked"));
  EXPECT_THAT(values_of(chunked, "content-length"), IsEmpty());
}

TEST(ResponseHead, SaysCloseWhereTheEndIsTheClose) {
  const Lines lines = ok({"Content-Length: 12"}, style_of({Framing::Kind::until_close, 0}));
  EXPECT_THAT(values_of(lines, "connection"), ElementsAre("close"));
  EXPECT_THAT(values_of(lines, "content-length"), IsEmpty());
  EXPECT_THAT(values_of(lines, "transfer-encoding"), IsEmpty());
}

TEST(ResponseHead, SaysCloseWhenAskedAndKeepAliveOnlyToOldClients) {
  ResponseStyle style = style_of({Framing::Kind::length, 1});
  EXPECT_THAT(values_of(ok({}, style), "connection"), IsEmpty());
  style.client_is_http10 = true;
  EXPECT_THAT(values_of(ok({}, style), "connection"), ElementsAre("keep-alive"));
  style.close = true;
  EXPECT_THAT(values_of(ok({}, style), "connection"), ElementsAre("close"));
}

TEST(ResponseHead, KeepsTheLengthThatAHeadOr304ResponseDescribes) {
  const Lines lines = passed("HTTP/1.1 304 Not Modified", {"Content-Length: 99"}, style_of({}));
  EXPECT_THAT(values_of(lines, "content-length"), ElementsAre("99"));
  EXPECT_THAT(values_of(ok({"Content-Length: 99"}, style_of({})), "content-length"),
              ElementsAre("99"));
}

TEST(ResponseHead, DropsALengthThatA204MayNotHave) {
  const Lines lines = passed("HTTP/1.1 204 No Content", {"Content-Length: 0"}, style_of({}));
  EXPECT_THAT(values_of(lines, "content-length"), IsEmpty());
}

TEST(ResponseHead, AddsADateOnlyWhereThereIsNone) {
  EXPECT_THAT(values_of(ok({}), "date"), ElementsAre(std::string{kDate}));
  EXPECT_THAT(values_of(ok({"Date: yesterday"}), "date"), ElementsAre("yesterday"));
}

TEST(ResponseHead, AddsTheRequestIdUnlessTheTargetDid) {
  ResponseStyle style = style_of({Framing::Kind::length, 1});
  style.request_id = "id-1";
  EXPECT_THAT(values_of(ok({}, style), "x-request-id"), ElementsAre("id-1"));
  EXPECT_THAT(values_of(ok({"X-Request-Id: theirs"}, style), "x-request-id"),
              ElementsAre("theirs"));
}

TEST(ResponseHead, AddsOurCookieBesideTheTargets) {
  ResponseStyle style = style_of({Framing::Kind::length, 1});
  style.set_cookie = "teal_shop=42; HttpOnly";
  EXPECT_THAT(values_of(ok({"Set-Cookie: a=1"}, style), "set-cookie"),
              ElementsAre("a=1", "teal_shop=42; HttpOnly"));
}

TEST(ResponseHead, LeavesAnInterimHeadWithoutFramingDateCookieAndConnection) {
  ResponseStyle style = style_of({});
  style.close = true;
  style.set_cookie = "a=b";
  style.request_id = "id";
  const Lines lines = passed("HTTP/1.1 103 Early Hints", {"Link: </a.css>"}, style);
  EXPECT_THAT(lines, ElementsAre("HTTP/1.1 103 Early Hints", "Link: </a.css>", "via: 1.1 teal"));
}

TEST(Trailers, KeepWhatMayStandThereAndEndTheMessage) {
  const auto owned = test::response_head(
      "HTTP/1.1 200 OK",
      {"X-Checksum: 1", "Content-Length: 5", "Transfer-Encoding: chunked", "Host: a",
       "Set-Cookie: a=b", "Authorization: x", "If-Match: y", "Content-Type: t", "Connection: c",
       "X-Forwarded-For: 1", "grpc-status: 0", "Cache-Control: no", "Trailer: a", "TE: b"});
  ByteBuffer out;
  append_trailers(out, owned.head.fields);
  EXPECT_EQ(out.view(), "X-Checksum: 1\r\ngrpc-status: 0\r\n\r\n");
}

TEST(Trailers, AreJustTheEmptyLineWhereThereAreNone) {
  ByteBuffer out;
  append_trailers(out, net::Fields{});
  EXPECT_EQ(out.view(), "\r\n");
}

struct OwnResponse {
  Lines lines;
  std::string body;
};

OwnResponse own(std::uint16_t status, const ResponseStyle& style, bool head_request = false) {
  ByteBuffer out;
  const std::size_t size =
      append_local_reply(out, status, "no healthy target", style, head_request);
  const std::string_view whole = out.view();
  const std::size_t end = whole.find("\r\n\r\n") + 4;
  EXPECT_EQ(size, whole.size() - end);
  return {lines_of(whole.substr(0, end)), std::string(whole.substr(end))};
}

TEST(OwnResponse, IsOneLineOfPlainTextThatNobodyStores) {
  ResponseStyle style = style_of({});
  style.request_id = "id-1";
  style.set_cookie = "a=b";
  const OwnResponse response = own(503, style);
  EXPECT_EQ(response.body, "no healthy target\n");
  EXPECT_THAT(
      response.lines,
      ElementsAre("HTTP/1.1 503 Service Unavailable", "content-type: text/plain; charset=utf-8",
                  "content-length: 18", "date: " + std::string{kDate}, "server: teal",
                  "cache-control: no-store", "x-request-id: id-1", "set-cookie: a=b"));
}

TEST(OwnResponse, ToHeadHasTheLengthButNoBody) {
  const OwnResponse response = own(404, style_of({}), true);
  EXPECT_EQ(response.body, "");
  EXPECT_THAT(values_of(response.lines, "content-length"), ElementsAre("18"));
}

TEST(OwnResponse, HasNeitherLengthNorBodyWhereItsStatusForbidsThem) {
  for (const std::uint16_t status : {std::uint16_t{204}, std::uint16_t{304}}) {
    const OwnResponse response = own(status, style_of({}));
    EXPECT_EQ(response.body, "");
    EXPECT_THAT(values_of(response.lines, "content-length"), IsEmpty());
    EXPECT_THAT(values_of(response.lines, "content-type"), IsEmpty());
  }
}

TEST(OwnResponse, ToACallOfGrpcIsAStatusWithAMessage) {
  ResponseStyle style;
  style.grpc_status = GrpcStatus::unavailable;
  ByteBuffer text;
  append_local_reply(text, 200, "100% busy", style, false);
  const auto lines = lines_of(text.view());
  EXPECT_EQ(lines[0], "HTTP/1.1 200 OK");
  EXPECT_THAT(values_of(lines, "content-type"), ElementsAre("application/grpc"));
  EXPECT_THAT(values_of(lines, "grpc-status"), ElementsAre("14"));
  EXPECT_THAT(values_of(lines, "grpc-message"), ElementsAre("100%25 busy"));
  EXPECT_THAT(values_of(lines, "content-length"), ElementsAre());
}

TEST(OwnResponse, SaysHowTheConnectionGoesOn) {
  ResponseStyle style = style_of({});
  style.close = true;
  EXPECT_THAT(values_of(own(400, style).lines, "connection"), ElementsAre("close"));
  style.close = false;
  style.client_is_http10 = true;
  EXPECT_THAT(values_of(own(400, style).lines, "connection"), ElementsAre("keep-alive"));
}

TEST(HttpDate, IsImfFixdate) {
  using namespace std::chrono;
  EXPECT_EQ(format_http_date(WallTime{milliseconds{784111777999}}), kDate);
  EXPECT_EQ(format_http_date(WallTime{}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_http_date(WallTime{sys_days{2024y / February / 29} + hours{23} + minutes{59}}),
            "Thu, 29 Feb 2024 23:59:00 GMT");
}

TEST(LocalReply, MayBeALongPage) {
  const std::string page(300'000, 'p');
  const LocalReplyContent html{"text/html", "x-page: 1\r\n", false, false};
  ResponseStyle style = style_of({});
  style.own = &html;
  ByteBuffer out;
  EXPECT_EQ(append_local_reply(out, 503, page, style, false), page.size());
  EXPECT_TRUE(out.view().ends_with("\r\n\r\n" + page));
  out.clear();
  EXPECT_EQ(append_local_reply(out, 503, page, style, true), 0U);
  EXPECT_THAT(values_of(lines_of(out.view()), "content-length"), ElementsAre("300000"));
}

}  // namespace
}  // namespace teal::proxy
