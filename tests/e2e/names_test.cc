// Names that are not what they seem: addresses, header fields, trailers and path parameters that
// two readers take for two things.
#include <gtest/gtest.h>

#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_http2_target.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

constexpr const char* kListener = "public: { address: '127.0.0.1:0'";

TEST(Names, ATargetsAddressCannotCarryAnotherHeader) {
  Target target;
  Teal teal(shop({target.address()}, "host_header: target\n"));
  const std::string targets = "/v1/services/shop/groups/blue/targets/";
  for (const char* bad :
       {"127.0.0.1%00%0d%0aX-Injected:%20yes:80", "127.0.0.1%0d%0aX-Injected:%20yes:80",
        "127.0.0.1:80%00", "127.0.0.1%20:80", "%5b::1%00%5d:80", "unix:%2frun%2fa%00b",
        "unix:%2frun%2fa%0d%0ab", "unix:%00abstract"}) {
    const ApiAnswer answer = teal.admin().call("PUT", targets + bad);
    EXPECT_EQ(answer.status, 400) << bad << answer.text;
    EXPECT_EQ(answer.at("/type"), "urn:teal:problem:invalid-address") << bad;
  }
  HttpClient client(teal.listener());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client.get("/").status, 200);
  for (const SeenRequest& seen : target.seen()) EXPECT_FALSE(seen.headers.has("x-injected"));
  EXPECT_EQ(target.requests(), 4U) << "nobody else is a target";
}

TEST(Names, ATargetNeedsAPortAndIsKeptInOneForm) {
  Target target;
  Teal teal(shop({target.address()}));
  const std::string targets = "/v1/services/shop/groups/green/targets/";
  EXPECT_EQ(teal.admin().call("PUT", targets + "127.0.0.1:0").status, 400);
  EXPECT_EQ(teal.admin().call("PUT", targets + "%5b::1%5d:0").status, 400);
  EXPECT_EQ(teal.admin().call("PUT", targets + "%5b::FFFF:127.0.0.1%5d:09").status, 200);
  EXPECT_EQ(teal.admin().call("PUT", targets + "127.0.0.1:9").status, 200);
  const ApiAnswer service = teal.admin().service();
  EXPECT_EQ(service.at("/groups/green/targets/0/address"), "127.0.0.1:9") << service.text;
  EXPECT_EQ(service.at("/groups/green/targets/1/address"), "") << service.text;
}

constexpr const char* kTwins =
    "X_Forwarded_For: 10.9.9.9\r\nX_Forwarded_Proto: https\r\nX_Real_IP: 10.9.9.9\r\n"
    "X_Request_Id: forged\r\nX-Forwarded_Client_Cert: forged\r\nTransfer_Encoding: chunked\r\n"
    "Content_Length: 7\r\nx.real.ip: 10.9.9.9\r\nX_Other: kept\r\n";

void expect_no_twins(const Headers& headers) {
  for (const char* name :
       {"x_forwarded_for", "x_forwarded_proto", "x_real_ip", "x_request_id",
        "x-forwarded_client_cert", "transfer_encoding", "content_length", "x.real.ip"})
    EXPECT_FALSE(headers.has(name)) << name;
}

TEST(Names, WithUnderscoresThatReadLikeTealsOwnReachNoTarget) {
  Target target;
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/", kTwins).status, 200);
  expect_no_twins(target.last().headers);
  EXPECT_EQ(target.last().headers.get("x_other"), "kept");
  EXPECT_EQ(target.last().headers.get("x-forwarded-for"), "127.0.0.1");
  EXPECT_EQ(teal.admin().metric("teal_request_fields_dropped_total", "reason=\"reads_like_own\""),
            8.0);

  Http2Client http2(teal.listener());
  const auto got = http2.get(
      1, "/",
      {{"x_forwarded_for", "10.9.9.9"}, {"transfer_encoding", "chunked"}, {"x_other", "kept"}});
  EXPECT_EQ(got.status, "200");
  expect_no_twins(target.last().headers);
  EXPECT_EQ(target.last().headers.get("x_other"), "kept");
}

TEST(Names, WithUnderscoresReachNoTargetThatSpeaksHttp2Either) {
  Http2Target target;
  Teal teal(shop({target.address()}, "upstream: { protocol: http2 }\n"));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/", kTwins).status, 200);
  ASSERT_EQ(target.seen().size(), 1U);
  EXPECT_EQ(target.seen()[0].field("x_forwarded_for"), "");
  EXPECT_EQ(target.seen()[0].field("content_length"), "");
  EXPECT_EQ(target.seen()[0].field("x_other"), "kept");
}

