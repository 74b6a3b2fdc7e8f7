// What happens to a request seldom: clients and targets of HTTP/1.0, a table that has changed while
// it waited, answers that come without being shown, errors in mid-call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/exchange/exchange.h"
#include "tests/support/unit_exchange_room.h"

namespace teal::proxy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Reach = ExchangeRoom::Reach;

const std::vector<std::string> kCall{"Host: shop", "Content-Type: application/grpc",
                                     "Transfer-Encoding: chunked"};

TEST_F(ExchangeTest, BytesThatGoWithoutBeingShownAreASignOfLife) {
  publish();
  client().begin();
  client().answer("HTTP/1.1 200 OK");
  EXPECT_EQ(client()->bare_output(), nullptr) << "this client's side has none";
  room_.wait(service_->timeouts.stream_idle - Millis{100});
  client()->on_response_spliced(10);
  room_.wait(service_->timeouts.stream_idle - Millis{100});
  EXPECT_FALSE(client().is_done());
  client().end_answer();
  EXPECT_THAT(client().told(), ElementsAre("head 200", "end"));
}

TEST_F(ExchangeTest, ARequestMayGoOutByAnotherSideThanItWaitedFor) {
  room_.reach({Reach::connecting});
  publish();
  client().begin();
  FakeTarget other;
  client()->on_moved(other);
  client()->on_connected(other);
  EXPECT_THAT(other.calls.take(), ElementsAre("head /"));
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(other.calls.take(), ElementsAre("release"));
  EXPECT_THAT(side().calls.take(), IsEmpty());
}

TEST_F(ExchangeTest, AClientOfHttp10IsSentNoInterimResponse) {
  publish();
  client().info.is_http10 = true;
  client().begin();
  client().answer("HTTP/1.1 103 Early Hints");
  EXPECT_THAT(client().told(), IsEmpty());
}

TEST_F(ExchangeTest, ATargetOfHttp10IsNotAskedForAWordOnTheBody) {
  publish();
  client().begin();
  client().answer_whole("HTTP/1.0 200 OK");
  ExchangeClient next(room_);
  room_.states[0].groups[Colour::blue].targets[1].health = Health::unhealthy;
  publish();
  next.begin("POST / HTTP/1.1", {"Host: shop", "Expect: 100-continue", "Content-Length: 5"});
  EXPECT_THAT(next.told(), Contains("continue"));
}

TEST_F(ExchangeTest, AnAnswerThatWouldBeATunnelOnlyToTheClientIsNotHttp) {
  service_->upgrades = {"chat"};
  publish();
  client().begin_extended_connect("chat");
  client().answer("HTTP/1.1 200 OK");
  EXPECT_THAT(client().told(), ElementsAre(HasSubstr("reply 502")));
}

TEST_F(ExchangeTest, WhoWaitedForAStreamGoesByTheNewestTable) {
  room_.reach({Reach::full, Reach::full});
  room_.add_targets(0, Colour::green, 1);
  publish();
  client().begin();
  ASSERT_EQ(attempts(), 2U);
  room_.states[0].live = Colour::green;
  room_.states[0].split = Split::all_to(Colour::green);
  publish();
  client()->on_connected(side(1));
  ASSERT_EQ(attempts(), 3U);
  EXPECT_EQ(room_.attempts[2].target, 3U);
  EXPECT_THAT(side(1).calls.take(), ElementsAre("abandon"));
  client().answer_whole("HTTP/1.1 200 OK");
}

TEST_F(ExchangeTest, WhoseServiceIsGoneWhileItWaitedHasNoRoute) {
  service_->limits.in_flight_per_group = 1;
  publish();
  ExchangeClient one(room_), two(room_);
  one.begin();
  two.begin();
  room_.config.services[0].name = "other";
  room_.states[0].name = "other";
  publish();
  EXPECT_THAT(two.told(), ElementsAre(HasSubstr("reply 404")));
  EXPECT_EQ(attempts(), 1U);
}

