// What targets and clients get to see of each other's header fields.
#include <gtest/gtest.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
/// A traceparent, all but its flags.
const std::string kSpan = std::string("00-") + kTrace + "-00f067aa0ba902b7-";

/// `x` in the shape stands for a hexadecimal digit in lower case, anything else for itself.
bool has_shape(std::string_view text, std::string_view shape) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (shape[i] == 'x' ? kHex.find(text[i]) == std::string_view::npos : text[i] != shape[i])
      return false;
  return true;
}

class HeadersTest : public ::testing::Test {
 protected:
  /// What the target sees of a GET with these header lines.
  SeenRequest seen(const std::string& lines, const std::string& more = {},
                   const std::string& listener = {}) {
    ConfigText config = shop({target_.address()}, more);
    if (!listener.empty()) config.listeners = listener;
    Teal teal(config);
    HttpClient client(teal.listener());
    response_ = client.get("/", lines);
    EXPECT_EQ(response_.status, 200) << describe(response_);
    return target_.last();
  }

  SeenRequest seen_trusted(const std::string& lines) {
    return seen(lines, {}, "public: { address: '127.0.0.1:0', trusted_proxies: [ 127.0.0.0/8 ] }");
  }

  Target target_;
  Response response_;
};

TEST_F(HeadersTest, HopByHopFieldsEndAtTealWithThoseThatConnectionNames) {
  const SeenRequest request = seen(
      "connection: keep-alive, x-hop, X-Other-Hop\r\nx-hop: 1\r\nx-other-hop: 2\r\n"
      "keep-alive: timeout=5\r\nproxy-connection: keep-alive\r\nte: gzip\r\nupgrade: h2c\r\n"
      "x-stays: yes\r\n");
  for (const char* name :
       {"x-hop", "x-other-hop", "keep-alive", "proxy-connection", "te", "upgrade", "connection"})
    EXPECT_FALSE(request.headers.has(name)) << name;
  EXPECT_EQ(request.headers.get("x-stays"), "yes");
}

TEST_F(HeadersTest, ConnectionCannotRemoveWhatProtectsTheTarget) {
  const SeenRequest request = seen(
      "connection: close, host, authorization, x-forwarded-for, cookie\r\n"
      "authorization: Basic eDp5\r\ncookie: a=b\r\n");
  EXPECT_EQ(request.headers.get("host"), "shop.example.com");
  EXPECT_EQ(request.headers.get("authorization"), "Basic eDp5");
  EXPECT_EQ(request.headers.get("cookie"), "a=b");
  EXPECT_EQ(request.headers.get("x-forwarded-for"), "127.0.0.1");
}

TEST_F(HeadersTest, HopByHopFieldsOfTheTargetDoNotReachTheClient) {
  target_.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(200, "ok",
                             "connection: x-internal\r\nx-internal: secret\r\n"
                             "keep-alive: timeout=5\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n"));
  });
  seen("");
  EXPECT_FALSE(response_.headers.has("x-internal"));
  EXPECT_FALSE(response_.headers.has("keep-alive"));
  EXPECT_EQ(response_.headers.count("set-cookie"), 2U);
}

TEST_F(HeadersTest, TealSignsInViaToTargetsWithItsOwnNameAndToClientsWithoutAnId) {
  EXPECT_TRUE(
      has_shape(seen("via: 1.0 edge\r\n").headers.get("via"), "1.0 edge, 1.1 teal-xxxxxxxx"));
  EXPECT_EQ(response_.headers.get("via"), "1.1 teal");
}

TEST_F(HeadersTest, ForwardingFieldsOfAnUntrustedPeerAreReplaced) {
  const SeenRequest request = seen(
      "x-forwarded-for: 6.6.6.6\r\nx-forwarded-proto: https\r\nx-forwarded-host: evil\r\n"
      "x-forwarded-port: 1\r\nx-real-ip: 6.6.6.6\r\nforwarded: for=6.6.6.6\r\n");
  EXPECT_EQ(request.headers.get("x-forwarded-for"), "127.0.0.1");
  EXPECT_EQ(request.headers.get("x-forwarded-proto"), "http");
  EXPECT_EQ(request.headers.get("x-forwarded-host"), "shop.example.com");
  EXPECT_EQ(request.headers.get("x-forwarded-port"), "80");
  EXPECT_EQ(request.headers.get("x-real-ip"), "127.0.0.1");
  EXPECT_EQ(request.headers.get("forwarded"), "for=127.0.0.1;host=shop.example.com;proto=http");
}

