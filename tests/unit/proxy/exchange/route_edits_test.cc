// What a route changes of a request and of its response on their way.
#include "proxy/exchange/route_edits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/unit_exchange_parts.h"

namespace teal::proxy {
namespace {

using test::response_head;

class RouteEditsTest : public ExchangePartsTest {
 protected:
  static std::vector<std::string> names(const net::Fields& fields) {
    std::vector<std::string> names;
    for (const net::Field& field : fields) names.emplace_back(fields.name(field));
    return names;
  }
  /// As they come; the head has the bytes.
  static test::OwnedHead<net::ResponseHead> trailers(const std::vector<std::string>& fields) {
    return response_head("HTTP/1.1 200 OK", fields);
  }
};

TEST_F(RouteEditsTest, ThePathAndTheFieldsOfARequestAreEdited) {
  service_->actions.rewrite = {config::NewPath::Kind::prefix, "/new"};
  service_->match[0].path = "/old";
  service_->actions.request_headers.set = {{"x-from", "teal"}};
  ExchangeParts& parts = route("GET /old/a?b HTTP/1.1");
  parts.edits.edit_request();
  EXPECT_EQ(parts.request.head.text(parts.request.head.target), "/new/a?b");
  const net::Field* const field = parts.request.head.fields.find("x-from");
  ASSERT_NE(field, nullptr);
  EXPECT_EQ(parts.request.head.fields.value(*field), "teal");
}

TEST_F(RouteEditsTest, TrailersOfARequestGoNoFurtherUnlessTheRouteSaysSo) {
  ExchangeParts& parts = route();
  EXPECT_FALSE(parts.edits.passes_trailers(parts.grpc));
  const auto sent = trailers({"X-Sum: 1", "X-More: 2"});
  const auto picked = parts.edits.pick_request_trailers(sent.head.fields, parts.grpc);
  ASSERT_TRUE(picked);
  EXPECT_TRUE(picked->empty());
  EXPECT_EQ(counted(Stat::request_trailers), 2U);
}

TEST_F(RouteEditsTest, TrailersOfACallOfGrpcAlwaysGoOn) {
  ExchangeParts& parts = route("POST / HTTP/2", {"Host: shop", "Content-Type: application/grpc"});
  EXPECT_TRUE(parts.edits.passes_trailers(parts.grpc));
}

TEST_F(RouteEditsTest, OfTrailersThatGoOnOnlyThoseThatMayStandThere) {
  service_->actions.passes_request_trailers = true;
  ExchangeParts& parts = route();
  const auto sent = trailers({"X-Sum: 1", "Content-Length: 5"});
  const auto picked = parts.edits.pick_request_trailers(sent.head.fields, parts.grpc);
  ASSERT_TRUE(picked);
  EXPECT_THAT(names(*picked), testing::ElementsAre("X-Sum"));
  EXPECT_EQ(counted(Stat::request_trailers), 1U);
}

TEST_F(RouteEditsTest, NamesThatOtherReadersTakeForTealsAreRefusedInTrailersToo) {
  service_->actions.passes_request_trailers = true;
  room_.config.listeners[0].underscores = config::Underscores::refuse;
  ExchangeParts& parts = route();
  const auto sent = trailers({"X_Sum: 1"});
  EXPECT_FALSE(parts.edits.pick_request_trailers(sent.head.fields, parts.grpc));
  EXPECT_EQ(room_.loop().counters().refused(net::Refusal::field_name_underscored).read(), 1U);
}

TEST_F(RouteEditsTest, TrailersThatTheHeadsConnectionNamedGoNoFurtherThoughTheHeadWasEdited) {
  service_->actions.passes_request_trailers = true;
  service_->actions.request_headers.set = {{"x-from", "teal"}};
  ExchangeParts& parts = take("GET / HTTP/1.1", {"Host: shop", "Connection: x-sum"});
  parts.request.head.connection_names = true;
  ASSERT_TRUE(find_route(parts.request, room_.loop().routes(), parts.serving.route(),
                         parts.response.last_rule));
  parts.edits.edit_request();
  const auto sent = trailers({"X-Sum: 1", "X-More: 2"});
  const auto picked = parts.edits.pick_request_trailers(sent.head.fields, parts.grpc);
  ASSERT_TRUE(picked);
  EXPECT_THAT(names(*picked), testing::ElementsAre("X-More"));
}

TEST_F(RouteEditsTest, TrailersOfAResponseGoOn) {
  ExchangeParts& parts = route();
  const auto sent = trailers({"X-Sum: 1", "Transfer-Encoding: chunked"});
  EXPECT_THAT(names(parts.edits.pick_response_trailers(sent.head.fields)),
              testing::ElementsAre("X-Sum"));
}

TEST_F(RouteEditsTest, TheFieldsOfAResponseAreEdited) {
  service_->actions.response_headers.remove = {"x-secret"};
  ExchangeParts& parts = route();
  auto answer = response_head("HTTP/1.1 200 OK", {"X-Secret: 1", "X-Open: 2"});
  parts.edits.note_response(answer.head);
  parts.edits.edit_response(answer.head, parts.response);
  EXPECT_THAT(names(answer.head.fields), testing::ElementsAre("X-Open"));
  EXPECT_EQ(parts.edits.compressor(), nullptr);
}

TEST_F(RouteEditsTest, AResponseIsCompressedForAClientThatLikesItUntilItsEnd) {
  service_->actions.compress.emplace();
  ExchangeParts& parts = route();
  parts.request.accepted_coding = Coding::gzip;
  auto answer = response_head("HTTP/1.1 200 OK", {"Content-Type: text/plain"});
  answer.head.framing.kind = net::Framing::Kind::until_close;
  parts.edits.edit_response(answer.head, parts.response);
  EXPECT_NE(parts.edits.compressor(), nullptr);
  EXPECT_EQ(parts.response.framing.kind, net::Framing::Kind::chunked);
  parts.edits.end();
  EXPECT_EQ(parts.edits.compressor(), nullptr);
}

TEST_F(RouteEditsTest, NothingIsCompressedForAClientThatKnowsNoChunks) {
  service_->actions.compress.emplace();
  info_.is_http10 = true;
  ExchangeParts& parts = route();
  parts.request.accepted_coding = Coding::gzip;
  auto answer = response_head("HTTP/1.1 200 OK", {"Content-Type: text/plain"});
  parts.edits.edit_response(answer.head, parts.response);
  EXPECT_EQ(parts.edits.compressor(), nullptr);
}

}  // namespace
}  // namespace teal::proxy
