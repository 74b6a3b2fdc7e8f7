#include "app/serve/start_gate.h"

#include <gtest/gtest.h>

namespace teal::app {
namespace {

using namespace std::chrono_literals;

Publication one_target(std::uint64_t version, Health health, ServiceId id = 0) {
  ServiceState service;
  service.id = id;
  service.name = "shop-" + std::to_string(id);
  service.groups[Colour::blue].targets.push_back(
      {.id = 1, .health = health, .address = *parse_address("127.0.0.1:1"), .reason = ""});
  return {version, {snapshot_of(service, nullptr)}};
}

class StartGateTest : public testing::Test {
 protected:
  boost::asio::io_context io_{1};
  std::vector<std::uint64_t> published_;
  std::size_t services_ = 0;
  int applied_ = 0;
  StartGate gate_{io_, [this](const Publication& publication, const StartGate::Applied& applied) {
                    published_.push_back(publication.version);
                    services_ = publication.services.size();
                    applied(Mono{});
                  }};
};

TEST_F(StartGateTest, LetsAPublicationWhoseHealthIsKnownThroughAtOnce) {
  gate_.offer(one_target(1, Health::unhealthy), [this](Mono) { ++applied_; });
  EXPECT_TRUE(gate_.is_open());
  EXPECT_EQ(published_, std::vector<std::uint64_t>{1});
}

TEST_F(StartGateTest, HoldsItBackUntilTheLastTargetIsKnownAndAnswersForAllOffers) {
  gate_.offer(one_target(1, Health::unknown), [this](Mono) { ++applied_; });
  EXPECT_FALSE(gate_.is_open());
  gate_.offer(one_target(2, Health::healthy), [this](Mono) { ++applied_; });
  EXPECT_EQ(published_, std::vector<std::uint64_t>{2});
  EXPECT_EQ(applied_, 2);
}

TEST_F(StartGateTest, GathersTheServicesOfAllOffersEachAsTheLastOneHasIt) {
  gate_.offer(one_target(1, Health::unknown, 0), [this](Mono) { ++applied_; });
  gate_.offer(one_target(2, Health::unknown, 1), [this](Mono) { ++applied_; });
  gate_.offer(one_target(3, Health::healthy, 0), [this](Mono) { ++applied_; });
  EXPECT_FALSE(gate_.is_open()) << "the other one's is not known";
  gate_.offer(one_target(4, Health::unhealthy, 1), [this](Mono) { ++applied_; });
  EXPECT_EQ(published_, std::vector<std::uint64_t>{4});
  EXPECT_EQ(services_, 2U);
  EXPECT_EQ(applied_, 4);
}

TEST_F(StartGateTest, AnswersForAsManyOffersAsThousandsOfServicesMakeMeanwhile) {
  for (std::uint64_t version = 1; version <= 300'000; ++version)
    gate_.offer(one_target(version, Health::unknown), [this](Mono) { ++applied_; });
  gate_.offer(one_target(300'001, Health::healthy), [this](Mono) { ++applied_; });
  EXPECT_EQ(applied_, 300'001);
}

TEST_F(StartGateTest, WaitsUntilTargetsHaveBeenLookedForEverywhereAndProbed) {
  gate_.await(2);
  gate_.offer(one_target(1, Health::healthy), [this](Mono) { ++applied_; });
  gate_.came();
  EXPECT_FALSE(gate_.is_open());
  gate_.offer(one_target(2, Health::unknown), [this](Mono) { ++applied_; });
  gate_.came();
  EXPECT_FALSE(gate_.is_open()) << "what was found has not been probed";
  gate_.offer(one_target(3, Health::healthy), [this](Mono) { ++applied_; });
  EXPECT_EQ(published_, std::vector<std::uint64_t>{3});
  gate_.came();  // One that is late.
  EXPECT_EQ(published_.size(), 1U);
}

TEST_F(StartGateTest, OpensWithTheLastWordOfWhomeverItWaitsFor) {
  gate_.await(1);
  gate_.offer(one_target(1, Health::healthy), [this](Mono) { ++applied_; });
  gate_.came();
  EXPECT_EQ(applied_, 1);
}

TEST_F(StartGateTest, LosesItsPatienceWithAResolverThatSaysNothing) {
  gate_.await(1);
  gate_.offer(one_target(1, Health::healthy), [this](Mono) { ++applied_; });
  io_.run_for(10s);  // ends as soon as the timer has fired
  EXPECT_EQ(applied_, 1);
}

TEST_F(StartGateTest, LosesItsPatienceWithATargetThatSaysNothing) {
  gate_.offer(one_target(1, Health::unknown), [this](Mono) { ++applied_; });
  io_.run_for(10s);  // ends as soon as the timer has fired
  EXPECT_EQ(published_, std::vector<std::uint64_t>{1});
  EXPECT_EQ(applied_, 1);
}

}  // namespace
}  // namespace teal::app
