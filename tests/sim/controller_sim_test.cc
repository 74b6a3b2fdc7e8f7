// Random lives of a whole controller: deployments, commands, sick targets, breaches, workers that
// apply late, a disk that fails now and then, and kill -9 at any moment. After every step the
// promises that an operator relies on. SIM_SEED and SIM_RUNS as in deployment_sim_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "base/rng.h"
#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;

std::uint64_t number_from(const char* variable, std::uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

/// Somebody is there whom choose_group() would send a request to, if the targets were like this.
template <class Accepts>
bool answers(const ServiceState& state, Accepts accepts) {
  const auto is_served = [&](Colour colour) {
    const auto& targets = state.groups[colour].targets;
    return std::any_of(targets.begin(), targets.end(), accepts);
  };
  const Colour release = other(state.live);
  return is_served(state.live) ||
         (is_served(release) &&
          (state.split.of(release) > Weight::none() || state.groups[release].fallback));
}

class ControllerSimulator : public ControllerTestBase {
 protected:
  void begin(std::uint64_t seed) {
    rng_ = Rng{seed};
    disk = std::make_shared<Disk>();
    verdicts.clear();
    releases_ = 1;
    config.services[0].deploy.exposure_budget = rng_.below(2) == 0 ? 0 : 1 + rng_.below(6);
    config.services[0].deploy.watch_after = Millis{rng_.below(2) * (1 + rng_.below(600'000))};
    exposure_ = nullptr;
    restart();
  }

  void act() {
    is_asked_for_ = is_asked_for_ && !ports->waiting.empty();

    switch (rng_.below(18)) {
      case 0:
      case 1: release(); break;
      case 2:
      case 3:
      case 4: probe_some(); break;
      case 5:
      case 6:
      case 7: ports->pump(); break;
      case 8:
      case 9: advance(Millis{rng_.below(200'000)}); break;
      case 10: verdict(); break;
      case 11: disk->fails = rng_.below(3) == 0; break;
      case 12:
        if (rng_.below(3) == 0) restart();
        break;
      case 13:
      case 14: steer(); break;
      case 15:
      case 16: fail_visibly(); break;
      default: by_hand(); break;
    }
  }

  void check() {
    check_exposure();
    check_answers();
    const ServiceState& state = ports->last();
    // Within one process and one deployment the workers keep to one and the same budget.
    if (exposure_ != nullptr && state.exposure == exposure_) {
      ASSERT_GE(exposure_->spent(), spent_);
    }
    exposure_ = state.exposure;
    spent_ = exposure_ == nullptr ? 0 : exposure_->spent();
    std::uint32_t whole = 0;
    for (const Colour colour : kColours) whole += state.split.of(colour).basis_points();
    ASSERT_EQ(whole, Weight::kWhole);
    std::size_t running = 0;
    for (const DeploymentReport& report : controller->deployments("shop", 1000).value()) {
      if (!is_terminal(report.status)) ++running;
      ASSERT_EQ(is_terminal(report.status), report.finished.has_value() || is_cut_off(report));
    }
    ASSERT_LE(running, 1U) << "one active deployment per service";
    ASSERT_EQ(running == 1, shop().deployment.has_value());
    check_watch();
    for (const TargetState& target : state.groups[state.live].targets)
      ASSERT_TRUE(!target.draining || by_hand_) << "the live group is never retired";
  }

  /// No publication of Teal's own turns a service that answers into one that does not. What a
  /// person asked for may, and the end of the targets themselves.
  void check_answers() {
    const auto accepts = [this](const TargetState& target) {
      const auto known = health_.find(target.id);
      return known != health_.end() && known->second == Health::healthy && !target.ejected &&
             !target.draining;
    };
    for (; checked_ + 1 < ports->published.size(); ++checked_) {
      const ServiceState& before = ports->published[checked_].at(0);
      const ServiceState& after = ports->published[checked_ + 1].at(0);
      if (after.groups[other(after.live)].fallback) ++fallbacks_;
      if (is_asked_for_ || !answers(before, accepts)) continue;
      ASSERT_TRUE(answers(after, accepts))
          << "blue " << to_string(after.split.of(Colour::blue)) << ", live "
          << to_string(after.live) << ", publication " << ports->versions[checked_ + 1];
    }
  }

  /// Clients see failures of the release, as far as its budget lets workers send it requests.
  void fail_visibly() {
    const std::shared_ptr<Exposure> exposure = ports->last().exposure;
    if (exposure == nullptr) return;
    for (std::uint32_t failures = 1 + rng_.below(3); failures > 0 && exposure->reserve();
         --failures)
      exposure->spend();
    if (exposure->is_full()) ++spent_budgets_;
    if (rng_.below(4) != 0) controller->on_exposed();  // Or at the next tick.
    check_exposure();
  }

  void check_exposure() {
    const std::shared_ptr<Exposure> exposure = ports->last().exposure;
    if (exposure == nullptr) return;
    ASSERT_LE(exposure->spent(), exposure->budget());
    const ServiceReport service = shop();
    if (!service.deployment) return;
    const DeploymentReport running = report(*service.deployment);
    // In a watch it limits nothing any more, whoever still holds it.
    if (running.kind != Kind::deploy || running.phase == "Watching") return;
    ASSERT_EQ(running.exposure_budget, exposure->budget());
    ASSERT_LE(running.exposure_spent, exposure->spent()) << "control believes what workers say";
    ASSERT_LT(running.exposure_spent, exposure->budget()) << "a spent budget ends a deployment";
  }

  /// The group that a watch would go back to is there, and nobody limits the one that is live.
  void check_watch() {
    const ServiceReport service = shop();
    if (!service.deployment || report(*service.deployment).phase != "Watching") return;
    ++watched_;
    const DeploymentReport running = report(*service.deployment);
    const ServiceState& state = ports->last();
    ASSERT_EQ(state.live, running.colour);
    ASSERT_EQ(state.split, Split::all_to(running.colour));
    ASSERT_TRUE(service.old_kept_until);
    ASSERT_EQ(running.status, Status::baking);
    ASSERT_TRUE(running.wait && running.step_ends);
    ASSERT_TRUE(by_hand_ || !state.groups[other(running.colour)].targets.empty());
    for (const TargetState& target : state.groups[other(running.colour)].targets)
      ASSERT_TRUE(!target.draining || by_hand_) << "the old group stays warm";
  }

  /// Whatever state it is in: a rollback of the running release gives everything back.
  void rollback_wins() {
    const ServiceReport before = shop();
    if (!before.deployment || report(*before.deployment).kind != Kind::deploy) return;
    const Colour old = other(report(*before.deployment).colour);
    is_asked_for_ = false;
    const auto refused = std::make_shared<std::optional<ApiError>>();
    controller->command(*before.deployment, Command::rollback,
                        [refused](const ApiResult<DeploymentReport>& answer) {
                          if (!answer) *refused = answer.error();
                        });
    if (*refused) {
      // Only where everything was removed by hand and there is nothing to return to.
      ASSERT_EQ((*refused)->detail, "there is no older release to return to");
      return;
    }
    ASSERT_EQ(ports->last().split, Split::all_to(old));
    ASSERT_EQ(ports->last().live, old);
  }

  Rng rng_{0};
  std::uint64_t spent_budgets_ = 0;
  std::uint64_t watched_ = 0;
  std::uint64_t shipped_in_a_watch_ = 0;
  std::uint64_t fallbacks_ = 0;  ///< Publications with one.

 private:
  static bool is_cut_off(const DeploymentReport& report) {
    return report.error_code == "INTERNAL_ERROR";
  }

  /// Another process, whose publications begin anew and whose targets are unknown.
  void restart() {
    start();
    health_.clear();
    checked_ = 0;
  }

  void release() {
    auto wanted = request("r" + std::to_string(++releases_));
    const auto port = static_cast<std::uint16_t>(100 + 2 * (releases_ % 1000));
    wanted.targets = {target_address(port), target_address(static_cast<std::uint16_t>(port + 1))};
    const std::optional<DeploymentId> running = shop().deployment;
    const bool watches = running && report(*running).phase == "Watching";
    const ApiResult<DeploymentReport> answer = controller->deploy("shop", wanted, "", "");
    if (!answer) {
      ASSERT_TRUE(answer.error().status == 409 || answer.error().status == 503);
      if (watches) {
        ASSERT_EQ(shop().deployment, running) << "what is refused ends no watch";
      }
    } else if (watches) {
      ASSERT_EQ(status(*running), Status::succeeded);
      ++shipped_in_a_watch_;
    }
  }

  void probe_some() {
    const Colour colour = kColours[rng_.below(2)];
    const Health health = rng_.below(6) == 0 ? Health::unhealthy : Health::healthy;
    check_answers();  // By what was so until now.
    // One at a time: each may end in a publication.
    const std::vector<TargetState> targets = ports->last().groups[colour].targets;
    for (const TargetState& target : targets) {
      health_[target.id] = health;
      controller->on_health(target.id, health, "probe");
      check_answers();
    }
  }

  void verdict() {
    verdicts["errors"] = health::Healthy{};
    if (rng_.below(3) == 0) verdicts["errors"] = health::NotEnoughEvidence{"3 of 50"};
    if (rng_.below(4) == 0) verdicts["errors"] = health::Breached{"9% > 1%"};
  }

  void steer() {
    const auto deployments = controller->deployments("shop", 3).value();
    if (deployments.empty()) return;
    if (rng_.below(8) == 0) return controller->rollback("shop", [](auto) {});
    const auto which = rng_.below(static_cast<std::uint32_t>(deployments.size()));
    const auto command = static_cast<Command>(rng_.below(5));
    const bool force = rng_.below(10) == 0;
    is_asked_for_ = is_asked_for_ || force;
    controller->command(deployments[which].id, command, [](auto) {}, force);
  }

  void by_hand() {
    by_hand_ = true;
    is_asked_for_ = true;
    const Split split = Split::with(Colour::green, Weight{rng_.below(3) * 5000});
    controller->set_split("shop", split, std::nullopt, [](auto) {});
    if (rng_.below(4) == 0) {
      const auto& targets = ports->last().groups[kColours[rng_.below(2)]].targets;
      if (!targets.empty()) {
        const Address address = targets[0].address;
        const bool force = rng_.below(2) == 0;
        const std::optional<DeploymentId> before = shop().deployment;
        for (const Colour colour : kColours)
          controller->delete_target("shop", colour, address, force);
        if (!force) {
          ASSERT_EQ(shop().deployment, before) << "a drain ends no deployment";
        }
      }
    }
  }

  std::uint32_t releases_ = 1;
  std::shared_ptr<Exposure> exposure_;
  std::uint32_t spent_ = 0;
  bool by_hand_ = false;
  /// What is published until the workers have it all was asked for by a person.
  bool is_asked_for_ = false;
  std::map<TargetId, Health> health_;
  std::size_t checked_ = 0;  ///< Publications of this process.
};

TEST_F(ControllerSimulator, KeepsItsPromisesThroughFaultsAndRestarts) {
  const std::uint64_t seed = number_from("SIM_SEED", 4711);
  const std::uint64_t runs = number_from("SIM_RUNS", 1500);
  for (std::uint64_t run = 0; run < runs; ++run) {
    SCOPED_TRACE("repeat with SIM_SEED=" + std::to_string(seed + run) + " SIM_RUNS=1");
    begin(seed + run);
    for (int i = 0; i < 60; ++i) {
      act();
      check();
      if (HasFailure()) return;
    }
    rollback_wins();
    check();
    if (HasFailure()) return;
  }
  if (runs >= 1000) {
    EXPECT_GT(spent_budgets_, runs / 50);
    EXPECT_GT(watched_, runs / 50);
    EXPECT_GT(shipped_in_a_watch_, 0U);
    EXPECT_GT(fallbacks_, runs / 50);
  }
}

}  // namespace
}  // namespace teal::control
