#include "proxy/routing/target_counts.h"

#include <map>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/routes_room.h"

namespace teal::proxy {
namespace {

constexpr std::size_t kWorkers = 2;

class TargetBookTest : public testing::Test {
 protected:
  TargetBookTest() {
    config_->services.resize(2);
    config_->services[0].name = "shop";
    config_->services[0].metrics.per_target = true;
    config_->services[1].name = "quiet";
  }

  /// Both services have these targets in blue, by id and last part of the address.
  GroupView publish(const std::vector<std::pair<TargetId, int>>& targets, std::size_t service = 0) {
    std::vector<ServiceState> states(2);
    for (ServiceState& state : states)
      for (const auto& [id, part] : targets) {
        TargetState& target = state.groups[Colour::blue].targets.emplace_back();
        target.id = id;
        target.address = {Address::Kind::ip4, "10.0.0." + std::to_string(part), 80};
      }
    const auto update = room_.publish(*config_, states);
    for (const SharedView& view : update->services) views_[view->id] = view;
    return views_.at(service)->groups[Colour::blue];
  }
  std::vector<TargetReading> read() const {
    std::vector<TargetReading> readings;
    TargetKey key;
    while (auto next = counts_.read_after(key)) {
      key = next->key;
      readings.push_back(*std::move(next));
    }
    return readings;
  }
  static TargetCounts& of(const GroupView& group, std::size_t target, std::size_t worker = 0) {
    return group.set->counts.at(target)->of(worker);
  }

  std::shared_ptr<config::Config> config_ = std::make_shared<config::Config>();
  RoutesRoom room_{kWorkers, 3};
  TargetCountsTable& counts_ = room_.targets;
  std::map<std::size_t, SharedView> views_;
};

TEST_F(TargetBookTest, CountsTargetsOfServicesThatWantIt) {
  EXPECT_TRUE(publish({{1, 1}}, 1).set->counts.empty());
  const GroupView group = publish({{1, 1}, {2, 2}});
  of(group, 0, 0).answered(200, 100);
  of(group, 0, 1).answered(503, 499'999);
  of(group, 0, 1).failed(Failure::connect);
  of(group, 1).given_up();
  const auto readings = read();
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(readings[0].key, (TargetKey{"shop", Colour::blue, "10.0.0.1:80"}));
  EXPECT_EQ(readings[0].answers[1], 1U);
  EXPECT_EQ(readings[0].answers[4], 1U);
  EXPECT_EQ(readings[0].faults[static_cast<std::size_t>(Failure::connect)], 1U);
  EXPECT_EQ(readings[0].latency_micros, 500'099U);
  EXPECT_EQ(readings[1].faults[TargetReading::kClientGone], 1U);
}

TEST_F(TargetBookTest, PutsLatenciesIntoTheBucketsOfTheHistograms) {
  const GroupView group = publish({{1, 1}});
  for (const std::uint64_t micros : {0U, 499U, 500U, 299'999U, 300'000U, 30'000'000U})
    of(group, 0).answered(200, micros);
  const TargetReading reading = read().at(0);
  EXPECT_EQ(reading.latency[0], 2U) << "below 0.5 ms";
  EXPECT_EQ(reading.latency[1], 1U);
  EXPECT_EQ(reading.latency[9], 1U) << "250 to 300 ms";
  EXPECT_EQ(reading.latency[10], 1U) << "300 to 400 ms";
  EXPECT_EQ(reading.latency.back(), 1U) << "30 s and more";
}

TEST_F(TargetBookTest, GoesOnWithATargetThatIsRegisteredAnewAndBeginsAgainAfterItHasLeft) {
  of(publish({{1, 1}}), 0).answered(200, 100);
  of(publish({{1, 1}, {7, 1}}), 1).answered(200, 100);
  ASSERT_EQ(read().size(), 1U) << "one address, one series";
  EXPECT_EQ(read()[0].answers[1], 2U);
  publish({{7, 1}});
  EXPECT_EQ(read().at(0).answers[1], 2U);
  publish({});
  EXPECT_TRUE(read().empty());
  publish({{8, 1}});
  EXPECT_EQ(read().at(0).answers[1], 0U);
}

TEST_F(TargetBookTest, HasAMostAndSaysHowManyAreOverIt) {
  const GroupView group = publish({{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}});
  EXPECT_EQ(read().size(), 3U);
  EXPECT_EQ(counts_.left_out(), 2U);
  EXPECT_EQ(group.set->counts.at(3), nullptr);
  publish({{4, 4}, {5, 5}});
  EXPECT_EQ(counts_.left_out(), 0U);
}

}  // namespace
}  // namespace teal::proxy
