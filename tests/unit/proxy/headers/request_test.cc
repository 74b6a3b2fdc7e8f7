#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/headers/rewrite.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

using test::lines_of;
using test::values_of;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using Lines = std::vector<std::string>;

const Peer kStranger{"203.0.113.7", false, false};
const Peer kTrusted{"10.0.0.1", true, false};
constexpr Hop kHop{0x1a2b3c4d};
/// All but its flags.
const std::string kTraceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-";

struct Wish {
  Peer peer = kStranger;
  config::HostHeader host = {};
  std::string target = "10.1.1.1:8080";
};

Lines forwarded(std::string_view start_line, const Lines& fields, const Wish& wish = {}) {
  const auto owned = test::request_head(start_line, fields);
  Rng rng{1};
  RequestIds ids;
  make_request_ids(owned.head, wish.peer, rng, ids);
  ByteBuffer out;
  append_request_head(out, owned.head, {wish.peer, wish.host, wish.target, ids, kHop});
  return lines_of(out.view());
}

Lines get(const Lines& fields, const Wish& wish = {}) {
  Lines all{"Host: shop.example.com"};
  all.insert(all.end(), fields.begin(), fields.end());
  return forwarded("GET /a?b=c HTTP/1.1", all, wish);
}

TEST(RequestHead, IsWrittenAnewAsHttp11WithHostFirst) {
  const Lines lines =
      forwarded("GET /a?b=c HTTP/1.0", {"Accept: */*", "Host: shop.example.com:81"});
  EXPECT_EQ(lines[0], "GET /a?b=c HTTP/1.1");
  EXPECT_EQ(lines[1], "host: shop.example.com:81");
  EXPECT_EQ(lines[2], "Accept: */*");
  EXPECT_EQ(values_of(lines, "host").size(), 1U);
}

TEST(RequestHead, KeepsUnknownFieldsInOrderWithTheirSpelling) {
  const Lines lines = get({"X-One: 1", "x-TWO: 2", "Keep-Alive: 5", "X-Three:   3", "X-Four: 4"});
  EXPECT_THAT((Lines{lines.begin() + 2, lines.begin() + 6}),
              ElementsAre("X-One: 1", "x-TWO: 2", "X-Three: 3", "X-Four: 4"));
}

TEST(RequestHead, TakesTheAuthorityOfAnAbsoluteTargetBeforeHost) {
  auto owned = test::request_head("GET / HTTP/1.1", {"Host: forged", "X-Asked: real.example"});
  const net::Field& asked = *(owned.head.fields.begin() + 1);
  owned.head.authority = {asked.value_at, asked.value_size};
  RequestIds ids;
  Rng rng{1};
  make_request_ids(owned.head, kStranger, rng, ids);
  ByteBuffer out;
  append_request_head(out, owned.head, {kStranger, {}, "t", ids, kHop});
  const Lines lines = lines_of(out.view());
  EXPECT_THAT(values_of(lines, "host"), ElementsAre("real.example"));
  EXPECT_THAT(values_of(lines, "x-forwarded-host"), ElementsAre("real.example"));
}

TEST(RequestHead, NamesTheHostAsConfigured) {
  using Kind = config::HostHeader::Kind;
  EXPECT_EQ(get({}, {kStranger, {Kind::preserve, ""}})[1], "host: shop.example.com");
  EXPECT_EQ(get({}, {kStranger, {Kind::target, ""}})[1], "host: 10.1.1.1:8080");
  EXPECT_EQ(get({}, {kStranger, {Kind::literal, "inner"}})[1], "host: inner");
  EXPECT_EQ(get({}, {kStranger, {Kind::target, ""}, "unix:/run/a.sock"})[1], "host: localhost");
}

TEST(RequestHead, NamesTheTargetWhereAnOldClientNamedNoHost) {
  const Lines lines = forwarded("GET / HTTP/1.0", {});
  EXPECT_EQ(lines[1], "host: 10.1.1.1:8080");
  EXPECT_THAT(values_of(lines, "x-forwarded-host"), IsEmpty());
}

TEST(RequestHead, DropsHopByHopFields) {
  const Lines lines =
      get({"Connection: keep-alive", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive",
           "Proxy-Authorization: Basic eA==", "Proxy-Authenticate: Basic", "TE: gzip",
           "Upgrade: h2c", "Expect: 100-continue"});
  for (const char* name : {"connection", "keep-alive", "proxy-connection", "proxy-authorization",
                           "proxy-authenticate", "te", "upgrade", "expect"})
    EXPECT_THAT(values_of(lines, name), IsEmpty()) << name;
}

