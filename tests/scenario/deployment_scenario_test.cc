// Runs tests/scenario/*.txt: lines "AGE EVENT" are told to the engine, the lines below each are
// what it answered. UPDATE_SCENARIOS=1 writes the answers anew; the diff is the review.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "control/engine/deployment.h"
#include "control/engine/protocol_json.h"

namespace teal::control {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/// "10%", "bake 5m", "gate approval", "gate approval 1h stop", "gate approval 1h proceed".
config::Step parse_step(const std::string& text) {
  const std::vector<std::string> words = words_of(text);
  if (words.at(0) == "bake") return config::Bake{parse_duration(words.at(1)).value()};
  if (words.at(0) != "gate") return config::SetWeight{parse_weight(words.at(0)).value()};
  config::Gate gate{words.at(1), std::nullopt, config::Gate::OnTimeout::stop};
  if (words.size() > 2) gate.timeout = parse_duration(words.at(2)).value();
  if (words.size() > 3 && words[3] == "proceed") gate.on_timeout = config::Gate::OnTimeout::proceed;
  return gate;
}

void read_plan(const std::string& value, config::Plan& plan) {
  std::istringstream in(value);
  for (std::string step; std::getline(in, step, ',');)
    if (!words_of(step).empty()) plan.steps.push_back(parse_step(step));
}

void read_rollback_on(const std::string& value, config::RollbackOn& on) {
  on = {false, false, false};
  for (const std::string& word : words_of(value)) {
    if (word == "DEPLOYMENT_FAILURE") on.deployment_failure = true;
    if (word == "DEPLOYMENT_STOP_ON_ALARM") on.deployment_stop_on_alarm = true;
    if (word == "DEPLOYMENT_STOP_ON_REQUEST") on.deployment_stop_on_request = true;
  }
}

/// A header line "key: value".
void apply_header(const std::string& key, const std::string& value, DeploymentSpec& spec) {
  using config::NotEnoughEvidence;
  if (key == "plan")
    read_plan(value, spec.deploy.plan);
  else if (key == "alarms")
    for (const std::string& name : words_of(value)) spec.deploy.alarms.push_back({name, {}, {}, 0});
  else if (key == "observed")
    for (const std::string& name : words_of(value))
      spec.deploy.alarms.push_back({name, {}, {}, 0, true});
  else if (key == "rollback_on")
    read_rollback_on(value, spec.deploy.rollback_on);
  else if (key == "not_enough_evidence")
    spec.deploy.not_enough_evidence = value == "proceed"    ? NotEnoughEvidence::proceed
                                      : value == "rollback" ? NotEnoughEvidence::rollback
                                                            : NotEnoughEvidence::hold;
  else if (key == "watch")
    spec.watch = parse_duration(value).value();
  else if (key == "exposure_budget")
    spec.deploy.exposure_budget = static_cast<std::uint32_t>(std::stoul(value));
  else if (key == "minimum_healthy")
    spec.minimum_healthy = static_cast<std::uint32_t>(std::stoul(value));
  else if (key == "baseline")
    spec.has_baseline = value != "none";
  else if (key == "rollback") {
    spec.kind = Kind::rollback;
    spec.colour = Colour::blue;
    std::swap(spec.revision, spec.replaces);
    spec.why = "alarm errors";
    spec.way = value == "swap"        ? RollbackMethod::swap
               : value == "reinstall" ? RollbackMethod::reinstall
                                      : RollbackMethod::undo;
  } else
    FAIL() << "unknown header '" << key << "'";
}

DeploymentSpec plain_spec() {
  DeploymentSpec spec;
  spec.id = "d-1";
  spec.service = "shop";
  spec.revision = "v2";
  spec.replaces = "v1";
  spec.targets = {{Address::Kind::ip4, "10.0.0.1", 80},
                  {Address::Kind::ip4, "10.0.0.2", 80},
                  {Address::Kind::ip4, "10.0.0.3", 80}};
  spec.minimum_healthy = 2;
  return spec;
}

class Scenario {
 public:
  explicit Scenario(const fs::path& path) : path_(path) {
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) lines_.push_back(line);
  }

  /// The file as it would be if the engine were right.
  std::string play() {
    std::string text;
    DeploymentSpec spec = plain_spec();
    std::size_t i = 0;
    for (; i < lines_.size() && lines_[i] != "---"; ++i) {
      text += lines_[i] + "\n";
      const std::size_t colon = lines_[i].find(": ");
      if (lines_[i].empty() || lines_[i][0] == '#' || colon == std::string::npos) continue;
      apply_header(lines_[i].substr(0, colon), lines_[i].substr(colon + 2), spec);
    }
    text += "---\n";
    Deployment deployment{spec};
    for (++i; i < lines_.size(); ++i) {
      if (lines_[i].empty() || lines_[i][0] == ' ') continue;
      text += lines_[i] + "\n";
      if (lines_[i][0] != '#') text += deliver(deployment, lines_[i]);
    }
    return text;
  }

  std::string written() const {
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    return text;
  }

 private:
  struct JournalledEvent {
    Event event;
    Age age;
  };

  std::string deliver(Deployment& deployment, const std::string& line) {
    const std::size_t space = line.find(' ');
    const Result<Millis> age = parse_duration(line.substr(0, space));
    EXPECT_TRUE(age) << path_ << ": " << line;
    const Result<Event> event = parse_event(line.substr(space + 1));
    EXPECT_TRUE(event) << path_ << ": " << line;
    if (!age || !event) return "";
    EXPECT_EQ(event_from_json(to_json(*event)).value(), *event) << "through the journal";
    if (std::holds_alternative<event::Resumed>(*event)) restart(deployment);
    journal_.push_back({*event, *age});
    std::string text;
    for (const Action& action : deployment.step(*event, *age))
      text += "    -> " + to_string(action) + "\n";
    return text + "    == " + std::string(to_string(deployment.status())) + ", " +
           std::string(deployment.phase()) + " at " + to_string(deployment.facts().weight) + "\n";
  }

  /// What a restart does: a new engine, the same journal.
  void restart(Deployment& deployment) const {
    Deployment again{deployment.spec()};
    for (const JournalledEvent& journalled : journal_) again.step(journalled.event, journalled.age);
    EXPECT_EQ(again, deployment) << "equal journals must give equal states";
    deployment = again;
  }

  fs::path path_;
  std::vector<std::string> lines_;
  std::vector<JournalledEvent> journal_;
};

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(TEAL_SOURCE_DIR "/tests/scenario"))
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

class Deployments : public testing::TestWithParam<std::string> {};

TEST_P(Deployments, BehaveAsWritten) {
  const fs::path path = fs::path(TEAL_SOURCE_DIR "/tests/scenario") / (GetParam() + ".txt");
  Scenario scenario{path};
  const std::string played = scenario.play();
  if (std::getenv("UPDATE_SCENARIOS") != nullptr) {
    std::ofstream(path) << played;
    return;
  }
  EXPECT_EQ(played, scenario.written()) << "in " << path;
}

INSTANTIATE_TEST_SUITE_P(Scenario, Deployments, testing::ValuesIn(scenario_names()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace teal::control
