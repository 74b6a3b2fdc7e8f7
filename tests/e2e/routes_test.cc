// What a front door does with requests besides handing them on: matches by more than host and path,
// edits, redirects, fixed responses, limits, and paths that could be understood in two ways.
#include <gtest/gtest.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

/// The service `shop` with these routes, each indented by four.
ConfigText with_routes(const Target& target, const std::string& routes,
                       const std::string& more = {}) {
  return shop({target.address()}, more + "routes:\n" + routes);
}

TEST(Routes, MatchByMethodAndHeaderBesideThePath) {
  Target all("all"), writes("writes"), canary("canary"), exact("exact");
  const auto service = [](const std::string& match, const Target& target) {
    ServiceText text;
    text.name = target.name();
    text.match = match;
    text.blue = {target.address()};
    return text;
  };
  ConfigText config;
  config.services = {
      service("{ listener: public }", all),
      service("{ listener: public, methods: [ POST, PUT ] }", writes),
      service("{ listener: public, headers: { name: x-canary, exact: always } }", canary),
      service("{ listener: public, exact_path: /exact }", exact),
  };
  Teal teal(config);
  HttpClient client(teal.listener());
  const auto who = [](const Response& response) { return response.headers.get("x-target"); };
  EXPECT_EQ(who(client.get("/")), "all");
  EXPECT_EQ(who(client.post("/", "x")), "writes");
  EXPECT_EQ(who(client.get("/", "X-Canary: always\r\n")), "canary");
  EXPECT_EQ(who(client.get("/", "X-Canary: never\r\n")), "all");
  EXPECT_EQ(who(client.post("/", "x", "X-Canary: always\r\n")), "writes");
  EXPECT_EQ(who(client.get("/exact?q")), "exact");
  EXPECT_EQ(who(client.get("/exact/more")), "all");
}

TEST(Routes, ForwardThePathThatWasRoutedOn) {
  Target open("open"), closed("closed");
  ConfigText config = shop({open.address()});
  ServiceText admin;
  admin.name = "admin";
  admin.match = "{ listener: public, path: /admin }";
  admin.blue = {closed.address()};
  config.services.push_back(admin);
  config.access_log = "{ format: json, path: stdout }";
  Teal teal(config);
  HttpClient client(teal.listener());
  for (const char* path : {"/admin/x?q=/../", "//admin/x?q=/../", "/public/../admin/x?q=/../",
                           "/public/%2e%2e/admin/./x?q=/../", "/%61dmin//x?q=/../"}) {
    EXPECT_EQ(client.get(path).headers.get("x-target"), "closed") << path;
    EXPECT_EQ(closed.last().path, "/admin/x?q=/../") << path;
  }
  EXPECT_EQ(client.get("/a%2fb").headers.get("x-target"), "open");
  EXPECT_EQ(open.last().path, "/a%2Fb");
  for (const char* path :
       {"/public/..%2fadmin", "/public\\..\\admin", "/a%00", "/a%zz", "/..;/admin"})
    EXPECT_EQ(client.get(path).status, 400) << path;
  EXPECT_EQ(client.get("/still/here").status, 200) << "the connection is kept";
  EXPECT_EQ(teal.admin().metric("teal_requests_refused_total", "path_dots_hidden"), 2);
  EXPECT_EQ(open.requests(), 2U);
  ASSERT_TRUE(teal.stop());
  EXPECT_NE(teal.log().find(R"("target":"/public/%2e%2e/admin/./x?q=/../")"), std::string::npos)
      << "the log has what came";
}

TEST(Routes, LeavePathsAloneWhereTheListenerSaysSo) {
  Target target;
  ConfigText config = shop({target.address()});
  config.listeners =
      "public: { address: '127.0.0.1:0', paths: pass }\n"
      "strict: { address: '127.0.0.1:0', paths: strict }";
  config.services[0].match = "[ { listener: public }, { listener: strict } ]";
  Teal teal(config);
  HttpClient passing(teal.listener());
  for (const char* path : {"/a/../b//c/%2e%2e%2f%41%zz\\%00", "//x"}) {
    EXPECT_EQ(passing.get(path).status, 200);
    EXPECT_EQ(target.last().path, path);
  }
  HttpClient strict(teal.listener("strict"));
  EXPECT_EQ(strict.get("/a/../b").status, 400);
  EXPECT_EQ(strict.get("/a//b").status, 400);
  EXPECT_EQ(strict.get("/a%2Fb").status, 400);
  EXPECT_EQ(strict.get("/a%20b").status, 200);
}

TEST(Routes, EditHeadersOnBothWays) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(200, "body", "Server: secret\r\nX-Old: 1\r\n"));
  });
  Teal teal(with_routes(target,
                        "    edited:\n"
                        "      match: { listener: public, path: /edited }\n"
                        "      request_headers:\n"
                        "        set: [ { name: x-tenant, value: shop } ]\n"
                        "        add: [ { name: x-list, value: two } ]\n"
                        "        remove: [ cookie ]\n"
                        "      response_headers:\n"
                        "        set: [ { name: x-old, value: new } ]\n"
                        "        add: [ { name: x-frame-options, value: DENY } ]\n"
                        "        remove: [ server ]\n"));
  HttpClient client(teal.listener());
  const Response edited = client.get(
      "/edited", "X-Tenant: evil\r\nX-List: one\r\nCookie: a=b\r\nConnection: x-tenant\r\n");
  EXPECT_EQ(edited.body, "body");
  EXPECT_EQ(edited.headers.get("x-old"), "new");
  EXPECT_EQ(edited.headers.get("x-frame-options"), "DENY");
  EXPECT_FALSE(edited.headers.has("server"));
  const SeenRequest seen = target.last();
  EXPECT_EQ(seen.headers.get("x-tenant"), "shop");
  EXPECT_EQ(seen.headers.get("x-list"), "one, two");
  EXPECT_FALSE(seen.headers.has("cookie"));
  const Response plain = client.get("/plain", "Cookie: a=b\r\n");
  EXPECT_EQ(plain.headers.get("server"), "secret");
  EXPECT_TRUE(target.last().headers.has("cookie"));
}

