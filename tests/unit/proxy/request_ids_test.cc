#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "proxy/rewrite.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

constexpr std::string_view kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// In `form`, 'h' stands for a lower-case hexadecimal digit, 'v' for a UUID's variant digit, all
/// else for itself.
bool has_form(std::string_view text, std::string_view form) {
  return std::ranges::equal(text, form, [](char c, char wanted) {
    if (wanted == 'h') return std::string_view{"0123456789abcdef"}.find(c) != std::string::npos;
    if (wanted == 'v') return std::string_view{"89ab"}.find(c) != std::string::npos;
    return c == wanted;
  });
}

RequestIds ids_of(const std::vector<std::string>& fields, bool trusted, std::uint64_t seed = 7) {
  const auto owned = test::request_head("GET / HTTP/1.1", fields);
  Rng rng{seed};
  RequestIds ids;
  make_request_ids(owned.head, Peer{"10.0.0.1", trusted}, rng, ids);
  return ids;
}

RequestIds with_parent(const std::string& parent) {
  return ids_of({"traceparent: " + parent}, false);
}

TEST(RequestIds, AreUuidsOfVersionFour) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const RequestIds ids = ids_of({}, true, seed);
    const std::string id{ids.id()};
    EXPECT_TRUE(has_form(id, "hhhhhhhh-hhhh-4hhh-vhhh-hhhhhhhhhhhh")) << id;
    EXPECT_TRUE(seen.insert(id).second) << id;
  }
}

TEST(RequestIds, ContinueTheIdOfATrustedPeer) {
  EXPECT_EQ(ids_of({"X-Request-Id: abc-DEF_1.2"}, true).id(), "abc-DEF_1.2");
  const std::string longest(36, 'a');
  EXPECT_EQ(ids_of({"X-Request-Id: " + longest}, true).id(), longest);
}

TEST(RequestIds, ReplaceAnIdThatIsNotTrustedOrNotSafe) {
  EXPECT_NE(ids_of({"X-Request-Id: abc"}, false).id(), "abc");
  for (const std::string& id :
       {std::string(37, 'a'), std::string{"a b"}, std::string{"a\"b"}, std::string{""}})
    EXPECT_EQ(ids_of({"X-Request-Id: " + id}, true).id().size(), 36U) << id;
}

TEST(RequestIds, StartATraceWhereThereIsNone) {
  const RequestIds ids = ids_of({}, false);
  EXPECT_FALSE(ids.trace_continued);
  const std::string trace{ids.trace()};
  const std::string form = "00-" + std::string(32, 'h') + "-" + std::string(16, 'h') + "-00";
  EXPECT_TRUE(has_form(trace, form)) << trace;
  EXPECT_NE(trace.substr(3, 32), std::string(32, '0'));
}

TEST(RequestIds, ContinueAValidTraceWithASpanOfTheirOwn) {
  const RequestIds ids = with_parent(std::string{kParent});
  EXPECT_TRUE(ids.trace_continued);
  EXPECT_EQ(ids.trace().substr(0, 36), kParent.substr(0, 36));
  EXPECT_NE(ids.trace().substr(36, 16), kParent.substr(36, 16));
  EXPECT_EQ(ids.trace().substr(52), "-01");
}

TEST(RequestIds, PassOnOnlyTheFlagThatLevelOneKnows) {
  const std::string stem{kParent.substr(0, 53)};
  EXPECT_EQ(with_parent(stem + "ff").trace().substr(53), "01");
  EXPECT_EQ(with_parent(stem + "fe").trace().substr(53), "00");
  EXPECT_EQ(with_parent(stem + "0a").trace().substr(53), "00");
}

TEST(RequestIds, ReadHigherVersionsOfTraceparentAsFarAsTheyAreKnown) {
  std::string parent{kParent};
  parent[1] = '1';
  EXPECT_TRUE(with_parent(parent).trace_continued);
  EXPECT_TRUE(with_parent(parent + "-what-ever").trace_continued);
  EXPECT_FALSE(with_parent(parent + "x").trace_continued);
  EXPECT_EQ(with_parent(parent).trace().substr(0, 3), "00-");
}

TEST(RequestIds, StartANewTraceForAnyTraceparentThatBreaksARule) {
  const std::string good{kParent};
  const auto changed = [&](std::size_t at, std::string_view text) {
    return std::string{good}.replace(at, text.size(), text);
  };
  for (const std::string& parent :
       {changed(0, "ff"), changed(3, std::string(32, '0')), changed(36, std::string(16, '0')),
        changed(3, "A"), changed(40, "g"), changed(53, "0G"), changed(2, "_"), changed(35, "_"),
        changed(52, "_"), changed(0, "0x"), good + "-", good + "0", good.substr(0, 54),
        std::string{}, std::string{"00"}})
    EXPECT_FALSE(with_parent(parent).trace_continued) << parent;
}

TEST(RequestIds, StartANewTraceWhereTwoAreGiven) {
  const std::string line = "traceparent: " + std::string{kParent};
  EXPECT_FALSE(ids_of({line, line}, false).trace_continued);
}

}  // namespace
}  // namespace teal::proxy
