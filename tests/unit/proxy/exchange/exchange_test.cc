// The way of one request through its exchange, arrow by arrow of the diagram in exchange.h: route,
// group and target, connect, send, relay, retry, wait, give up.
#include "proxy/exchange/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/unit_exchange_room.h"

namespace teal::proxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Reach = ExchangeRoom::Reach;

// ---- from begin to done

TEST_F(ExchangeTest, APlainRequestGoesToATargetAndItsAnswerToTheClient) {
  publish();
  client().begin("GET /cart HTTP/1.1");
  ASSERT_EQ(attempts(), 1U);
  EXPECT_THAT(side().calls.take(), ElementsAre("head /cart"));
  client().answer("HTTP/1.1 200 OK");
  client()->on_response_body("hello");
  client()->after_response_input();
  client().end_answer();
  EXPECT_THAT(client().told(), ElementsAre("head 200", "body hello", "end"));
  EXPECT_THAT(side().calls.take(), ElementsAre("release"));
  EXPECT_TRUE(client().is_done());
  EXPECT_EQ(counted(Stat::requests_active), 0U);
}

TEST_F(ExchangeTest, AConnectionThatIsNotCleanIsNotKept) {
  publish();
  client().begin();
  client().answer("HTTP/1.1 200 OK");
  client().end_answer(false);
  EXPECT_THAT(side().calls.take(), ElementsAre("head /", "abandon"));
}

TEST_F(ExchangeTest, WithoutARouteItIsAnsweredByTeal) {
  service_->match[0].path = "/only";
  publish();
  client().begin("GET /other HTTP/1.1");
  EXPECT_THAT(client().told(), ElementsAre(StartsWith("reply 404: no service here")));
  EXPECT_TRUE(client().is_done());
  EXPECT_EQ(attempts(), 0U);
  EXPECT_EQ(counted(Stat::requests_without_route), 1U);
}

TEST_F(ExchangeTest, WithoutAHealthyTargetItIsAnsweredByTeal) {
  for (TargetState& each : room_.states[0].groups[Colour::blue].targets)
    each.health = Health::unhealthy;
  publish();
  client().begin();
  EXPECT_THAT(client().told(), ElementsAre("reply 503: no healthy target"));
  EXPECT_EQ(counted(ServiceStat::requests_without_target), 1U);
}

TEST_F(ExchangeTest, AnOverloadedWorkerTakesNoRequest) {
  room_.pool.overload = OverloadLevel::no_requests;
  publish();
  room_.loop().begin_turn();
  room_.loop().follow_overload();
  client().begin();
  EXPECT_THAT(client().told(), ElementsAre("reply 503 close: overloaded, try again"));
  EXPECT_EQ(counted(Stat::overload_requests), 1U);
}

TEST_F(ExchangeTest, ARouteMayAnswerByItself) {
  service_->actions.respond.emplace();
  service_->actions.respond->body = "maintenance";
  publish();
  client().begin();
  EXPECT_THAT(client().told(), ElementsAre("reply 200: maintenance"));
  EXPECT_EQ(attempts(), 0U);
}

// ---- connecting

TEST_F(ExchangeTest, ARequestGoesOutWhenItsConnectionIsThere) {
  room_.reach({Reach::connecting});
  publish();
  client().begin();
  EXPECT_THAT(side().calls.take(), IsEmpty());
  client()->on_connected(side());
  EXPECT_THAT(side().calls.take(), ElementsAre("head /"));
}

TEST_F(ExchangeTest, ATargetThatRefusesIsFollowedByAnother) {
  room_.reach({Reach::refused});
  publish();
  client().begin();
  ASSERT_EQ(attempts(), 2U);
  EXPECT_NE(room_.attempts[0].target, room_.attempts[1].target);
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(client().told(), ElementsAre("head 200", "end"));
  EXPECT_EQ(counted(ServiceStat::retries_connect), 1U);
  const auto told = outcomes();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].failure, Failure::connect);
}

