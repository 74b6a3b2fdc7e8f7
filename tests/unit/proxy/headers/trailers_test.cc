#include "proxy/headers/trailers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Names = std::vector<std::string>;

Names picked(const Names& lines, const config::HeaderEdits& edits = {},
             std::string_view connection = {}) {
  const auto owned = test::request_head("GET / HTTP/1.1", lines);
  net::Fields fields;
  pick_trailers(owned.head.fields, ConnectionNames(connection), &edits, fields);
  Names names;
  for (const net::Field& field : fields) names.emplace_back(fields.name(field));
  return names;
}

TEST(Trailers, GoOnUnlessTheyMayNotStandThere) {
  EXPECT_THAT(picked({"x-checksum: 1", "grpc-status: 0", "server-timing: a"}),
              ElementsAre("x-checksum", "grpc-status", "server-timing"));
  EXPECT_THAT(picked({"Content-Length: 1", "Host: a", "Authorization: b", "If-Match: c", "TE: d",
                      "X-Forwarded-For: e", "Via: f", "Set-Cookie: g", "x-teal-shield: h"}),
              IsEmpty());
}

TEST(Trailers, MayNotReadLikeOneOfThose) {
  EXPECT_THAT(picked({"Content_Length: 1", "X_Forwarded_For: e", "X_Forwarded_Client_Cert: f",
                      "Content_Type: g", "If_Match: h", "X_Request_Id: i", "x_sum: 1"}),
              ElementsAre("x_sum"));
}

TEST(Trailers, DoNotGoRoundTheEditsOfTheHead) {
  config::HeaderEdits edits;
  edits.remove = {"x-internal"};
  edits.set = {{"x-user", "safe"}};
  edits.add = {{"x-tag", "a"}};
  EXPECT_THAT(picked({"X-Internal: 1", "x-user: forged", "X_User: forged", "x-tag: b"}, edits),
              ElementsAre("x-tag"));
}

TEST(Trailers, ThatConnectionNamesEndHere) {
  EXPECT_THAT(picked({"x-hop: 1", "x-sum: 2"}, {}, "close, X-Hop"), ElementsAre("x-sum"));
}

}  // namespace
}  // namespace teal::proxy
