// The commands for whoever types others, and the one for whoever restarts what is dead.
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/cli.h"
#include "tests/support/admin_fixture.h"

namespace teal::app {
namespace {

using ::testing::HasSubstr;

struct Said {
  int code = -1;
  std::string out, err;
};

/// Without --admin nobody is there.
Said run(const std::vector<std::string>& words) {
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal{out, err, false, false, 100, "127.0.0.1:1", [](Millis) { return false; }};
  terminal.typing_limit = Millis{20'000};  // Of a busy machine.
  std::vector<const char*> arguments{"teal"};
  for (const std::string& word : words) arguments.push_back(word.c_str());
  const int code = run_cli(static_cast<int>(arguments.size()), arguments.data(), terminal);
  return {code, out.str(), err.str()};
}

class ManualCommands : public ::testing::Test {
 protected:
  std::vector<std::string> line(std::vector<std::string> words) {
    words.insert(words.begin(), {"--admin", to_string(admin_.address())});
    return words;
  }

  control::testing::RunningAdmin admin_;
};

TEST_F(ManualCommands, SaysWhetherTealAnswers) {
  const Said well = run(line({"ping"}));
  EXPECT_EQ(well.code, 0) << well.err;
  EXPECT_EQ(well.out, "Teal answers at " + to_string(admin_.address()) + "\n");
  EXPECT_EQ(run({"ping"}).code, 6) << "nobody is there";
}

TEST_F(ManualCommands, KnowsTheNamesOfARunningTealWhileSomebodyTypes) {
  EXPECT_EQ(run(line({"complete", "--", "status", "sh"})).out, "shop\tlive blue\n");
  EXPECT_EQ(run(line({"complete", "--", "alarm", "x", "firing", "--service=sh"})).out,
            "--service=shop\tlive blue\n");
  EXPECT_EQ(run(line({"complete", "--", "stop", ""})).out,
            "shop\tlive blue\nd-3\tshop v42, Baking\n");
}

TEST_F(ManualCommands, SaysNothingToWhoeverTypesWhereNobodyAnswers) {
  const std::string admin = to_string(admin_.address());
  const Said nobody = run({"complete", "--", "status", ""});
  EXPECT_EQ(nobody.code, 0);
  EXPECT_EQ(nobody.out + nobody.err, "");
  EXPECT_EQ(run({"complete", "--", "--admin", admin, "status", "sh"}).out, "shop\tlive blue\n");
  EXPECT_EQ(run({"complete", "--", "--admin", "nonsense", "status", ""}).out, "");
}

TEST_F(ManualCommands, CompletesForBashZshAndFish) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Said script = run({"completion", shell});
    EXPECT_EQ(script.code, 0);
    EXPECT_THAT(script.out, HasSubstr("complete -- "));
  }
  EXPECT_EQ(run({"completion", "tcsh"}).code, 2);
}

}  // namespace
}  // namespace teal::app
