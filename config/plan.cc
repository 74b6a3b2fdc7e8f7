#include "config/plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <vector>

#include "config/nearest.h"

namespace teal::config {
namespace {

constexpr std::uint32_t kMaxSteps = 1000;
constexpr Millis kMaxBake = std::chrono::days{30};
constexpr std::string_view kCodeDeploy = "CodeDeployDefault.";

/// What AWS calls them (reference: CodeDeploy's predefined deployment configurations). The uneven
/// plurals are AWS's own.
constexpr std::array<std::string_view, 15> kPresets{
    "CodeDeployDefault.AllAtOnce",
    "CodeDeployDefault.ECSAllAtOnce",
    "CodeDeployDefault.ECSCanary10Percent5Minutes",
    "CodeDeployDefault.ECSCanary10Percent15Minutes",
    "CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
    "CodeDeployDefault.ECSLinear10PercentEvery3Minutes",
    "CodeDeployDefault.LambdaAllAtOnce",
    "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    "CodeDeployDefault.LambdaCanary10Percent10Minutes",
    "CodeDeployDefault.LambdaCanary10Percent15Minutes",
    "CodeDeployDefault.LambdaCanary10Percent30Minutes",
    "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
    "CodeDeployDefault.LambdaLinear10PercentEvery2Minutes",
    "CodeDeployDefault.LambdaLinear10PercentEvery3Minutes",
    "CodeDeployDefault.LambdaLinear10PercentEvery10Minutes",
};
constexpr std::array<std::string_view, 3> kShortNames{"AllAtOnce", "Canary10Percent5Minutes",
                                                      "Linear10PercentEvery1Minute"};

Error bad_plan(std::string_view name, std::string_view why) {
  return Error{Source::config, "plan '" + std::string(name) + "': " + std::string(why)};
}

Error unknown_plan(std::string_view name) {
  std::vector<std::string> known(kPresets.begin(), kPresets.end());
  for (const std::string_view preset : kPresets)
    known.emplace_back(preset.substr(kCodeDeploy.size()));
  known.insert(known.end(), kShortNames.begin(), kShortNames.end());
  const std::string guess = did_you_mean(name, known);
  if (!guess.empty()) return bad_plan(name, "there is no such plan; " + guess);
  return bad_plan(name,
                  "there is no such plan; write AllAtOnce, Canary<p>Percent<n>Minutes, "
                  "Linear<p>PercentEvery<n>Minutes, one of the CodeDeployDefault names, or a list "
                  "of steps");
}

bool consume(std::string_view& rest, std::string_view prefix) {
  if (!rest.starts_with(prefix)) return false;
  rest.remove_prefix(prefix.size());
  return true;
}

/// Without "CodeDeployDefault." or "MyTeam.", and without AWS's word for the platform. A dot before
/// a digit belongs to a number: Canary0.5Percent.
std::string_view without_prefix(std::string_view name) {
  const std::size_t dot = name.find('.');
  const bool prefixed = dot != std::string_view::npos && dot > 0 && dot + 1 < name.size() &&
                        (name[dot + 1] < '0' || name[dot + 1] > '9');
  std::string_view rest = prefixed ? name.substr(dot + 1) : name;
  if (!consume(rest, "ECS")) consume(rest, "Lambda");
  return rest;
}

struct Shape {
  Weight weight;
  Millis wait;
};

/// "<p>Percent<joint><n>Minutes": the part of a name after Canary or Linear.
Result<Shape> parse_shape(std::string_view name, std::string_view rest, std::string_view joint) {
  const std::size_t percent = rest.find("Percent");
  if (percent == std::string_view::npos) return unknown_plan(name);
  const std::string_view share = rest.substr(0, percent);
  if (share.empty() || share.back() == '%') return unknown_plan(name);
  const Result<Weight> weight = parse_weight(share);
  if (!weight) return bad_plan(name, weight.error().message());
  if (*weight == Weight::none() || *weight == Weight::all())
    return bad_plan(name, "the percentage must be above 0 and below 100");
  rest.remove_prefix(percent + std::string_view("Percent").size());
  if (!consume(rest, joint)) return unknown_plan(name);

  std::uint32_t count = 0;
  const auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
  if (status == std::errc::result_out_of_range)
    return bad_plan(name, "the wait is longer than 30 days");
  if (status != std::errc{}) return unknown_plan(name);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  Millis unit{0};
  if (rest == "Minutes" || rest == "Minute") unit = std::chrono::minutes{1};
  if (rest == "Seconds" || rest == "Second") unit = std::chrono::seconds{1};
  if (unit == Millis{0}) return unknown_plan(name);
  const Millis wait = unit * std::int64_t{count};
  if (wait == Millis{0}) return bad_plan(name, "the wait must be longer than nothing");
  if (wait > kMaxBake) return bad_plan(name, "the wait is longer than 30 days");
  return Shape{*weight, wait};
}

Result<Plan> parse_canary(std::string_view name, std::string_view rest) {
  const Result<Shape> shape = parse_shape(name, rest, "");
  if (!shape) return shape.error();
  return Plan{std::string(name), {SetWeight{shape->weight}, Bake{shape->wait}}};
}

Result<Plan> parse_linear(std::string_view name, std::string_view rest) {
  const Result<Shape> shape = parse_shape(name, rest, "Every");
  if (!shape) return shape.error();
  const std::uint32_t stride = shape->weight.basis_points();
  const std::uint32_t increments = (Weight::kWhole - 1) / stride;  // those that end below 100 %
  if (2 * increments > kMaxSteps)
    return bad_plan(name, "makes more than 1000 steps; take at least 0.2 percent per step");
  Plan plan{std::string(name), {}};
  for (std::uint32_t i = 1; i <= increments; ++i) {
    plan.steps.emplace_back(SetWeight{Weight{i * stride}});
    plan.steps.emplace_back(Bake{shape->wait});
  }
  return plan;
}

}  // namespace

Result<Plan> parse_plan_name(std::string_view name) {
  std::string_view rest = without_prefix(name);
  if (rest == "AllAtOnce") return Plan{std::string(name), {}};
  if (rest == "OneAtATime" || rest == "HalfAtATime")
    return bad_plan(name,
                    "replaces hosts one after another, which is not a way to shift traffic; use "
                    "AllAtOnce, a Canary or a Linear plan, and minimum_healthy for how many "
                    "targets must be healthy");
  if (consume(rest, "Canary")) return parse_canary(name, rest);
  if (consume(rest, "Linear")) return parse_linear(name, rest);
  return unknown_plan(name);
}

bool bakes_whole(const Plan& plan) {
  bool is_whole = false;
  for (const Step& step : plan.steps) {
    if (const auto* weight = std::get_if<SetWeight>(&step))
      is_whole = weight->weight == Weight::all();
    if (is_whole && std::holds_alternative<Bake>(step)) return true;
  }
  return false;
}

std::string describe(const Step& step) {
  if (const auto* weight = std::get_if<SetWeight>(&step)) return to_string(weight->weight);
  if (const auto* bake = std::get_if<Bake>(&step)) return "bake " + format_duration(bake->duration);
  const Gate& gate = std::get<Gate>(step);
  std::string text = "gate " + gate.name;
  if (gate.timeout)
    text += (gate.on_timeout == Gate::OnTimeout::stop ? " (stop after " : " (proceed after ") +
            format_duration(*gate.timeout) + ")";
  return text;
}

std::string describe(const Plan& plan) {
  constexpr std::string_view kBetween = " · ";
  std::string text;
  Weight reached;
  for (const Step& step : plan.steps) {
    if (const auto* weight = std::get_if<SetWeight>(&step)) reached = weight->weight;
    text += describe(step);
    text += kBetween;
  }
  if (reached != Weight::all()) return text + "100%";
  text.resize(text.size() - kBetween.size());
  return text;
}

}  // namespace teal::config