TEST(RequestHead, AsksForContinueInOneWayHoweverTheClientDid) {
  const auto owned = test::request_head("PUT / HTTP/1.1", {"Host: a", "EXPECT:  100-Continue"});
  Rng rng{1};
  RequestIds ids;
  make_request_ids(owned.head, kStranger, rng, ids);
  const config::HostHeader host;
  ByteBuffer out;
  append_request_head(out, owned.head, {kStranger, host, "10.1.1.1:8080", ids, kHop, {}, true});
  EXPECT_THAT(values_of(lines_of(out.view()), "expect"), ElementsAre("100-continue"));
}

TEST(RequestHead, DropsProxyWhichCgiTakesForASettingOfItsOwn) {
  const Lines lines = get({"Proxy: http://b", "Proxy-X: c"});
  EXPECT_THAT(lines, Contains("Proxy-X: c"));
  EXPECT_THAT(lines, testing::Not(Contains(testing::StartsWith("Proxy:"))));
}

TEST(RequestHead, DropsWhatConnectionNamesWhereverItStands) {
  const Lines lines = get({"X-Before: 1", "Connection: close, x-before ,X-AFTER",
                           "Connection: x-third", "X-After: 2", "X-Third: 3", "X-Kept: 4"});
  for (const char* name : {"x-before", "x-after", "x-third"})
    EXPECT_THAT(values_of(lines, name), IsEmpty()) << name;
  EXPECT_THAT(values_of(lines, "x-kept"), ElementsAre("4"));
}

TEST(RequestHead, DoesNotLetConnectionRemoveWhatOthersRelyOn) {
  const Lines fields{"Authorization: secret",   "Cookie: a=b",
                     "Cache-Control: no-store", "Content-Type: text/x",
                     "X-Forwarded-Prefix: /",   "Origin: https://o",
                     "If-Match: \"1\"",         "Range: bytes=0-1",
                     "Sec-Fetch-Site: none",    "Traceparent: " + kTraceparent + "01",
                     "User-Agent: u",           "Idempotency-Key: k",
                     "Content-Length: 3"};
  Lines all = fields;
  std::string names = "Host, X-Forwarded-For, Forwarded, Via, X-Request-Id";
  for (const std::string& field : fields) names += ", " + field.substr(0, field.find(':'));
  all.push_back("Connection: " + names);
  const Lines lines = get(all);
  for (const std::string& field : fields) {
    const std::string name = field.substr(0, field.find(':'));
    EXPECT_THAT(values_of(lines, name), ElementsAre(field.substr(name.size() + 2))) << name;
  }
  for (const char* name : {"host", "x-forwarded-for", "forwarded", "via", "x-request-id"})
    EXPECT_EQ(values_of(lines, name).size(), 1U) << name;
}

TEST(RequestHead, TakesAnEndlessConnectionListAsNamingEverythingRemovable) {
  std::string options = "o0";
  for (int i = 1; i < 40; ++i) options += ", o" + std::to_string(i);
  const Lines lines = get({"Connection: " + options, "O39: 1", "X-Other: 2", "Cookie: a=b"});
  EXPECT_THAT(values_of(lines, "o39"), IsEmpty());
  EXPECT_THAT(values_of(lines, "x-other"), IsEmpty());
  EXPECT_THAT(values_of(lines, "cookie"), ElementsAre("a=b"));
}

TEST(RequestHead, PassesTrailersOfTeOnOnlyWhereConnectionNamesIt) {
  const Lines named = get({"TE: gzip, Trailers", "Connection: te, keep-alive"});
  EXPECT_THAT(values_of(named, "te"), ElementsAre("trailers"));
  EXPECT_THAT(values_of(named, "connection"), ElementsAre("te"));
  EXPECT_THAT(values_of(get({"TE: trailers"}), "te"), IsEmpty());
  EXPECT_THAT(values_of(get({"TE: gzip", "Connection: te"}), "te"), IsEmpty());
}

