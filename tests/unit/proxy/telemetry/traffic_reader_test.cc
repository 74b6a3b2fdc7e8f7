#include "proxy/telemetry/traffic_reader.h"

#include <algorithm>
#include <deque>
#include <map>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/routes_room.h"

namespace teal::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TrafficBookTest : public testing::Test {
 protected:
  TrafficBookTest() {
    config_->services.emplace_back().name = "shop";
    room_.builder.configure(*config_);
  }

  /// Publishes a table in which blue runs `revision`, as control would.
  SlotId publish(const std::string& revision, Stage stage = {}) {
    ServiceState state;
    state.groups[Colour::blue].revision = revision;
    state.draw = stage.deployment;
    state.step = stage.step;
    const Publication publication = room_.next(*config_, {state});
    reader_.note(publication);
    const auto update = room_.builder.build(publication);
    if (!update->services.empty()) view_ = update->services.at(0);
    return view_->groups[Colour::blue].slots[Audience::split];
  }
  /// Every worker runs on it.
  void apply() { reader_.on_applied(room_.version, shards_); }
  SlotId publish_and_apply(const std::string& revision, Stage stage = {}) {
    const SlotId slot = publish(revision, stage);
    apply();
    return slot;
  }

  static TrafficKey key(const std::string& revision) {
    return {"shop", Colour::blue, revision, Audience::split};
  }
  static std::vector<TrafficReading> all_of(const TrafficReader& reader,
                                            const std::vector<const Shard*>& shards) {
    std::vector<TrafficReading> readings;
    TrafficKey key;
    while (auto next = reader.read_after(key, shards)) {
      EXPECT_LT(key, next->key);
      key = next->key;
      readings.push_back(*std::move(next));
    }
    return readings;
  }
  TrafficCounters read(const std::string& revision) const {
    const auto readings = all_of(reader_, shards_);
    const auto found = std::ranges::find(readings, key(revision), &TrafficReading::key);
    const TrafficCounters read = reader_.read(key(revision), shards_);
    EXPECT_EQ(found == readings.end() ? TrafficCounters{} : found->counters, read);
    return read;
  }
  StageReading read(const std::string& revision, Stage stage) const {
    const StageReading reading = reader_.read(key(revision), stage, {shards_, {}});
    EXPECT_EQ(reader_.read_tallies(key(revision), stage.deployment, shards_),
              reading.deployment.ended.tallies());
    return reading;
  }
  std::uint64_t total(const std::string& revision, Stage stage) const {
    return read(revision, stage).step.ended.total();
  }

  static void serve(Shard& shard, SlotId slot, std::uint64_t micros) {
    TrafficShard& traffic = shard.traffic(slot);
    traffic.requests[0][1].add();
    traffic.duration.record(micros);
    traffic.first_byte.record(micros / 2);
    traffic.retries.add(2);
  }
  static void begin(Shard& shard, SlotId slot) { shard.traffic(slot).active.add(); }
  static void end(Shard& shard, SlotId slot, std::uint64_t micros = 100) {
    serve(shard, slot, micros);
    shard.traffic(slot).active.subtract();
  }

