// When a request is answered by Teal itself, and with what.
#include "proxy/exchange/reply_rules.h"

#include <gtest/gtest.h>

#include "tests/support/unit_exchange_parts.h"

namespace teal::proxy {
namespace {

class ReplyRulesTest : public ExchangePartsTest {
 protected:
  /// 0: nothing.
  static std::uint16_t status(const std::optional<LocalReply>& reply) {
    return reply ? reply->status : std::uint16_t{0};
  }
  /// As HTTP/2 asks for another protocol (RFC 8441).
  ExchangeParts& extended_connect(const std::string& protocol) {
    ExchangeParts& parts = route("GET /chat HTTP/2", {"Host: shop", "Protocol: " + protocol});
    net::RequestHead& head = parts.request.head;
    const net::Field& field = *head.fields.find("protocol");
    head.minor_version = net::kHttp2;
    head.protocol = {field.value_at, field.value_size};
    return parts;
  }
};

TEST_F(ReplyRulesTest, AnOverloadedWorkerSaysSo) {
  EXPECT_EQ(status(take().ask(refuse_overload)), 503);
  EXPECT_EQ(counted(Stat::overload_requests), 1U);
}

TEST_F(ReplyRulesTest, WhatNoRouteMatchesIsNotFound) {
  EXPECT_EQ(status(take().ask(refuse_without_route)), 404);
  EXPECT_EQ(counted(Stat::requests_without_route), 1U);
}

TEST_F(ReplyRulesTest, WhatBrokeARuleOnTheWayToARouteIsRefusedByThat) {
  ExchangeParts& parts = take();
  parts.response.last_rule = net::Refusal::max_forwards_malformed;
  const auto reply = parts.ask(refuse_without_route);
  EXPECT_EQ(status(reply), 400);
  EXPECT_EQ(reply->rule, net::Refusal::max_forwards_malformed);
}

TEST_F(ReplyRulesTest, WithoutAHealthyTargetThereIsNoService) {
  EXPECT_EQ(status(route().ask(refuse_without_target)), 503);
  EXPECT_EQ(counted(ServiceStat::requests_without_target), 1U);
}

TEST_F(ReplyRulesTest, ADeadlineWithoutAMeaningIsTheClientsMistake) {
  EXPECT_EQ(status(route().ask(refuse_deadline)), 400);
}

TEST_F(ReplyRulesTest, AProtocolThatIsNotSpokenIsNoFaultOfTheGroups) {
  ExchangeParts& parts = draw();
  EXPECT_EQ(status(parts.ask(refuse_protocol)), 501);
  EXPECT_EQ(traffic(Colour::blue).active.read(), 0U);
  EXPECT_EQ(room_.loop().counters().refused(net::Refusal::protocol_unsupported).read(), 1U);
}

TEST_F(ReplyRulesTest, TheWayOfARequestMayEndHere) {
  EXPECT_EQ(status(take("OPTIONS * HTTP/1.1", {"Host: shop", "Max-Forwards: 0"}).ask(reply_by_way)),
            200);
  EXPECT_EQ(status(take().ask(reply_by_way)), 0);
}

TEST_F(ReplyRulesTest, ARouteMayAnswer) {
  service_->actions.respond.emplace();
  service_->actions.respond->status = 410;
  EXPECT_EQ(status(route().ask(reply_by_route)), 410);
}

TEST_F(ReplyRulesTest, ARouteMayLeaveTheAnswerToATarget) {
  service_->actions.request_headers.set = {{"x-from", "teal"}};
  EXPECT_EQ(status(route().ask(reply_by_route)), 0);
}

TEST_F(ReplyRulesTest, AnUpgradeThatIsAllowedIsAskedFor) {
  service_->upgrades = {"chat"};
  ExchangeParts& parts =
      route("GET / HTTP/1.1", {"Host: shop", "Connection: upgrade", "Upgrade: chat"});
  EXPECT_EQ(status(parts.ask(reply_by_hop)), 0);
  EXPECT_EQ(parts.request.upgrade.protocol, "chat");
}

TEST_F(ReplyRulesTest, AnUpgradeThatIsNotAllowedIsAnOrdinaryRequest) {
  ExchangeParts& parts =
      route("GET / HTTP/1.1", {"Host: shop", "Connection: upgrade", "Upgrade: chat"});
  EXPECT_EQ(status(parts.ask(reply_by_hop)), 0);
  EXPECT_FALSE(parts.request.upgrade.is_asked());
}

TEST_F(ReplyRulesTest, AnExtendedConnectOfAProtocolThatIsAllowedHasAKeyWhereItIsOfWebSocket) {
  service_->upgrades = {"websocket", "chat"};
  ExchangeParts& chat = extended_connect("chat");
  EXPECT_EQ(status(chat.ask(reply_by_hop)), 0);
  EXPECT_EQ(chat.request.upgrade.websocket_key, "");
  ExchangeParts& websocket = extended_connect("websocket");
  EXPECT_EQ(status(websocket.ask(reply_by_hop)), 0);
  EXPECT_NE(websocket.request.upgrade.websocket_key, "");
}

TEST_F(ReplyRulesTest, AnExtendedConnectOfAnotherProtocolIsOfNoService) {
  ExchangeParts& parts = extended_connect("chat");
  EXPECT_EQ(status(parts.ask(reply_by_hop)), 501);
  EXPECT_FALSE(parts.serving.route().has_service());
}

TEST_F(ReplyRulesTest, WhereTrailersGoNoFurtherNobodyIsToldThatTheyCome) {
  ExchangeParts& parts = route("GET / HTTP/1.1", {"Host: shop", "Trailer: x-sum"});
  EXPECT_EQ(status(parts.ask(reply_by_hop)), 0);
  EXPECT_FALSE(parts.request.head.fields.has(net::HeaderId::trailer));
}

TEST_F(ReplyRulesTest, WhereTrailersGoOnTheTargetIsToldThatTheyCome) {
  service_->actions.passes_request_trailers = true;
  ExchangeParts& parts = route("GET / HTTP/1.1", {"Host: shop", "Trailer: x-sum"});
  EXPECT_EQ(status(parts.ask(reply_by_hop)), 0);
  EXPECT_TRUE(parts.request.head.fields.has(net::HeaderId::trailer));
}

}  // namespace
}  // namespace teal::proxy