TEST(RequestHead, PassesTrailersOfTeOnFromHttp2WhereNothingNamesIt) {
  auto owned = test::request_head("POST / HTTP/1.1", {"Host: a", "te: trailers"});
  owned.head.minor_version = net::kHttp2;
  Rng rng{1};
  RequestIds ids;
  make_request_ids(owned.head, kStranger, rng, ids);
  ByteBuffer out;
  append_request_head(out, owned.head, {kStranger, {}, "10.1.1.1:8080", ids, kHop});
  EXPECT_THAT(values_of(lines_of(out.view()), "te"), ElementsAre("trailers"));
}

TEST(RequestHead, WritesTheFramingAnew) {
  EXPECT_THAT(values_of(get({"Content-Length: 007"}), "content-length"), ElementsAre("7"));
  EXPECT_THAT(values_of(get({"Transfer-Encoding: CHUNKED"}), "transfer-encoding"),
              ElementsAre("chunked"));
  const Lines none = get({});
  EXPECT_THAT(values_of(none, "content-length"), IsEmpty());
  EXPECT_THAT(values_of(none, "transfer-encoding"), IsEmpty());
}

TEST(RequestHead, StillSaysThatTheContentIsEmptyWhereTheClientDid) {
  auto owned = test::request_head("POST / HTTP/1.1", {"Host: a", "Content-Length: 0"});
  owned.head.framing = {};
  RequestIds ids;
  Rng rng{1};
  make_request_ids(owned.head, kStranger, rng, ids);
  ByteBuffer out;
  append_request_head(out, owned.head, {kStranger, {}, "t", ids, kHop});
  EXPECT_THAT(values_of(lines_of(out.view()), "content-length"), ElementsAre("0"));
}

TEST(RequestHead, KeepsTheTrailerField) {
  EXPECT_THAT(values_of(get({"Trailer: X-Sum"}), "trailer"), ElementsAre("X-Sum"));
}

TEST(RequestHead, ReplacesWhatAStrangerSaysOfItsOrigin) {
  const Lines lines = get({"X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 5.6.7.8",
                           "X-Forwarded-Proto: https", "X-Forwarded-Host: evil",
                           "X-Forwarded-Port: 1", "X-Real-IP: 1.2.3.4", "Forwarded: for=1.2.3.4"});
  EXPECT_THAT(values_of(lines, "x-forwarded-for"), ElementsAre("203.0.113.7"));
  EXPECT_THAT(values_of(lines, "x-forwarded-proto"), ElementsAre("http"));
  EXPECT_THAT(values_of(lines, "x-forwarded-host"), ElementsAre("shop.example.com"));
  EXPECT_THAT(values_of(lines, "x-forwarded-port"), ElementsAre("80"));
  EXPECT_THAT(values_of(lines, "x-real-ip"), ElementsAre("203.0.113.7"));
  EXPECT_THAT(values_of(lines, "forwarded"),
              ElementsAre("for=203.0.113.7;host=shop.example.com;proto=http"));
}

TEST(RequestHead, ContinuesWhatATrustedPeerSays) {
  const Lines lines =
      get({"X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 5.6.7.8", "X-Forwarded-Proto: https",
           "X-Forwarded-Host: www", "X-Forwarded-Port: 443", "X-Real-IP: 1.2.3.4",
           "Forwarded: for=1.2.3.4", "Forwarded: for=5.6.7.8"},
          {kTrusted});
  EXPECT_THAT(values_of(lines, "x-forwarded-for"), ElementsAre("1.2.3.4, 5.6.7.8, 10.0.0.1"));
  EXPECT_THAT(values_of(lines, "x-forwarded-proto"), ElementsAre("https"));
  EXPECT_THAT(values_of(lines, "x-forwarded-host"), ElementsAre("www"));
  EXPECT_THAT(values_of(lines, "x-forwarded-port"), ElementsAre("443"));
  EXPECT_THAT(values_of(lines, "x-real-ip"), ElementsAre("1.2.3.4"));
  EXPECT_THAT(values_of(lines, "forwarded"),
              ElementsAre("for=1.2.3.4, for=5.6.7.8, "
                          "for=10.0.0.1;host=shop.example.com;proto=http"));
}

TEST(RequestHead, FillsInWhatATrustedPeerDoesNotSayButNotItsOwnAddressAsTheClients) {
  const Lines lines = get({}, {kTrusted});
  EXPECT_THAT(values_of(lines, "x-forwarded-for"), ElementsAre("10.0.0.1"));
  EXPECT_THAT(values_of(lines, "x-forwarded-proto"), ElementsAre("http"));
  EXPECT_THAT(values_of(lines, "x-forwarded-host"), ElementsAre("shop.example.com"));
  EXPECT_THAT(values_of(lines, "x-real-ip"), IsEmpty());
}

