#include "proxy/headers/edits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/headers/rewrite.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The lines of a request as a target sees it after these edits.
std::vector<std::string> forwarded(const std::vector<std::string>& fields,
                                   const config::HeaderEdits& edits) {
  auto head = test::request_head("GET /a HTTP/1.1", fields);
  ByteBuffer bytes;
  bytes += std::string_view(head.head.fields.bytes(), head.head.size);
  head.head.fields.rebase(bytes.data());
  edit_head(head.head, edits, bytes);
  ByteBuffer out;
  Rng rng(1);
  RequestIds ids;
  make_request_ids(head.head, {}, rng, ids);
  append_request_head(out, head.head, {{}, {}, "127.0.0.1:1", ids, Hop{1}});
  return test::lines_of(out.view());
}

std::vector<std::string> returned(const std::vector<std::string>& fields,
                                  const config::HeaderEdits& edits) {
  auto head = test::response_head("HTTP/1.1 200 OK", fields);
  ByteBuffer bytes;
  bytes += std::string_view(head.head.fields.bytes(), head.head.size);
  head.head.fields.rebase(bytes.data());
  edit_head(head.head, edits, bytes);
  ByteBuffer out;
  append_response_head(out, head.head, {});
  return test::lines_of(out.view());
}

TEST(HeaderEdits, RemoveSetAndAdd) {
  config::HeaderEdits edits;
  edits.remove = {"x-gone"};
  edits.set = {{"x-set", "new"}};
  edits.add = {{"x-add", "two"}, {"x-empty", ""}};
  const auto lines = forwarded({"Host: h", "X-Gone: 1", "x-gone: 2", "X-Set: old", "x-set: older",
                                "X-Add: one", "x-kept: k"},
                               edits);
  EXPECT_THAT(test::values_of(lines, "x-gone"), IsEmpty());
  EXPECT_THAT(test::values_of(lines, "x-set"), ElementsAre("new"));
  EXPECT_THAT(test::values_of(lines, "x-add"), ElementsAre("one", "two"));
  EXPECT_THAT(test::values_of(lines, "x-empty"), ElementsAre(""));
  EXPECT_THAT(test::values_of(lines, "x-kept"), ElementsAre("k"));
  EXPECT_THAT(test::values_of(lines, "host"), ElementsAre("h"));
  EXPECT_EQ(lines.front(), "GET /a HTTP/1.1");
}

TEST(HeaderEdits, CannotBeNamedAwayByConnection) {
  config::HeaderEdits edits;
  edits.set = {{"x-tenant", "safe"}};
  const auto lines = forwarded(
      {"Host: h", "Connection: x-tenant, x-private, te", "X-Private: p", "TE: trailers"}, edits);
  EXPECT_THAT(test::values_of(lines, "x-tenant"), ElementsAre("safe"));
  EXPECT_THAT(test::values_of(lines, "x-private"), IsEmpty());
  EXPECT_THAT(test::values_of(lines, "te"), ElementsAre("trailers"));
}

TEST(HeaderEdits, AlsoMeanNamesThatSomeApplicationsReadAlike) {
  config::HeaderEdits edits;
  edits.set = {{"x-user", "safe"}};
  edits.remove = {"x-internal", "x_odd"};
  const auto lines =
      forwarded({"Host: h", "X_User: forged", "x.internal: 1", "X_Odd: 2", "x-odd: 3"}, edits);
  EXPECT_THAT(test::values_of(lines, "x-user"), ElementsAre("safe"));
  EXPECT_THAT(test::values_of(lines, "x_user"), IsEmpty());
  EXPECT_THAT(test::values_of(lines, "x.internal"), IsEmpty());
  EXPECT_THAT(test::values_of(lines, "x_odd"), IsEmpty());
  EXPECT_THAT(test::values_of(lines, "x-odd"), ElementsAre("3")) << "nobody said so of this one";
}

TEST(HeaderEdits, ChangeResponsesLikewise) {
  config::HeaderEdits edits;
  edits.remove = {"server", "x-powered-by"};
  edits.add = {{"set-cookie", "b=2"}, {"x-frame-options", "DENY"}};
  const auto lines = returned(
      {"Server: Apache/1.3", "X-Powered-By: PHP", "Set-Cookie: a=1", "Connection: x-frame-options"},
      edits);
  EXPECT_THAT(test::values_of(lines, "server"), IsEmpty());
  EXPECT_THAT(test::values_of(lines, "x-powered-by"), IsEmpty());
  EXPECT_THAT(test::values_of(lines, "set-cookie"), ElementsAre("a=1", "b=2"));
  EXPECT_THAT(test::values_of(lines, "x-frame-options"), ElementsAre("DENY"));
}

TEST(HeaderEdits, AreWrittenWhereTheHeadGrowsManyTimes) {
  config::HeaderEdits edits;
  for (int i = 0; i < 50; ++i)
    edits.add.push_back({"x-" + std::to_string(i), std::string(1000, 'v')});
  const auto lines = forwarded({"Host: h", "x-kept: k"}, edits);
  EXPECT_THAT(lines, Contains("x-49: " + std::string(1000, 'v')));
  EXPECT_THAT(lines, Contains("x-kept: k"));
}

}  // namespace
}  // namespace teal::proxy
