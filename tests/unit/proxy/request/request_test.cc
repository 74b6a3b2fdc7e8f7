// A request as it came and as it goes on: its target, its body, who asks.
#include "proxy/request/request.h"

#include <gtest/gtest.h>

#include "net/http/request_target.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

Request ask(std::string_view start_line, const std::vector<std::string>& fields = {}) {
  auto owned = test::request_head(start_line, fields);
  owned.head.method = net::method_of(start_line.substr(0, start_line.find(' ')));
  Request request;
  request.take(ClientInfo{}, owned.head, Mono{});
  return request;
}
std::string_view target(const Request& request) {
  return request.head.text(request.head.target);
}

TEST(Request, RefersToItsOwnBytes) {
  const Request request = ask("GET /a?b HTTP/1.1", {"Host: shop"});
  EXPECT_EQ(target(request), "/a?b");
  EXPECT_EQ(request.head.fields.get(net::HeaderId::host), "shop");
}

TEST(Request, RemembersTheTargetThatCame) {
  Request request = ask("GET /a?b HTTP/1.1");
  request.put_target("/other");
  EXPECT_EQ(target(request), "/other");
  EXPECT_EQ(request.head.text(request.original_target), "/a?b");
}

TEST(Request, IsWholeWithoutABody) {
  EXPECT_TRUE(ask("GET / HTTP/1.1").is_whole);
  EXPECT_FALSE(ask("POST / HTTP/1.1", {"Content-Length: 3"}).is_whole);
}

TEST(Request, HasNothingOfTheOneBeforeIt) {
  Request request = ask("POST / HTTP/1.1", {"Content-Length: 3"});
  request.accepted_coding = Coding::gzip;
  request.upgrade.protocol = "chat";
  request.body_limit = 7;
  request.bytes_received = 3;
  auto next = test::request_head("GET / HTTP/1.1", {"Host: shop"});
  request.take(ClientInfo{}, next.head, Mono{});
  EXPECT_FALSE(request.accepted_coding);
  EXPECT_FALSE(request.upgrade.is_asked());
  EXPECT_EQ(request.body_limit, Request::kNoLimit);
  EXPECT_EQ(request.bytes_received, 0U);
  EXPECT_TRUE(request.is_whole);
}

TEST(Request, KnowsWhetherItsBodyFits) {
  EXPECT_TRUE(ask("GET / HTTP/1.1").has_body_within(0));
  EXPECT_TRUE(ask("POST / HTTP/1.1", {"Content-Length: 3"}).has_body_within(3));
  EXPECT_FALSE(ask("POST / HTTP/1.1", {"Content-Length: 4"}).has_body_within(3));
  EXPECT_FALSE(ask("POST / HTTP/1.1", {"Transfer-Encoding: chunked"}).has_body_within(1'000));
  EXPECT_FALSE(ask("POST / HTTP/1.1", {"Content-Length: 0"}).has_body());
  EXPECT_TRUE(ask("POST / HTTP/1.1", {"Transfer-Encoding: chunked"}).has_body());
}

TEST(Request, IsRepeatableByItsMethodOrByItsClientsWord) {
  EXPECT_TRUE(ask("GET / HTTP/1.1").is_repeatable());
  EXPECT_FALSE(ask("POST / HTTP/1.1").is_repeatable());
  EXPECT_TRUE(ask("POST / HTTP/1.1", {"Idempotency-Key: 1"}).is_repeatable());
}

TEST(Request, RewritesThePrefixThatTheRouteCoveredAndKeepsTheQuery) {
  Request request = ask("GET /shop/cart?x=1 HTTP/1.1");
  request.matched = 5;
  request.rewrite_path({config::NewPath::Kind::prefix, "/v2"}, {});
  EXPECT_EQ(target(request), "/v2/cart?x=1");
  EXPECT_EQ(request.path_as_it_came({}), "/shop/cart");
}

TEST(Request, NormalisesAPathAndKeepsTheQuery) {
  Request request = ask("GET /a/./b/../c?x=../y HTTP/1.1");
  EXPECT_EQ(request.normalise_path({}), net::Refusal::none);
  EXPECT_EQ(target(request), "/a/c?x=../y");
}

TEST(Request, BelievesATrustedPeerWhoItsClientIs) {
  config::Listener listener;
  Request request = ask("GET / HTTP/1.1", {"X-Forwarded-For: 192.0.2.9"});
  request.info.peer.address = "10.0.0.1";
  EXPECT_EQ(request.client_address(listener), "10.0.0.1");
  request.info.peer.trusted = true;
  EXPECT_EQ(request.client_address(listener), "192.0.2.9");
}

}  // namespace
}  // namespace teal::proxy
