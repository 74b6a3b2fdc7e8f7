// A worker by itself, without sockets: the order in which it takes tables.
#include "proxy/worker/worker.h"

#include <array>
#include <future>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "net/tls/mac.h"

namespace teal::proxy {
namespace {

class SilentLog final : public Log {
 public:
  void write(Level, std::string_view, std::initializer_list<LogField>) override {}
};

class Unused final : public ControlInbox, public PeerWorkers {
 public:
  void reported() override {}
  void exposed() override {}
  void tallies(std::vector<TargetTally> /*tallies*/) override {}
  void hand_over(std::size_t /*to*/, AcceptedConnection /*accepted*/) override {}
  void call(std::size_t /*to*/, const std::shared_ptr<GroupLimits>& /*group*/) override {}
};

std::shared_ptr<const RouteUpdate> update(std::uint64_t version) {
  auto made = std::make_shared<RouteUpdate>();
  made->version = version;
  made->index = std::make_shared<const RouteIndex>();
  return made;
}

TEST(Worker, TakesRoutesInTheOrderInWhichTheyAreGivenWhateverComesMeanwhile) {
  SystemClock clock;
  SilentLog log;
  PoolState shared(net::Mac(std::array<std::uint8_t, 32>{1}));
  shared.clock = &clock;
  shared.log = &log;
  shared.loads = std::make_unique<ConnectionLoads>(1);
  shared.idle_budget = std::make_unique<IdleBudget>(0, 1);
  Unused nobody;
  Worker worker({.shared = shared, .control = nobody, .peers = nobody}, *update(1), {});
  // The worker's thread writes these, until it says that it is done.
  std::vector<std::uint64_t> versions;
  std::promise<void> done;
  const auto publish = [&](std::uint64_t version, std::function<void()> then) {
    worker.post([&, routes = update(version), then = std::move(then)] {
      worker.take_routes(*routes);
      versions.push_back(worker.routes().version());
      then();
    });
  };
  // The newest one, a rollback say, comes while the worker takes the three before it.
  publish(2, [&] { publish(5, [&] { done.set_value(); }); });
  publish(3, [] {});
  publish(4, [] {});
  Result<ParkedThread> thread = ParkedThread::make();
  ASSERT_TRUE(thread);
  worker.start(std::move(*thread));
  ASSERT_EQ(done.get_future().wait_for(std::chrono::seconds{10}), std::future_status::ready);
  std::promise<std::uint64_t> last;
  worker.post([&] { last.set_value(worker.routes().version()); });
  EXPECT_EQ(last.get_future().get(), 5U);
  worker.post([&] { worker.stop(); });
  worker.join();
  EXPECT_EQ(versions, (std::vector<std::uint64_t>{2, 3, 4, 5}));
}

}  // namespace
}  // namespace teal::proxy