TEST(RequestHead, SaysWhetherTheClientCameOverTls) {
  const Lines lines = get({}, {{"203.0.113.7", false, true}});
  EXPECT_THAT(values_of(lines, "x-forwarded-proto"), ElementsAre("https"));
  EXPECT_THAT(values_of(lines, "x-forwarded-port"), ElementsAre("443"));
  EXPECT_THAT(values_of(lines, "forwarded"),
              ElementsAre("for=203.0.113.7;host=shop.example.com;proto=https"));
}

TEST(RequestHead, QuotesAddressesAndHostsInForwardedAsRfc7239Says) {
  const Lines lines = forwarded("GET / HTTP/1.1", {"Host: [::1]:81"}, {{"2001:db8::1", false}});
  EXPECT_THAT(values_of(lines, "forwarded"),
              ElementsAre("for=\"[2001:db8::1]\";host=\"[::1]:81\";proto=http"));
  EXPECT_THAT(values_of(lines, "x-forwarded-for"), ElementsAre("2001:db8::1"));
  EXPECT_THAT(values_of(lines, "x-forwarded-port"), ElementsAre("81"));
  const Lines portless = forwarded("GET / HTTP/1.1", {"Host: [::1]"});
  EXPECT_THAT(values_of(portless, "x-forwarded-port"), ElementsAre("80"));
}

TEST(RequestHead, DoesNotInventAnAddressForAUnixSocket) {
  const Lines fields{"X-Forwarded-For: 1.2.3.4", "X-Real-IP: 1.2.3.4"};
  const Lines stranger = get(fields, {{"", false}});
  EXPECT_THAT(values_of(stranger, "x-forwarded-for"), IsEmpty());
  EXPECT_THAT(values_of(stranger, "x-real-ip"), IsEmpty());
  EXPECT_THAT(values_of(stranger, "forwarded"),
              ElementsAre("for=unknown;host=shop.example.com;proto=http"));
  EXPECT_THAT(values_of(get(fields, {{"", true}}), "x-forwarded-for"), ElementsAre("1.2.3.4"));
}

TEST(RequestHead, AddsItselfToViaInOneLine) {
  EXPECT_THAT(values_of(get({}), "via"), ElementsAre("1.1 teal-1a2b3c4d"));
  EXPECT_THAT(values_of(get({"Via: 1.0 a", "Via: 2 b"}), "via"),
              ElementsAre("1.0 a, 2 b, 1.1 teal-1a2b3c4d"));
  EXPECT_THAT(values_of(get({"Via:"}), "via"), ElementsAre("1.1 teal-1a2b3c4d"));
  EXPECT_THAT(values_of(forwarded("GET / HTTP/1.0", {"Host: a"}), "via"),
              ElementsAre("1.0 teal-1a2b3c4d"));
}

TEST(RequestHead, CarriesOneRequestId) {
  const Lines lines = get({"X-Request-Id: abc", "X-Request-Id: def"});
  EXPECT_EQ(values_of(lines, "x-request-id").size(), 1U);
  EXPECT_NE(values_of(lines, "x-request-id")[0], "abc");
}

TEST(RequestHead, BeginsNoTrace) {
  for (const Peer& peer : {kStranger, kTrusted})
    EXPECT_THAT(values_of(get({}, {peer}), "traceparent"), IsEmpty());
}

TEST(RequestHead, PassesATraceOnByteForByte) {
  const std::string longest = "a=" + std::string(600, 'x');
  for (const std::string flags : {"00", "01", "02", "03", "ff"}) {
    const Lines lines = get({"Traceparent: " + kTraceparent + flags, "tracestate: a=1,\tb=2",
                             "TraceState: " + longest});
    EXPECT_THAT(lines, Contains("Traceparent: " + kTraceparent + flags));
    EXPECT_THAT(lines, Contains("tracestate: a=1,\tb=2"));
    EXPECT_THAT(lines, Contains("TraceState: " + longest));
    EXPECT_EQ(values_of(lines, "traceparent").size(), 1U);
  }
  const std::string later = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-09-what";
  EXPECT_THAT(values_of(get({"traceparent: " + later}), "traceparent"), ElementsAre(later));
}