TEST(Names, WithUnderscoresAreDroppedOrRefusedAsTheListenerSays) {
  Target target;
  ConfigText config = shop({target.address()});
  config.listeners = std::string(kListener) + ", underscores: drop }\nstrict: { address: " +
                     "'127.0.0.1:0', underscores: refuse }";
  config.services[0].match = "[ { listener: public }, { listener: strict } ]";
  Teal teal(config);
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/", "x_other: 1\r\nx-kept: 2\r\n").status, 200);
  EXPECT_FALSE(target.last().headers.has("x_other"));
  EXPECT_EQ(target.last().headers.get("x-kept"), "2");
  EXPECT_EQ(teal.admin().metric("teal_request_fields_dropped_total", "reason=\"underscore\""), 1.0);
  HttpClient strict(teal.listener("strict"));
  const Response refused = strict.get("/", "x_other: 1\r\n");
  EXPECT_EQ(refused.status, 400) << describe(refused);
  EXPECT_EQ(strict.get("/", "x-other: 1\r\n").status, 200) << "the connection is kept";
  Http2Client http2(teal.listener("strict"));
  EXPECT_EQ(http2.get(1, "/", {{"x_other", "1"}}).status, "400");
  EXPECT_EQ(http2.get(3, "/").status, "200");
  EXPECT_EQ(teal.admin().metric("teal_requests_refused_total", "rule=\"field_name_underscored\""),
            2.0);
}

// ---- trailers -----------------------------------------------------------------------------------

std::string with_trailers(const std::string& trailers, const std::string& headers = {}) {
  return request("POST", "/", "transfer-encoding: chunked\r\n" + headers) + "3\r\nabc\r\n0\r\n" +
         trailers + "\r\n";
}

TEST(Names, OfRequestTrailersReachATargetOnlyWhereTheRouteAsks) {
  Target target;
  Teal teal(shop({target.address()},
                 "routes:\n"
                 "  asks: { match: { listener: public, path: /asks }, request_trailers: pass }\n"));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.exchange(with_trailers("x-sum: 1\r\n", "trailer: x-sum\r\n")).status, 200);
  EXPECT_EQ(target.last().body, "abc");
  EXPECT_TRUE(target.last().trailers.list.empty());
  EXPECT_FALSE(target.last().headers.has("trailer")) << "of those there are none";
  EXPECT_EQ(teal.admin().metric("teal_request_fields_dropped_total", "reason=\"trailer\""), 1.0);
  std::string asked = with_trailers("x-sum: 1\r\n", "trailer: x-sum\r\n");
  asked.replace(asked.find(" / "), 3, " /asks ");
  EXPECT_EQ(client.exchange(asked).status, 200);
  EXPECT_EQ(target.last().trailers.get("x-sum"), "1");
  EXPECT_EQ(target.last().headers.get("trailer"), "x-sum");
  Http2Client http2(teal.listener());
  http2.send(h2::headers(1, h2::post(), false) + h2::frame(h2::kData, 0, 1, "abc") +
             h2::headers(1, {{"x-sum", "7"}}));
  EXPECT_EQ(http2.answer(1).status, "200");
  EXPECT_EQ(target.last().body, "abc");
  EXPECT_TRUE(target.last().trailers.list.empty());
}

TEST(Names, OfRequestTrailersObeyTheRulesOfTheHead) {
  Target target;
  Teal teal(shop({target.address()},
                 "request_trailers: pass\n"
                 "request_headers: { set: { name: x-user, value: safe }, remove: x-internal }\n"));
  HttpClient client(teal.listener());
  const std::string trailers =
      "x-user: forged\r\nX_User: forged\r\nx-internal: 1\r\nX_Forwarded_For: 10.9.9.9\r\n"
      "x-forwarded-client-cert: forged\r\nContent_Length: 3\r\nx-request-id: forged\r\n"
      "x-hop: 1\r\nx-sum: 1\r\n";
  EXPECT_EQ(client.exchange(with_trailers(trailers, "connection: x-hop\r\n")).status, 200);
  ASSERT_EQ(target.last().trailers.list.size(), 1U);
  EXPECT_EQ(target.last().trailers.get("x-sum"), "1");
  EXPECT_EQ(target.last().headers.get("x-user"), "safe");
}

