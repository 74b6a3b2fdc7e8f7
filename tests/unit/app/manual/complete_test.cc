// What may stand where somebody types.
#include "app/manual/complete.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace teal::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Names = Completion::Names;

OptionModel flag(const std::string& name) {
  OptionModel option;
  option.names = {name};
  option.help = "help of " + name;
  return option;
}

OptionModel taking(const std::string& name, const std::string& value,
                   const std::vector<std::string>& choices = {}) {
  OptionModel option = flag(name);
  option.value = value;
  option.choices = choices;
  return option;
}

OptionModel argument(const std::string& name, const std::vector<std::string>& choices = {}) {
  OptionModel option;
  option.argument = name;
  option.value = "TEXT";
  option.choices = choices;
  return option;
}

CommandModel program() {
  OptionModel each = taking("--each", "TEXT");
  each.repeats = true;
  CommandModel move{"move", "Moves.", {}, {}, true};
  move.options = {
      flag("--help"), argument("SERVICE"),     argument("GROUP", {"blue", "green"}), flag("--now"),
      each,           taking("--file", "FILE")};
  CommandModel serve{"serve", "Serves.", {argument("CONFIG"), flag("--quiet")}, {}, false};
  CommandModel target{"target", "Targets.", {}, {{"add", "Adds.", {}, {}, true}}, true};
  CommandModel stop{"stop", "Stops.", {argument("WHAT")}, {}, true};
  return {
      "teal",
      "",
      {flag("--help"), taking("--admin", "TEXT"), taking("--output", "TEXT", {"table", "json"})},
      {move, serve, target, stop},
      false};
}

std::vector<std::string> words(const std::vector<std::string>& line) {
  std::vector<std::string> found;
  for (const Candidate& each : complete(program(), line).candidates) found.push_back(each.word);
  return found;
}

TEST(Complete, OffersTheCommandsThatBeginSo) {
  EXPECT_THAT(words({""}), ElementsAre("move", "serve", "target", "stop"));
  EXPECT_THAT(words({"s"}), ElementsAre("serve", "stop"));
  EXPECT_THAT(words({"target", ""}), ElementsAre("add"));
  EXPECT_THAT(words({}), ElementsAre("move", "serve", "target", "stop"));
}

TEST(Complete, SaysWhatEachMeans) {
  EXPECT_THAT(complete(program(), {"mo"}).candidates, ElementsAre(Candidate{"move", "Moves."}));
}

TEST(Complete, OffersTheOptionsOfACommandAndThoseItTakesOfTheProgram) {
  EXPECT_THAT(words({"move", "-"}),
              ElementsAre("--help", "--now", "--each", "--file", "--admin", "--output"));
  EXPECT_THAT(words({"serve", "--"}), ElementsAre("--quiet")) << "it takes none";
}

TEST(Complete, OffersAnOptionOnceUnlessItRepeats) {
  EXPECT_THAT(words({"move", "--now", "--n"}), IsEmpty());
  EXPECT_THAT(words({"move", "--each", "x", "--e"}), ElementsAre("--each"));
}

TEST(Complete, OffersWhatAnOptionTakes) {
  EXPECT_THAT(words({"--output", ""}), ElementsAre("table", "json"));
  EXPECT_THAT(words({"move", "--output=j"}), ElementsAre("--output=json"));
  EXPECT_THAT(words({"move", "--nonsense=j"}), IsEmpty());
  EXPECT_EQ(complete(program(), {"move", "--file", "x"}).names, Names::files);
}

TEST(Complete, OffersTheArgumentThatComesNext) {
  EXPECT_EQ(complete(program(), {"move", ""}).names, Names::services);
  EXPECT_THAT(words({"move", "shop", "g"}), ElementsAre("green"));
  EXPECT_THAT(words({"move", "shop", "--now", "--each", "x", ""}), ElementsAre("blue", "green"));
  EXPECT_EQ(complete(program(), {"serve", "/etc/"}).names, Names::files);
  EXPECT_EQ(complete(program(), {"stop", ""}).names, Names::deployments);
}

TEST(Complete, OffersOptionsWhereNoArgumentIsLeft) {
  EXPECT_THAT(words({"serve", "x", ""}), ElementsAre("--quiet"));
  EXPECT_THAT(words({"serve", "x", "y"}), IsEmpty());
}

TEST(Complete, TakesWhatFollowsTwoDashesForArguments) {
  EXPECT_EQ(complete(program(), {"move", "--", "sh"}).names, Names::services);
  EXPECT_THAT(words({"move", "--", "shop", "--n"}), IsEmpty());
}

TEST(Complete, KnowsWhichTealTheLineMeans) {
  EXPECT_EQ(complete(program(), {"--admin", "[::1]:9", "stop", ""}).admin, "[::1]:9");
  EXPECT_EQ(complete(program(), {"stop", "--admin=[::1]:9", ""}).admin, "[::1]:9");
  EXPECT_EQ(complete(program(), {"stop", ""}).admin, "");
}

TEST(Complete, KeepsWhatStandsBeforeANameThatOnlyTealKnows) {
  CommandModel alarm{"alarm", "", {taking("--service", "SERVICE")}, {}, true};
  const Completion found = complete({"teal", "", {}, {alarm}, false}, {"alarm", "--service=sh"});
  EXPECT_EQ(found.names, Names::services);
  EXPECT_EQ(found.prefix + "|" + found.typed, "--service=|sh");
}

}  // namespace
}  // namespace teal::app
