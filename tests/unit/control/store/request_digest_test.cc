#include "control/store/request_digest.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

constexpr const char* kRequest = "shop\n{\"revision\":\"v2\"}";
constexpr const char* kOther = "shop\n{\"revision\":\"v3\"}";

TEST(RequestDigest, NamesItsHash) {
  EXPECT_EQ(request_digest(kRequest),
            "sha256:9b9811acb7cbbda1bc696dcf61ca5689959fe9951a5143f8bf6ea4d6411049fb");
}

TEST(RequestDigest, IsOfTheRequestThatItWasMadeOfOnly) {
  EXPECT_TRUE(is_digest_of(request_digest(kRequest), kRequest));
  EXPECT_FALSE(is_digest_of(request_digest(kRequest), kOther));
}

// As Teals before this one wrote them; the last one has a number that begins with a zero.
TEST(RequestDigest, OfAnOlderTealIsUnderstood) {
  EXPECT_TRUE(is_digest_of("82e173b697c53266-2bd93099ded59eb1", kRequest));
  EXPECT_TRUE(is_digest_of("a96ab9cfadac58e4-76eb881c0dbf0157", kOther));
  EXPECT_FALSE(is_digest_of("82e173b697c53266-2bd93099ded59eb1", kOther));
  EXPECT_TRUE(is_digest_of("c3817c016ba4ff30-6bc0810cc751a61b", ""));
  EXPECT_TRUE(is_digest_of("90e92c2531f0430b-6a92934a82f6031", "shop\n2"));
}

TEST(RequestDigest, OfAHashThatNobodyKnowsIsOfNoRequest) {
  EXPECT_FALSE(is_digest_of("sha512:82e173b6", kRequest));
  EXPECT_FALSE(is_digest_of("", kRequest));
}

}  // namespace
}  // namespace teal::control
