// What few requests have, and what it does to their way: an Expect, trailers, a call of gRPC, a
// route that says more than which target is asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/telemetry/census.h"
#include "tests/support/unit_exchange_room.h"

namespace teal::proxy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::vector<std::string> kChunked{"Host: shop", "Transfer-Encoding: chunked"};
const std::vector<std::string> kExpects{"Host: shop", "Content-Length: 4", "Expect: 100-continue"};

// ---- Expect

TEST_F(ExchangeTest, ATargetThatSaysNothingToAnExpectationIsAnsweredForInTime) {
  publish();
  client().begin("POST / HTTP/1.1", kExpects);
  EXPECT_THAT(client().told(), Not(Contains("continue")));
  room_.wait(Expectation::kWait + Millis{100});
  EXPECT_THAT(client().told(), Contains("continue"));
  EXPECT_EQ(counted(ServiceStat::continue_by_teal), 1U);
}

TEST_F(ExchangeTest, ATargetThatWasSilentIsNotAskedAgain) {
  service_->balance = config::Balance::round_robin;
  room_.states[0].groups[Colour::blue].targets.pop_back();
  publish();
  client().begin("POST / HTTP/1.1", kExpects);
  room_.wait(Expectation::kWait + Millis{100});
  client()->on_request_body("body");
  client()->on_request_end({});
  client().answer_whole("HTTP/1.1 200 OK");
  client().told();
  client().begin("POST / HTTP/1.1", kExpects);
  EXPECT_THAT(side(1).calls.take(), ElementsAre("head /"));
  EXPECT_THAT(client().told(), Contains("continue")) << "Teal says it at once";
}

TEST_F(ExchangeTest, ABodyThatComesUnaskedGoesToTheTarget) {
  publish();
  client().begin("POST / HTTP/1.1", kExpects);
  side().calls.take();
  room_.wait(Expectation::kSilence + Millis{40});
  client()->on_request_body("body");
  client()->on_request_end({});
  EXPECT_THAT(side().calls.take(), ElementsAre("body body", "end"));
  EXPECT_THAT(client().told(), Not(Contains("continue")));
}

TEST_F(ExchangeTest, AnAnswerInsteadOfA100MakesTheBodyNeedless) {
  publish();
  client().begin("POST / HTTP/1.1", kExpects);
  side().calls.take();
  client().answer("HTTP/1.1 403 Forbidden");
  EXPECT_EQ(client()->request_body_idle(), Millis{0});
  client()->on_request_body("body");
  client()->on_request_end({});
  EXPECT_THAT(side().calls.take(), IsEmpty()) << "it may take that for the next request";
  client().end_answer();
  EXPECT_THAT(side().calls.take(), ElementsAre("abandon"));
}

// ---- trailers

TEST_F(ExchangeTest, TrailersOfARequestEndHereWhereTheRouteDoesNotPassThem) {
  publish();
  client().begin("POST / HTTP/1.1", kChunked);
  side().calls.take();
  client().end_request_with({"x-sum: 1"});
  EXPECT_THAT(side().calls.take(), ElementsAre("end"));
  EXPECT_EQ(counted(Stat::request_trailers), 1U);
}

TEST_F(ExchangeTest, TrailersOfARequestGoOnWhereTheRoutePassesThem) {
  service_->actions.passes_request_trailers = true;
  publish();
  client().begin("POST / HTTP/1.1", kChunked);
  side().calls.take();
  client().end_request_with({"x-sum: 1"});
  EXPECT_THAT(side().calls.take(), ElementsAre("end with trailers"));
  EXPECT_EQ(counted(Stat::request_trailers), 0U);
}

TEST_F(ExchangeTest, TrailersOfAResponseGoOnButForThoseThatMayNotStandThere) {
  publish();
  client().begin();
  client().answer("HTTP/1.1 200 OK");
  client().end_answer_with({"x-sum: 1"});
  EXPECT_THAT(client().told(), ElementsAre("head 200", "end with trailers"));
  client().begin();
  client().answer("HTTP/1.1 200 OK");
  client().end_answer_with({"Content-Length: 3"});
  EXPECT_THAT(client().told(), ElementsAre("head 200", "end"));
}

// ---- gRPC

const std::vector<std::string> kCall{"Host: shop", "Content-Type: application/grpc",
                                     "Transfer-Encoding: chunked"};

std::vector<std::string> call_with(const std::string& field) {
  std::vector<std::string> fields = kCall;
  fields.push_back(field);
  return fields;
}

TEST_F(ExchangeTest, ACallOfGrpcIsCountedByTheStatusInItsTrailers) {
  publish();
  client().begin("POST /shop.Cart/Add HTTP/2", kCall);
  client()->on_request_end({});
  client().answer("HTTP/1.1 200 OK", {"Content-Type: application/grpc"});
  client().end_answer_with({"grpc-status: 14"});
  const auto told = outcomes();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].status, 503) << "UNAVAILABLE";
}

