// The model of a command line is what its CLI11 application says.
#include "app/manual/command_model.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

namespace teal::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Model : public ::testing::Test {
 protected:
  Model() {
    app_.add_option("--output,-o", text_, "How")
        ->check(CLI::IsMember({"table", "json"}))
        ->capture_default_str();
    CLI::App* move = app_.add_subcommand("move", "Moves.")->fallthrough();
    move->add_option("SERVICE", text_, "Which")->required();
    move->add_option("--within", text_)->check(CLI::Validator({}, "DURATION"));
    move->add_option("--limit", number_)->check(CLI::Range(1, 10));
    move->add_option("--file", text_)->type_name("FILE");
    move->add_option("--each", texts_);
    move->add_flag("--now", flag_, "At once");
    app_.add_subcommand("secret", "Not for people.")->group("");
  }

  CLI::App app_{"A program.", "program"};
  std::string text_ = "table";
  std::vector<std::string> texts_;
  int number_ = 0;
  bool flag_ = false;
};

TEST_F(Model, HasWhatIsListedAndNothingHidden) {
  const CommandModel model = model_of(app_);
  EXPECT_EQ(model.name + ": " + model.help, "program: A program.");
  ASSERT_NE(model.command("move"), nullptr);
  EXPECT_TRUE(model.command("move")->takes_options_of_parent);
  EXPECT_EQ(model.command("secret"), nullptr);
}

TEST_F(Model, KnowsWhatAnOptionTakes) {
  const CommandModel model = model_of(app_);
  const OptionModel* output = model.option("-o");
  ASSERT_NE(output, nullptr);
  EXPECT_THAT(output->names, ElementsAre("--output", "-o"));
  EXPECT_THAT(output->choices, ElementsAre("table", "json"));
  EXPECT_EQ(output->default_value, "table");
  const CommandModel& move = *model.command("move");
  EXPECT_EQ(move.option("--within")->value, "DURATION") << "the check says more than the type";
  EXPECT_EQ(move.option("--limit")->value, "INT") << "and here less";
  EXPECT_THAT(move.option("--limit")->choices, IsEmpty());
  EXPECT_EQ(move.option("--file")->value, "FILE");
  EXPECT_TRUE(move.option("--each")->repeats);
  EXPECT_EQ(move.option("--now")->value, "") << "a flag";
}

TEST_F(Model, TellsArgumentsFromOptions) {
  const CommandModel model = model_of(app_);
  const OptionModel& service = model.command("move")->options[1];
  EXPECT_EQ(service.argument, "SERVICE");
  EXPECT_TRUE(service.is_required);
  EXPECT_THAT(service.names, IsEmpty());
}

TEST_F(Model, IsJsonForWhoeverWritesPages) {
  const boost::json::object json = to_json(model_of(app_));
  const boost::json::value& move = json.at("commands").as_array().at(0);
  EXPECT_EQ(move.at("help"), "Moves.");
  EXPECT_EQ(move.at("options").as_array().at(1).at("argument"), "SERVICE");
  EXPECT_EQ(move.at("options").as_array().at(1).at("required"), true);
}

}  // namespace
}  // namespace teal::app
