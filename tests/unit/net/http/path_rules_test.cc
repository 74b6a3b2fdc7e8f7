#include "net/http/path_rules.h"

#include <gtest/gtest.h>

namespace teal::net {
namespace {

using config::PathAnomalyAction;
using config::PathRules;

constexpr PathRules kStrict{PathAnomalyAction::refuse, PathAnomalyAction::refuse,
                            PathAnomalyAction::refuse, PathAnomalyAction::refuse,
                            PathAnomalyAction::refuse};
constexpr PathRules kPass{PathAnomalyAction::pass,
                          PathAnomalyAction::pass,
                          PathAnomalyAction::pass,
                          PathAnomalyAction::pass,
                          PathAnomalyAction::pass,
                          false,
                          false};

/// The path that is routed and forwarded, or the name of the rule that refuses it.
std::string settled(std::string_view path, const PathRules& rules = {}) {
  if (scan_path_bytewise(path).is_plain) return std::string(path);
  std::string out;
  const Refusal refusal = normalise_path(path, rules, out);
  return refusal == Refusal::none ? out : std::string(to_string(refusal));
}

struct Vector {
  std::string_view path, usual, strict;
};

constexpr Vector kVectors[] = {
    {"/", "/", "/"},
    {"/a/b.c/d..e/.f/...", "/a/b.c/d..e/.f/...", "/a/b.c/d..e/.f/..."},
    {"*", "*", "*"},
    // dot segments (RFC 3986, section 5.2.4)
    {"/a/b/c/./../../g", "/a/g", "path_dot_segment"},
    {"/..", "/", "path_dot_segment"},
    {"/.", "/", "path_dot_segment"},
    {"/../../a", "/a", "path_dot_segment"},
    {"/a/..", "/", "path_dot_segment"},
    {"/a/b/..", "/a/", "path_dot_segment"},
    {"/a/.", "/a/", "path_dot_segment"},
    {"/a/./", "/a/", "path_dot_segment"},
    {"/public/../admin", "/admin", "path_dot_segment"},
    {"/public/%2e%2e/admin", "/admin", "path_escape_needless"},
    {"/public/.%2E/admin", "/admin", "path_escape_needless"},
    {"/public/%2e/x", "/public/x", "path_escape_needless"},
    // dots that others would find
    {"/public/..%2fadmin", "path_dots_hidden", "path_slash_encoded"},
    {"/public%2f..%2Fadmin", "path_dots_hidden", "path_slash_encoded"},
    {"/public/..%5cadmin", "path_dots_hidden", "path_slash_encoded"},
    {"/public/%2e%2e%2fadmin", "path_dots_hidden", "path_escape_needless"},
    {"/public/x%2F%2e%2e", "path_dots_hidden", "path_slash_encoded"},
    {"/public/..;/admin", "path_dots_hidden", "path_dots_hidden"},
    {"/public/.;x=y/admin", "path_dots_hidden", "path_dots_hidden"},
    {"/public/..%3B/admin", "path_dots_hidden", "path_dots_hidden"},
    {"/public/..%3bx/admin", "path_dots_hidden", "path_dots_hidden"},
    {"/public/a..%3B/admin", "/public/a..%3B/admin", "/public/a..%3B/admin"},
    // slashes
    {"//", "/", "path_double_slash"},
    {"//admin", "/admin", "path_double_slash"},
    {"/a//b///c", "/a/b/c", "path_double_slash"},
    {"/a//", "/a/", "path_double_slash"},
    {"/a//../b", "/b", "path_double_slash"},
    {"/group%2fproject", "/group%2Fproject", "path_slash_encoded"},
    {"/group%2Fproject", "/group%2Fproject", "path_slash_encoded"},
    {"/a%5Cb", "/a%5Cb", "path_slash_encoded"},
    {"/a\\b", "path_backslash", "path_backslash"},
    {"/a\\..\\b", "path_backslash", "path_backslash"},
    // escapes
    {"/%61dmin", "/admin", "path_escape_needless"},
    {"/%7Euser/%2D%5F", "/~user/-_", "path_escape_needless"},
    {"/a%20b%c3%a9", "/a%20b%C3%A9", "/a%20b%C3%A9"},
    {"/%252e%252e/%2561", "/%252e%252e/%2561", "/%252e%252e/%2561"},
    {"/a%3Fb%23c%25", "/a%3Fb%23c%25", "/a%3Fb%23c%25"},
    {"/a%", "path_escape_malformed", "path_escape_malformed"},
    {"/a%2", "path_escape_malformed", "path_escape_malformed"},
    {"/a%zz", "path_escape_malformed", "path_escape_malformed"},
    {"/a%u0041", "path_escape_malformed", "path_escape_malformed"},
    {"/a%00.png", "path_control_encoded", "path_control_encoded"},
    {"/a%0d%0aset-cookie:x", "path_control_encoded", "path_control_encoded"},
    {"/a%7f", "path_control_encoded", "path_control_encoded"},
};

TEST(PathRules, SettleWhatCouldBeUnderstoodInTwoWays) {
  for (const Vector& each : kVectors) EXPECT_EQ(settled(each.path), each.usual) << each.path;
}

TEST(PathRules, RefuseAllOfItWhereTheyAreStrict) {
  for (const Vector& each : kVectors)
    EXPECT_EQ(settled(each.path, kStrict), each.strict) << each.path;
}

TEST(PathRules, LeaveEveryByteWhereAllMayPass) {
  for (const Vector& each : kVectors) EXPECT_EQ(settled(each.path, kPass), each.path) << each.path;
}

TEST(PathRules, ComeToRestAtOnce) {
  for (const Vector& each : kVectors) {
    if (!each.usual.starts_with('/')) continue;
    EXPECT_EQ(settled(each.usual), each.usual) << each.path;
    EXPECT_LE(each.usual.size(), each.path.size());
  }
}

TEST(PathRules, DecodeSlashesWhereTheyAreToldTo) {
  PathRules rules;
  rules.encoded_slashes = rules.backslashes = PathAnomalyAction::normalise;
  EXPECT_EQ(settled("/group%2fproject", rules), "/group/project");
  EXPECT_EQ(settled("/public%2f..%2fadmin", rules), "/admin");
  EXPECT_EQ(settled("/a\\..\\b", rules), "/b");
  EXPECT_EQ(settled("/a%5c%2Fb", rules), "/a/b");
}

TEST(PathRules, FindDotsThatMayStayEncoded) {
  PathRules rules;
  rules.needless_escapes = PathAnomalyAction::pass;
  EXPECT_EQ(settled("/a/%2e%2e/%62", rules), "/%62");
  EXPECT_EQ(settled("/a/%2e%2e%2fb", rules), "path_dots_hidden");
  rules.dot_segments = PathAnomalyAction::refuse;
  EXPECT_EQ(settled("/a/.%2e/b", rules), "path_dot_segment");
}

TEST(PathRules, KeepDoubleSlashesWhereTheyMayPass) {
  PathRules rules;
  rules.double_slashes = PathAnomalyAction::pass;
  EXPECT_EQ(settled("/proxy/http://x/./y", rules), "/proxy/http://x/y");
  EXPECT_EQ(settled("//a//", rules), "//a//");
}

using config::PathParameters;

std::string routed(std::string_view path, const PathRules& rules = {}) {
  std::string buffer;
  return std::string(routed_path(path, rules, buffer));
}

TEST(PathParameters, GoOnAsTheyCameOrNotAtAllOrAreRefused) {
  struct Case {
    std::string_view path, passed, stripped, routed;
  };
  constexpr Case kCases[] = {
      {"/private;a", "/private;a", "/private", "/private"},
      {"/private;a/x;b=1;c/y", "/private;a/x;b=1;c/y", "/private/x/y", "/private/x/y"},
      {"/private/;a", "/private/;a", "/private/", "/private/"},
      {"/;a", "/;a", "/", "/"},
      {"/x/;a/y", "/x/;a/y", "/x/y", "/x/y"},
      {"/x/;a/;b", "/x/;a/;b", "/x/", "/x/"},
      {"/x;/../y", "/y", "/y", "/y"},
      {"/x/;a/../y", "/x/y", "/x/y", "/x/y"},
      // An encoded one is data, but not to everybody who routes by it.
      {"/private%3ba", "/private%3Ba", "/private%3Ba", "/private"},
      {"/a%3bb;c/d", "/a%3Bb;c/d", "/a%3Bb/d", "/a/d"},
      {"/x/%3bb/y", "/x/%3Bb/y", "/x/%3Bb/y", "/x/y"},
      // never dots
      {"/public/..;/admin", "path_dots_hidden", "path_dots_hidden", ""},
      {"/public/%2e;x/admin", "path_dots_hidden", "path_dots_hidden", ""},
      {"/public/..%3b/admin", "path_dots_hidden", "path_dots_hidden", ""},
      {"/public/x%2f..;/admin", "path_dots_hidden", "path_dots_hidden", ""},
  };
  PathRules strip;
  strip.parameters = PathParameters::strip;
  PathRules refuse;
  refuse.parameters = PathParameters::refuse;
  for (const Case& each : kCases) {
    EXPECT_EQ(settled(each.path), each.passed) << each.path;
    EXPECT_EQ(settled(each.path, strip), each.stripped) << each.path;
    if (each.routed.empty()) continue;
    EXPECT_EQ(routed(each.passed), each.routed) << each.path;
    EXPECT_EQ(routed(each.stripped, strip), each.routed) << each.path;
    EXPECT_EQ(settled(each.stripped, strip), each.stripped) << each.path;
    const bool has_any = each.passed != each.routed;
    EXPECT_EQ(settled(each.path, refuse), has_any ? "path_parameters" : each.passed) << each.path;
  }
}

TEST(PathParameters, LeaveNothingOddWhereTheyAreTakenAway) {
  PathRules rules;
  rules.parameters = PathParameters::strip;
  rules.double_slashes = PathAnomalyAction::refuse;
  EXPECT_EQ(settled("/x/;a/y", rules), "path_double_slash");
  rules.parameters = PathParameters::pass;
  EXPECT_EQ(settled("/x/;a/y", rules), "path_double_slash");
  EXPECT_EQ(settled("/x/y/;a", rules), "/x/y/;a");
  PathRules lax = kPass;
  EXPECT_EQ(settled("/x/..;a/y", lax), "/x/..;a/y");
  EXPECT_EQ(settled("/x/;a/y", lax), "/x/;a/y");
  EXPECT_EQ(routed("/x/;a/y", lax), "/x//y");
  lax.parameters = PathParameters::strip;
  EXPECT_EQ(settled("/x/..;a/y", lax), "path_dots_hidden");
  EXPECT_EQ(settled("/x/../y;a", lax), "/x/../y");
  EXPECT_EQ(settled("/x/;a/y", lax), "/x//y");
}

TEST(PathParameters, BelongToTheSegmentThatARouteCovers) {
  const auto covered = [](std::string_view path, std::string_view prefix) {
    return path.substr(0, forwarded_size(path, {}, prefix.size()));
  };
  EXPECT_EQ(covered("/a;x/b", "/a"), "/a;x");
  EXPECT_EQ(covered("/a;x/b", "/a/"), "/a;x/");
  EXPECT_EQ(covered("/a;x/b;y", "/a/b"), "/a;x/b;y");
  EXPECT_EQ(covered("/a;x/b", "/"), "/");
  EXPECT_EQ(covered("/a/;x/b;y/c", "/a/b"), "/a/;x/b;y");
  EXPECT_EQ(covered("/a%3Bx/b", "/a"), "/a%3Bx");
  EXPECT_EQ(covered("/a/b", "/a"), "/a");
  EXPECT_EQ(covered("*", "/"), "*");
}

/// The target as it stands in a head, with so much behind it that it can be read in blocks.
PathScan look_in_head(const std::string& target, const std::string& behind) {
  const std::string head = target + behind + std::string(32, 'h');
  return scan_path(std::string_view(head).substr(0, target.size()), head.size());
}

TEST(PathRules, SeeAnOddityAtEveryPlace) {
  for (std::size_t size = 2; size < 40; ++size)
    for (std::size_t at = 1; at < size; ++at)
      for (const std::string_view odd : {"%41", "\\", "//", "/.", "/./", "/../", ";"}) {
        const std::string plain = "/" + std::string(size, 'x');
        std::string path = plain;
        path.replace(at, odd.size(), odd);
        for (const std::string query : {"", "?", "?q=//%/../"}) {
          EXPECT_TRUE(look_in_head(plain + query, " HTTP/1.1").is_plain) << plain << query;
          EXPECT_EQ(look_in_head(plain + query, " HTTP/1.1").size, plain.size());
          EXPECT_FALSE(look_in_head(path + query, " HTTP/1.1").is_plain) << path << query;
          EXPECT_EQ(look_in_head(path + query, " HTTP/1.1").size, path.size());
        }
      }
}

TEST(PathRules, LookNoFurtherThanThePath) {
  for (const std::string behind : {" HTTP/1.1", "%", "?", "\\//../"}) {
    EXPECT_TRUE(look_in_head("/", " HTTP/1.1").is_plain);
    EXPECT_TRUE(look_in_head("/a", behind).is_plain) << behind;
    EXPECT_EQ(look_in_head("/a", behind).size, 2U) << behind;
    EXPECT_TRUE(look_in_head("/a?" + behind, behind).is_plain) << behind;
    EXPECT_TRUE(look_in_head("*", behind).is_plain) << behind;
    EXPECT_EQ(look_in_head("/23456789012345" + behind, "").size,
              behind.starts_with('?') ? 15U : 15U + behind.size());
  }
  EXPECT_EQ(scan_path("/abc?d", 6).size, 4U) << "with nothing behind it";
  EXPECT_EQ(scan_path("", 0).size, 0U);
}

TEST(PathRules, NoEscapeIsMadeOfWhatPassedAndWhatWasDecoded) {
  PathRules rules;
  rules.refuses_malformed_escapes = false;
  rules.encoded_slashes = PathAnomalyAction::refuse;
  for (const char* path : {"/a%%32F", "/a%2%46", "/a%%300", "/a%4%41", "/a%%41B"}) {
    EXPECT_EQ(settled(path, rules), path);
    EXPECT_EQ(settled(settled(path, rules), rules), path);
  }
  EXPECT_EQ(settled("/a%%7e%%2e", rules), "/a%~%.");
  EXPECT_EQ(settled("/a%zz%41", rules), "/a%zzA");
}

}  // namespace
}  // namespace teal::net
