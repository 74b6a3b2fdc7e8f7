// The ways of a request that are not the usual one: it waits for room or for a stream, is not
// begun, or becomes a tunnel.
#include "proxy/exchange/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/unit_exchange_room.h"

namespace teal::proxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Reach = ExchangeRoom::Reach;

// ---- the queue

TEST_F(ExchangeTest, WhereAllTargetsAreFullARequestWaitsForRoom) {
  service_->limits.in_flight_per_target = 1;
  publish();
  ExchangeClient one(room_), two(room_), three(room_);
  one.begin();
  two.begin();
  three.begin();
  EXPECT_EQ(attempts(), 2U);
  EXPECT_EQ(counted(ServiceStat::requests_waiting), 1U);
  one.answer_whole("HTTP/1.1 200 OK");
  room_.loop().finish_callback();
  EXPECT_EQ(attempts(), 3U);
  EXPECT_EQ(counted(ServiceStat::requests_waiting), 0U);
  three.answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(three.told(), ElementsAre("head 200", "end"));
}

TEST_F(ExchangeTest, WhoWaitsTooLongIsToldSo) {
  service_->limits.in_flight_per_group = 1;
  publish();
  ExchangeClient one(room_), two(room_);
  one.begin();
  two.begin();
  room_.wait(service_->timeouts.queue + Millis{100});
  EXPECT_THAT(two.told(), ElementsAre("reply 503: all targets are busy"));
  EXPECT_EQ(counted(ServiceStat::queue_timeouts), 1U);
}

TEST_F(ExchangeTest, AFullQueueTakesNobody) {
  service_->limits.in_flight_per_group = 1;
  service_->limits.pending = 1;
  publish();
  ExchangeClient one(room_), two(room_), three(room_);
  one.begin();
  two.begin();
  three.begin();
  EXPECT_THAT(three.told(), ElementsAre("reply 503: all targets are busy and the queue is full"));
  EXPECT_EQ(counted(ServiceStat::requests_without_room), 1U);
}

TEST_F(ExchangeTest, WhoWaitsFollowsTheNewestTable) {
  service_->limits.in_flight_per_group = 1;
  room_.add_targets(0, Colour::green, 1);
  publish();
  ExchangeClient one(room_), two(room_);
  one.begin();
  two.begin();
  ASSERT_EQ(attempts(), 1U);
  room_.states[0].live = Colour::green;
  room_.states[0].split = Split::all_to(Colour::green);
  publish();
  ASSERT_EQ(attempts(), 2U);
  EXPECT_EQ(room_.attempts[1].target, 3U) << "of the group that is live now";
}

TEST_F(ExchangeTest, AClientThatLeavesTheQueueIsCountedOut) {
  service_->limits.in_flight_per_group = 1;
  publish();
  ExchangeClient one(room_), two(room_);
  one.begin();
  two.begin();
  two->on_client_gone();
  EXPECT_EQ(counted(ServiceStat::requests_waiting), 0U);
  one.answer_whole("HTTP/1.1 200 OK");
  room_.loop().finish_callback();
  EXPECT_EQ(attempts(), 1U);
}

// ---- targets that take no stream for now, or do not begin

TEST_F(ExchangeTest, ATargetThatTakesNoStreamIsLeftForOthers) {
  room_.reach({Reach::full});
  publish();
  client().begin();
  ASSERT_EQ(attempts(), 2U);
  EXPECT_NE(room_.attempts[0].target, room_.attempts[1].target);
  EXPECT_THAT(side(0).calls.take(), ElementsAre("abandon"));
}

TEST_F(ExchangeTest, WhereNoneTakesAStreamARequestWaitsByTheLastOne) {
  room_.reach({Reach::full, Reach::full});
  publish();
  client().begin();
  ASSERT_EQ(attempts(), 2U);
  client()->on_connected(side(1));
  EXPECT_THAT(side(1).calls.take(), ElementsAre("head /"));
  client().answer_whole("HTTP/1.1 200 OK");
}