TEST_F(ExchangeTest, WhereAllRefuseTheClientIsTold) {
  room_.reach({Reach::refused, Reach::refused});
  publish();
  client().begin();
  EXPECT_THAT(client().told(), ElementsAre("reply 502: the target could not be reached"));
  EXPECT_EQ(attempts(), 2U);
}

TEST_F(ExchangeTest, WhereTealLacksADescriptorAnotherTargetMayHaveAKeptConnection) {
  room_.reach({Reach::lacking, Reach::kept});
  publish();
  client().begin();
  ASSERT_EQ(attempts(), 2U);
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(client().told(), ElementsAre("head 200", "end"));
  EXPECT_EQ(counted(ServiceStat::retries_connect), 0U) << "no connection has failed";
  EXPECT_THAT(outcomes(), IsEmpty());
}

TEST_F(ExchangeTest, WhereTealLacksDescriptorsItSaysSoAndBlamesNobody) {
  room_.reach({Reach::lacking, Reach::lacking});
  publish();
  client().begin();
  EXPECT_THAT(client().told(), ElementsAre("reply 503: overloaded, try again"));
  EXPECT_EQ(attempts(), 2U);
  EXPECT_EQ(counted(ServiceStat::requests_without_descriptor), 1U);
  EXPECT_THAT(outcomes(), IsEmpty());
}

TEST_F(ExchangeTest, WhoseConnectionTealCannotMakeAfterAllIsNotBlamedEither) {
  room_.reach({Reach::connecting, Reach::connecting});
  publish();
  client().begin();
  client()->on_upstream_failed(Failure::connect, net::Refusal::none, true);
  ASSERT_EQ(attempts(), 2U);
  client()->on_upstream_failed(Failure::connect, net::Refusal::none, true);
  EXPECT_THAT(client().told(), ElementsAre("reply 503: overloaded, try again"));
  EXPECT_EQ(counted(ServiceStat::retries_connect), 0U);
  EXPECT_THAT(outcomes(), IsEmpty());
}

TEST_F(ExchangeTest, ATargetThatDoesNotAcceptInTimeIsFollowedByAnother) {
  room_.reach({Reach::connecting, Reach::connecting});
  publish();
  client().begin();
  room_.wait(service_->timeouts.connect + Millis{100});
  EXPECT_EQ(attempts(), 2U);
  EXPECT_THAT(side(0).calls.take(), ElementsAre("abandon"));
  room_.wait(service_->timeouts.connect + Millis{100});
  EXPECT_THAT(client().told(), ElementsAre(HasSubstr("reply 504: the target did not accept")));
  EXPECT_EQ(counted(ServiceStat::connect_timeouts), 2U);
}

// ---- waiting

TEST_F(ExchangeTest, AKeptConnectionThatDiesUnusedIsFollowedByAFreshOne) {
  room_.reach({Reach::kept});
  publish();
  client().begin();
  side().sent = true;
  client()->on_upstream_failed(Failure::reset, net::Refusal::none);
  ASSERT_EQ(attempts(), 2U);
  EXPECT_EQ(room_.attempts[0].target, room_.attempts[1].target);
  EXPECT_TRUE(room_.attempts[1].wanted.fresh);
  EXPECT_EQ(counted(ServiceStat::retries_reused_died), 1U);
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(outcomes(), IsEmpty()) << "no fault of the target's";
}

TEST_F(ExchangeTest, AFreshConnectionThatDiesIsTheTargetsFault) {
  publish();
  client().begin();
  client()->on_upstream_failed(Failure::reset, net::Refusal::none);
  EXPECT_THAT(client().told(), ElementsAre(HasSubstr("reply 502: the target closed")));
  EXPECT_EQ(outcomes().size(), 1U);
}

TEST_F(ExchangeTest, ATargetThatDoesNotAnswerInTimeIsGivenUp) {
  service_->timeouts.response_header = Millis{500};
  publish();
  client().begin();
  room_.wait(Millis{600});
  EXPECT_THAT(client().told(), ElementsAre(HasSubstr("reply 504: the target did not answer")));
  EXPECT_EQ(counted(ServiceStat::response_header_timeouts), 1U);
}

