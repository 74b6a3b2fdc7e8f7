#include "proxy/headers/via.h"

#include <gtest/gtest.h>

#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

constexpr Hop kHop{0x0badcafe};

std::size_t passes(const std::vector<std::string>& lines) {
  return kHop.passes(test::request_head("GET / HTTP/1.1", lines).head.fields);
}

TEST(Via, NamesTheProcessByItsId) {
  EXPECT_EQ(kHop.name(), "teal-0badcafe");
  EXPECT_EQ(Hop{0}.name(), "teal-00000000");
  EXPECT_EQ(Hop{0xffffffff}.name(), "teal-ffffffff");
}

TEST(Via, TellsHowOftenARequestHasBeenHere) {
  EXPECT_EQ(passes({}), 0U);
  EXPECT_EQ(passes({"Via: 1.1 teal-0badcafe"}), 1U);
  EXPECT_EQ(passes({"Via: 1.1 a, 2.0 teal-0badcafe (x),HTTP/1.1  TEAL-0BADCAFE", "Via: 1.1 other",
                    "Via:\t1.0\tteal-0badcafe "}),
            3U);
}

TEST(Via, OfOthersIsNotItsOwn) {
  EXPECT_EQ(passes({"Via: 1.1 teal, 1.1 teal-0badcaff, 1.1 xteal-0badcafe, 1.1 teal-0badcafe0",
                    "Via: teal-0badcafe", "Via: 1.1 a (1.1 teal-0badcafe)",
                    "X-Via: 1.1 teal-0badcafe", "Via: ,,", "Via:"}),
            0U);
}

}  // namespace
}  // namespace teal::proxy
