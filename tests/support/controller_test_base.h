// A controller with everything around it faked: time is advanced by hand, workers apply when they
// are pumped, the process can be "killed" and started again on the same disk.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/control_fakes.h"

namespace teal::control {

inline Address target_address(std::uint16_t port) {
  return {Address::Kind::ip4, "10.0.0.1", port};
}

inline config::Config shop_config() {
  using std::chrono::minutes;
  using std::chrono::seconds;
  config::Service shop;
  shop.name = "shop";
  shop.groups[Colour::blue] = {"v1", {target_address(1), target_address(2)}};
  shop.health = config::HealthCheck{};
  shop.deploy.plan = {"custom", {config::SetWeight{Weight::percent(10)}, config::Bake{minutes{5}}}};
  shop.deploy.alarms = {{"errors", config::ErrorRateAlarm{}, seconds{30}, 50},
                        {"pager", config::ExternalAlarm{}, seconds{30}, 0}};
  shop.deploy.watch_after = Millis{0};  // Tests of watches say how long.
  config::Config config;
  config.services = {std::move(shop)};
  return config;
}

class ControllerTestBase : public testing::Test {
 protected:
  ControllerTestBase() { start(); }

  /// The process ends without a word, if there is one, and another starts on the same disk.
  void start() {
    controller.reset();
    ports = std::make_unique<FakePorts>(clock);
    ports->own_sockets = own_sockets;
    controller = std::make_unique<Controller>(
        std::make_shared<const config::Config>(config), clock, log, *ports, make_store(),
        [this](const config::Alarm& alarm, const health::JudgeContext&) {
          return std::make_unique<ScriptedSource>(alarm, verdicts);
        });
    const Result<void> started = controller->start();
    ASSERT_TRUE(started) << started.error();
  }
  virtual std::unique_ptr<Store> make_store() { return std::make_unique<MemoryStore>(disk); }

  void advance(Millis by) {
    clock.advance(by);
    controller->tick();
  }

  void probe(Colour colour, Health health) {
    const std::vector<TargetState> targets = ports->last().groups[colour].targets;
    for (const TargetState& target : targets) controller->on_health(target.id, health, "probe");
  }

  config::DeploymentRequest request(const std::string& revision = "v2") {
    return {revision, {target_address(3), target_address(4)}, config.services[0].deploy};
  }

  DeploymentId deploy(const std::string& revision = "v2") {
    const ApiResult<DeploymentReport> answer =
        controller->deploy("shop", request(revision), "", "");
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().detail);
    return answer ? answer->id : "";
  }

  /// To the bake at 10 %.
  DeploymentId bake() {
    probe(Colour::blue, Health::healthy);
    const DeploymentId id = deploy();
    probe(Colour::green, Health::healthy);
    ports->pump();
    EXPECT_EQ(status(id), Status::baking);
    return id;
  }

  /// A release at 10 %, and nobody of the live group is healthy any more.
  DeploymentId bake_beside_the_dead() {
    const DeploymentId id = bake();
    advance(std::chrono::seconds{1});
    probe(Colour::blue, Health::unhealthy);
    return id;
  }
  DeploymentId stopped_beside_the_dead() {
    const DeploymentId id = bake_beside_the_dead();
    command(id, Command::stop);
    ports->pump();
    return id;
  }

  /// To the end.
  DeploymentId succeed() {
    const DeploymentId id = bake();
    advance(std::chrono::minutes{5});
    ports->pump();
    EXPECT_EQ(status(id), Status::succeeded);
    return id;
  }

  DeploymentReport report(const DeploymentId& id) { return controller->deployment(id).value(); }
  Status status(const DeploymentId& id) { return report(id).status; }
  ServiceReport shop() { return controller->service("shop").value(); }

  /// The answer, if it has come.
  std::optional<ApiResult<DeploymentReport>> command(const DeploymentId& id, Command what) {
    auto answer = std::make_shared<std::optional<ApiResult<DeploymentReport>>>();
    controller->command(id, what, [answer](ApiResult<DeploymentReport> got) { *answer = got; });
    if (!*answer) ports->pump();
    return *answer;
  }

  std::size_t announced(const std::string& type) {
    std::size_t count = 0;
    for (const Announcement& said : controller->announcements())
      if (said.type == type) ++count;
    return count;
  }

  config::Config config = shop_config();
  ManualClock clock;
  SilentLog log;
  std::shared_ptr<Disk> disk = std::make_shared<Disk>();
  std::unique_ptr<FakePorts> ports;
  std::vector<OwnSocket> own_sockets;  ///< Of the process.
  Verdicts verdicts;
  std::unique_ptr<Controller> controller;
};

}  // namespace teal::control
