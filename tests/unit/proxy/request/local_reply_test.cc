// What is answered without asking a target: by what a head says of its way, and by its route.
#include "proxy/request/local_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http/request_target.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class LocalReplyTest : public testing::Test {
 protected:
  void ask(std::string_view start_line, const std::vector<std::string>& fields = {}) {
    auto owned = test::request_head(start_line, fields);
    owned.head.method = net::method_of(start_line.substr(0, start_line.find(' ')));
    request_.take(ClientInfo{}, owned.head, Mono{});
    request_.matched = 1;
  }
  std::optional<LocalReply> check() { return check_way(request_, listener_, hop_, shard_); }
  std::optional<LocalReply> answer() {
    return answer_by_route(request_, {actions_, listener_, limiter_.get(), now_, shard_});
  }
  /// Of ten seconds.
  void limit_to_one() {
    actions_.rate_limit.emplace();
    actions_.rate_limit->period = Millis{10'000};
    limiter_ = std::make_unique<RateLimiter>(*actions_.rate_limit, 1);
  }
  std::uint64_t counted(Stat what) { return shard_[what].read(); }

  config::Listener listener_;
  config::RouteActions actions_;
  std::unique_ptr<RateLimiter> limiter_;
  Hop hop_{0x1a2b3c4d};
  Shard shard_;
  Mono now_{Millis{1'000'000}};
  Request request_;
};

// ---- the head

TEST_F(LocalReplyTest, AnOrdinaryHeadGoesOn) {
  ask("GET / HTTP/1.1", {"Host: a"});
  EXPECT_FALSE(check());
}

TEST_F(LocalReplyTest, AUnderscoredNameIsRefusedWhereTheListenerSaysSo) {
  listener_.underscores = config::Underscores::refuse;
  ask("GET / HTTP/1.1", {"Host: a", "x_user: me"});
  request_.head.fields.note_odd_name();
  const auto reply = check();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 400);
  EXPECT_EQ(reply->rule, net::Refusal::field_name_underscored);
  EXPECT_EQ(reply->termination, Termination::refused);
}

TEST_F(LocalReplyTest, ARequestThatWasHereSeveralTimesGoesRoundInALoop) {
  std::vector<std::string> fields{"Host: a"};
  for (std::size_t i = 0; i < kMaxPasses; ++i)
    fields.push_back("Via: 1.1 " + std::string(hop_.name()));
  ask("GET / HTTP/1.1", fields);
  EXPECT_FALSE(check());
  fields.push_back("Via: 1.1 " + std::string(hop_.name()));
  ask("GET / HTTP/1.1", fields);
  const auto reply = check();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 508);
  EXPECT_EQ(reply->termination, Termination::loop);
  EXPECT_EQ(counted(Stat::requests_looped), 1U);
}

TEST_F(LocalReplyTest, MaxForwardsOfOptionsIsCountedDownAndEndsHereAtNought) {
  ask("OPTIONS / HTTP/1.1", {"Host: a", "Max-Forwards: 2"});
  EXPECT_FALSE(check());
  EXPECT_EQ(request_.head.fields.get(net::HeaderId::max_forwards), "1");
  ask("OPTIONS / HTTP/1.1", {"Host: a", "Max-Forwards: 0"});
  auto reply = check();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
  ASSERT_TRUE(reply->content);
  EXPECT_THAT(reply->content->lines, StartsWith("allow: GET"));
  ask("OPTIONS / HTTP/1.1", {"Host: a", "Max-Forwards: many"});
  reply = check();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->rule, net::Refusal::max_forwards_malformed);
  ask("GET / HTTP/1.1", {"Host: a", "Max-Forwards: 0"});
  EXPECT_FALSE(check()) << "it is for OPTIONS";
}

// ---- the route

TEST_F(LocalReplyTest, ARouteThatSaysNothingAsksATarget) {
  ask("GET / HTTP/1.1");
  EXPECT_FALSE(answer());
  EXPECT_EQ(request_.body_limit, Request::kNoLimit);
}

TEST_F(LocalReplyTest, ARedirectSaysWhereWithTheRoutesOwnFields) {
  actions_.redirect.emplace();
  actions_.redirect->status = 301;
  actions_.redirect->scheme = "https";
  actions_.response_headers.set = {{"x-a", "b"}};
  ask("GET /p?q HTTP/1.1", {"Host: shop.example"});
  const auto reply = answer();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 301);
  EXPECT_EQ(reply->body(), "see https://shop.example/p?q");
  EXPECT_EQ(reply->content->lines, "location: https://shop.example/p?q\r\nx-a: b\r\n");
  EXPECT_TRUE(reply->content->is_kept);
  EXPECT_EQ(counted(Stat::route_redirects), 1U);
}

