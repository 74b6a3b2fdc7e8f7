#include <gtest/gtest.h>

#include "proxy/headers/max_forwards.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

struct Counted {
  MaxForwards what;
  std::string value;  ///< Of the first field, afterwards.
};

Counted count_down(const std::vector<std::string>& fields) {
  auto owned = test::request_head("OPTIONS * HTTP/1.1", fields);
  const MaxForwards what = count_down_max_forwards(owned.head.fields, owned.bytes->data());
  return {what, std::string(owned.head.fields.get(net::HeaderId::max_forwards))};
}

TEST(MaxForwardsTest, IsOneLessBehindEachProxy) {
  for (const auto& [before, after] : std::vector<std::pair<std::string, std::string>>{
           {"1", "0"},
           {"10", "09"},
           {"00100", "00099"},
           {"9", "8"},
           {"100000000000000000000000", "099999999999999999999999"}}) {
    const Counted counted = count_down({"Host: a", "Max-Forwards: " + before, "X: 1"});
    EXPECT_EQ(counted.what, MaxForwards::goes_on) << before;
    EXPECT_EQ(counted.value, after);
  }
}

TEST(MaxForwardsTest, OfZeroIsTheEndOfTheWay) {
  EXPECT_EQ(count_down({"max-forwards: 0"}).what, MaxForwards::ends_here);
  EXPECT_EQ(count_down({"max-forwards: 000"}).what, MaxForwards::ends_here);
}

TEST(MaxForwardsTest, IsOneDecimalNumberOrMalformed) {
  for (const char* const value : {"", "-1", "+1", "1, 2", "0x1", "1 2", "one"})
    EXPECT_EQ(count_down({std::string("Max-Forwards: ") + value}).what, MaxForwards::malformed)
        << value;
  EXPECT_EQ(count_down({"Max-Forwards: 1", "Max-Forwards: 1"}).what, MaxForwards::malformed);
}

}  // namespace
}  // namespace teal::proxy
