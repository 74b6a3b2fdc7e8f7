#include "proxy/telemetry/logged_target.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

using Query = config::AccessLog::Query;

std::string redacted(std::string_view target) {
  ByteBuffer room;
  return std::string(logged_target(target, Query::redacted, room));
}

TEST(SecretName, IsToldByAPartOrByAWord) {
  for (const char* name : {"token",
                           "access_token",
                           "id_token_hint",
                           "TOKEN",
                           "accessToken",
                           "%74oken",
                           "api%5Fkey",
                           "key",
                           "api-key",
                           "apiKey",
                           "X-Amz-Signature",
                           "X-Amz-Credential",
                           "X-Amz-Security-Token",
                           "sig",
                           "code",
                           "client_secret",
                           "password",
                           "passwd",
                           "user[password]",
                           "auth",
                           "oauth_x",
                           "Authorization",
                           "sessionid",
                           "PHPSESSID",
                           "jsessionid",
                           "jwt",
                           "SAMLResponse",
                           "pwd"})
    EXPECT_TRUE(is_secret_name(name)) << name;
  for (const char* name : {"", "q", "page", "author", "monkey", "keyboard", "codec", "design",
                           "signal", "passenger", "tok", "item", "%zz", "pinned"})
    EXPECT_FALSE(is_secret_name(name)) << name;
}

TEST(LoggedTarget, IsTheTextItselfWhereAllIsTold) {
  const std::string_view target = "/a?token=1#key=2";
  ByteBuffer room;
  EXPECT_EQ(logged_target(target, Query::full, room).data(), target.data());
  EXPECT_EQ(room.capacity(), 0U) << "nothing was copied";
}

TEST(LoggedTarget, EndsWithThePathWhereNothingIsTold) {
  ByteBuffer room;
  EXPECT_EQ(logged_target("/a/b?token=1", Query::none, room), "/a/b");
  EXPECT_EQ(logged_target("https://x/y?q#f", Query::none, room), "https://x/y");
  EXPECT_EQ(logged_target("/a", Query::none, room), "/a");
  EXPECT_EQ(logged_target("/a;jsessionid=77/b?x=1", Query::none, room), "/a;jsessionid=REDACTED/b");
  EXPECT_EQ(logged_target("*", Query::none, room), "*");
  EXPECT_EQ(logged_target("", Query::none, room), "");
}

TEST(LoggedTarget, KeepsNamesAndWhatIsNotSecret) {
  EXPECT_EQ(redacted("/a?q=shoes&token=abc&page=2"), "/a?q=shoes&token=REDACTED&page=2");
  EXPECT_EQ(redacted("/a?key=1&key=2"), "/a?key=REDACTED&key=REDACTED");
  EXPECT_EQ(redacted("/a?q=shoes"), "/a?q=shoes");
  EXPECT_EQ(redacted("/a"), "/a");
  EXPECT_EQ(redacted("/a?"), "/a?");
  EXPECT_EQ(redacted("/a?token"), "/a?token");
  EXPECT_EQ(redacted("/a?token="), "/a?token=");
  EXPECT_EQ(redacted("/a?=x&&token=y&"), "/a?=x&&token=REDACTED&");
}

TEST(LoggedTarget, LetsNoPartOfASecretThrough) {
  EXPECT_EQ(redacted("/a?token=abc=def?ghi"), "/a?token=REDACTED");
  EXPECT_EQ(redacted("/a#/cb?token=abc"), "/a#/cb?token=REDACTED");
  EXPECT_EQ(redacted("/a?token=abc;def&x=1"), "/a?token=REDACTED&x=1");
  EXPECT_EQ(redacted("/a?x=1;token=abc;y=2&z=3"), "/a?x=1;token=REDACTED&z=3");
  EXPECT_EQ(redacted("/a;jsessionid=1A2B/b;v=1"), "/a;jsessionid=REDACTED/b;v=1");
  EXPECT_EQ(redacted("https://idp/cb#access_token=ey.J&state=1"),
            "https://idp/cb#access_token=REDACTED&state=1");
}

}  // namespace
}  // namespace teal::proxy
