// Who says 100 to a client that waits for it, and what Teal learns of targets by it.
#include "proxy/exchange/continue_relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/unit_exchange_parts.h"

namespace teal::proxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Millis kIdle{60'000};

class ContinueRelayTest : public ExchangePartsTest {
 protected:
  /// A client waits, and its head is about to go out.
  ContinueRelay& begin(bool expects = true) {
    ExchangeParts& parts = draw("POST / HTTP/1.1", {"Host: shop", "Content-Length: 5"});
    parts.deadlines.begin(parts.request.began, Millis{0});
    parts.continues.begin(client_, expects);
    parts.attempt(side_);
    return parts.continues;
  }
  bool is_known_to_be_silent() {
    return parts_->attempts.target()->connections().continues.is_silent(room_.loop().now());
  }
  static auto head(std::string_view line) { return test::response_head(line, {}); }
};

TEST_F(ContinueRelayTest, WhoWaitsForNothingIsToldNothing) {
  ContinueRelay& relay = begin(false);
  EXPECT_FALSE(relay.ask());
  relay.on_continue();
  relay.on_silence();
  EXPECT_THAT(client_.calls.take(), IsEmpty());
}

TEST_F(ContinueRelayTest, TheTargetsWordIsPassedOnOnce) {
  ContinueRelay& relay = begin();
  EXPECT_TRUE(relay.ask());
  relay.await(kIdle);
  relay.on_continue();
  EXPECT_THAT(client_.calls.take(), ElementsAre("continue", "resume"));
  EXPECT_EQ(counted(ServiceStat::continue_by_target), 1U);
  relay.on_continue();
  EXPECT_THAT(client_.calls.take(), IsEmpty());
}

TEST_F(ContinueRelayTest, TheTargetHasItsTime) {
  ContinueRelay& relay = begin();
  relay.ask();
  relay.await(kIdle);
  room_.wait(Expectation::kWait - Millis{100});
  EXPECT_EQ(parts_->deadlines_passed, 0);
  room_.wait(Millis{200});
  EXPECT_EQ(parts_->deadlines_passed, 1);
}

TEST_F(ContinueRelayTest, TheTargetHasHalfTheTimeOfAClientThatMayNotBeSilentForLong) {
  ContinueRelay& relay = begin();
  relay.ask();
  relay.await(Millis{400});
  room_.wait(Millis{160});
  EXPECT_EQ(parts_->deadlines_passed, 0);
  room_.wait(Millis{100});
  EXPECT_EQ(parts_->deadlines_passed, 1);
}

TEST_F(ContinueRelayTest, InThePlaceOfASilentTargetTealSaysTheWord) {
  ContinueRelay& relay = begin();
  relay.ask();
  relay.await(Millis{0});
  room_.wait(Expectation::kWait);
  relay.on_silence();
  EXPECT_THAT(client_.calls.take(), ElementsAre("continue", "resume"));
  EXPECT_EQ(counted(ServiceStat::continue_by_teal), 1U);
  EXPECT_TRUE(is_known_to_be_silent());
}

TEST_F(ContinueRelayTest, ATargetThatDidNotEvenTakeTheHeadIsNotCalledSilent) {
  ContinueRelay& relay = begin();
  relay.ask();
  side_.blocked = true;
  relay.on_silence();
  EXPECT_THAT(client_.calls.take(), ElementsAre("continue", "resume"));
  EXPECT_FALSE(is_known_to_be_silent());
}

TEST_F(ContinueRelayTest, ATargetThatIsKnownToBeSilentIsNotAskedAndTheClientNotKeptWaiting) {
  ContinueRelay& relay = begin();
  parts_->attempts.target()->connections().continues.answered_in_http10(room_.loop().now());
  EXPECT_FALSE(relay.ask());
  relay.await(kIdle);
  EXPECT_THAT(client_.calls.take(), ElementsAre("continue", "resume"));
}

TEST_F(ContinueRelayTest, ABodyThatComesUnaskedEndsTheWait) {
  ContinueRelay& relay = begin();
  relay.ask();
  relay.on_body();
  EXPECT_FALSE(relay.expectation().is_waited_for());
  EXPECT_FALSE(is_known_to_be_silent()) << "it was not given time";
  EXPECT_THAT(client_.calls.take(), IsEmpty());
}

TEST_F(ContinueRelayTest, ABodyThatComesUnaskedAfterLongTellsOfASilentTarget) {
  ContinueRelay& relay = begin();
  relay.ask();
  room_.wait(Expectation::kSilence + Millis{20});
  relay.on_body();
  EXPECT_TRUE(is_known_to_be_silent());
}

TEST_F(ContinueRelayTest, AnAnswerInsteadOfTheWordMakesTheBodyNeedless) {
  ContinueRelay& relay = begin();
  relay.ask();
  relay.on_answer(head("HTTP/1.1 413 Too Large").head);
  EXPECT_THAT(client_.calls.take(), ElementsAre("resume"));
  EXPECT_TRUE(relay.expectation().is_body_needless());
  EXPECT_TRUE(relay.expectation().is_body_refused()) << "it would be taken for a request";
}

TEST_F(ContinueRelayTest, AnAnswerByHttp2RefusesNoBody) {
  ContinueRelay& relay = begin();
  relay.ask();
  auto answer = head("HTTP/1.1 413 Too Large");
  answer.head.minor_version = net::kHttp2;
  relay.on_answer(answer.head);
  EXPECT_TRUE(relay.expectation().is_body_needless());
  EXPECT_FALSE(relay.expectation().is_body_refused());
}

}  // namespace
}  // namespace teal::proxy
