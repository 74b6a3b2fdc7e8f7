// Routes, their matches and what they do, as the file says them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "tests/support/config_reports.h"

namespace teal::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string text_with(std::string_view listener_keys, std::string_view service_keys) {
  return "listeners: { public: { address: 0.0.0.0:8080" + std::string(listener_keys) +
         " } }\nservices:\n shop:\n  match: { listener: public }\n"
         "  blue: { revision: v1, targets: [ 10.0.0.1:80 ] }\n" +
         std::string(service_keys);
}

Service service_with(std::string_view keys) {
  const Loaded<Config> config = load_text(text_with("", keys), "t.yaml");
  EXPECT_TRUE(config) << report_of(config);
  return config ? config->services.at(0) : Service{};
}

std::string problems_with(std::string_view keys) {
  return report_of(load_text(text_with("", keys), "t.yaml"));
}

std::string route(std::string_view keys) {
  return "  routes: { api: { match: { listener: public, path: /api }, " + std::string(keys) +
         " } }\n";
}

TEST(LoadRoutes, ReadsMatchesWithConditions) {
  const Service service = service_with(
      "  routes:\n"
      "   api:\n"
      "    match:\n"
      "     - { listener: public, exact_path: /api, methods: [ PUT, GET, PUT ] }\n"
      "     - { listener: public, path: /v2, headers: [ { name: X-B, prefix: eu- },\n"
      "         { name: x-a, exact: '1' }, { name: x-c } ] }\n");
  ASSERT_EQ(service.routes.size(), 1U);
  EXPECT_EQ(service.routes[0].name, "api");
  ASSERT_EQ(service.routes[0].match.size(), 2U);
  const Match& exact = service.routes[0].match[0];
  EXPECT_TRUE(exact.is_exact);
  EXPECT_EQ(exact.path, "/api");
  EXPECT_THAT(exact.methods, ElementsAre("GET", "PUT"));
  const Match& headers = service.routes[0].match[1];
  EXPECT_FALSE(headers.is_exact);
  EXPECT_THAT(headers.headers, ElementsAre(HeaderMatch{"x-a", HeaderMatch::Kind::exact, "1"},
                                           HeaderMatch{"x-b", HeaderMatch::Kind::prefix, "eu-"},
                                           HeaderMatch{"x-c", HeaderMatch::Kind::present, ""}));
}

TEST(LoadRoutes, RefusesMatchesThatMeanNothing) {
  const auto said = [](std::string_view match) {
    return problems_with("  routes: { api: { match: { listener: public, " + std::string(match) +
                         " } } }\n");
  };
  EXPECT_THAT(said("path: /a, exact_path: /b"), HasSubstr("exact_path: excludes path"));
  EXPECT_THAT(said("exact_path: a"), HasSubstr("must be a path that begins with '/'"));
  EXPECT_THAT(said("exact_path: '/a?b'"), HasSubstr("must be a path without a query"));
  EXPECT_THAT(said("methods: [ get ]"), HasSubstr("write it in capitals"));
  EXPECT_THAT(said("methods: [ 'G,T' ]"), HasSubstr("must be a method like GET"));
  EXPECT_THAT(said("methods: []"), HasSubstr("leave methods out to match any"));
  EXPECT_THAT(said("headers: { exact: a }"), HasSubstr("has no name"));
  EXPECT_THAT(said("headers: { name: 'a b' }"), HasSubstr("without blanks"));
  EXPECT_THAT(said("headers: { name: 'a:b' }"), HasSubstr("cannot be a header's name"));
  EXPECT_THAT(said("headers: { name: Host }"), HasSubstr("use the key host of the match"));
  EXPECT_THAT(said("headers: { name: a, exact: b, prefix: c }"), HasSubstr("excludes exact"));
  EXPECT_THAT(said("headers: { name: a, regex: b }"), HasSubstr("unknown key"));
  EXPECT_THAT(problems_with("  routes: { api: {} }\n"), HasSubstr("has no match"));
  EXPECT_THAT(said("host: x"), IsEmpty());
}