TEST_F(ExchangeTest, WhereNoneTakesAStreamInTimeTheClientIsTold) {
  room_.reach({Reach::full, Reach::full});
  publish();
  client().begin();
  room_.wait(service_->timeouts.queue + Millis{100});
  EXPECT_THAT(client().told(), ElementsAre("reply 503: all targets are busy"));
}

TEST_F(ExchangeTest, WhatWasNotBegunIsSentAgain) {
  publish();
  client().begin("POST / HTTP/1.1", {"Host: shop", "Content-Length: 0"});
  client()->on_upstream_failed(Failure::not_begun, net::Refusal::none);
  EXPECT_EQ(attempts(), 2U);
  EXPECT_EQ(counted(ServiceStat::retries_not_begun), 1U);
}

// ---- tunnels

TEST_F(ExchangeTest, AnUpgradeThatTheTargetAgreesToBecomesATunnel) {
  service_->upgrades = {"chat"};
  publish();
  client().begin("GET / HTTP/1.1", {"Host: shop", "Connection: upgrade", "Upgrade: chat"});
  EXPECT_TRUE(client()->may_become_tunnel());
  client().answer("HTTP/1.1 101 Switching Protocols", {"Connection: upgrade", "Upgrade: chat"});
  EXPECT_THAT(client().told(), ElementsAre("switched 101 chat", "resume"));
  client()->on_request_body("ping");
  client()->on_response_body("pong");
  EXPECT_THAT(side().calls.take(), ElementsAre("head /", "tunnel", "body ping"));
  client()->on_request_end({});
  client().end_answer();
  EXPECT_THAT(client().told(), ElementsAre("body pong", "end"));
  EXPECT_TRUE(client().is_done());
  EXPECT_EQ(counted(Stat::tunnels), 1U);
  EXPECT_EQ(counted(Stat::tunnels_active), 0U);
}

TEST_F(ExchangeTest, A101ThatNobodyAskedForIsNotHttp) {
  publish();
  client().begin();
  client().answer("HTTP/1.1 101 Switching Protocols", {"Connection: upgrade", "Upgrade: chat"});
  EXPECT_THAT(client().told(), ElementsAre(HasSubstr("reply 502: the target's answer is not")));
  EXPECT_EQ(counted(ServiceStat::upstream_protocol_errors), 1U);
}

TEST_F(ExchangeTest, ATunnelIsDrainedWhenItsTargetLeaves) {
  service_->upgrades = {"chat"};
  publish();
  client().begin("GET / HTTP/1.1", {"Host: shop", "Connection: upgrade", "Upgrade: chat"});
  client().answer("HTTP/1.1 101 Switching Protocols", {"Connection: upgrade", "Upgrade: chat"});
  client().told();
  room_.states[0].groups[Colour::blue].targets.clear();
  publish();
  EXPECT_FALSE(client().is_done());
  room_.wait(service_->timeouts.tunnel_drain + Millis{100});
  EXPECT_TRUE(client().is_done());
  EXPECT_THAT(client().told(), ElementsAre("end"));
  EXPECT_EQ(counted(Stat::tunnels_drained), 1U);
}

/// A tunnel that speaks "chat".
class TunnelOfExchangeTest : public ExchangeTest {
 protected:
  void begin_tunnel() {
    service_->upgrades = {"chat"};
    publish();
    client().begin("GET / HTTP/1.1", {"Host: shop", "Connection: upgrade", "Upgrade: chat"});
    client().answer("HTTP/1.1 101 Switching Protocols", {"Connection: upgrade", "Upgrade: chat"});
    client().told();
  }
};

TEST_F(TunnelOfExchangeTest, IsCutWhereItsTargetIsLost) {
  begin_tunnel();
  client()->on_upstream_failed(Failure::reset, net::Refusal::none);
  EXPECT_THAT(client().told(), ElementsAre("truncated"));
}

