// What an exchange does for a release on trial: whom its requests go to, what the client does not
// get to see, who is blamed, what the judge is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/exposure.h"
#include "proxy/exchange/exchange.h"
#include "proxy/telemetry/census.h"
#include "tests/support/unit_exchange_room.h"

namespace teal::proxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Reach = ExchangeRoom::Reach;

constexpr TargetId kLive = 1, kRelease = 2;

class ReleaseTest : public testing::Test {
 protected:
  /// One target each, and everything goes to the release.
  ReleaseTest() {
    service_ = &room_.add_service("shop", 1);
    room_.add_targets(0, Colour::green, 1);
    state().split = Split::with(Colour::green, Weight::all());
  }

  ServiceState& state() { return room_.states[0]; }
  void publish() { room_.publish(); }
  ExchangeClient& client() {
    if (!client_) client_.emplace(room_);
    return *client_;
  }
  FakeTarget& side(std::size_t nth = 0) { return *room_.attempts.at(nth).side; }
  std::vector<TargetId> asked() const {
    std::vector<TargetId> targets;
    for (const auto& each : room_.attempts) targets.push_back(each.target);
    return targets;
  }
  std::uint64_t counted(ServiceStat what) {
    return room_.loop().counters().service(0)[what].read();
  }
  TrafficShard& traffic(Colour colour) {
    const ServiceView& view = *room_.loop().routes().service(0)->view;
    return room_.loop().counters().traffic(view.groups[colour].slots[Audience::split]);
  }
  /// Ended with a status of that class.
  std::uint64_t ended(Colour colour, Origin origin, std::size_t status_class) {
    return traffic(colour).requests[static_cast<std::size_t>(origin)][status_class - 1].read();
  }
  /// What the judge was told since it was last asked.
  std::vector<JudgedEvent> judged() {
    std::vector<JudgedEvent> events;
    while (true) {
      room_.wait(net::TimerWheel::kTick);
      const auto taken = room_.loop().reports().take();
      if (!taken.reports || taken.reports->judged.empty()) return events;
      for (const auto& each : taken.reports->judged) events.push_back(each.event);
    }
  }
  void judge() { state().judging = Judging{.slower_than = {Millis{100}}, .overdue = Millis{300}}; }

  ExchangeRoom room_;
  config::Service* service_;
  std::optional<ExchangeClient> client_;
};

// ---- the shield

TEST_F(ReleaseTest, WhatItAnswersWellIsPassedOn) {
  publish();
  client().begin();
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(asked(), ElementsAre(kRelease));
  EXPECT_EQ(ended(Colour::green, Origin::target, 2), 1U);
}

TEST_F(ReleaseTest, WhatFailsOnItIsAnsweredByTheLiveGroupAndCountsAsItsFailure) {
  publish();
  client().begin();
  client().answer("HTTP/1.1 503 Service Unavailable");
  EXPECT_THAT(asked(), ElementsAre(kRelease, kLive));
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(client().told(), ElementsAre("head 200", "end"));
  EXPECT_EQ(ended(Colour::green, Origin::target, 5), 1U);
  EXPECT_EQ(ended(Colour::blue, Origin::target, 2), 0U);
  EXPECT_EQ(traffic(Colour::green).shielded.read(), 1U);
  EXPECT_EQ(counted(ServiceStat::retries_shield), 1U);
}

TEST_F(ReleaseTest, ATrustedClientIsToldWhatTheShieldHasDone) {
  publish();
  client().info.peer.trusted = true;
  client().begin();
  client().answer("HTTP/1.1 503 Service Unavailable");
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(client().told(), ElementsAre("head 200 shielded: green; status 503", "end"));
}

TEST_F(ReleaseTest, WhatDiesOnItIsAnsweredByTheLiveGroup) {
  publish();
  client().begin();
  client()->on_upstream_failed(Failure::reset, net::Refusal::none);
  EXPECT_THAT(asked(), ElementsAre(kRelease, kLive));
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_EQ(ended(Colour::green, Origin::teal, 5), 1U);
}