TEST(Routes, RewriteThePathAndKeepTheQuery) {
  Target target;
  Teal teal(with_routes(target,
                        "    api: { match: { listener: public, path: /api/v1 },\n"
                        "           rewrite: { prefix: /internal } }\n"
                        "    one: { match: { listener: public, exact_path: /one },\n"
                        "           rewrite: { path: /index.html } }\n"));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/api/v1/items?a=/api/v1").status, 200);
  EXPECT_EQ(target.last().path, "/internal/items?a=/api/v1");
  EXPECT_EQ(client.get("/one?x").status, 200);
  EXPECT_EQ(target.last().path, "/index.html?x");
  const std::string body(200'000, 'b');
  EXPECT_EQ(client.post("/api/v1", body).status, 200);
  EXPECT_EQ(target.last().path, "/internal");
  EXPECT_EQ(target.last().body, body);
}

TEST(Routes, AnswerWithRedirectsAndFixedResponses) {
  Target target;
  ConfigText config = with_routes(
      target,
      "    old: { match: { listener: public, path: /old },\n"
      "           redirect: { status: 301, prefix: /new } }\n"
      "    www: { match: { listener: public, host: example.com },\n"
      "           redirect: { status: 308, scheme: https, host: www.example.com } }\n"
      "    robots: { match: { listener: public, exact_path: /robots.txt },\n"
      "              respond: { body: 'User-agent: *' },\n"
      "              response_headers: { set: { name: cache-control, value: max-age=60 } } }\n"
      "    gone: { match: { listener: public, path: /gone }, respond: { status: 410 } }\n");
  config.access_log = "{ format: json, path: stdout }";
  Teal teal(config);
  HttpClient client(teal.listener());
  const Response old = client.get("/old/a?b=c");
  EXPECT_EQ(old.status, 301);
  EXPECT_EQ(old.headers.get("location"), "/new/a?b=c");
  const Response www = client.exchange("GET /x?y HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_EQ(www.status, 308);
  EXPECT_EQ(www.headers.get("location"), "https://www.example.com/x?y");
  const Response robots = client.get("/robots.txt");
  EXPECT_EQ(robots.body, "User-agent: *");
  EXPECT_EQ(robots.headers.get("cache-control"), "max-age=60");
  EXPECT_EQ(robots.headers.get("content-type"), "text/plain; charset=utf-8");
  const Response head = client.exchange("HEAD /robots.txt HTTP/1.1\r\nHost: h\r\n\r\n", true);
  EXPECT_EQ(head.headers.get("content-length"), "13");
  const Response gone = client.get("/gone");
  EXPECT_EQ(gone.status, 410);
  EXPECT_TRUE(gone.complete);
  EXPECT_EQ(client.get("/").status, 200) << "the connection is kept";
  EXPECT_EQ(target.requests(), 1U);
  EXPECT_EQ(teal.admin().metric("teal_route_answers_total", "redirect"), 2);
  EXPECT_EQ(teal.admin().metric("teal_route_answers_total", "respond"), 3);
  EXPECT_EQ(teal.admin().metric("teal_requests_total", "2xx"), 1) << "they count for no group";
  ASSERT_TRUE(teal.stop());
  EXPECT_NE(teal.log().find(R"("termination":"responded")"), std::string::npos);
}

TEST(Routes, LimitTheBodyOfARequest) {
  Target target;
  Teal teal(with_routes(target,
                        "    wide: { match: { listener: public, path: /wide },\n"
                        "            limits: { request_body_bytes: 0 } }\n",
                        "limits: { request_body_bytes: 1000 }\n"));
  {
    HttpClient client(teal.listener());
    EXPECT_EQ(client.post("/", std::string(1000, 'x')).status, 200);
    EXPECT_EQ(client.post("/wide", std::string(2000, 'x')).status, 200);
    // Known before a byte of it is read.
    const Response early = client.exchange(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(early.status, 413);
    EXPECT_TRUE(early.interim.empty());
    EXPECT_EQ(client.await_end(), Arrival::closed);
  }
  EXPECT_EQ(target.requests(), 2U);
  HttpClient client(teal.listener());
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const std::string chunk = "1f4\r\n" + std::string(500, 'x') + "\r\n";
  ASSERT_TRUE(client.send(chunk + chunk + "1\r\nx\r\n"));
  EXPECT_EQ(client.read().status, 413);
  EXPECT_EQ(client.await_end(), Arrival::closed);
  EXPECT_EQ(teal.admin().metric("teal_request_bodies_too_large_total", ""), 2);
}

TEST(Routes, HaveTimeoutsOfTheirOwn) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest& seen) {
    if (seen.path.starts_with("/slow")) connection.stall();
    connection.send(response(200, "ok"));
  });
  Teal teal(with_routes(target,
                        "    slow: { match: { listener: public, path: /slow },\n"
                        "            timeouts: { response_header: 300ms } }\n"
                        "    all: { match: { listener: public, path: /slow/all },\n"
                        "           timeouts: { request: 300ms } }\n"));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(client.get("/slow").status, 504);
  EXPECT_EQ(client.get("/slow/all").status, 504);
  EXPECT_EQ(teal.admin().metric("teal_timeouts_total", "response_header"), 1);
  EXPECT_EQ(teal.admin().metric("teal_timeouts_total", "phase=\"request"), 1);
}

}  // namespace
}  // namespace teal::e2e