TEST_F(ExchangeTest, ARequestThatTakesLongerThanItMayIsGivenUp) {
  service_->timeouts.request = Millis{500};
  publish();
  client().begin();
  room_.wait(Millis{600});
  EXPECT_THAT(client().told(), ElementsAre(HasSubstr("reply 504: the request took longer")));
  EXPECT_EQ(counted(ServiceStat::request_timeouts), 1U);
}

TEST_F(ExchangeTest, AStatusThatIsListedIsAskedOfAnotherTarget) {
  service_->retry.on.status_503 = true;
  publish();
  client().begin();
  client().answer("HTTP/1.1 503 Service Unavailable");
  ASSERT_EQ(attempts(), 2U);
  EXPECT_THAT(side(0).calls.take(), ElementsAre("head /", "discard"));
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(client().told(), ElementsAre("head 200", "end"));
}

TEST_F(ExchangeTest, ARetryThatTheBudgetDoesNotAllowIsNoRetry) {
  service_->retry.on.status_503 = true;
  service_->retry.budget_percent = 0;
  service_->retry.budget_least = 0;
  publish();
  client().begin();
  client().answer("HTTP/1.1 503 Service Unavailable");
  EXPECT_EQ(attempts(), 1U);
  EXPECT_THAT(client().told(), ElementsAre("head 503"));
  EXPECT_EQ(counted(ServiceStat::retries_over_budget), 1U);
  client().end_answer();
}

TEST_F(ExchangeTest, AnInterimResponseIsPassedOnAndIsABeginning) {
  service_->retry.on.status_503 = true;
  publish();
  client().begin();
  client().answer("HTTP/1.1 103 Early Hints");
  client().answer_whole("HTTP/1.1 503 Service Unavailable");
  EXPECT_EQ(attempts(), 1U) << "what follows must come from the same target";
  EXPECT_THAT(client().told(), ElementsAre("interim 103", "head 503", "end"));
}

// ---- relaying

TEST_F(ExchangeTest, AResponseThatDiesInTheMiddleIsCut) {
  publish();
  client().begin();
  client().answer("HTTP/1.1 200 OK");
  client()->on_response_body("half");
  client()->on_upstream_failed(Failure::reset, net::Refusal::none);
  EXPECT_THAT(client().told(), ElementsAre("head 200", "body half", "truncated"));
  EXPECT_EQ(counted(ServiceStat::upstream_truncated), 1U);
  EXPECT_EQ(outcomes().size(), 1U);
}

TEST_F(ExchangeTest, AResponseThatStopsComingIsCut) {
  service_->timeouts.stream_idle = Millis{500};
  publish();
  client().begin();
  client().answer("HTTP/1.1 200 OK");
  room_.wait(Millis{600});
  EXPECT_THAT(client().told(), ElementsAre("head 200", "truncated"));
  EXPECT_EQ(counted(ServiceStat::stream_timeouts), 1U);
}

TEST_F(ExchangeTest, AClientThatDoesNotReadStopsItsTargetAndIsNoFaultOfIt) {
  service_->timeouts.stream_idle = Millis{500};
  publish();
  client().begin();
  client().answer("HTTP/1.1 200 OK");
  client().side.is_blocked = true;
  client()->on_response_body("much");
  client()->after_response_input();
  EXPECT_THAT(side().calls.take(), ElementsAre("head /", "pause"));
  client()->on_client_unblocked();
  EXPECT_THAT(side().calls.take(), ElementsAre("unpause"));
  room_.wait(Millis{600});
  EXPECT_THAT(client().told(), ElementsAre("head 200", "body much", "truncated"));
  EXPECT_THAT(outcomes(), IsEmpty());
}

// ---- the request's body

TEST_F(ExchangeTest, ABodyGoesToTheTargetAsItComes) {
  publish();
  client().begin("POST / HTTP/1.1", {"Host: shop", "Content-Length: 4"});
  EXPECT_THAT(client().told(), ElementsAre("resume"));
  EXPECT_TRUE(client()->wants_body());
  client()->on_request_body("ab");
  client()->on_request_body("cd");
  client()->on_request_end({});
  EXPECT_THAT(side().calls.take(), ElementsAre("head /", "body ab", "body cd", "end"));
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_TRUE(client().is_done());
}