TEST(LoadRoutes, RefusesTheSameRequestsTwiceAndOnlyThose) {
  EXPECT_THAT(problems_with("  routes: { a: { match: { listener: public } } }\n"),
              HasSubstr("t.yaml:6:18: services.shop.routes.a.match: the same listener, host and "
                        "path lead to service 'shop' already"));
  EXPECT_THAT(
      problems_with("  routes: { a: { match: { listener: public, methods: [ GET, PUT ] } },\n"
                    "            b: { match: { listener: public, methods: [ PUT, GET ] } } "
                    "}\n"),
      HasSubstr("the same listener, host and path, methods and headers lead to route 'a' "
                "of service 'shop' already"));
  EXPECT_THAT(
      problems_with("  routes: { a: { match: { listener: public, methods: GET } },\n"
                    "            b: { match: { listener: public, exact_path: / } },\n"
                    "            c: { match: { listener: public, headers: { name: x } } } }\n"),
      IsEmpty());
}

TEST(LoadRoutes, ReadsWhatIsDoneWithARequest) {
  const Service service = service_with(route(
      "rewrite: { prefix: / }, timeouts: { request: 5s, response_header: 2s, stream_idle: 3s },\n"
      "  limits: { request_body_bytes: 1000 },\n"
      "  request_headers: { set: [ { name: X-A, value: a b } ], remove: x-c },\n"
      "  response_headers: { add: { name: set-cookie, value: c=1 } }"));
  ASSERT_EQ(service.routes.size(), 1U);
  const Route& api = service.routes[0];
  EXPECT_EQ(api.actions.rewrite, (NewPath{NewPath::Kind::prefix, "/"}));
  EXPECT_EQ(api.timeouts.request, seconds{5});
  EXPECT_EQ(api.timeouts.response_header, seconds{2});
  EXPECT_EQ(api.timeouts.stream_idle, seconds{3});
  EXPECT_EQ(api.timeouts.connect, ServiceTimeouts{}.connect);
  EXPECT_EQ(api.actions.request_body_bytes, 1000U);
  EXPECT_THAT(api.actions.request_headers.set, ElementsAre(NamedValue{"x-a", "a b"}));
  EXPECT_THAT(api.actions.request_headers.remove, ElementsAre("x-c"));
  EXPECT_THAT(api.actions.response_headers.add, ElementsAre(NamedValue{"set-cookie", "c=1"}));
}

TEST(LoadRoutes, InheritWhatTheServiceSays) {
  const Service service = service_with(
      "  timeouts: { stream_idle: 7s, connect: 1s }\n"
      "  limits: { request_body_bytes: 5 }\n"
      "  request_headers: { set: { name: x-a, value: service } }\n"
      "  response_headers: { remove: server }\n" +
      route("request_headers: { set: { name: x-a, value: route } }"));
  const RouteActions& own = service.routes.at(0).actions;
  EXPECT_EQ(service.routes[0].timeouts, service.timeouts);
  EXPECT_EQ(own.request_body_bytes, 5U);
  EXPECT_THAT(own.request_headers.set, ElementsAre(NamedValue{"x-a", "route"}));
  EXPECT_THAT(own.response_headers.remove, ElementsAre("server"));
  EXPECT_THAT(service.actions.request_headers.set, ElementsAre(NamedValue{"x-a", "service"}));
}

TEST(LoadRoutes, ReadsRedirectsAndFixedResponses) {
  const auto redirect = service_with(route(
      "redirect: { status: 308, scheme: https, host: WWW.example.com, port: 8443, path: /new }"));
  EXPECT_EQ(redirect.routes.at(0).actions.redirect,
            (Redirect{308, "https", "www.example.com", 8443, {NewPath::Kind::whole, "/new"}}));
  const auto respond =
      service_with(route("respond: { status: 410, content_type: text/html, body: <p>gone</p> }"));
  EXPECT_EQ(respond.routes.at(0).actions.respond, (FixedResponse{410, "text/html", "<p>gone</p>"}));
}

