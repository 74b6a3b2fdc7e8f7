// The clients' connections of one worker: who serves an accepted one, how all are told to end, and
// that the census sees each of them.
#include "proxy/downstream/connection_registry.h"

#include <gtest/gtest.h>

#include "proxy/downstream/downstream.h"
#include "tests/support/loop_room.h"

namespace teal::proxy {
namespace {

/// A client's connection that ends when it is told to, or when its request does.
class FakeConnection final : public Downstream {
 public:
  explicit FakeConnection(ConnectionRegistry& registry)
      : Downstream(registry, {.socket = {}, .listener = 0, .peer_address = "192.0.2.1"},
                   [](void* /*self*/) {}) {
    // As for each that is accepted.
    loop_.shared().loads->keep(loop_.worker());
    ++loop_.routes().listener(0).counts->connections;
    registry.opened(*this, 0);
  }
  void drain() override {
    is_told = true;
    if (!has_request) end();
  }
  void finish_soon() override { is_finishing = true; }
  void abort() override { end(); }
  void shorten_idle() override { ++hurries; }
  void add_to_census(CensusTaker& /*census*/) const override { ++looks; }
  void on_ready(net::Readiness /*ready*/) override {}
  void resume() override {}
  void end() { close(); }

  bool has_request = false;
  bool is_told = false;
  bool is_finishing = false;
  int hurries = 0;
  mutable int looks = 0;
};

class ConnectionRegistryTest : public testing::Test {
 protected:
  ConnectionRegistryTest() {
    room_.add_service("shop", 1);
    room_.publish();
    registry_.emplace(room_.loop());
  }
  boost::intrusive_ptr<FakeConnection> open() { return new FakeConnection(*registry_); }
  std::uint64_t active() {
    return room_.loop().counters().listener(0).read(ListenerStat::connections_active);
  }
  std::uint32_t load() const { return room_.pool.loads->open(0); }
  /// Drains as a worker does it.
  void drain() {
    registry_->drain([this] { ++idle_; });
    registry_->report_idle();
  }

  LoopRoom room_{2};
  std::optional<ConnectionRegistry> registry_;
  int idle_ = 0;
};

TEST_F(ConnectionRegistryTest, CountsAConnectionWhileItIsOpen) {
  const auto one = open(), two = open();
  EXPECT_EQ(active(), 2U);
  EXPECT_EQ(load(), 2U);
  one->end();
  EXPECT_EQ(active(), 1U);
  EXPECT_EQ(load(), 1U);
  EXPECT_EQ(room_.loop().routes().listener(0).counts->connections, 1U);
  two->end();
  EXPECT_EQ(active(), 0U);
}

TEST_F(ConnectionRegistryTest, GivesAConnectionToAWorkerThatHasClearlyLessToDo) {
  const auto one = open(), two = open();
  registry_->assign_connection({.socket = {}, .listener = 0, .peer_address = "192.0.2.7"});
  ASSERT_EQ(room_.peers.connections.size(), 1U);
  EXPECT_EQ(room_.peers.connections[0].first, 1U);
  EXPECT_EQ(room_.peers.connections[0].second.peer_address, "192.0.2.7");
  EXPECT_EQ(room_.pool.loads->open(1), 1U);
  EXPECT_EQ(active(), 2U);
  one->end();
  two->end();
}

TEST_F(ConnectionRegistryTest, IsIdleWhenTheLastRequestHasEnded) {
  const auto idle = open(), busy = open();
  busy->has_request = true;
  drain();
  EXPECT_TRUE(idle->is_told);
  EXPECT_TRUE(busy->is_told);
  EXPECT_EQ(idle_, 0);
  busy->end();
  EXPECT_EQ(idle_, 1);
}

TEST_F(ConnectionRegistryTest, IsIdleAtOnceWhereThereIsNone) {
  drain();
  EXPECT_EQ(idle_, 1);
}

TEST_F(ConnectionRegistryTest, IsNotIdleWhileAConnectionIsOnItsWayHere) {
  ASSERT_EQ(room_.pool.loads->keep(0), 0U);
  ++room_.loop().routes().listener(0).counts->connections;
  drain();
  EXPECT_EQ(idle_, 0);
  registry_->release_place(0);
  registry_->report_idle();
  EXPECT_EQ(idle_, 1);
}

TEST_F(ConnectionRegistryTest, TellsNobodyThatItIsIdleOnceAllWereCut) {
  const auto busy = open();
  busy->has_request = true;
  drain();
  registry_->abort_all();
  EXPECT_EQ(active(), 0U);
  EXPECT_EQ(idle_, 0);
}

TEST_F(ConnectionRegistryTest, HastensAllThatAreOpen) {
  const auto one = open(), two = open(), gone = open();
  gone->end();
  registry_->shorten_idle_all();
  EXPECT_EQ(one->hurries, 1);
  EXPECT_EQ(two->hurries, 1);
  EXPECT_EQ(gone->hurries, 0);
  registry_->abort_all();
}

TEST_F(ConnectionRegistryTest, LooksAtAllRequestsOnceASecondAndOftenerWhereTheirAgesAreJudged) {
  const auto one = open();
  const auto wait = [&](Millis time) {
    for (; time > Millis{0}; time -= Millis{20}) {
      room_.wait(Millis{20});
      registry_->take_census();
    }
  };
  wait(Millis{2000});
  EXPECT_EQ(one->looks, 2);
  ASSERT_NE(registry_->latest_census(), nullptr);
  EXPECT_EQ(registry_->latest_census()->table, 1U);
  room_.states[0].watches_ages = true;
  room_.publish();
  wait(Millis{2000});
  EXPECT_EQ(one->looks, 22);
  EXPECT_EQ(registry_->latest_census()->table, 2U);
  registry_->abort_all();
}

}  // namespace
}  // namespace teal::proxy
