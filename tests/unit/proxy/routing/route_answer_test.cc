#include "proxy/routing/route_answer.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

using config::NewPath;
using config::Redirect;

constexpr auto kPrefix = NewPath::Kind::prefix;

std::string moved(const std::string& to, std::string_view prefix, std::string_view path) {
  return replaced_path({kPrefix, to}, prefix, path);
}

TEST(ReplacedPath, TakesThePlaceOfThePrefixOnSegmentBorders) {
  EXPECT_EQ(moved("/b", "/a", "/a"), "/b");
  EXPECT_EQ(moved("/b", "/a", "/a/"), "/b/");
  EXPECT_EQ(moved("/b", "/a", "/a/x/y"), "/b/x/y");
  EXPECT_EQ(moved("/b/", "/a", "/a/x"), "/b/x");
  EXPECT_EQ(moved("/b", "/a/", "/a/x"), "/b/x");
  EXPECT_EQ(moved("/", "/a", "/a"), "/");
  EXPECT_EQ(moved("/", "/a", "/a/x"), "/x");
  EXPECT_EQ(moved("/b", "/", "/"), "/b/");
  EXPECT_EQ(moved("/b", "/", "/x"), "/b/x");
}

TEST(ReplacedPath, TakesThePlaceOfTheWholeOrOfNothing) {
  EXPECT_EQ(replaced_path({NewPath::Kind::whole, "/b"}, "/a", "/a/x"), "/b");
  EXPECT_EQ(replaced_path({NewPath::Kind::same, ""}, "/a", "/a/x"), "/a/x");
  EXPECT_EQ(moved("/b", "/", "*"), "*");
}

TEST(RedirectLocation, SaysOnlyWhatIsAnother) {
  Redirect redirect;
  redirect.path = {kPrefix, "/new"};
  EXPECT_EQ(redirect_location(redirect, "/old", {"h:80", "/old/x?q=1&r", false}), "/new/x?q=1&r");
  redirect.scheme = "https";
  EXPECT_EQ(redirect_location(redirect, "/old", {"h:8080", "/old", false}), "https://h/new");
  EXPECT_EQ(redirect_location(redirect, "/old", {"[::1]:8080", "/old", false}),
            "https://[::1]/new");
  redirect.port = 8443;
  EXPECT_EQ(redirect_location(redirect, "/old", {"h", "/old?", false}), "https://h:8443/new?");
  redirect.port = 443;
  EXPECT_EQ(redirect_location(redirect, "/old", {"h", "/old", false}), "https://h/new");
}

TEST(RedirectLocation, KeepsTheSchemeAndThePathThatCame) {
  Redirect redirect;
  redirect.host = "www.example.com";
  EXPECT_EQ(redirect_location(redirect, "/", {"example.com", "/a?b", true}),
            "https://www.example.com/a?b");
  EXPECT_EQ(redirect_location(redirect, "/", {"example.com", "/a?b", false}),
            "http://www.example.com/a?b");
  EXPECT_EQ(redirect_location(redirect, "/", {"example.com", "*", false}),
            "http://www.example.com/");
}

TEST(RedirectLocation, LeadsToNoOtherHostByTwoSlashes) {
  Redirect redirect;
  redirect.path = {kPrefix, "/"};
  for (const char* path : {"//evil.com/x", "/\\evil.com/x", "///evil.com/x"})
    EXPECT_EQ(redirect_location(redirect, "/", {"h", path, false}), "/evil.com/x") << path;
  // A request of HTTP/1.0 that names no host can be sent to a path only.
  redirect.scheme = "https";
  EXPECT_EQ(redirect_location(redirect, "/", {"", "//evil.com", false}), "/evil.com");
}

}  // namespace
}  // namespace teal::proxy