TEST(Names, OfRequestTrailersAreRefusedWithTheirUnderscores) {
  Target target;
  ConfigText config = shop({target.address()}, "request_trailers: pass\n");
  config.listeners = std::string(kListener) + ", underscores: refuse }";
  Teal teal(config);
  HttpClient client(teal.listener());
  const Response refused = client.exchange(with_trailers("x_sum: 1\r\n"));
  EXPECT_EQ(refused.status, 400) << describe(refused);
  HttpClient other(teal.listener());
  EXPECT_EQ(other.exchange(with_trailers("x-sum: 1\r\n")).status, 200);
}

TEST(Names, OfResponseTrailersObeyTheRulesOfTheHead) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send(
        "HTTP/1.1 200 OK\r\nconnection: x-hop\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
        "x-powered-by: PHP\r\nx-frame-options: NONE\r\nx-hop: 1\r\nx-teal-shield: forged\r\n"
        "server-timing: a\r\n\r\n");
  });
  Teal teal(shop({target.address()},
                 "response_headers: { set: { name: x-frame-options, value: DENY },\n"
                 "                    remove: x-powered-by }\n"));
  HttpClient client(teal.listener());
  const Response got = client.get("/");
  EXPECT_EQ(got.body, "ok") << describe(got);
  ASSERT_EQ(got.trailers.list.size(), 1U);
  EXPECT_EQ(got.trailers.get("server-timing"), "a");
  EXPECT_EQ(got.headers.get("x-frame-options"), "DENY");
}

// ---- path parameters ----------------------------------------------------------------------------

std::string guarded(const std::string& parameters) {
  return std::string(kListener) + ", paths: { parameters: " + parameters + " } }";
}

constexpr const char* kGuard =
    "routes:\n"
    "  guard: { match: { listener: public, path: /private }, respond: { status: 403 } }\n"
    "  exact: { match: { listener: public, exact_path: /login }, respond: { status: 204 } }\n"
    "  api: { match: { listener: public, path: /api }, rewrite: { prefix: /v1 } }\n"
    "  old: { match: { listener: public, path: /old },\n"
    "         redirect: { prefix: /new } }\n";

TEST(Names, OfPathsAreMatchedWithoutTheirParameters) {
  for (const std::string parameters : {"pass", "strip"}) {
    Target target;
    ConfigText config = shop({target.address()}, kGuard);
    config.listeners = guarded(parameters);
    Teal teal(config);
    HttpClient client(teal.listener());
    for (const char* path : {"/private", "/private;a", "/private;a=b/x", "/;x/private", "/private;",
                             "/private/;a/x", "/private%3ba", "//private;a", "/./private;a"})
      EXPECT_EQ(client.get(path).status, 403) << parameters << path;
    EXPECT_EQ(client.get("/login;jsessionid=1").status, 204) << parameters;
    EXPECT_EQ(client.get("/public/..;/private").status, 400) << parameters;
    EXPECT_EQ(target.requests(), 0U) << parameters;

    const bool strips = parameters == "strip";
    EXPECT_EQ(client.get("/other;a=1/x;b?q=;c").status, 200);
    EXPECT_EQ(target.last().path, strips ? "/other/x?q=;c" : "/other;a=1/x;b?q=;c");
    EXPECT_EQ(client.get("/api;v=2/x;b").status, 200);
    EXPECT_EQ(target.last().path, strips ? "/v1/x" : "/v1/x;b");
    EXPECT_EQ(client.get("/old;v=2/x").headers.get("location"), "/new/x");
    Http2Client http2(teal.listener());
    EXPECT_EQ(http2.get(1, "/private;a").status, "403");
  }
}

TEST(Names, OfPathsMayBeRefusedTheirParameters) {
  Target target;
  ConfigText config = shop({target.address()}, kGuard);
  config.listeners = guarded("refuse");
  Teal teal(config);
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/private;a").status, 400);
  EXPECT_EQ(client.get("/x%3Ba").status, 400);
  EXPECT_EQ(client.get("/x?a;b").status, 200);
  EXPECT_EQ(target.requests(), 1U);
  EXPECT_EQ(teal.admin().metric("teal_requests_refused_total", "rule=\"path_parameters\""), 2.0);
}

}  // namespace
}  // namespace teal::e2e