TEST_F(LocalReplyTest, AFixedResponseIsAsTheRouteSays) {
  actions_.respond = config::FixedResponse{.status = 204, .body = ""};
  ask("GET / HTTP/1.1");
  auto reply = answer();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 204);
  EXPECT_EQ(reply->content->type, "") << "there is nothing that could have a type";
  actions_.respond->body = "hello";
  reply = answer();
  EXPECT_EQ(reply->body(), "hello");
  EXPECT_EQ(reply->content->type, "text/plain; charset=utf-8");
  EXPECT_EQ(counted(Stat::route_responses), 2U);
}

TEST_F(LocalReplyTest, AClientOverItsRateIsToldWhenToComeBack) {
  limit_to_one();
  ask("GET / HTTP/1.1");
  request_.info.peer.address = "192.0.2.1";
  EXPECT_FALSE(answer());
  const auto reply = answer();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 429);
  EXPECT_EQ(reply->termination, Termination::rate_limited);
  EXPECT_EQ(reply->content->lines, "retry-after: 10\r\n");
  EXPECT_FALSE(reply->content->is_kept);
  request_.info.peer.address = "192.0.2.2";
  EXPECT_FALSE(answer()) << "another client";
}

TEST_F(LocalReplyTest, ARateMayGoByAHeaderInsteadOfTheAddress) {
  limit_to_one();
  actions_.rate_limit->header = "x-tenant";
  ask("GET / HTTP/1.1", {"X-Tenant: a"});
  EXPECT_FALSE(answer());
  EXPECT_TRUE(answer());
  ask("GET / HTTP/1.1", {"X-Tenant: b"});
  EXPECT_FALSE(answer());
}

TEST_F(LocalReplyTest, ABodyThatIsKnownToBeTooLongIsNotSent) {
  actions_.request_body_bytes = 10;
  ask("POST / HTTP/1.1", {"Content-Length: 10"});
  EXPECT_FALSE(answer());
  EXPECT_EQ(request_.body_limit, 10U);
  ask("POST / HTTP/1.1", {"Content-Length: 11"});
  const auto reply = answer();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 413);
  EXPECT_EQ(counted(Stat::bodies_too_large), 1U);
}

TEST_F(LocalReplyTest, WhatTheClientLikesIsNotedWhereTheRouteCompresses) {
  ask("GET / HTTP/1.1", {"Accept-Encoding: gzip"});
  actions_.compress = config::Compression{};
  EXPECT_FALSE(answer());
  EXPECT_EQ(request_.accepted_coding, Coding::gzip);
}

// ---- the same for all

TEST_F(LocalReplyTest, WithoutARouteItIs404OrTheRuleThatWasBroken) {
  EXPECT_EQ(without_route(net::Refusal::none, shard_).status, 404);
  EXPECT_EQ(counted(Stat::requests_without_route), 1U);
  const LocalReply reply = without_route(net::Refusal::field_name_underscored, shard_);
  EXPECT_EQ(reply.status, net::status_of(net::Refusal::field_name_underscored));
  EXPECT_EQ(reply.text, net::explain(net::Refusal::field_name_underscored));
  EXPECT_EQ(counted(Stat::requests_without_route), 1U);
}

TEST_F(LocalReplyTest, AFailureIsLateOrBadOrToBeTriedAgain) {
  EXPECT_EQ(failed(Failure::connect).status, 502);
  EXPECT_EQ(failed(Failure::tls).termination, Termination::connect_failed);
  EXPECT_EQ(failed(Failure::connect_timeout).status, 504);
  EXPECT_EQ(failed(Failure::response_timeout).termination, Termination::response_timeout);
  EXPECT_EQ(failed(Failure::protocol).termination, Termination::upstream_protocol);
  EXPECT_EQ(failed(Failure::reset).termination, Termination::upstream_reset);
  const LocalReply again = failed(Failure::not_begun);
  EXPECT_EQ(again.status, 503);
  EXPECT_EQ(again.content->lines, "retry-after: 1\r\n");
  EXPECT_EQ(overloaded().content->lines, "retry-after: 5\r\n");
  EXPECT_EQ(without_descriptor().content->lines, "retry-after: 5\r\n");
  EXPECT_EQ(without_descriptor().termination, Termination::no_descriptor);
}

}  // namespace
}  // namespace teal::proxy
