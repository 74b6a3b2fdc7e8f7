// Names for whoever is typing: found, or silently not.
#include "app/client/known_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace teal::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

KnownNames names_in(Result<AdminAnswer> answer) {
  return ask_for_names([&](const std::string&) { return answer; });
}

TEST(KnownNames, AreThoseOfServicesAndOfTheirRunningOrLastDeployments) {
  const KnownNames names = names_in(AdminAnswer{200, R"({"services": [
    {"name": "shop", "live": "blue", "last_deployment": {"id": "d-2"},
     "deployment": {"id": "d-3", "revision": "v2", "status": "Baking"}},
    {"name": "cart", "live": "green", "deployment": null,
     "last_deployment": {"id": "d-1", "revision": "v7", "status": "Succeeded"}},
    {"name": "new", "live": "blue", "deployment": null, "last_deployment": null}]})"});
  EXPECT_THAT(names.services, ElementsAre(Pair("shop", "live blue"), Pair("cart", "live green"),
                                          Pair("new", "live blue")));
  EXPECT_THAT(names.deployments,
              ElementsAre(Pair("d-3", "shop v2, Baking"), Pair("d-1", "cart v7, Succeeded")));
}

TEST(KnownNames, AreNoneThatAShellWouldTakeForMore) {
  for (const char* name : {"$(id)", "`id`", "a b", "a;b", "-rf", "--admin", "a/b", "~", "a\\nb",
                           "\\u001b[2J", "a'", "\u00e9"}) {
    const std::string text = name;
    const KnownNames names = names_in(AdminAnswer{
        200, R"({"services":[{"name":")" + text + R"(","deployment":{"id":"d-1"}},)" +
                 R"({"name":"shop","live":"\u001b[2J","deployment":{"id":")" + text + R"("}}]})"});
    EXPECT_THAT(names.services, ElementsAre(Pair("shop", R"(live \x1b[2J)"))) << name;
    EXPECT_THAT(names.deployments, IsEmpty()) << name;
  }
}

TEST(KnownNames, AreAThousandAtMost) {
  std::string body = R"({"services":[)";
  for (int i = 0; i < 1500; ++i) body += R"({"name":"shop"},)";
  EXPECT_THAT(names_in(AdminAnswer{200, body + "{}]}"}).services, ::testing::SizeIs(1000));
}

TEST(KnownNames, AreNoneWhereTheAnswerIsNone) {
  EXPECT_THAT(names_in(Error{Source::upstream, "nobody"}).services, IsEmpty());
  EXPECT_THAT(names_in(AdminAnswer{503, R"({"services":[{"name":"a"}]})"}).services, IsEmpty());
  for (const char* body :
       {"", "[]", "{}", R"({"services":1})", R"({"services":[1,{},{"name":2}]})"})
    EXPECT_THAT(names_in(AdminAnswer{200, body}).services, IsEmpty()) << body;
}

}  // namespace
}  // namespace teal::app
