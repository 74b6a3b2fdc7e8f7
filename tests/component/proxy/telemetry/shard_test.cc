#include "proxy/telemetry/shard.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

double value_of(const std::vector<MetricSample>& samples, const std::string& name,
                const std::string& label = {}) {
  for (const MetricSample& sample : samples)
    if (sample.name == name && (label.empty() || sample.labels.back().second == label))
      return sample.value;
  ADD_FAILURE() << "no sample " << name << " " << label;
  return -1;
}

TEST(Shard, MakesSlotsOnDemandAndNeverMovesThem) {
  Shard shard;
  EXPECT_EQ(shard.find(0), nullptr);
  const TrafficShard* fifth = &shard.traffic(5);
  EXPECT_EQ(shard.find(5), fifth);
  EXPECT_EQ(shard.find(0), nullptr) << "nobody has counted there";
  EXPECT_EQ(shard.find(6), nullptr);
  shard.traffic(100);
  shard.traffic(70'000);
  EXPECT_EQ(&shard.traffic(5), fifth);
}

TEST(Shard, FindsNothingForASlotThatCannotBe) {
  const Shard shard;
  EXPECT_EQ(shard.find(Shard::kMaxSlots), nullptr);
  EXPECT_EQ(shard.find(kNoSlot), nullptr);
}

TEST(Shard, ReadsTrafficAsItWasCounted) {
  Shard shard;
  TrafficShard& traffic = shard.traffic(0);
  traffic.requests[static_cast<std::size_t>(Origin::target)][4].add(3);
  traffic.requests[static_cast<std::size_t>(Origin::client)][3].add();
  traffic.retries.add(2);
  traffic.duration.record(1500);
  traffic.first_byte.record(700);
  traffic.given_up.record(2500);

  TrafficCounters sum;
  shard.find(0)->read_into(sum);
  shard.find(0)->read_into(sum);
  EXPECT_EQ(sum.errors(), 6U);
  EXPECT_EQ(sum.total(), 6U);
  EXPECT_EQ(sum.retries, 4U);
  Histogram twice;
  twice.record(1500);
  twice.record(1500);
  EXPECT_EQ(sum.duration, twice);
  EXPECT_EQ(sum.first_byte.sum_micros, 1400U);
  EXPECT_EQ(sum.given_up.sum_micros, 5000U);
}

TEST(Shard, MayBeReadWhileItsWorkerWrites) {
  Shard shard;
  std::thread worker{[&shard] {
    for (SlotId slot = 0; slot < 50; ++slot)
      for (int i = 0; i < 200; ++i) shard.traffic(slot).requests[0][1].add();
  }};
  std::uint64_t last = 0;
  while (last < 50 * 200) {
    TrafficCounters sum;
    for (SlotId slot = 0; slot < 50; ++slot)
      if (const TrafficShard* traffic = shard.find(slot)) traffic->read_into(sum);
    ASSERT_GE(sum.total(), last);
    last = sum.total();
  }
  worker.join();
  EXPECT_EQ(last, 50U * 200U);
}

TEST(ReadStats, AddsUpAllWorkers) {
  Shard first;
  Shard second;
  first[Stat::tunnels].add(3);
  second[Stat::tunnels].add(4);
  first[Stat::tunnels_active].add(3);
  first[Stat::tunnels_active].subtract();
  second[Stat::keep_alive_timeouts].add();
  second.refused(net::Refusal::folded_line).add(9);
  const std::array<const Shard*, 2> shards{&first, &second};
  const auto samples = read_stats(shards);
  EXPECT_EQ(value_of(samples, "teal_tunnels_total"), 7);
  EXPECT_EQ(value_of(samples, "teal_tunnels_active"), 2);
  EXPECT_EQ(value_of(samples, "teal_timeouts_total", "keep_alive"), 1);
  EXPECT_EQ(value_of(samples, "teal_timeouts_total", "request_header"), 0);
  EXPECT_EQ(value_of(samples, "teal_requests_refused_total", "folded_line"), 9);
}

TEST(ReadStats, HasOneSampleForEveryStatAndEveryRule) {
  const auto samples = read_stats(std::span<const Shard* const>());
  EXPECT_EQ(samples.size(), kStats + net::kRefusals - 1);
  std::set<std::pair<std::string, std::string>> seen;
  for (const MetricSample& sample : samples) {
    const std::string label = sample.labels.empty() ? "" : sample.labels.back().second;
    EXPECT_TRUE(seen.emplace(sample.name, label).second) << sample.name << " " << label;
  }
}

TEST(ReadStats, TellsServicesAndListenersApart) {
  Shard first;
  Shard second;
  first.service(1)[ServiceStat::connect_timeouts].add(2);
  second.service(1)[ServiceStat::connect_timeouts].add();
  second.service(0)[ServiceStat::connect_timeouts].add(100);
  config::Service shop;
  shop.name = "shop";
  const std::array<const ServiceShard*, 2> of_shop{&first.service(1), &second.service(1)};
  const auto samples = read_stats(shop, of_shop);
  EXPECT_EQ(samples.size(), ServiceShard::kSize) << "all of them, from the start";
  EXPECT_EQ(value_of(samples, "teal_timeouts_total", "connect"), 3);
}

TEST(ReadStats, TellsOfTlsWhereAListenerSpeaksIt) {
  const ListenerShard shard;
  const std::array<const ListenerShard*, 1> shards{&shard};
  config::Listener listener;
  listener.name = "public";
  const std::size_t plain = read_stats(listener, shards).size();
  listener.tls.emplace();
  listener.proxy_protocol.emplace();
  listener.redirect_https.emplace();
  const auto samples = read_stats(listener, shards);
  EXPECT_EQ(samples.size(), ListenerShard::kSize + Counts<net::TlsFailure>::kSize - 1 +
                                Counts<net::ProxyFault>::kSize - 1);
  EXPECT_LT(plain, 10U);
  for (const MetricSample& sample : samples)
    EXPECT_EQ(sample.labels.at(0), (std::pair<std::string, std::string>("listener", "public")));
}

TEST(ReadStats, NamesMetricsAsPrometheusLikesThem) {
  std::vector<MetricSample> samples = read_stats(std::span<const Shard* const>());
  for (const auto& more : {read_stats(config::Service{}, {}), read_stats(config::Listener{}, {})})
    samples.insert(samples.end(), more.begin(), more.end());
  std::map<std::string, MetricSample> first;
  for (const MetricSample& sample : samples) {
    EXPECT_TRUE(sample.name.starts_with("teal_")) << sample.name;
    EXPECT_EQ(sample.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
              std::string::npos)
        << sample.name;
    EXPECT_EQ(sample.name.ends_with("_total"), sample.type == MetricSample::Type::counter)
        << sample.name;
    EXPECT_TRUE(sample.help.ends_with('.')) << sample.name;
    const MetricSample& known = first.emplace(sample.name, sample).first->second;
    EXPECT_EQ(sample.help, known.help) << sample.name;
    EXPECT_EQ(sample.type, known.type) << sample.name;
    ASSERT_EQ(sample.labels.size(), known.labels.size()) << sample.name;
    for (std::size_t i = 0; i < sample.labels.size(); ++i)
      EXPECT_EQ(sample.labels[i].first, known.labels[i].first) << sample.name;
  }
}

}  // namespace
}  // namespace teal::proxy