TEST_F(ReleaseTest, WhereItCannotBeReachedTheLiveGroupAnswers) {
  room_.reach({Reach::refused});
  publish();
  client().begin();
  EXPECT_THAT(asked(), ElementsAre(kRelease, kLive));
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(client().told(), ElementsAre("head 200", "end"));
}

TEST_F(ReleaseTest, IsNotBlamedWhereTealLacksADescriptor) {
  judge();
  state().exposure = std::make_shared<Exposure>(1, 0);
  room_.reach({Reach::lacking});
  publish();
  client().begin();
  EXPECT_THAT(client().told(), ElementsAre(HasSubstr("reply 503: overloaded")));
  EXPECT_THAT(asked(), ElementsAre(kRelease)) << "the shield is not for that";
  for (const Colour colour : {Colour::blue, Colour::green})
    for (const Origin origin : {Origin::client, Origin::teal, Origin::target})
      for (const std::size_t status_class : {2U, 5U})
        EXPECT_EQ(ended(colour, origin, status_class), 0U);
  EXPECT_THAT(judged(), IsEmpty());
  EXPECT_EQ(state().exposure->spent(), 0U);
  EXPECT_FALSE(state().exposure->is_full());
}

TEST_F(ReleaseTest, IsBlamedForItsOwnFailureWhereTealLacksADescriptorAfterwards) {
  room_.reach({Reach::refused, Reach::lacking});
  publish();
  client().begin();
  EXPECT_THAT(client().told(), ElementsAre(HasSubstr("reply 503: overloaded")));
  EXPECT_THAT(asked(), ElementsAre(kRelease, kLive));
  EXPECT_EQ(ended(Colour::green, Origin::teal, 5), 1U);
  EXPECT_EQ(ended(Colour::blue, Origin::teal, 5), 0U);
}

TEST_F(ReleaseTest, WhatMayNotBeRepeatedIsNotShielded) {
  publish();
  client().begin("POST / HTTP/1.1", {"Host: shop", "Content-Length: 0"});
  client()->on_request_end({});
  client().answer_whole("HTTP/1.1 503 Service Unavailable");
  EXPECT_THAT(asked(), ElementsAre(kRelease));
  EXPECT_EQ(counted(ServiceStat::shield_not_repeatable), 1U);
}

TEST_F(ReleaseTest, WithoutTheShieldItsFailuresAreSeen) {
  service_->shield.enabled = false;
  publish();
  client().begin();
  client().answer_whole("HTTP/1.1 503 Service Unavailable");
  EXPECT_THAT(client().told(), ElementsAre("head 503", "end"));
  EXPECT_THAT(asked(), ElementsAre(kRelease));
}

TEST_F(ReleaseTest, WhereItHasNoRoomTheLiveGroupAnswers) {
  service_->limits.in_flight_per_group = 1;
  service_->limits.pending = 0;
  publish();
  ExchangeClient one(room_);
  one.begin();
  client().begin();
  EXPECT_THAT(asked(), ElementsAre(kRelease, kLive));
  client().answer_whole("HTTP/1.1 200 OK");
}

TEST_F(ReleaseTest, TheLiveGroupsFailuresAreSeen) {
  state().split = Split::all_to(Colour::blue);
  publish();
  client().begin();
  client().answer_whole("HTTP/1.1 503 Service Unavailable");
  EXPECT_THAT(client().told(), ElementsAre("head 503", "end"));
  EXPECT_THAT(asked(), ElementsAre(kLive));
}

// ---- the exposure budget

TEST_F(ReleaseTest, AFailureThatClientsSeeIsPaidFromTheBudget) {
  service_->shield.enabled = false;
  state().exposure = std::make_shared<Exposure>(1, 0);
  publish();
  client().begin();
  client().answer_whole("HTTP/1.1 500 Internal Server Error");
  EXPECT_EQ(state().exposure->spent(), 1U);
  EXPECT_EQ(room_.control.exposures, 1);
}

