// Plan: the list of steps by which a deployment moves traffic, and the names people know for the
// common ones. Pure values and a parser; nothing here runs a plan (that is
// control/engine/deployment.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/weight.h"

namespace teal::config {

/// Give the release this share of the traffic.
struct SetWeight {
  Weight weight;
  bool operator==(const SetWeight&) const = default;
};

/// Wait at the present weight while judging.
struct Bake {
  Millis duration{0};
  bool operator==(const Bake&) const = default;
};

/// Wait for a person or a program to continue; after `timeout`, if any, do `on_timeout`.
struct Gate {
  enum class OnTimeout : std::uint8_t { stop, proceed };

  std::string name;
  std::optional<Millis> timeout;
  OnTimeout on_timeout = OnTimeout::stop;
  bool operator==(const Gate&) const = default;
};

using Step = std::variant<SetWeight, Bake, Gate>;

/// Requires of a valid plan: weights never fall; at most 1000 steps. Reaching the end of the list
/// always means everything to the release, so a plan need not say `set_weight: 100%`.
struct Plan {
  std::string name;  ///< The preset's name as given, or "custom".
  std::vector<Step> steps;
  bool operator==(const Plan&) const = default;
};

/// A preset: the CodeDeploy names verbatim (CodeDeployDefault.ECSCanary10Percent5Minutes,
/// CodeDeployDefault.LambdaLinear10PercentEvery1Minute, CodeDeployDefault.AllAtOnce...),
/// "AllAtOnce", and the general forms [<prefix>.]Canary<p>Percent<n>Minutes|Seconds and
/// Linear<p>PercentEvery<n>Minutes|Seconds (singular accepted, p may have decimals: 0.5).
Result<Plan> parse_plan_name(std::string_view name);

/// Some step of the plan bakes while the release has all the traffic.
bool bakes_whole(const Plan& plan);

/// "10% · bake 5m · 100%": for a person.
std::string describe(const Plan& plan);
std::string describe(const Step& step);

}  // namespace teal::config
