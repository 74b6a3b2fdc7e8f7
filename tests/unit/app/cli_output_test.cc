// What the command line does where nobody can read what it says.
#include <sstream>
#include <streambuf>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/cli.h"
#include "app/client/exit_code.h"
#include "tests/support/admin_fixture.h"

namespace teal::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Takes nothing, as a full disk.
class Full final : public std::streambuf {};

TEST(CommandLineOutput, ThatCannotBeWrittenIsNoSuccess) {
  control::testing::RunningAdmin admin;
  admin.on_server([&] { admin.commands.announce("split.changed", "before"); });
  const std::string address = to_string(admin.address());
  for (const std::vector<const char*>& words :
       std::vector<std::vector<const char*>>{{"--version"},
                                             {"--help"},
                                             {"status"},
                                             {"status", "--watch"},
                                             {"history", "shop"},
                                             {"events"},
                                             {"split", "shop", "green=20%"}}) {
    Full full;
    std::ostream out(&full);
    std::ostringstream err;
    const Terminal terminal{
        out, err, false, false, 100, "127.0.0.1:1", [](Millis) { return true; }};
    std::vector<const char*> arguments{"teal", "--admin", address.c_str()};
    arguments.insert(arguments.end(), words.begin(), words.end());
    EXPECT_EQ(run_cli(static_cast<int>(arguments.size()), arguments.data(), terminal), kError)
        << words.front();
    EXPECT_THAT(err.str(), HasSubstr("teal: the output cannot be written")) << words.front();
  }
  std::vector<std::string> calls;
  admin.on_server([&] { calls = admin.commands.calls; });
  EXPECT_THAT(calls, ElementsAre(HasSubstr("split"))) << "and that was done";
}

TEST(CommandLineOutput, OfAFailureLeavesItsExitCode) {
  Full full;
  std::ostream out(&full);
  std::ostringstream err;
  const Terminal terminal{out, err, false, false, 100, "127.0.0.1:1", [](Millis) { return true; }};
  const std::vector<const char*> arguments{"teal", "no-such-command"};
  EXPECT_EQ(run_cli(static_cast<int>(arguments.size()), arguments.data(), terminal), kUsage);
  EXPECT_THAT(err.str(), HasSubstr("'no-such-command' is not a command"));
}

}  // namespace
}  // namespace teal::app