TEST_F(ExchangeTest, ARequestThatWaitsMayTakeTooLongAsAWhole) {
  service_->limits.in_flight_per_group = 1;
  service_->timeouts.request = Millis{500};
  publish();
  ExchangeClient one(room_), two(room_);
  one.begin();
  one.answer("HTTP/1.1 200 OK");
  two.begin();
  room_.wait(Millis{600});
  EXPECT_THAT(two.told(), ElementsAre(HasSubstr("reply 504")));
  EXPECT_EQ(counted(ServiceStat::requests_waiting), 0U);
}

TEST_F(ExchangeTest, ATargetThatWantsItIsToldOfTheClientBeforeTheFirstByte) {
  service_->upstream.proxy_protocol = config::ProxyVersion::v1;
  publish();
  client().begin();
  EXPECT_THAT(room_.attempts[0].wanted.proxy_header, HasSubstr("PROXY UNKNOWN"));
}

TEST_F(ExchangeTest, HowLongABodyMayPauseIsTheRoutes) {
  service_->timeouts.request_body_idle = Millis{7'000};
  publish();
  client().begin("POST / HTTP/1.1", {"Host: shop", "Content-Length: 5"});
  EXPECT_EQ(client()->request_body_idle(), Millis{7'000});
}

TEST_F(ExchangeTest, ACallThatTealAnswersHasAStatusOfGrpc) {
  for (TargetState& target : room_.states[0].groups[Colour::blue].targets)
    target.health = Health::unhealthy;
  publish();
  client().begin("POST /shop.Cart/Add HTTP/2", kCall);
  EXPECT_THAT(client().told(), ElementsAre(HasSubstr("reply 200")));
  EXPECT_EQ(counted(ServiceStat::requests_without_target), 1U);
}

TEST_F(ExchangeTest, ACallWhoseBodyStopsBeforeAnyAnswerIsTheClientsFault) {
  publish();
  client().begin("POST /shop.Cart/Add HTTP/2", kCall);
  room_.wait(service_->timeouts.stream_idle + Millis{100});
  EXPECT_TRUE(client().is_done());
  EXPECT_EQ(counted(ServiceStat::request_body_timeouts), 1U);
  EXPECT_THAT(outcomes(), IsEmpty());
}

TEST_F(ExchangeTest, AClientThatSendsSlowlyIsTimedByItsOwnSide) {
  publish();
  client().begin("POST / HTTP/1.1", {"Host: shop", "Content-Length: 5"});
  room_.wait(service_->timeouts.stream_idle + Millis{100});
  EXPECT_FALSE(client().is_done());
}

TEST_F(ExchangeTest, WhatComesAfterTheEndIsForNobody) {
  publish();
  client().begin();
  client().answer_whole("HTTP/1.1 200 OK");
  client().told();
  client()->on_client_gone();
  client()->on_client_unblocked();
  client()->on_shutdown();
  EXPECT_THAT(client().told(), IsEmpty());
}

TEST_F(ExchangeTest, ABodyThatNobodyTakesAnyMoreIsDropped) {
  service_->retry.on = {.connect_failure = true};
  room_.reach({Reach::connecting});
  publish();
  client().begin("POST / HTTP/1.1", {"Host: shop", "Content-Length: 5"});
  EXPECT_FALSE(client()->wants_body());
  client()->on_request_stalled();
  EXPECT_FALSE(client().is_done()) << "nobody takes the body, and its client is not late";
}

TEST_F(ExchangeTest, AClientThatLeavesTheQueueOfAFullTargetIsForgotten) {
  room_.reach({Reach::full, Reach::full});
  publish();
  client().begin();
  client()->on_client_gone();
  EXPECT_TRUE(client().is_done());
  EXPECT_THAT(side(1).calls.take(), ElementsAre("abandon"));
}

}  // namespace
}  // namespace teal::proxy
