// Random deployments with their requests: these begin under whatever table their worker has, end
// late, fail or hang; targets are repaired and the same revision is shipped again. The judges are
// the real ones, and what the counters tell is true. After every step the two promises of a
// verdict: it counts only requests that began in its deployment, and a bake ends well only on
// evidence that began in its own step. In half of the lives errors are 404s, which only the alarm's
// meaning counts. SIM_SEED and SIM_RUNS as in deployment_sim_test.cc.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "control/deploy/deployment_runner.h"
#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kMinimum = 20;

std::uint64_t number_from(const char* variable, std::uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

class EvidenceSimulator : public ControllerTestBase {
 protected:
  void begin(std::uint64_t seed) {
    rng_ = Rng{seed};
    disk = std::make_shared<Disk>();
    config::Deploy& deploy = config.services[0].deploy;
    deploy.plan = {"custom",
                   {config::SetWeight{Weight::percent(20)}, config::Bake{seconds{4}},
                    config::SetWeight{Weight::percent(50)}, config::Bake{seconds{4}},
                    config::Bake{seconds{4}}}};
    is_of_clients_ = rng_.below(2) == 1;
    const ErrorMeaning meaning = is_of_clients_ ? ErrorMeaning::of_clients() : ErrorMeaning{};
    deploy.alarms = {
        {"errors", config::ErrorRateAlarm{{config::Threshold::Op::above, 0.05}, meaning},
         seconds{30}, kMinimum},
        {"slow", config::LatencyAlarm{0.9, {config::Threshold::Op::above, 250}}, seconds{30},
         kMinimum}};
    running_.clear();
    ended_.clear();
    steps_.clear();
    behaviour_.clear();
    seen_.reset();
    controller.reset();
    ports = std::make_unique<FakePorts>(clock);
    controller = std::make_unique<Controller>(std::make_shared<const config::Config>(config), clock,
                                              log, *ports, make_store());
    ASSERT_TRUE(controller->start());
    ports->pump();
    probe(Colour::blue, Health::healthy);
    check();
  }

  void act() {
    switch (rng_.below(16)) {
      case 0: release(); break;
      case 1: probe(Colour::green, Health::healthy); break;
      case 2:
      case 3: ports->pump(); break;
      case 4:
        if (rng_.below(8) == 0) roll_back();
        break;
      case 5:
      case 6:
      case 7:
      case 8: serve(); break;
      case 9:
      case 10: end_some(); break;
      default:
        show_ages();
        advance(milliseconds{100 + rng_.below(900)});
        break;
    }
    check();
  }

  std::uint64_t ended_well_ = 0, breached_ = 0;

 private:
  /// What the requests of one deployment to its release do.
  enum class Behaviour : std::uint8_t { good, fails, hangs };
  struct Request {
    TrafficKey key;
    Stage stage;
    std::size_t step = 0;  ///< Of the plan, when its table was published.
    Mono began;
    Behaviour behaviour;
    std::shared_ptr<const ErrorMeanings> meanings;  ///< Of the table.
  };

  void release() {
    if (controller->deploy("shop", request("v2"), "", "")) {
      const auto number = deployment_number(controller->deployments("shop", 1).value()[0].id);
      behaviour_[number] = static_cast<Behaviour>(rng_.below(3));
    }
  }
  void roll_back() {
    if (const auto id = shop().deployment) controller->command(*id, Command::rollback, [](auto) {});
  }
  /// Under the last table, or one that some worker still has.
  void serve() {
    const std::size_t back = std::min<std::size_t>(ports->waiting.size(), rng_.below(3));
    const std::size_t last = ports->published.size() - 1;
    const std::size_t table = last - std::min(back, last);
    const ServiceState& state = ports->published[table].at(0);
    const std::string& revision = state.groups[Colour::green].revision;
    if (state.split.of(Colour::green) == Weight::none() || revision.empty()) return;
    for (std::uint32_t n = 1 + rng_.below(15); n > 0; --n)
      running_.push_back({{"shop", Colour::green, revision, Audience::split},
                          state.stage(),
                          steps_.at(table),
                          clock.mono(),
                          behaviour_[state.draw],
                          state.meanings});
  }
  void end_some() {
    std::vector<Request> still;
    for (const Request& each : running_) {
      const Micros age = std::chrono::duration_cast<Micros>(clock.mono() - each.began);
      const bool is_late = each.behaviour != Behaviour::good;
      // Those that hang fail at their timeout; a good one is never seen older than 200 ms.
      if (is_late && age < seconds{5} && rng_.below(4) != 0) {
        still.push_back(each);
        continue;
      }
      Begun& begun = ports->begun[{each.key, each.stage}];
      const bool fails = is_late && (each.behaviour == Behaviour::fails || age >= seconds{5});
      count(begun.ended, each, fails ? is_of_clients_ ? 404 : 500 : 200);
      begun.ended.duration.record(static_cast<std::uint64_t>(took(each, age).count()));
      ++ended_[{each.stage.deployment, each.step}];
    }
    running_ = std::move(still);
  }
  /// As a worker does, by what its table says.
  static void count(TrafficCounters& ended, const Request& request, std::uint16_t status) {
    ++ended.requests[0][status / 100 - 1];
    if (request.meanings == nullptr) return;
    ended.by_meaning.resize(1);
    ++ended.by_meaning[0].requests;
    if (request.meanings->errors({.status = status}) != 0) ++ended.by_meaning[0].errors;
  }
  static Micros took(const Request& request, Micros age) {
    return request.behaviour == Behaviour::good ? std::min<Micros>(age, milliseconds{200}) : age;
  }
  /// What workers would find in flight.
  void show_ages() {
    for (auto& [of, begun] : ports->begun) {
      begun.reached = begun.ended.duration;
      begun.reached += begun.ended.given_up;
    }
    for (const Request& each : running_) {
      const Micros age = std::chrono::duration_cast<Micros>(clock.mono() - each.began);
      ports->begun[{each.key, each.stage}].reached.record(
          static_cast<std::uint64_t>(took(each, age).count()));
    }
  }

  /// Where the newest deployment stood when it was last looked at.
  struct Standing {
    DeploymentId id;
    std::size_t step = 0;
    std::string phase;
    std::uint64_t evidence = 0;  ///< Ended requests that began in the step.
  };
  /// A bake has its shift's requests; one that follows on no shift of its own those that began in
  /// it.
  std::uint64_t evidence_of(std::uint64_t deployment, std::size_t step) {
    const auto& steps = config.services[0].deploy.plan.steps;
    std::uint64_t evidence = ended_[{deployment, step}];
    if (step > 0 && std::holds_alternative<config::SetWeight>(steps[step - 1]))
      evidence += ended_[{deployment, step - 1}];
    return evidence;
  }
  void check() {
    const auto deployments = controller->deployments("shop", 2).value();
    const bool is_deploying = !deployments.empty() && deployments[0].kind == Kind::deploy;
    steps_.resize(ports->published.size(), is_deploying ? deployments[0].step : 0);
    for (const DeploymentReport& report : deployments) {
      if (report.kind != Kind::deploy) continue;
      const std::uint64_t number = deployment_number(report.id);
      if (report.error_code == "ALARM_ACTIVE") {
        if (report.id != breached_last_) ++breached_;
        breached_last_ = report.id;
        ASSERT_NE(behaviour_[number], Behaviour::good)
            << report.reason << ": none of its own requests did that";
      }
      const bool baked = seen_ && seen_->id == report.id &&
                         (seen_->phase == "Baking" || seen_->phase == "AwaitingEvidence");
      const bool went_on = baked && report.step > seen_->step && report.error_code.empty();
      if (went_on) {
        ++ended_well_;
        ASSERT_GE(seen_->evidence, kMinimum) << "step " << seen_->step << " of " << report.id;
      }
      seen_ = {report.id, report.step, std::string(report.phase),
               report.step < 5 ? evidence_of(number, report.step) : 0};
      return;
    }
  }

  Rng rng_{0};
  bool is_of_clients_ = false;
  std::vector<Request> running_;
  std::map<std::pair<std::uint64_t, std::size_t>, std::uint64_t> ended_;
  std::vector<std::size_t> steps_;  ///< By table: where the plan stood when it was published.
  std::map<std::uint64_t, Behaviour> behaviour_;
  std::optional<Standing> seen_;
  DeploymentId breached_last_;
};

TEST_F(EvidenceSimulator, AVerdictCountsOnlyWhatBeganInItsDeploymentAndABakeWhatBeganInItsStep) {
  const std::uint64_t seed = number_from("SIM_SEED", 1764);
  const std::uint64_t runs = number_from("SIM_RUNS", 150);
  for (std::uint64_t run = 0; run < runs; ++run) {
    SCOPED_TRACE("repeat with SIM_SEED=" + std::to_string(seed + run) + " SIM_RUNS=1");
    begin(seed + run);
    for (int i = 0; i < 600; ++i) {
      act();
      if (HasFailure()) return;
    }
  }
  if (runs < 100) return;
  EXPECT_GT(ended_well_, runs / 4);
  EXPECT_GT(breached_, runs / 4);
}

}  // namespace
}  // namespace teal::control