TEST(LoadRoutes, RefusesWhatCannotBeDone) {
  const auto said = [](std::string_view keys) { return problems_with(route(keys)); };
  EXPECT_THAT(said("redirect: { status: 300, host: x }"),
              HasSubstr("must be 301, 302, 303, 307 or 308"));
  EXPECT_THAT(said("redirect: { status: 301 }"), HasSubstr("leads to where it came from"));
  EXPECT_THAT(said("redirect: { path: /a, prefix: /b }"), HasSubstr("excludes path"));
  EXPECT_THAT(said("redirect: { path: //evil }"), HasSubstr("begins with one slash"));
  EXPECT_THAT(said("redirect: { host: x }, respond: {}"), HasSubstr("respond"));
  EXPECT_THAT(said("redirect: { host: x }, rewrite: { path: /a }"),
              HasSubstr("means nothing where no target is asked"));
  EXPECT_THAT(said("respond: { status: 100 }"), HasSubstr("from 200 to 599"));
  EXPECT_THAT(said("respond: { status: 204, body: x }"), HasSubstr("cannot go with status 204"));
  EXPECT_THAT(said("rewrite: {}"), HasSubstr("must have a path or a prefix"));
  EXPECT_THAT(problems_with("  routes: { a: { match: { listener: public, exact_path: /a },\n"
                            "    rewrite: { prefix: /b } } }\n"),
              HasSubstr("has an exact path, and the route a new prefix; give the route a new path "
                        "instead of a prefix"));
}

TEST(LoadRoutes, RefusesEditsOfWhatTealWritesItself) {
  for (const char* name : {"Host", "Connection", "Transfer-Encoding", "Content-Length", "Upgrade",
                           "TE", "Expect", "X-Forwarded-For", "Via", "traceparent"})
    for (const char* how :
         {"set: { name: NAME, value: x }", "add: { name: NAME, value: x }", "remove: NAME"}) {
      std::string edit = how;
      edit.replace(edit.find("NAME"), 4, name);
      EXPECT_THAT(problems_with("  request_headers: { " + edit + " }\n"),
                  HasSubstr("; remove it here"))
          << edit;
    }
  for (const char* name : {"connection", "content-length", "transfer-encoding", "trailer", "date"})
    EXPECT_THAT(problems_with("  response_headers: { remove: " + std::string(name) + " }\n"),
                HasSubstr("; remove it here"));
  EXPECT_THAT(problems_with("  response_headers: { set: { name: server, value: x } }\n"),
              IsEmpty());
  EXPECT_THAT(problems_with("  request_headers: { set: { name: x-a } }\n"),
              HasSubstr("must have a name and a value"));
  EXPECT_THAT(problems_with("  request_headers: { set: { name: x-a, value: \"a\\r\\nb\" } }\n"),
              HasSubstr("must not have control characters or line breaks"));
  EXPECT_THAT(problems_with("  request_headers: { set: { name: x-a, value: ' a' } }\n"),
              HasSubstr("must not begin or end with a blank"));
}

TEST(LoadRoutes, ReadsRateLimits) {
  const Service service = service_with(
      "  rate_limit: { rate: 10/s }\n"
      "  routes:\n"
      "    a: { match: { listener: public, path: /a } }\n"
      "    b: { match: { listener: public, path: /b },\n"
      "         rate_limit: { rate: 600/m, burst: 5, key: header:X-Key } }\n"
      "    c: { match: { listener: public, path: /c }, rate_limit: off }\n");
  const RateLimit own = service.actions.rate_limit.value_or(RateLimit{});
  EXPECT_EQ(own.requests, 10U);
  EXPECT_EQ(own.period, seconds{1});
  EXPECT_EQ(own.burst, 10U);
  const RateLimit inherited = service.routes.at(0).actions.rate_limit.value_or(RateLimit{});
  EXPECT_FALSE(own.is_inherited);
  EXPECT_TRUE(inherited.is_inherited) << "the buckets are the service's";
  const RateLimit other = service.routes.at(1).actions.rate_limit.value_or(RateLimit{});
  EXPECT_EQ(other.period, minutes{1});
  EXPECT_EQ(other.requests, 600U);
  EXPECT_EQ(other.burst, 5U);
  EXPECT_EQ(other.header, "x-key");
  EXPECT_FALSE(other.is_inherited);
  EXPECT_FALSE(service.routes.at(2).actions.rate_limit);
}

