// LoopRoom: a worker's loop with everything around it that a test needs, but without a thread and
// without sockets: the clock is set by hand, the routes made from a configuration and states
// that the test changes as it likes, and what the worker tells control or other workers is noted.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/tls/mac.h"
#include "proxy/downstream/accepted.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/routing/shared_limits.h"
#include "tests/support/manual_clock.h"
#include "tests/support/routes_room.h"

namespace teal::proxy {

class NoLog final : public Log {
 public:
  void write(Level, std::string_view, std::initializer_list<LogField>) override {}
};

/// What a worker told control.
struct NotedControl final : ControlInbox {
  void reported() override { ++reports; }
  void exposed() override { ++exposures; }
  void tallies(std::vector<TargetTally> told) override {
    targets.insert(targets.end(), told.begin(), told.end());
  }

  int reports = 0;
  int exposures = 0;
  std::vector<TargetTally> targets;
};

/// What a worker asked of others.
struct NotedPeers final : PeerWorkers {
  void hand_over(std::size_t to, AcceptedConnection accepted) override {
    connections.emplace_back(to, std::move(accepted));
  }
  void call(std::size_t to, const std::shared_ptr<GroupLimits>& group) override {
    calls.emplace_back(to, group);
  }

  std::vector<std::pair<std::size_t, AcceptedConnection>> connections;
  std::vector<std::pair<std::size_t, std::shared_ptr<GroupLimits>>> calls;
};

class LoopRoom {
 public:
  /// Of a pool of so many workers, the first one.
  explicit LoopRoom(std::uint32_t workers = 1) : routes_(workers) {
    pool.clock = &clock;
    pool.log = &log_;
    pool.workers = workers;
    pool.idle_budget = std::make_unique<IdleBudget>(100, workers);
    pool.loads = std::make_unique<ConnectionLoads>(workers);
    config.listeners.emplace_back().name = "public";
  }

  /// A service with so many healthy targets in its live group, blue, for all that the listener
  /// gets; to be changed until it is published. Targets are numbered from 1 in the order in which
  /// they are added to any group.
  config::Service& add_service(const std::string& name, std::size_t targets) {
    config::Service& service = config.services.emplace_back();
    service.name = name;
    config::Match& match = service.match.emplace_back();
    match.listener = "public";
    match.path = "/";
    states.emplace_back().name = name;
    add_targets(states.size() - 1, Colour::blue, targets);
    return service;
  }
  void add_targets(std::size_t service, Colour colour, std::size_t targets) {
    for (std::size_t i = 0; i < targets; ++i) {
      TargetState& target = states[service].groups[colour].targets.emplace_back();
      target.id = ++targets_;
      target.address = {Address::Kind::ip4, "10.0.0." + std::to_string(target.id), 80};
      target.health = Health::healthy;
    }
  }
  /// The next publication, from `config` and `states` as they are: what has changed of them.
  std::shared_ptr<const RouteUpdate> make_update() {
    auto present = states;
    present.resize(std::min(present.size(), config.services.size()));
    return routes_.publish(config, std::move(present));
  }
  /// The first time it makes the loop.
  void publish() {
    const std::shared_ptr<const RouteUpdate> update = make_update();
    if (loop_) {
      loop_->take_routes(*update);
      loop_->finish_callback();
      return;
    }
    loop_.emplace(WorkerLoop::Options{.shared = pool, .control = control, .peers = peers}, *update);
  }
  /// Requires: there was a publication.
  WorkerLoop& loop() { return *loop_; }
  /// Time goes by, and what is due happens.
  void wait(Millis time) {
    for (; time > Millis{0}; time -= net::TimerWheel::kTick) {
      clock.advance(std::min(time, net::TimerWheel::kTick));
      loop_->begin_turn();
      loop_->reports().begin_tick();
      loop_->tick();
      loop_->finish_callback();
      loop_->reports().end_tick(loop_->now());
    }
  }

  ManualClock clock;
  PoolState pool{net::Mac(std::array<std::uint8_t, 32>{1})};
  NotedControl control;
  NotedPeers peers;
  config::Config config;
  std::vector<ServiceState> states;  ///< As Config::services.

 private:
  NoLog log_;
  RoutesRoom routes_;
  TargetId targets_ = 0;
  std::optional<WorkerLoop> loop_;
};

}  // namespace teal::proxy