TEST_F(ReleaseTest, WhoIsAnsweredWellCostsNothing) {
  state().exposure = std::make_shared<Exposure>(1, 0);
  publish();
  client().begin();
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_EQ(state().exposure->spent(), 0U);
  EXPECT_FALSE(state().exposure->is_full());
}

TEST_F(ReleaseTest, GetsNothingOnceItsBudgetIsSpent) {
  state().exposure = std::make_shared<Exposure>(1, 1);
  publish();
  client().begin();
  EXPECT_THAT(asked(), ElementsAre(kLive));
  EXPECT_EQ(counted(ServiceStat::exposure_diverted), 1U);
}

TEST_F(ReleaseTest, AnAnswerThatThereIsNoBudgetForIsNotSeen) {
  state().exposure = std::make_shared<Exposure>(1, 0);
  publish();
  client().begin();
  ASSERT_TRUE(state().exposure->reserve()) << "another request takes the last place";
  client().answer("HTTP/1.1 200 OK");
  EXPECT_THAT(client().told(), IsEmpty());
  EXPECT_THAT(asked(), ElementsAre(kRelease, kLive));
  EXPECT_EQ(counted(ServiceStat::exposure_replayed), 1U);
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(client().told(), ElementsAre("head 200", "end"));
}

TEST_F(ReleaseTest, ATimeoutThatThereIsNoBudgetForIsSpared) {
  service_->timeouts.request = Millis{500};
  state().exposure = std::make_shared<Exposure>(1, 0);
  publish();
  client().begin();
  ASSERT_TRUE(state().exposure->reserve());
  room_.wait(Millis{600});
  EXPECT_THAT(asked(), ElementsAre(kRelease, kLive));
  client().answer_whole("HTTP/1.1 200 OK");
  EXPECT_THAT(client().told(), ElementsAre("head 200", "end"));
}

// ---- the judge

TEST_F(ReleaseTest, WithoutAComparisonNothingIsTold) {
  publish();
  client().begin();
  client().answer_whole("HTTP/1.1 500 Internal Server Error");
  EXPECT_THAT(judged(), IsEmpty());
}

TEST_F(ReleaseTest, AnErrorIsToldOnceByTheGroupThatWasDrawnAndWithItsChance) {
  judge();
  state().split = Split::with(Colour::green, Weight::all());
  publish();
  client().begin();
  client().answer("HTTP/1.1 503 Service Unavailable");
  client().answer_whole("HTTP/1.1 500 Internal Server Error");
  const auto events = judged();
  ASSERT_EQ(events.size(), 1U) << "what the live group answered does not count again";
  EXPECT_EQ(events[0].kind, JudgedEvent::Kind::error);
  EXPECT_EQ(events[0].group, Colour::green);
  EXPECT_EQ(events[0].release_probability, 1.0);
  EXPECT_EQ(events[0].table, 1U);
  EXPECT_EQ(events[0].client, 0U);
}

TEST_F(ReleaseTest, ASlowRequestIsToldWhenItPassesAThresholdAndAnOverdueOneTwice) {
  judge();
  publish();
  client().begin();
  const Mono began = room_.loop().now();
  room_.wait(Millis{140});
  auto events = judged();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, JudgedEvent::Kind::slow);
  EXPECT_EQ(events[0].threshold, 0);
  EXPECT_EQ(events[0].seen, began + Millis{100}) << "not when the timer came by";
  room_.wait(Millis{200});
  events = judged();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, JudgedEvent::Kind::overdue);
  client().answer_whole("HTTP/1.1 200 OK");
  events = judged();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, JudgedEvent::Kind::settled);
}

TEST_F(ReleaseTest, WhatWasSlowBetweenTwoTicksIsToldAtItsEnd) {
  judge();
  publish();
  client().begin();
  room_.clock.advance(Millis{100});
  room_.loop().begin_turn();
  client().answer_whole("HTTP/1.1 200 OK");
  const auto events = judged();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, JudgedEvent::Kind::slow);
}

