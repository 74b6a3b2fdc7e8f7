// What an Authorization header says by the scheme Basic.
#include "proxy/policy/basic_credentials.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

/// "user|password", or "none".
std::string said(std::string_view authorization) {
  const auto login = parse_basic_credentials(authorization);
  return login ? login->user + '|' + login->password : "none";
}

TEST(BasicCredentials, AreANameAndAPassword) {
  EXPECT_EQ(said("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
  EXPECT_EQ(said("basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
  EXPECT_EQ(said("BASIC QWxhZGRpbjpvcGVuIHNlc2FtZQ"), "Aladdin|open sesame") << "no padding";
  EXPECT_EQ(said("Basic YTpiOmM="), "a|b:c") << "the first colon is it";
  EXPECT_EQ(said("Basic YTo="), "a|");
}

TEST(BasicCredentials, AreNothingElse) {
  EXPECT_EQ(said(""), "none");
  EXPECT_EQ(said("Basic"), "none");
  EXPECT_EQ(said("Basic "), "none");
  EXPECT_EQ(said("Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "none");
  EXPECT_EQ(said("BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "none");
  EXPECT_EQ(said("Basic YWI="), "none") << "no colon";
  EXPECT_EQ(said("Basic OmI="), "none") << "nobody";
  EXPECT_EQ(said("Basic YTpi=YTpi"), "none") << "padding in its midst";
  EXPECT_EQ(said("Basic YTp_"), "none") << "another alphabet";
  EXPECT_EQ(said("Basic YTpiY"), "none") << "five digits";
  EXPECT_EQ(said("Basic YToA"), "none") << "a zero byte";
  EXPECT_EQ(said("Basic YToK"), "none") << "a line's end";
  EXPECT_EQ(said("Basic " + std::string(4000, 'Y')), "none") << "too long";
}

}  // namespace
}  // namespace teal::proxy
