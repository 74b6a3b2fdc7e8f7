// The service "shop" as the parts of a controller know it, without the controller: registry, table
// of deployments, windows, announcements; two healthy targets in blue, which is live, none in
// green.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "control/deploy/announcer.h"
#include "control/deploy/deployment_table.h"
#include "control/registry/service_registry.h"
#include "control/services/serving.h"
#include "control/traffic/traffic_figures.h"
#include "tests/support/controller_test_base.h"

namespace teal::control {

class OneService : public testing::Test {
 protected:
  OneService() {
    services.add(config.services[0], clock.wall());
    set_health(Colour::blue, Health::healthy);
  }

  ServiceEntry& shop() { return *services.find("shop"); }
  GroupState& group(Colour colour) { return shop().edit().groups[colour]; }
  void set_health(Colour colour, Health health) {
    for (TargetState& target : group(colour).targets) target.health = health;
  }
  /// `revision` in green, on two healthy targets.
  void install(const std::string& revision) {
    services.install(shop(), Colour::green, revision, {target_address(3), target_address(4)},
                     clock.wall());
    set_health(Colour::green, Health::healthy);
  }

  /// A deployment of what green runs, from what blue runs.
  DeploymentSpec spec() {
    DeploymentSpec spec;
    spec.service = "shop";
    spec.colour = Colour::green;
    spec.revision = group(Colour::green).revision;
    spec.replaces = group(Colour::blue).revision;
    spec.targets = addresses_of(group(Colour::green));
    spec.replaced_targets = addresses_of(group(Colour::blue));
    spec.deploy = config.services[0].deploy;
    spec.minimum_healthy = spec.deploy.minimum_healthy.of(spec.targets.size());
    spec.has_baseline = true;
    return spec;
  }
  DeploymentRunner& begin() { return begin(spec()); }
  DeploymentRunner& begin(DeploymentSpec spec) {
    DeploymentRunner& runner = deployments.create(std::move(spec), clock.wall(), clock.mono());
    step(runner, event::Begin{});
    return runner;
  }
  void step(DeploymentRunner& runner, const Event& event) {
    runner.step(event, runner.age(clock.mono()), clock.wall());
    if (runner.is_over()) deployments.end(runner);
  }
  /// Every worker runs on the last publication of the deployment's.
  void apply(DeploymentRunner& runner) {
    step(runner, event::SplitApplied{runner.engine().facts().shift, Micros{0}});
  }
  /// As if the whole plan had been gone through: green is live.
  DeploymentRunner& make_live() {
    DeploymentRunner& runner = begin();
    step(runner, event::HealthChanged{2, 0, 0, 0});
    step(runner, event::Promote{});
    apply(runner);
    shop().edit().live = Colour::green;
    shop().edit().split = Split::all_to(Colour::green);
    return runner;
  }

  std::vector<std::string> announced() const {
    std::vector<std::string> types;
    for (const Announcement& said : announcer.last()) types.push_back(said.type);
    return types;
  }

  config::Config config = shop_config();
  ManualClock clock;
  SilentLog log;
  FakePorts ports{clock};
  Announcer announcer{clock, log};
  ServiceRegistry services;
  DeploymentTable deployments;
  TrafficFigures figures{ports};
  Serving serving{services, figures.windows, clock};
};

}  // namespace teal::control
