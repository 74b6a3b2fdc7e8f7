#include "proxy/traffic_book.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

class TrafficBookTest : public testing::Test {
 protected:
  TrafficBookTest() { config_->services.emplace_back().name = "shop"; }

  /// Publishes a table in which blue runs `revision`, as control would.
  SlotId publish(const std::string& revision) {
    ServiceState state;
    state.groups[Colour::blue].revision = revision;
    table_ = book_.build(1, config_, {state}, shards_);
    return table_.services[0].groups[Colour::blue].slots[Audience::split];
  }

  TrafficCounters read(const std::string& revision) const {
    const auto readings = book_.read(shards_);
    const TrafficKey key{"shop", Colour::blue, revision, Audience::split};
    const auto found = std::ranges::find(readings, key, &TrafficReading::key);
    EXPECT_NE(found, readings.end()) << revision;
    if (found == readings.end()) return {};
    EXPECT_EQ(book_.read(key, shards_), found->counters) << "however it is read";
    EXPECT_EQ(book_.read_tally(key, shards_), found->counters.tally());
    return found->counters;
  }

  static void serve(Shard& shard, SlotId slot, std::uint64_t micros) {
    TrafficShard& traffic = shard.traffic(slot);
    traffic.requests[0][1].add();
    traffic.duration.record(micros);
    traffic.first_byte.record(micros / 2);
    traffic.retries.add(2);
  }

  std::shared_ptr<config::Config> config_ = std::make_shared<config::Config>();
  Shard first_, second_;
  std::vector<const Shard*> shards_{&first_, &second_};
  TrafficBook book_;
  RouteTable table_;
};

TEST_F(TrafficBookTest, SumsTheShardsOfAllWorkers) {
  const SlotId slot = publish("v1");
  serve(first_, slot, 100);
  serve(second_, slot, 300);
  serve(second_, slot, 300);
  const TrafficCounters sum = read("v1");
  EXPECT_EQ(sum.total(), 3U);
  EXPECT_EQ(sum.retries, 6U);
  EXPECT_EQ(sum.duration.count(), 3U);
  EXPECT_EQ(sum.duration.sum_micros, 700U);
  EXPECT_EQ(sum.first_byte.sum_micros, 350U);
}

TEST_F(TrafficBookTest, ReadsZeroWhereNoWorkerHasServedYet) {
  publish("v1");
  EXPECT_EQ(read("v1"), TrafficCounters{});
  EXPECT_EQ(book_.read(shards_).size(), 4U);
}

TEST_F(TrafficBookTest, ReadsZeroOfAKeyThatHasNoSlot) {
  serve(first_, publish("v1"), 100);
  const TrafficKey unknown{"shop", Colour::blue, "v2", Audience::split};
  EXPECT_EQ(book_.read(unknown, shards_), TrafficCounters{});
  EXPECT_EQ(book_.read_tally(unknown, shards_), Tally{});
}

TEST_F(TrafficBookTest, BeginsAtZeroForARevisionInAReusedSlot) {
  const SlotId old = publish("v0");
  serve(first_, old, 100);
  for (int i = 1; i <= 7; ++i) publish("v" + std::to_string(i));
  serve(second_, old, 100);  // A request that was still running.
  const SlotId slot = publish("v8");
  ASSERT_EQ(slot, old);
  EXPECT_EQ(read("v8"), TrafficCounters{});

  serve(first_, slot, 500);
  const TrafficCounters sum = read("v8");
  EXPECT_EQ(sum.total(), 1U);
  EXPECT_EQ(sum.retries, 2U);
  EXPECT_EQ(sum.duration.sum_micros, 500U);
  EXPECT_EQ(sum.duration.quantile(1), 510U);
}

TEST_F(TrafficBookTest, KeepsTheBaseOfAReusedSlotWhenTablesFollow) {
  const SlotId slot = publish("v0");
  serve(first_, slot, 100);
  for (int i = 1; i <= 8; ++i) publish("v" + std::to_string(i));
  serve(first_, slot, 200);
  publish("v8");
  publish("v8");
  EXPECT_EQ(read("v8").total(), 1U);
}

TEST_F(TrafficBookTest, MovesTheBaseWhenASlotIsReusedAgain) {
  const SlotId slot = publish("v0");
  serve(first_, slot, 100);
  for (int i = 1; i <= 8; ++i) publish("v" + std::to_string(i));
  serve(first_, slot, 200);
  for (int i = 9; i <= 16; ++i) publish("v" + std::to_string(i));
  EXPECT_EQ(read("v16"), TrafficCounters{});
  EXPECT_EQ(book_.slots().generation(slot), 2U);
}

TEST_F(TrafficBookTest, NamesTheSharedSlotOfACrowdedBookAfterNoService) {
  TrafficBook small{3};
  const RouteTable table = small.build(1, config_, std::vector<ServiceState>(1), shards_);
  const auto& green = table.services[0].groups[Colour::green].slots;
  EXPECT_EQ(green[Audience::split], green[Audience::preview]);
  serve(first_, green[Audience::split], 100);
  const auto readings = small.read(shards_);
  ASSERT_EQ(readings.size(), 3U);
  EXPECT_EQ(readings[2].key, SlotBook::overflow_key());
  EXPECT_EQ(readings[2].counters.total(), 1U);
  EXPECT_EQ(small.slots().crowded(), 2U);
}

}  // namespace
}  // namespace teal::proxy