TEST_F(TunnelOfExchangeTest, IsOverWhereItsClientIsGone) {
  begin_tunnel();
  client()->on_client_gone();
  EXPECT_TRUE(client().is_done());
  EXPECT_EQ(counted(Stat::client_aborts), 1U);
}

TEST_F(TunnelOfExchangeTest, IsCutWhereItsClientBreaksTheRules) {
  begin_tunnel();
  client()->on_request_refused(net::Refusal::field_name_underscored);
  EXPECT_THAT(client().told(), ElementsAre("truncated"));
}

TEST_F(TunnelOfExchangeTest, EndsInOrderWhereItsWorkerStops) {
  begin_tunnel();
  client()->on_shutdown();
  EXPECT_THAT(client().told(), ElementsAre("end"));
}

TEST_F(TunnelOfExchangeTest, EndsWhereItWasSilentForTooLong) {
  service_->timeouts.tunnel_idle = Millis{500};
  begin_tunnel();
  client()->on_client_unblocked();
  room_.wait(Millis{600});
  EXPECT_TRUE(client().is_done());
  EXPECT_EQ(counted(ServiceStat::tunnel_timeouts), 1U);
}

TEST_F(TunnelOfExchangeTest, IsOverWhenItsTargetHasTakenTheClientsLastWord) {
  begin_tunnel();
  side().drained = false;
  client()->on_request_end({});
  client().end_answer();
  EXPECT_FALSE(client().is_done());
  client()->on_upstream_unblocked();
  side().drained = true;
  client()->on_upstream_unblocked();
  EXPECT_TRUE(client().is_done());
}

TEST_F(TunnelOfExchangeTest, IsNotBegunByAConnectionThatCannotChange) {
  room_.reach({Reach::connecting});
  service_->upgrades = {"chat"};
  publish();
  client().begin("GET / HTTP/1.1", {"Host: shop", "Connection: upgrade", "Upgrade: chat"});
  side().upgrades = false;
  client()->on_connected(side());
  EXPECT_FALSE(client()->may_become_tunnel()) << "it is an ordinary request";
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(client().told(), ElementsAre("head 200", "end"));
}

// ---- extended CONNECT

TEST_F(ExchangeTest, AnExtendedConnectThatTheTargetAgreesToIsATunnelWithoutA101) {
  service_->upgrades = {"chat"};
  publish();
  client().begin_extended_connect("chat");
  EXPECT_FALSE(client()->wants_body()) << "its bytes are the tunnel's";
  client()->on_request_end({});
  client().answer("HTTP/1.1 101 Switching Protocols", {"Connection: upgrade", "Upgrade: chat"});
  EXPECT_THAT(client().told(), ElementsAre("switched 101 chat", "resume"));
  EXPECT_EQ(counted(Stat::tunnels_active), 1U);
}

TEST_F(ExchangeTest, AnExtendedConnectOfAProtocolThatIsNotAllowedIsRefusedAndNobodysFault) {
  service_->upgrades = {"websocket"};
  publish();
  client().begin_extended_connect("chat");
  EXPECT_THAT(client().told(), ElementsAre(HasSubstr("reply 501")));
  EXPECT_EQ(attempts(), 0U);
  EXPECT_EQ(room_.loop().counters().refused(net::Refusal::protocol_unsupported).read(), 1U);
}

TEST_F(ExchangeTest, AnExtendedConnectThatTheTargetsConnectionCannotCarryIsRefused) {
  room_.reach({Reach::connecting});
  service_->upgrades = {"websocket"};
  publish();
  client().begin_extended_connect("websocket");
  side().upgrades = false;
  client()->on_connected(side());
  EXPECT_THAT(client().told(), ElementsAre(HasSubstr("reply 501")));
  EXPECT_THAT(side().calls.take(), ElementsAre("release"));
}

}  // namespace
}  // namespace teal::proxy
