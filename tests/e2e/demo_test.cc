// The demo, which is the first thing that anybody sees of Teal.
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

TEST(Demo, ShipsAGoodReleaseAndABrokenOneThatHurtsNobody) {
  if (kSanitized) GTEST_SKIP() << "its load is for a binary at full speed";
  const Finished demo = run({teal_binary(), "demo"}, {}, Deadline{std::chrono::seconds{120}});
  EXPECT_EQ(demo.code, 0) << demo.out << demo.err;
  EXPECT_NE(demo.out.find("v2  Succeeded"), std::string::npos) << demo.out;
  EXPECT_NE(demo.out.find("rolled back: "), std::string::npos) << demo.out;
  EXPECT_NE(demo.out.find(": 0 errors seen by clients, "), std::string::npos) << demo.out;
  EXPECT_EQ(demo.out.find(", 0 failures of v3"), std::string::npos)
      << "some were answered by v2 in its place\n"
      << demo.out;
}

}  // namespace
}  // namespace teal::e2e