TEST_F(HeadersTest, ForwardingFieldsOfATrustedPeerAreContinued) {
  const SeenRequest request = seen_trusted(
      "x-forwarded-for: 192.0.2.1\r\nx-forwarded-proto: https\r\n"
      "x-forwarded-host: shop.example.net\r\nforwarded: for=192.0.2.1;proto=https\r\n");
  EXPECT_EQ(request.headers.get("x-forwarded-for"), "192.0.2.1, 127.0.0.1");
  EXPECT_EQ(request.headers.get("x-forwarded-proto"), "https");
  EXPECT_EQ(request.headers.get("x-forwarded-host"), "shop.example.net");
  EXPECT_EQ(request.headers.get("forwarded"),
            "for=192.0.2.1;proto=https, for=127.0.0.1;host=shop.example.com;proto=http");
}

TEST_F(HeadersTest, EveryRequestHasAnIdThatTheClientGetsToo) {
  const std::string id = seen("x-request-id: mine\r\n").headers.get("x-request-id");
  EXPECT_TRUE(has_shape(id, "xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx")) << id;
  EXPECT_EQ(response_.headers.get("x-request-id"), id);
  EXPECT_EQ(seen_trusted("x-request-id: from-the-edge.7\r\n").headers.get("x-request-id"),
            "from-the-edge.7");
}

TEST_F(HeadersTest, AValidTraceGoesOnByteForByte) {
  for (const char* flags : {"00", "01", "02", "03"}) {
    const std::string parent = kSpan + flags;
    const SeenRequest request = seen("traceparent: " + parent + "\r\ntracestate: a=1,b=2\r\n");
    EXPECT_EQ(request.headers.get("traceparent"), parent);
    EXPECT_EQ(request.headers.get("tracestate"), "a=1,b=2");
  }
}

TEST_F(HeadersTest, NothingGoesOnOfATraceThatIsBrokenOrDouble) {
  for (const std::string& broken :
       {std::string("00-") + kTrace + "-0000000000000000-01", std::string("garbage"),
        std::string("ff-") + kTrace + "-00f067aa0ba902b7-01",
        kSpan + "01\r\ntraceparent: " + kSpan + "01"}) {
    const SeenRequest request = seen("traceparent: " + broken + "\r\ntracestate: a=1\r\n");
    EXPECT_FALSE(request.headers.has("traceparent")) << broken;
    EXPECT_FALSE(request.headers.has("tracestate")) << broken;
  }
}

/// What OpenTelemetry's default sampler, ParentBased(AlwaysOn), decides of a request.
bool records(const SeenRequest& request) {
  const std::string parent = request.headers.get("traceparent");
  if (!has_shape(parent, "00-" + std::string(32, 'x') + '-' + std::string(16, 'x') + "-xx"))
    return true;  // A root: it is sampled.
  return parent.back() == '1' || parent.back() == '3';
}

TEST_F(HeadersTest, AServiceWithAParentBasedSamplerRecordsWhatItWouldRecordAlone) {
  EXPECT_TRUE(records(seen("")));
  EXPECT_TRUE(records(seen("traceparent: " + kSpan + "01\r\n")));
  EXPECT_FALSE(records(seen("traceparent: " + kSpan + "00\r\n")));
}

TEST_F(HeadersTest, TheHostIsPreservedOrTheTargetsOrALiteral) {
  EXPECT_EQ(seen("").headers.get("host"), "shop.example.com");
  EXPECT_EQ(seen("", "host_header: target").headers.get("host"), target_.address());
  EXPECT_EQ(seen("", "host_header: literal:backend.internal").headers.get("host"),
            "backend.internal");
  EXPECT_EQ(target_.last().headers.get("x-forwarded-host"), "shop.example.com");
  EXPECT_EQ(target_.last().headers.count("host"), 1U);
}

TEST_F(HeadersTest, TrailersAreAnnouncedOnlyWhereTheClientWantsThem) {
  const SeenRequest request = seen("te: trailers, deflate\r\nconnection: te\r\n");
  EXPECT_EQ(request.headers.get("te"), "trailers");
  EXPECT_EQ(request.headers.get("connection"), "te");
}

TEST_F(HeadersTest, RepeatedAndOddlyWrittenFieldsArriveWithTheirValues) {
  const SeenRequest request =
      seen("X-Mixed:tight\r\nx-mixed:   loose  \r\nx-empty:\r\nx-colons: a:b:c\r\n");
  EXPECT_EQ(request.headers.get("x-mixed"), "tight, loose");
  EXPECT_EQ(request.headers.count("x-empty"), 1U);
  EXPECT_EQ(request.headers.get("x-colons"), "a:b:c");
}

}  // namespace
}  // namespace teal::e2e