  std::shared_ptr<config::Config> config_ = std::make_shared<config::Config>();
  Shard first_, second_;
  std::vector<const Shard*> shards_{&first_, &second_};
  TrafficReader reader_;
  RoutesRoom room_{reader_.slots()};
  SharedView view_;
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

TEST_F(TrafficBookTest, TellsByMeaningWhatWasCountedInTheDeploymentAlone) {
  const auto end_as = [&](SlotId slot, MeaningSet counted_by, MeaningSet errors) {
    begin(first_, slot);
    first_.traffic(slot).by_meaning.record(counted_by, errors);
    end(first_, slot);
  };
  const MeaningSet both = kUsualMeaning | meaning_bit(1) | meaning_bit(3);
  const SlotId slot = publish_and_apply("v1", {1, 0});
  EXPECT_TRUE(read("v1", {1, 0}).deployment.ended.by_meaning.empty());
  end_as(slot, both, meaning_bit(3));
  end_as(slot, kUsualMeaning | meaning_bit(1), meaning_bit(1));
  end_as(slot, kUsualMeaning, 0);
  const SlotId next_step = publish_and_apply("v1", {1, 1});
  end_as(next_step, both, both);
  const StageReading reading = read("v1", {1, 1});
  EXPECT_EQ(reading.step.ended.by_meaning, (TalliesByMeaning{{1, 1}, {}, {1, 1}}));
  EXPECT_EQ(reading.deployment.ended.by_meaning, (TalliesByMeaning{{3, 2}, {}, {2, 2}}));
  EXPECT_EQ(reading.deployment.ended.tally(3), (Tally{2, 2}));
  EXPECT_EQ(reading.deployment.ended.tally(0), (Tally{4, 0}));
  // The slots are freed and another deployment's; its numbers are of other meanings.
  publish_and_apply("v1", {2, 0});
  publish_and_apply("v1", {2, 1});
  const SlotId again = publish_and_apply("v1", {2, 2});
  end_as(again, kUsualMeaning | meaning_bit(1), 0);
  EXPECT_EQ(read("v1", {2, 2}).deployment.ended.by_meaning, (TalliesByMeaning{{1, 0}}));
}

TEST_F(TrafficBookTest, ReadsZeroWhereNoWorkerHasServedYet) {
  publish("v1");
  EXPECT_EQ(read("v1"), TrafficCounters{});
  EXPECT_EQ(all_of(reader_, shards_).size(), 4U);
}

TEST_F(TrafficBookTest, CountsTheRequestsOfAStreamOverAllItsStagesAndWhatIsPast) {
  EXPECT_EQ(reader_.read_requests(key("v1"), shards_), 0U);
  serve(first_, publish_and_apply("v1", {1, 0}), 100);
  const SlotId later = publish_and_apply("v1", {1, 2});
  serve(second_, later, 100);
  EXPECT_EQ(reader_.read_requests(key("v1"), shards_), 2U);
  first_.traffic(later).requests[2][3].add();
  EXPECT_EQ(reader_.read_requests(key("v1"), shards_), 3U)
      << "a client that went away ends one too";
  publish_and_apply("v2", {2, 0});
  EXPECT_EQ(reader_.read_requests(key("v1"), shards_), 3U) << "its slots are free";
  serve(first_, publish_and_apply("v3", {2, 0}), 100);
  EXPECT_EQ(reader_.read_requests(key("v3"), shards_), 1U) << "in a slot that was another's";
  EXPECT_EQ(reader_.read_requests(key("v2"), shards_), 0U);
}

TEST_F(TrafficBookTest, ReadsZeroOfAKeyThatHasNoSlot) {
  serve(first_, publish("v1"), 100);
  EXPECT_EQ(read("v2"), TrafficCounters{});
  EXPECT_EQ(read("v2", {1, 0}).deployment, Begun{});
}

TEST_F(TrafficBookTest, CountsARequestInTheStageInWhichItBeganHoweverLateItEnds) {
  const SlotId old = publish_and_apply("v2", {1, 0});
  begin(first_, old);
  begin(first_, old);
  end(first_, old);
  const SlotId later = publish_and_apply("v2", {1, 2});
  begin(second_, later);
  const SlotId retry = publish_and_apply("v2", {2, 0});
  end(first_, old);
  end(second_, later);
  EXPECT_EQ(total("v2", {1, 0}), 2U);
  EXPECT_EQ(total("v2", {1, 2}), 1U);
  EXPECT_EQ(total("v2", {2, 0}), 0U) << "late failures of an earlier try are none of this one's";
  EXPECT_EQ(read("v2", {1, 2}).deployment.ended.total(), 3U);
  serve(first_, retry, 100);
  EXPECT_EQ(total("v2", {2, 0}), 1U);
  EXPECT_EQ(read("v2").total(), 4U);
}

TEST_F(TrafficBookTest, FreesASlotWhenItsLastRequestHasEndedAndKeepsWhatItCounted) {
  const SlotId old = publish_and_apply("v2", {1, 0});
  begin(first_, old);
  serve(second_, old, 300);
  publish_and_apply("v2", {1, 2});
  EXPECT_FALSE(reader_.slots().is_free(old)) << "one is in flight";
  end(first_, old);
  apply();
  EXPECT_TRUE(reader_.slots().is_free(old));
  EXPECT_EQ(read("v2").total(), 2U);
  EXPECT_EQ(read("v2").duration.sum_micros, 400U);
  EXPECT_EQ(read("v2", {1, 2}).deployment.ended.total(), 2U);
  EXPECT_EQ(total("v2", {1, 2}), 0U);
}

TEST_F(TrafficBookTest, BeginsAtZeroForAStageInAReusedSlot) {
  const SlotId old = publish_and_apply("v1", {1, 0});
  serve(first_, old, 100);
  publish_and_apply("v2", {1, 0});
  const SlotId reused = publish_and_apply("v3", {1, 0});
  ASSERT_EQ(reused, old);
  EXPECT_EQ(read("v3"), TrafficCounters{});
  serve(second_, reused, 500);
  EXPECT_EQ(read("v3").total(), 1U);
  EXPECT_EQ(read("v3").duration.quantile(1), 510U);
  EXPECT_EQ(read("v1").total(), 1U);
}

TEST_F(TrafficBookTest, ForgetsWhatADeploymentCameToWhenTheNextOneHasBegun) {
  serve(first_, publish_and_apply("v1", {1, 0}), 100);
  publish_and_apply("v1", {1, 2});
  EXPECT_EQ(read("v1", {1, 2}).deployment.ended.total(), 1U);
  publish_and_apply("v1", {2, 0});
  EXPECT_EQ(read("v1", {1, 0}).deployment.ended.total(), 0U);
  EXPECT_EQ(read("v1").total(), 1U) << "the stream has it";
}

TEST_F(TrafficBookTest, KeepsThePastOfSoManyRevisionsOfAGroup) {
  for (int i = 0; i <= 20; ++i)
    serve(first_, publish_and_apply("v" + std::to_string(i), {1, 0}), 100);
  EXPECT_EQ(read("v20").total(), 1U);
  EXPECT_EQ(read("v19").total(), 1U);
  EXPECT_EQ(read("v1").total(), 0U);
  EXPECT_LE(reader_.slots().size(), 8U) << "and of the slots those that somebody needs";
}

TEST_F(TrafficBookTest, ForgetsNoStreamWhoseSumStillGrowsHoweverManyOthersEndLate) {
  std::vector<SlotId> late;
  for (int i = 1; i <= 20; ++i) {
    late.push_back(publish_and_apply("v" + std::to_string(i), {1, 0}));
    begin(first_, late.back());
  }
  serve(first_, publish_and_apply("v0", {2, 0}), 100);
  serve(first_, publish_and_apply("v0", {2, 1}), 100);
  for (const SlotId slot : late) end(first_, slot);
  apply();
  EXPECT_EQ(read("v0").total(), 2U);
  EXPECT_EQ(read("v20").total(), 1U);
}

TEST_F(TrafficBookTest, NamesTheSharedSlotOfACrowdedBookAfterNoService) {
  TrafficReader small{3};
  RoutesRoom room{small.slots()};
  const auto update = room.publish(*config_, std::vector<ServiceState>(1));
  const auto& green = update->services.at(0)->groups[Colour::green].slots;
  EXPECT_EQ(green[Audience::split], green[Audience::preview]);
  serve(first_, green[Audience::split], 100);
  const auto readings = all_of(small, shards_);
  ASSERT_EQ(readings.size(), 3U);
  const auto shared = std::ranges::find(readings, SlotTable::overflow_key(), &TrafficReading::key);
  ASSERT_NE(shared, readings.end());
  EXPECT_EQ(shared->counters.total(), 1U);
  EXPECT_EQ(small.slots().crowded(), 2U);
}

// ---- what is in flight --------------------------------------------------------------------------

class CensusTest : public TrafficBookTest {
 protected:
  /// A worker looks at requests that began so long ago.
  Census look(Shard& shard, SlotId slot, const std::vector<Micros>& ages) {
    CensusTaker taker;
    taker.begin(std::make_unique<Census>(), room_.version, now_);
    for (const Micros age : ages) taker.see(shard.traffic(slot), now_ - age, true);
    return *taker.finish();
  }
  Begun reading(const std::string& revision, Stage stage, const Census& census) const {
    const std::vector<const Census*> censuses{&census, nullptr};
    return reader_.read(key(revision), stage, {shards_, censuses}).step;
  }
  static std::uint64_t from(const Histogram& durations, Micros age) {
    return durations.count() - durations.count_below(static_cast<std::uint64_t>(age.count()));
  }

