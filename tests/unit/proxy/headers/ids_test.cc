#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "proxy/headers/rewrite.h"
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

TEST(RequestIds, BeginNoTraceWhereThereIsNone) {
  EXPECT_EQ(ids_of({}, false).trace, std::nullopt);
  EXPECT_EQ(ids_of({}, true).trace_id(), "");
  EXPECT_EQ(ids_of({"tracestate: a=1"}, true).trace, std::nullopt);
}

TEST(RequestIds, HaveTheIdOfAValidTraceWhateverItsFlags) {
  const std::string stem{kParent.substr(0, 53)};
  for (const char* flags : {"00", "01", "02", "03", "ff"})
    EXPECT_EQ(with_parent(stem + flags).trace_id(), "0af7651916cd43dd8448eb211c80319c") << flags;
}

TEST(RequestIds, AreThoseOfTheLastRequestOnly) {
  const auto traced =
      test::request_head("GET / HTTP/1.1", {"traceparent: " + std::string{kParent}});
  const auto untraced = test::request_head("GET / HTTP/1.1", {});
  Rng rng{7};
  RequestIds ids;
  make_request_ids(traced.head, Peer{"10.0.0.1"}, rng, ids);
  EXPECT_TRUE(ids.trace.has_value());
  make_request_ids(untraced.head, Peer{"10.0.0.1"}, rng, ids);
  EXPECT_EQ(ids.trace, std::nullopt);
}

TEST(RequestIds, ReadHigherVersionsOfTraceparentAsFarAsTheyAreKnown) {
  std::string parent{kParent};
  parent[1] = '1';
  EXPECT_TRUE(with_parent(parent).trace.has_value());
  EXPECT_TRUE(with_parent(parent + "-what-ever").trace.has_value());
  EXPECT_FALSE(with_parent(parent + "x").trace.has_value());
}

TEST(RequestIds, HaveNoTraceForAnyTraceparentThatBreaksARule) {
  const std::string good{kParent};
  const auto changed = [&](std::size_t at, std::string_view text) {
    return std::string{good}.replace(at, text.size(), text);
  };
  for (const std::string& parent :
       {changed(0, "ff"), changed(3, std::string(32, '0')), changed(36, std::string(16, '0')),
        changed(3, "A"), changed(40, "g"), changed(53, "0G"), changed(2, "_"), changed(35, "_"),
        changed(52, "_"), changed(0, "0x"), good + "-", good + "0", good.substr(0, 54),
        std::string{}, std::string{"00"}})
    EXPECT_FALSE(with_parent(parent).trace.has_value()) << parent;
}

TEST(RequestIds, HaveNoTraceWhereTwoAreGiven) {
  const std::string line = "traceparent: " + std::string{kParent};
  EXPECT_FALSE(ids_of({line, line}, false).trace.has_value());
}

}  // namespace
}  // namespace teal::proxy
