#include "control/engine/deployment.h"

#include <array>
#include <utility>

#include "base/assert.h"
#include "control/engine/transition.h"

namespace teal::control {

using namespace state;  // NOLINT: the states are this file's subject.

Fitness fitness(const event::HealthChanged& health, std::uint32_t minimum) {
  if (health.healthy >= minimum) return Fitness::fit;
  return health.healthy + health.unknown < minimum ? Fitness::breached : Fitness::unclear;
}

bool is_to_be_watched(const DeploymentSpec& spec, const DeploymentFacts& facts) {
  return spec.kind == Kind::deploy && spec.has_baseline && spec.watch > Millis{0} &&
         !facts.was_baked_whole;
}

bool Deployment::is_to_be_watched() const {
  return control::is_to_be_watched(spec_, facts_);
}

Baseline standing(const std::optional<event::BaselineHealth>& health) {
  if (!health || health->healthy > 0) return Baseline::fine;
  return health->unknown > 0 ? Baseline::unclear : Baseline::dead;
}

Deployment::Deployment(DeploymentSpec spec) : spec_(std::move(spec)) {
  TEAL_ASSERT(spec_.minimum_healthy >= 1);
  facts_.health.unknown = static_cast<std::uint32_t>(spec_.targets.size());
}

std::vector<Action> Deployment::step(const Event& event, Age now) {
  engine::Transition turn{spec_, facts_, now};
  state_ = std::visit([&turn](const auto& state,
                              const auto& what) -> DeploymentState { return turn.on(state, what); },
                      DeploymentState{state_}, event);
  return turn.take_actions();
}

Status Deployment::status() const {
  return std::visit(Overloaded{[](const Created&) { return Status::created; },
                               [](const Baking&) { return Status::baking; },
                               [](const Watching&) { return Status::baking; },
                               [](const Gated&) { return Status::ready; },
                               [](const AwaitingEvidence&) { return Status::ready; },
                               [](const Paused&) { return Status::ready; },
                               [](const Succeeded&) { return Status::succeeded; },
                               [](const Failed&) { return Status::failed; },
                               [](const Stopped&) { return Status::stopped; },
                               [](const auto&) { return Status::in_progress; }},
                    state_);
}

std::string_view Deployment::phase() const {
  constexpr std::array<std::string_view, std::variant_size_v<DeploymentState>> kNames{
      "Created",   "Preparing", "Shifting",     "Baking",      "Gated",     "Holding", "Paused",
      "Promoting", "Watching",  "Reinstalling", "RollingBack", "Succeeded", "Failed",  "Stopped"};
  return kNames[state_.index()];
}

std::optional<Age> Deployment::wait_ends() const {
  const Age end = std::visit(
      Overloaded{[](const Preparing& s) { return s.deadline; },
                 [](const Reinstalling& s) { return s.deadline; },
                 [](const Baking& s) { return s.until; }, [](const Gated& s) { return s.until; },
                 [](const AwaitingEvidence& s) { return s.until; },
                 [](const Watching& s) { return s.until; }, [](const auto&) { return kNever; }},
      state_);
  if (end == kNever) return std::nullopt;
  return end;
}

bool Deployment::wants_evidence(Age now) const {
  if (const auto* baking = std::get_if<Baking>(&state_)) return now >= baking->until;
  if (const auto* watching = std::get_if<Watching>(&state_)) return now >= watching->until;
  return std::holds_alternative<AwaitingEvidence>(state_);
}

}  // namespace teal::control