  Mono now_ = Mono{} + seconds{100};
};

TEST_F(CensusTest, CountsWhatIsInFlightByItsAge) {
  const SlotId slot = publish("v1", {1, 0});
  serve(first_, slot, 3000);
  serve(second_, slot, 90);
  const Begun begun =
      reading("v1", {1, 0}, look(first_, slot, {seconds{2}, milliseconds{300}, Micros{100}}));
  EXPECT_EQ(begun.ended.total(), 2U);
  EXPECT_EQ(begun.reached.count(), 5U);
  EXPECT_EQ(from(begun.reached, milliseconds{250}), 2U);
}

TEST_F(CensusTest, CountsNoRequestTwiceThatHasEndedSinceItWasSeen) {
  const SlotId slot = publish("v1", {1, 0});
  const Census census = look(first_, slot, {seconds{2}, seconds{1}});
  serve(first_, slot, 2'000'000);
  const Begun begun = reading("v1", {1, 0}, census);
  EXPECT_EQ(from(begun.ended.duration, milliseconds{250}), 1U);
  EXPECT_EQ(from(begun.reached, milliseconds{250}), 2U) << "so one is in flight";
}

TEST_F(CensusTest, TakesNoCensusOfASlotFromBeforeItWasGivenToTheStage) {
  const SlotId old = publish_and_apply("v1", {1, 0});
  const Census census = look(first_, old, {seconds{2}});
  publish_and_apply("v2", {1, 0});
  const SlotId reused = publish_and_apply("v3", {1, 0});
  ASSERT_EQ(reused, old);
  EXPECT_EQ(reading("v3", {1, 0}, census).reached.count(), 0U);
}

TEST_F(CensusTest, TellsHowManyOfAGroupAreInFlightAndSinceWhen) {
  const SlotId slot = publish_and_apply("v1", {1, 0});
  begin(first_, slot);
  begin(second_, slot);
  const SlotId next = publish_and_apply("v2", {2, 0});
  begin(second_, next);
  const Census one = look(first_, slot, {seconds{9}});
  const Census other = look(second_, next, {seconds{3}});
  const std::vector<const Census*> censuses{&one, &other};
  const TrafficReader::Sources sources{shards_, censuses};
  EXPECT_EQ(reader_.read_in_flight("shop", Colour::blue, sources), (GroupInFlight{3, seconds{9}}));
  EXPECT_EQ(reader_.read_in_flight("shop", Colour::green, sources), (GroupInFlight{0, Micros{0}}));
}

// ---- whatever happens ---------------------------------------------------------------------------

struct Running {
  Shard* shard;
  SlotId slot;
  std::string revision;
  Stage stage;
};
struct FakeWorker {
  Shard* shard;
  SlotId slot = kNoSlot;
  std::string revision{};
  Stage stage{};
  std::deque<Running> running{};
};

// Publications, requests that begin and end at any time on tables old and new: what is read of each
// stage is what began in it, and no stream's sum ever falls.
TEST_F(TrafficBookTest, CountsEachRequestWhereItBeganAndNeverLess) {
  constexpr std::uint64_t kSeed = 20261129;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  Rng rng(kSeed);
  std::vector<FakeWorker> workers{{&first_}, {&second_}};
  std::map<std::string, std::uint64_t> ended, before;
  std::map<std::pair<std::string, Stage>, std::uint64_t> ended_in;
  Stage stage{1, 0};
  std::string revision = "v1";
  SlotId slot = publish(revision, stage);
  const auto take = [&](FakeWorker& worker) {
    worker.slot = slot;
    worker.revision = revision;
    worker.stage = stage;
    worker.shard->traffic(slot);
  };
  for (FakeWorker& worker : workers) take(worker);
  apply();
  for (int i = 0; i < 20'000; ++i) {
    FakeWorker& worker = workers[rng.below(2)];
    switch (rng.below(8)) {
      case 0:
        for (FakeWorker& late : workers) take(late);
        apply();
        if (rng.below(2) == 0) {
          stage = {stage.deployment + 1, 0};
          revision = "v" + std::to_string(1 + rng.below(4));
        } else {
          stage.step += 2;
        }
        slot = publish(revision, stage);
        break;
      case 1: take(worker); break;
      case 2:
      case 3:
        worker.running.push_back({worker.shard, worker.slot, worker.revision, worker.stage});
        begin(*worker.shard, worker.slot);
        break;
      default: {
        if (worker.running.empty()) break;
        const auto which = worker.running.begin() +
                           static_cast<std::ptrdiff_t>(
                               rng.below(static_cast<std::uint32_t>(worker.running.size())));
        end(*which->shard, which->slot);
        ++ended[which->revision];
        ++ended_in[{which->revision, which->stage}];
        worker.running.erase(which);
      }
    }
    if (i % 16 != 0) continue;
    for (const auto& [name, count] : ended) {
      ASSERT_EQ(read(name).total(), count);
      ASSERT_GE(count, std::exchange(before[name], count));
    }
    ASSERT_EQ(total(revision, stage), (ended_in[{revision, stage}]));
  }
  EXPECT_EQ(reader_.slots().crowded(), 0U);
}

}  // namespace
}  // namespace teal::proxy