TEST_F(ExchangeTest, ABodyIsSentAgainWhereTheConnectionWasAKeptOne) {
  room_.reach({Reach::kept});
  publish();
  client().begin("PUT / HTTP/1.1", {"Host: shop", "Content-Length: 2"});
  client()->on_request_body("ab");
  client()->on_request_end({});
  client()->on_upstream_failed(Failure::reset, net::Refusal::none);
  ASSERT_EQ(attempts(), 2U);
  EXPECT_THAT(side(1).calls.take(), ElementsAre("head /", "body ab", "end"));
  client().answer_whole("HTTP/1.1 200 OK");
}

TEST_F(ExchangeTest, ABodyThatBecomesTooLongIsRefused) {
  service_->actions.request_body_bytes = 3;
  publish();
  client().begin("POST / HTTP/1.1", {"Host: shop", "Transfer-Encoding: chunked"});
  client()->on_request_body("abcd");
  EXPECT_THAT(client().told(), ElementsAre("resume", StartsWith("reply 413 close:")));
  EXPECT_THAT(side().calls.take(), ElementsAre("head /", "abandon"));
  EXPECT_EQ(counted(Stat::bodies_too_large), 1U);
}

TEST_F(ExchangeTest, ABodyThatStopsComingIsTheClientsFault) {
  publish();
  client().begin("POST / HTTP/1.1", {"Host: shop", "Content-Length: 4"});
  client()->on_request_stalled();
  EXPECT_THAT(client().told(), ElementsAre("resume", StartsWith("reply 408 close:")));
  EXPECT_EQ(counted(ServiceStat::request_body_timeouts), 1U);
  EXPECT_THAT(outcomes(), IsEmpty());
}

TEST_F(ExchangeTest, ABodyThatBreaksTheRulesIsRefusedOrCutsTheResponse) {
  publish();
  client().begin("POST / HTTP/1.1", {"Host: shop", "Transfer-Encoding: chunked"});
  client()->on_request_refused(net::Refusal::field_name_underscored);
  EXPECT_THAT(client().told(), ElementsAre("resume", StartsWith("reply 400 close:")));
  client().begin("POST / HTTP/1.1", {"Host: shop", "Transfer-Encoding: chunked"});
  client().answer("HTTP/1.1 200 OK");
  client()->on_request_refused(net::Refusal::field_name_underscored);
  EXPECT_THAT(client().told(), ElementsAre("resume", "head 200 close", "truncated"));
}

TEST_F(ExchangeTest, AnExpectationIsAskedOfTheTargetAndItsWordPassedOn) {
  publish();
  client().begin("POST / HTTP/1.1", {"Host: shop", "Content-Length: 4", "Expect: 100-continue"});
  EXPECT_THAT(side().calls.take(), ElementsAre("head / expects"));
  client().answer("HTTP/1.1 100 Continue");
  EXPECT_THAT(client().told(), testing::Contains("continue"));
  EXPECT_EQ(counted(ServiceStat::continue_by_target), 1U);
}

// ---- the client leaves

TEST_F(ExchangeTest, AClientThatLeavesEndsItsRequest) {
  publish();
  client().begin();
  client()->on_client_gone();
  EXPECT_TRUE(client().is_done());
  EXPECT_THAT(side().calls.take(), ElementsAre("head /", "abandon"));
  EXPECT_EQ(counted(Stat::client_aborts), 1U);
  EXPECT_THAT(outcomes(), IsEmpty());
}

TEST_F(ExchangeTest, AWorkerThatStopsCutsItsRequests) {
  publish();
  client().begin();
  client()->on_shutdown();
  EXPECT_THAT(client().told(), ElementsAre("truncated"));
  EXPECT_TRUE(client().is_done());
}

}  // namespace
}  // namespace teal::proxy
