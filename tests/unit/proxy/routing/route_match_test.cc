#include "proxy/routing/route_match.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

using config::HeaderMatch;
using config::Match;
using Kind = HeaderMatch::Kind;

Match match(std::string path, bool is_exact = false, std::vector<std::string> methods = {},
            std::vector<HeaderMatch> headers = {}) {
  Match result;
  result.path = std::move(path);
  result.is_exact = is_exact;
  result.methods = std::move(methods);
  result.headers = std::move(headers);
  return result;
}

bool meets(const Match& wanted, const std::string& method, const std::vector<std::string>& fields) {
  const auto head = test::request_head(method + " / HTTP/1.1", fields);
  return meets_conditions(wanted, head.head);
}

TEST(RouteMatch, AsksForOneOfTheMethods) {
  const Match wanted = match("/", false, {"GET", "PROPFIND"});
  EXPECT_TRUE(meets(wanted, "GET", {}));
  EXPECT_TRUE(meets(wanted, "PROPFIND", {}));
  EXPECT_FALSE(meets(wanted, "HEAD", {})) << "GET says nothing of HEAD";
  EXPECT_FALSE(meets(wanted, "get", {})) << "methods are case-sensitive";
}

TEST(RouteMatch, AsksForAllOfTheHeaders) {
  const Match wanted =
      match("/", false, {},
            {{"x-a", Kind::exact, "1"}, {"x-b", Kind::prefix, "eu-"}, {"x-c", Kind::present, ""}});
  EXPECT_TRUE(meets(wanted, "GET", {"X-A: 1", "x-b: eu-west", "X-C:"}));
  EXPECT_FALSE(meets(wanted, "GET", {"X-A: 1", "x-b: eu-west"}));
  EXPECT_FALSE(meets(wanted, "GET", {"X-A: 12", "x-b: eu-west", "x-c: y"}));
  EXPECT_FALSE(meets(wanted, "GET", {"X-A: 1", "x-b: eu", "x-c: y"}));
  EXPECT_TRUE(meets(wanted, "GET", {"X-A: 2", "x-a: 1", "x-b: eu-", "x-c: y"}))
      << "one of the lines is enough";
}

TEST(RouteMatch, AsksTheMoreParticularOneFirst) {
  const std::vector<Match> ordered = {
      match("/a/b/c"),
      match("/a/b", true, {"GET"}),
      match("/a/b", true),
      match("/a/b", false, {"GET"}, {{"x", Kind::present, ""}}),
      match("/a/b", false, {"GET"}),
      match("/a/b", false, {}, {{"x", Kind::present, ""}, {"y", Kind::present, ""}}),
      match("/a/b", false, {}, {{"x", Kind::exact, "1"}}),
      match("/a/b"),
      match("/a"),
      match("/"),
  };
  std::vector<Match> sorted(ordered.rbegin(), ordered.rend());
  std::stable_sort(sorted.begin(), sorted.end(), comes_before);
  EXPECT_EQ(sorted, ordered);
}

TEST(RouteMatch, KeepsTheOrderOfWhatIsEquallyParticular) {
  EXPECT_FALSE(comes_before(match("/a", false, {"GET"}), match("/a", false, {"PUT"})));
  EXPECT_FALSE(comes_before(match("/a", false, {"PUT"}), match("/a", false, {"GET"})));
}

}  // namespace
}  // namespace teal::proxy
