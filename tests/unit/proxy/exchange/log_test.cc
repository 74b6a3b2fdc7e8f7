// What the access log says of an exchange: one line at its end, whatever the end.
#include "proxy/exchange/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/unit_exchange_room.h"

namespace teal::proxy {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Reach = ExchangeRoom::Reach;

class LoggedExchangeTest : public ExchangeTest {
 protected:
  LoggedExchangeTest() { room_.pool.access_format = config::AccessLog::Format::json; }
  std::string_view log() { return room_.loop().access_log().waiting(); }
};

TEST_F(LoggedExchangeTest, SaysWhoAskedForWhatAndWhoAnsweredHow) {
  publish();
  client().info.peer.address = "192.0.2.7";
  client().begin("GET /a?b HTTP/1.1");
  EXPECT_THAT(log(), IsEmpty());
  client().answer_whole("HTTP/1.1 404 Not Found");
  EXPECT_THAT(log(),
              AllOf(HasSubstr("\"client\":\"192.0.2.7\""), HasSubstr("/a?b"), HasSubstr("404"),
                    HasSubstr("\"service\":\"shop\""), HasSubstr("\"group\":\"blue\""),
                    HasSubstr("10.0.0."), HasSubstr("\"attempts\":1")));
}

TEST_F(LoggedExchangeTest, SaysOfWhatNoRouteIsForThatNobodyWasAsked) {
  service_->match[0].path = "/elsewhere";
  publish();
  client().begin();
  EXPECT_THAT(log(), AllOf(HasSubstr("404"), Not(HasSubstr("\"service\":\"shop\"")),
                           Not(HasSubstr("10.0.0."))));
}

TEST_F(LoggedExchangeTest, SaysOfATunnelWhoseItWasAfterItsTableIsGone) {
  service_->upgrades = {"chat"};
  publish();
  client().begin("GET / HTTP/1.1", {"Host: shop", "Connection: upgrade", "Upgrade: chat"});
  client().answer("HTTP/1.1 101 Switching Protocols", {"Connection: upgrade", "Upgrade: chat"});
  EXPECT_THAT(log(), IsEmpty()) << "its end is the line's";
  publish();
  client()->on_client_gone();
  EXPECT_THAT(log(), AllOf(HasSubstr("101"), HasSubstr("\"service\":\"shop\""),
                           HasSubstr("\"group\":\"blue\"")));
}

TEST_F(LoggedExchangeTest, SaysHowManyTargetsWereTried) {
  room_.reach({Reach::refused});
  publish();
  client().begin();
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(log(), HasSubstr("\"attempts\":2"));
}

TEST_F(LoggedExchangeTest, SaysThatTealHadNoDescriptorForATarget) {
  room_.reach({Reach::lacking, Reach::lacking});
  publish();
  client().begin();
  EXPECT_THAT(log(), AllOf(HasSubstr("\"status\":503"), HasSubstr("no_descriptor"),
                           Not(HasSubstr("connect"))));
}

}  // namespace
}  // namespace teal::proxy