TEST_F(ReleaseTest, ARequestInFlightHoldsTheWatermarkUntilTheJudgeKnowsOfIt) {
  judge();
  publish();
  const auto oldest = [&] { return room_.loop().reports().read_watermark().oldest; };
  EXPECT_EQ(oldest(), Mono::max());
  client().begin();
  EXPECT_EQ(oldest(), room_.loop().now());
  room_.wait(Millis{340});
  EXPECT_EQ(oldest(), Mono::max()) << "it is overdue, and that was told";
  client().answer_whole("HTTP/1.1 200 OK");
}

TEST_F(ReleaseTest, AClientThatLeavesIsNoErrorOfAnybody) {
  judge();
  publish();
  client().begin();
  client()->on_client_gone();
  EXPECT_THAT(judged(), IsEmpty());
}

TEST_F(ReleaseTest, AResponseThatIsCutIsAnError) {
  judge();
  publish();
  client().begin();
  client().answer("HTTP/1.1 200 OK");
  client()->on_upstream_failed(Failure::reset, net::Refusal::none);
  const auto events = judged();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, JudgedEvent::Kind::error);
}

TEST_F(ReleaseTest, WhoWaitedAndIsAssignedAnewWhereNobodyComparesHoldsNoWatermark) {
  judge();
  service_->limits.in_flight_per_group = 1;
  service_->shield.enabled = false;
  publish();
  ExchangeClient one(room_);
  one.begin();
  client().begin();
  state().judging.reset();
  state().split = Split::all_to(Colour::blue);
  publish();
  EXPECT_THAT(asked(), ElementsAre(kRelease, kLive));
  one.answer_whole("HTTP/1.1 200 OK");
  EXPECT_EQ(room_.loop().reports().read_watermark().oldest, Mono::max());
}

TEST_F(ReleaseTest, WhoWasOverdueInTheQueueIsClosedWhenItIsAssignedAnew) {
  judge();
  service_->limits.in_flight_per_group = 1;
  service_->timeouts.queue = Millis{5'000};
  service_->shield.enabled = false;
  publish();
  ExchangeClient one(room_);
  one.begin();
  client().begin();
  room_.wait(Millis{400});
  judged();
  state().split = Split::all_to(Colour::blue);
  publish();
  const auto events = judged();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, JudgedEvent::Kind::settled);
  client().answer_whole("HTTP/1.1 500 Internal Server Error");
  EXPECT_THAT(judged(), IsEmpty()) << "what it does from now on is not told";
}

// ---- preview traffic

TEST_F(ReleaseTest, APreviewListenerLeadsToTheReleaseAndIsNotJudged) {
  judge();
  state().split = Split::all_to(Colour::blue);
  room_.config.listeners[0].group = config::GroupChoice::idle;
  publish();
  client().begin();
  client().answer_whole("HTTP/1.1 503 Service Unavailable");
  EXPECT_THAT(asked(), ElementsAre(kRelease));
  EXPECT_THAT(client().told(), ElementsAre("head 503", "end")) << "nor shielded";
  EXPECT_THAT(judged(), IsEmpty());
}

// ---- other meanings of "error"

TEST_F(ReleaseTest, AnAlarmMayCountOtherAnswersAsErrors) {
  judge();
  const std::vector<ErrorMeaning> meanings{{.errors = {{404, 404}}, .paths = {"/cart"}}};
  state().meanings = std::make_shared<const ErrorMeanings>(meanings);
  state().judging->compared = kUsualMeaning | meaning_bit(1);
  publish();
  client().begin("GET /cart/1 HTTP/1.1");
  client().answer_whole("HTTP/1.1 404 Not Found");
  auto events = judged();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].meanings, meaning_bit(1));
  client().begin("GET /other HTTP/1.1");
  client().answer_whole("HTTP/1.1 404 Not Found");
  EXPECT_THAT(judged(), IsEmpty()) << "not under its paths";
}

}  // namespace
}  // namespace teal::proxy
