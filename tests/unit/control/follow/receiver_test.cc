#include "control/follow/receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace teal::control::follow {
namespace {

using ::testing::HasSubstr;

const TrafficKey kShop{"shop", Colour::green, "v2", Audience::split};
const TrafficKey kGone{"gone", Colour::green, "v2", Audience::split};
constexpr Stage kStage{3, 1};

Counters told(std::uint64_t sequence, const TrafficKey& key, std::uint64_t requests) {
  CounterDelta delta{key, kStage, {}};
  delta.counters.requests[0][1] = requests;
  delta.counters.duration.buckets[7] = requests;
  return {sequence, {delta}};
}
bool knows_shop(const TrafficKey& key, Stage stage) {
  return key.service == "shop" && stage == kStage;
}
std::uint64_t requests_in(const CounterReceiver& receiver) {
  const auto found = receiver.totals().find({kShop, kStage});
  return found == receiver.totals().end() ? 0 : found->second.requests[0][1];
}

TEST(CountersOfAFollower, AddUp) {
  CounterReceiver receiver;
  EXPECT_EQ(receiver.take(told(1, kShop, 5), knows_shop).value(), true);
  EXPECT_EQ(receiver.take(told(2, kShop, 7), knows_shop).value(), true);
  EXPECT_EQ(requests_in(receiver), 12U);
  EXPECT_EQ(receiver.totals().at({kShop, kStage}).duration.buckets[7], 12U);
}

TEST(CountersOfAFollower, AreAddedOnceAndMissNothing) {
  CounterReceiver receiver;
  ASSERT_TRUE(receiver.take(told(1, kShop, 5), knows_shop));
  EXPECT_EQ(receiver.take(told(1, kShop, 5), knows_shop).value(), false);
  const Result<bool> gap = receiver.take(told(3, kShop, 5), knows_shop);
  ASSERT_FALSE(gap);
  EXPECT_THAT(gap.error().message(), HasSubstr("missing"));
  EXPECT_EQ(requests_in(receiver), 5U);
}

TEST(CountersOfAFollower, OfWhatIsNotKnownAreLeftOut) {
  CounterReceiver receiver;
  Counters message = told(1, kGone, 5);
  message.deltas.push_back(told(1, kShop, 2).deltas[0]);
  message.deltas.push_back(message.deltas.back());
  message.deltas.back().stage.step = 9;
  ASSERT_TRUE(receiver.take(message, knows_shop));
  EXPECT_EQ(receiver.totals().size(), 1U) << "no peer makes us remember what there is not";
  EXPECT_EQ(requests_in(receiver), 2U);
  EXPECT_EQ(receiver.left_out(), 2U);
}

TEST(CountersOfAFollower, NeverRunOver) {
  CounterReceiver receiver;
  ASSERT_TRUE(receiver.take(told(1, kShop, (1ULL << 63U) - 2), knows_shop));
  const Result<bool> over = receiver.take(told(2, kShop, 2), knows_shop);
  ASSERT_FALSE(over);
  EXPECT_THAT(over.error().message(), HasSubstr("runs over"));
  EXPECT_EQ(requests_in(receiver), (1ULL << 63U) - 2) << "nothing of it was added";
  Counters twice = told(2, kShop, 1);
  twice.deltas.push_back(twice.deltas.front());
  EXPECT_FALSE(receiver.take(twice, knows_shop)) << "together they do";
  EXPECT_EQ(receiver.take(told(2, kShop, 1), knows_shop).value(), true);
}

TEST(CountersOfAFollower, AreForgottenWithTheirService) {
  CounterReceiver receiver;
  ASSERT_TRUE(receiver.take(told(1, kShop, 5), knows_shop));
  receiver.forget([](const TrafficKey&, Stage) { return false; });
  EXPECT_TRUE(receiver.totals().empty());
}

Events events(std::uint64_t sequence, int settled, std::vector<ServiceEvents> services = {}) {
  return {sequence, Mono{}, Mono{Millis{settled}}, 0, std::move(services), {}};
}
const EventReceiver::Knows kKnows{
    .service = [](const std::string& service) -> std::optional<EventReceiver::Known> {
      if (service != "shop") return std::nullopt;
      return EventReceiver::Known{1};
    },
    .target = [](TargetId target) { return target == 7; }};

TEST(EventsOfAFollower, AreTakenOnceInTheirOrder) {
  EventReceiver receiver(4);
  EXPECT_EQ(receiver.take(events(4, 1), kKnows).value(), std::nullopt) << "that is recorded";
  EXPECT_TRUE(receiver.take(events(5, 1), kKnows).value());
  EXPECT_EQ(receiver.take(events(5, 1), kKnows).value(), std::nullopt);
  EXPECT_FALSE(receiver.take(events(7, 1), kKnows));
  EXPECT_EQ(receiver.last(), 5U);
}

TEST(EventsOfAFollower, HaveAWatermarkThatDoesNotGoBack) {
  EventReceiver receiver(0);
  ASSERT_TRUE(receiver.take(events(1, 10), kKnows));
  const auto back = receiver.take(events(2, 9), kKnows);
  ASSERT_FALSE(back);
  EXPECT_THAT(back.error().message(), HasSubstr("watermark"));
  EXPECT_EQ(receiver.settled(), Mono{Millis{10}});
  Events less = events(2, 10);
  less.dropped = 5;
  ASSERT_TRUE(receiver.take(less, kKnows));
  EXPECT_FALSE(receiver.take(events(3, 10), kKnows)) << "what was dropped stays dropped";
}

TEST(EventsOfAFollower, OfWhatIsNotKnownAreLeftOut) {
  JudgedEvent bad;
  JudgedEvent slow;
  slow.kind = JudgedEvent::Kind::slow;
  JudgedEvent beyond = slow;
  beyond.threshold = 1;
  EventReceiver receiver(0);
  Events message = events(1, 1, {{"gone", {bad}}, {"shop", {bad, slow, beyond}}});
  message.outcomes.resize(2);
  message.outcomes[0].target = 7;
  message.outcomes[1].target = 8;
  const auto taken = receiver.take(message, kKnows);
  ASSERT_TRUE(taken && *taken);
  ASSERT_EQ((*taken)->services.size(), 1U);
  EXPECT_EQ((*taken)->services[0].events.size(), 2U);
  ASSERT_EQ((*taken)->outcomes.size(), 1U);
  EXPECT_EQ((*taken)->outcomes[0].target, 7U);
  EXPECT_EQ(receiver.left_out(), 3U);
}

}  // namespace
}  // namespace teal::control::follow