TEST_F(ExchangeTest, ADeadlineOfACallThatHasNoMeaningIsRefused) {
  publish();
  client().begin("POST /shop.Cart/Add HTTP/2", call_with("grpc-timeout: soon"));
  EXPECT_THAT(client().told(), ElementsAre(HasSubstr("grpc-timeout is not a number")));
  EXPECT_EQ(attempts(), 0U);
}

TEST_F(ExchangeTest, ACallEndsAtItsClientsDeadline) {
  publish();
  client().begin("POST /shop.Cart/Add HTTP/2", call_with("grpc-timeout: 100m"));
  room_.wait(Millis{200});
  EXPECT_TRUE(client().is_done());
  EXPECT_EQ(counted(ServiceStat::request_timeouts), 1U);
}

TEST_F(ExchangeTest, AClientThatLeavesAtItsDeadlineWasTimedOutAndDidNotAbort) {
  publish();
  client().begin("POST /shop.Cart/Add HTTP/2", call_with("grpc-timeout: 100m"));
  room_.wait(Millis{80});
  client()->on_client_gone();
  EXPECT_EQ(counted(ServiceStat::request_timeouts), 1U);
  EXPECT_EQ(counted(Stat::client_aborts), 0U);
  EXPECT_EQ(outcomes().size(), 1U);
}

TEST_F(ExchangeTest, ACallMayBeSilentLikeAConversation) {
  publish();
  client().begin("POST /shop.Cart/Add HTTP/2", kCall);
  EXPECT_EQ(client()->request_body_idle(), Millis{0});
  client().answer("HTTP/1.1 200 OK", {"Content-Type: application/grpc"});
  room_.wait(service_->timeouts.stream_idle + Millis{100});
  EXPECT_THAT(client().told(), Contains("truncated"));
  EXPECT_THAT(outcomes(), IsEmpty()) << "neither side has anything to say";
}

// ---- a route that says more

TEST_F(ExchangeTest, ARouteMayRewriteThePath) {
  service_->match[0].path = "/shop";
  service_->actions.rewrite = {config::NewPath::Kind::prefix, "/v2"};
  service_->actions.request_headers.set = {{"x-a", "b"}};
  publish();
  client().begin("GET /shop/cart?x=1 HTTP/1.1");
  EXPECT_THAT(side().calls.take(), ElementsAre("head /v2/cart?x=1"));
}

TEST_F(ExchangeTest, ARouteMayCompressResponses) {
  service_->actions.compress.emplace();
  service_->actions.response_headers.set = {{"x-a", "b"}};
  publish();
  client().begin("GET / HTTP/1.1", {"Host: shop", "Accept-Encoding: gzip"});
  client().answer("HTTP/1.1 200 OK", {"Content-Type: text/plain", "Transfer-Encoding: chunked"});
  EXPECT_EQ(client()->bare_output(), nullptr);
  client()->on_response_body("hello hello hello");
  client()->after_response_input();
  client().end_answer();
  const auto told = client().told();
  ASSERT_GE(told.size(), 3U);
  EXPECT_EQ(told.front(), "head 200");
  EXPECT_THAT(told[1], StartsWith("body \x1f\x8b"));
  EXPECT_EQ(told.back(), "end");
  EXPECT_EQ(counted(Stat::compressed_gzip), 1U);
}

// ---- who looks at it

TEST_F(ExchangeTest, ACensusSeesWhatIsInFlight) {
  publish();
  client().begin();
  CensusTaker census;
  census.begin(std::make_unique<Census>(), 1, room_.loop().now());
  client()->add_to_census(census);
  EXPECT_EQ(census.finish()->slots.size(), 1U);
  client().answer_whole("HTTP/1.1 200 OK");
  census.begin(std::make_unique<Census>(), 1, room_.loop().now());
  client()->add_to_census(census);
  EXPECT_THAT(census.finish()->slots, IsEmpty());
}

TEST_F(ExchangeTest, ATargetThatTakesNoBodyAnyMoreIsGivenUp) {
  service_->timeouts.stream_idle = Millis{500};
  publish();
  client().begin("POST / HTTP/1.1", kChunked);
  client()->on_request_body("much");
  side().blocked = true;
  EXPECT_TRUE(client()->is_upload_blocked());
  room_.wait(Millis{600});
  EXPECT_THAT(client().told(), Contains(HasSubstr("reply 504 close: the target did not answer")));
}

TEST_F(ExchangeTest, ATargetThatTakesBytesAgainLetsItsClientGoOn) {
  publish();
  client().begin("POST / HTTP/1.1", kChunked);
  client().told();
  client()->on_upstream_unblocked();
  EXPECT_THAT(client().told(), ElementsAre("resume"));
}

TEST_F(ExchangeTest, WhatNobodyBeginsIsGivenBack) {
  service_->retry.attempts = 1;
  publish();
  client().begin();
  client()->on_upstream_failed(Failure::not_begun, net::Refusal::none);
  EXPECT_THAT(client().told(), ElementsAre("reply 503: the target did not begin the request, try "
                                           "again"));
  EXPECT_EQ(counted(ServiceStat::requests_not_begun), 1U);
}

}  // namespace
}  // namespace teal::proxy