TEST(LoadRoutes, RefusesRatesThatAreNone) {
  for (const char* rate : {"10", "0/s", "-1/s", "10/d", "1.5/s", "1000001/s", "/s", "10 /s"})
    EXPECT_THAT(problems_with("  rate_limit: { rate: " + std::string(rate) + " }\n"),
                HasSubstr("must be a rate from 1 to 1000000 like 10/s"))
        << rate;
  EXPECT_THAT(problems_with("  rate_limit: {}\n"), HasSubstr("has no rate"));
  EXPECT_THAT(problems_with("  rate_limit: { rate: 1/s, burst: 0 }\n"),
              HasSubstr("must be a whole number from 1"));
  EXPECT_THAT(problems_with("  rate_limit: { rate: 1/s, key: cookie:x }\n"),
              HasSubstr("must be client_address or header:NAME"));
}

TEST(LoadAnswers, ReadsCompression) {
  EXPECT_EQ(service_with("  compress: true\n").actions.compress, Compression{});
  EXPECT_FALSE(service_with("  compress: false\n").actions.compress);
  const auto given =
      service_with("  compress: { algorithms: gzip, types: [ text/html ], min_bytes: 10 }\n");
  EXPECT_EQ(given.actions.compress, (Compression{false, true, 10, {"text/html"}}));
  EXPECT_THAT(problems_with("  compress: { algorithms: [] }\n"), HasSubstr("must name br, gzip"));
  EXPECT_THAT(problems_with("  compress: { algorithms: zstd }\n"), HasSubstr("must be gzip or br"));
  EXPECT_THAT(problems_with("  compress: { types: html }\n"), HasSubstr("must be a media type"));
  EXPECT_THAT(problems_with("  compress: on\n"), HasSubstr("must be true, false or a mapping"));
}

TEST(LoadAnswers, ReadsErrorPages) {
  const Service service = service_with(
      "  error_pages: [ { status: [ 404, 500-503 ], file: a.html },\n"
      "                 { status: 429, file: b.txt, content_type: text/x } ]\n");
  ASSERT_EQ(service.error_pages.size(), 2U);
  EXPECT_THAT(service.error_pages[0].statuses,
              ElementsAre(StatusRange{404, 404}, StatusRange{500, 503}));
  EXPECT_EQ(service.error_pages[0].file.path, "a.html");
  EXPECT_EQ(service.error_pages[0].file.key, "services.shop.error_pages[0].file");
  EXPECT_EQ(service.error_pages[0].content_type, "text/html; charset=utf-8");
  EXPECT_EQ(service.error_pages[1].content_type, "text/x");
  EXPECT_THAT(problems_with("  error_pages: { status: 302, file: a }\n"),
              HasSubstr("write statuses from 400 to 599"));
  EXPECT_THAT(problems_with("  error_pages: { status: 500 }\n"), HasSubstr("has no file"));
  EXPECT_THAT(problems_with("  error_pages: { file: a }\n"), HasSubstr("has no status"));
}

TEST(LoadOverload, ReadsItsLimits) {
  const auto overload = [](std::string_view keys) {
    const Loaded<Config> config =
        load_text(text_with("", "") + "overload: " + std::string(keys) + '\n', "t.yaml");
    EXPECT_TRUE(config) << report_of(config);
    return config ? config->overload : Overload{};
  };
  EXPECT_EQ(overload("{}"), Overload{});
  EXPECT_EQ(overload("off"), (Overload{false, std::nullopt, 0}));
  EXPECT_EQ(overload("{ memory_mib: auto, connections: 10 }"), (Overload{true, std::nullopt, 10}));
  EXPECT_EQ(overload("{ memory_mib: 512 }"), (Overload{true, 512, 0}));
  EXPECT_THAT(report_of(load_text(text_with("", "") + "overload: { memory_mib: much }\n", "t")),
              HasSubstr("must be auto or a whole number of MiB"));
}

TEST(LoadRoutes, MayBeAllThatAServiceHas) {
  const Loaded<Config> config = load_text(
      "listeners: { public: { address: 0.0.0.0:8080 } }\n"
      "services: { s: { blue: { revision: v, targets: [ 1.1.1.1:1 ] },\n"
      "  routes: { all: { match: { listener: public } } } } }\n",
      "t.yaml");
  EXPECT_TRUE(config) << report_of(config);
}

