#include "app/serve/start_gate.h"

#include <gtest/gtest.h>

namespace teal::app {
namespace {

using namespace std::chrono_literals;

std::vector<ServiceState> one_target(Health health) {
  ServiceState service;
  service.name = "shop";
  service.groups[Colour::blue].targets.push_back(
      {.id = 1, .address = *parse_address("127.0.0.1:1"), .health = health, .reason = ""});
  return {service};
}

class StartGateTest : public testing::Test {
 protected:
  boost::asio::io_context io_{1};
  std::vector<std::uint64_t> published_;
  int applied_ = 0;
  StartGate gate_{io_, [this](StartGate::Publication publication) {
                    published_.push_back(publication.version);
                    publication.applied(Mono{});
                  }};
};

TEST_F(StartGateTest, LetsAPublicationWhoseHealthIsKnownThroughAtOnce) {
  gate_.offer({1, one_target(Health::unhealthy), [this](Mono) { ++applied_; }});
  EXPECT_TRUE(gate_.is_open());
  EXPECT_EQ(published_, std::vector<std::uint64_t>{1});
}

TEST_F(StartGateTest, HoldsItBackUntilTheLastTargetIsKnownAndAnswersForAllOffers) {
  gate_.offer({1, one_target(Health::unknown), [this](Mono) { ++applied_; }});
  EXPECT_FALSE(gate_.is_open());
  gate_.offer({2, one_target(Health::healthy), [this](Mono) { ++applied_; }});
  EXPECT_EQ(published_, std::vector<std::uint64_t>{2});
  EXPECT_EQ(applied_, 2);
}

TEST_F(StartGateTest, LosesItsPatienceWithATargetThatSaysNothing) {
  gate_.offer({1, one_target(Health::unknown), [this](Mono) { ++applied_; }});
  io_.run_for(10s);  // ends as soon as the timer has fired
  EXPECT_EQ(published_, std::vector<std::uint64_t>{1});
  EXPECT_EQ(applied_, 1);
}

}  // namespace
}  // namespace teal::app