TEST(RequestHead, PassesNeitherFieldOnOfATraceThatIsInvalidDoubleOrMissing) {
  const std::string good = "traceparent: " + kTraceparent + "01";
  for (const Lines& fields : {Lines{"traceparent: junk"}, Lines{good, good}, Lines{}}) {
    Lines all = fields;
    all.push_back("tracestate: a=1");
    EXPECT_THAT(values_of(get(all, {kTrusted}), "traceparent"), IsEmpty());
    EXPECT_THAT(values_of(get(all, {kTrusted}), "tracestate"), IsEmpty());
  }
}

TEST(RequestHead, HasEveryFieldOfAnyRequestExactlyWhereTheRulesSay) {
  // Random heads of end-to-end and hop-by-hop fields in canonical and other spellings.
  const Lines pool{"X-A: 1",    "X-B:2",           "Accept:  */*", "Connection: x-a",
                   "TE: gzip",  "Keep-Alive: 1",   "Cookie: a=b",  "Via: 1.1 x",
                   "X-C: 3",    "X-Real-IP: 9",    "Upgrade: h2c", "User-Agent: u",
                   "Expect: 1", "Content-Type: t", "X-D: ",        "Forwarded: for=x"};
  const Lines never{"te", "keep-alive", "upgrade", "expect", "connection"};
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    Rng rng{seed};
    Lines fields;
    bool names_a = false;
    for (std::uint32_t i = rng.below(12); i > 0; --i) {
      fields.push_back(pool[rng.below(static_cast<std::uint32_t>(pool.size()))]);
      names_a = names_a || fields.back().starts_with("Connection");
    }
    const Lines lines = get(fields);
    for (const std::string& name : never)
      ASSERT_THAT(values_of(lines, name), IsEmpty()) << "seed " << seed;
    for (const char* name : {"x-b", "x-c", "x-d", "accept", "cookie", "content-type", "x-a"}) {
      Lines expected = values_of(fields, name);
      // values_of knows only ": "; the odd spellings are counted by hand.
      if (name == std::string{"x-b"})
        expected.assign(static_cast<std::size_t>(std::ranges::count(fields, "X-B:2")), "2");
      for (std::string& value : expected) value.erase(0, value.find_first_not_of(' '));
      if (names_a && name == std::string{"x-a"}) expected.clear();
      ASSERT_EQ(values_of(lines, name), expected) << "seed " << seed << " " << name;
    }
    for (const char* name : {"host", "via", "forwarded", "x-real-ip"})
      ASSERT_EQ(values_of(lines, name).size(), 1U) << "seed " << seed << " " << name;
  }
}

std::string cookie(const Lines& fields, std::string_view name) {
  const auto owned = test::request_head("GET / HTTP/1.1", fields);
  return std::string(find_cookie(owned.head.fields, name));
}

TEST(FindCookie, FindsACookieByItsWholeNameInAnyOfTheFields) {
  const Lines fields{"Cookie: xteal=1; teal_shop=42 ;other=3", "Cookie: last=9"};
  EXPECT_EQ(cookie(fields, "teal_shop"), "42");
  EXPECT_EQ(cookie(fields, "teal"), "");
  EXPECT_EQ(cookie(fields, "TEAL_SHOP"), "");
  EXPECT_EQ(cookie(fields, "other"), "3");
  EXPECT_EQ(cookie(fields, "last"), "9");
}

TEST(FindCookie, TakesTheFirstOfTwoAndSurvivesMalformedOnes) {
  EXPECT_EQ(cookie({"Cookie: ;;= ; a; a=1=2; a=3"}, "a"), "1=2");
  EXPECT_EQ(cookie({"Cookie: a="}, "a"), "");
  EXPECT_EQ(cookie({}, "a"), "");
}

TEST(FindCookie, FindsTheNextOnesToo) {
  const auto owned =
      test::request_head("GET / HTTP/1.1", {"Cookie: a=; a=1; b=0; a=2", "Cookie: a=3"});
  EXPECT_EQ(find_cookie(owned.head.fields, "a", 1), "2");
  EXPECT_EQ(find_cookie(owned.head.fields, "a", 2), "3");
  EXPECT_EQ(find_cookie(owned.head.fields, "a", 3), "");
}

}  // namespace
}  // namespace teal::proxy