TEST(LoadPaths, ReadsHowPathsAreUnderstood) {
  const auto rules = [](std::string_view keys) {
    const Loaded<Config> config =
        load_text(text_with(", paths: " + std::string(keys), ""), "t.yaml");
    EXPECT_TRUE(config) << report_of(config);
    return config ? config->listeners.at(0).paths : PathRules{};
  };
  EXPECT_EQ(
      rules("{ dot_segments: refuse, double_slashes: pass, backslashes: normalise }"),
      (PathRules{PathAnomalyAction::refuse, PathAnomalyAction::pass, PathAnomalyAction::normalise,
                 PathAnomalyAction::pass, PathAnomalyAction::normalise}));
  EXPECT_EQ(rules("{ encoded_slashes: normalise, needless_escapes: refuse, encoded_controls: pass,"
                  " malformed_escapes: pass }"),
            (PathRules{PathAnomalyAction::normalise, PathAnomalyAction::normalise,
                       PathAnomalyAction::refuse, PathAnomalyAction::normalise,
                       PathAnomalyAction::refuse, false, false}));
  EXPECT_EQ(rules("strict").encoded_slashes, PathAnomalyAction::refuse);
  EXPECT_EQ(rules("strict").parameters, PathParameters::refuse);
  EXPECT_EQ(rules("pass").parameters, PathParameters::pass);
  EXPECT_EQ(rules("{ }").parameters, PathParameters::pass);
  EXPECT_EQ(rules("{ parameters: strip }").parameters, PathParameters::strip);
  EXPECT_EQ(rules("pass").refuses_malformed_escapes, false);
  EXPECT_THAT(report_of(load_text(text_with(", paths: odd", ""), "t.yaml")),
              HasSubstr("must be strict, pass or a mapping"));
  EXPECT_THAT(report_of(load_text(text_with(", paths: { parameters: keep }", ""), "t.yaml")),
              HasSubstr("paths.parameters: must be pass, strip or refuse, not 'keep'"));
}

TEST(LoadPaths, RefusesMatchesThatCouldNeverBe) {
  for (const char* path : {"/a;x", "/a;x/b", "/a%3bx", "/a%3B"})
    EXPECT_THAT(problems_with("  routes: { api: { match: { listener: public, path: '" +
                              std::string(path) + "' } } }\n"),
                testing::AllOf(HasSubstr("routes.api.match.path: has a parameter"),
                               HasSubstr("write '/a'")))
        << path;
}

TEST(LoadListener, ReadsWhatBecomesOfUnderscores) {
  const auto underscores = [](std::string_view keys) {
    const Loaded<Config> config = load_text(text_with(keys, ""), "t.yaml");
    EXPECT_TRUE(config) << report_of(config);
    return config ? config->listeners.at(0).underscores : Underscores::pass;
  };
  EXPECT_EQ(underscores(""), Underscores::pass);
  EXPECT_EQ(underscores(", underscores: drop"), Underscores::drop);
  EXPECT_EQ(underscores(", underscores: refuse"), Underscores::refuse);
  EXPECT_THAT(report_of(load_text(text_with(", underscores: allow", ""), "t.yaml")),
              HasSubstr("must be drop, pass or refuse, not 'allow'"));
}

TEST(LoadRoutes, ReadsWhetherTrailersOfRequestsGoOn) {
  EXPECT_FALSE(service_with("").actions.passes_request_trailers);
  EXPECT_TRUE(service_with("  request_trailers: pass\n").actions.passes_request_trailers);
  const Service mixed =
      service_with("  request_trailers: pass\n" + route("request_trailers: drop"));
  EXPECT_FALSE(mixed.routes.at(0).actions.passes_request_trailers);
  const Service inherited = service_with("  request_trailers: pass\n" + route("compress: false"));
  EXPECT_TRUE(inherited.routes.at(0).actions.passes_request_trailers);
  EXPECT_THAT(problems_with("  request_trailers: yes\n"),
              HasSubstr("request_trailers: must be drop or pass, not 'yes'"));
}

}  // namespace
}  // namespace teal::config
