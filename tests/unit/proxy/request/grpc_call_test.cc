// A request as a call of gRPC: which ones are, whose deadline counts, and which status a call ends
// with.
#include "proxy/request/grpc_call.h"

#include <gtest/gtest.h>

#include "proxy/upstream/http1_upstream.h"
#include "proxy/upstream/http2_upstream.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

using std::chrono::seconds;

constexpr Mono kBegan{seconds{1'000}};

test::OwnedHead<net::RequestHead> call_head(const std::vector<std::string>& more = {}) {
  std::vector<std::string> fields{"Host: shop.test", "Content-Type: application/grpc+proto"};
  fields.insert(fields.end(), more.begin(), more.end());
  auto asked = test::request_head("POST /shop.Cart/Add HTTP/1.1", fields);
  asked.head.method = net::Method::post;
  asked.head.minor_version = net::kHttp2;
  return asked;
}

GrpcCall begun() {
  GrpcCall call;
  call.begin(call_head().head);
  return call;
}

std::optional<GrpcStatus> end(const GrpcCall& call, Termination termination = Termination::ok,
                              bool was_cut = false) {
  ResponseState response;
  response.termination = termination;
  response.was_cut = was_cut;
  return call.end(response, {});
}

TEST(GrpcCall, IsOneByItsContentTypeOverHttp2Only) {
  EXPECT_TRUE(begun().is_call());
  auto over_http1 = call_head();
  over_http1.head.minor_version = 1;
  GrpcCall call;
  call.begin(over_http1.head);
  EXPECT_FALSE(call.is_call());
  EXPECT_EQ(end(call), std::nullopt);
}

// ---- the deadline

TEST(GrpcCall, HasTheServicesDeadlineWhereItsClientBringsNone) {
  GrpcCall call = begun();
  EXPECT_EQ(call.take_deadline(call_head().head, kBegan, Mono::max()), Mono::max());
  EXPECT_FALSE(call.has_deadline());
}

TEST(GrpcCall, HasTheEarlierOfBothDeadlines) {
  const auto asked = call_head({"grpc-timeout: 5S"});
  GrpcCall call = begun();
  EXPECT_EQ(call.take_deadline(asked.head, kBegan, kBegan + seconds{9}), kBegan + seconds{5});
  EXPECT_TRUE(call.has_deadline());
  GrpcCall other = begun();
  EXPECT_EQ(other.take_deadline(asked.head, kBegan, kBegan + seconds{3}), kBegan + seconds{3});
  EXPECT_FALSE(other.has_deadline()) << "the service's is over first";
}

TEST(GrpcCall, RefusesADeadlineWithoutAMeaning) {
  GrpcCall call = begun();
  EXPECT_EQ(call.take_deadline(call_head({"grpc-timeout: soon"}).head, kBegan, Mono::max()),
            std::nullopt);
}

TEST(GrpcCall, TakesTheLongestDeadlineThereIsWithoutAnOverflow) {
  GrpcCall call = begun();
  const auto deadline =
      call.take_deadline(call_head({"grpc-timeout: 99999999H"}).head, kBegan, Mono::max());
  ASSERT_TRUE(deadline);
  EXPECT_EQ(*deadline, kBegan + std::chrono::hours{24 * 365});
}

TEST(GrpcCall, LeavesAtItsDeadlineWithinTheClientsRounding) {
  GrpcCall call = begun();
  const Mono deadline =
      *call.take_deadline(call_head({"grpc-timeout: 10S"}).head, kBegan, Mono::max());
  EXPECT_FALSE(call.is_at_deadline(kBegan + seconds{9}, kBegan, deadline));
  EXPECT_TRUE(call.is_at_deadline(deadline - Millis{220}, kBegan, deadline));
  EXPECT_FALSE(call.is_at_deadline(deadline - Millis{221}, kBegan, deadline));
  EXPECT_FALSE(begun().is_at_deadline(deadline, kBegan, deadline)) << "it brought none";
}

// ---- its status

TEST(GrpcCall, KnowsItsStatusFromAHeadWithoutABody) {
  GrpcCall call = begun();
  EXPECT_EQ(call.take_head(test::response_head("HTTP/1.1 200 OK", {"grpc-status: 14"}).head), 503);
  EXPECT_EQ(call.status(), GrpcStatus::unavailable);
  EXPECT_EQ(end(call), GrpcStatus::unavailable);
}

TEST(GrpcCall, WaitsForItsTrailers) {
  GrpcCall call = begun();
  EXPECT_EQ(call.take_head(test::response_head("HTTP/1.1 200 OK", {}).head), 200);
  EXPECT_FALSE(call.status());
  const auto trailers = test::response_head("HTTP/1.1 200 OK", {"grpc-status: 5"});
  EXPECT_EQ(call.take_trailers(trailers.head.fields), 404);
  EXPECT_EQ(end(call), GrpcStatus::not_found);
}

TEST(GrpcCall, IsUnknownWhereItsTrailersDoNotSay) {
  GrpcCall call = begun();
  call.take_head(test::response_head("HTTP/1.1 200 OK", {}).head);
  EXPECT_EQ(call.take_trailers({}), 500);
  EXPECT_EQ(call.status(), GrpcStatus::unknown);
}

TEST(GrpcCall, HasAStatusForAnAnswerThatIsNoneOfGrpc) {
  GrpcCall call = begun();
  EXPECT_EQ(call.take_head(test::response_head("HTTP/1.1 502 Bad Gateway", {}).head), 502);
  EXPECT_EQ(call.status(), GrpcStatus::unavailable);
}

TEST(GrpcCall, HasAStatusForEachAnswerOfTealsOwn) {
  GrpcCall call = begun();
  EXPECT_EQ(call.take_own(408, Termination::request_body_timeout), GrpcStatus::cancelled);
  EXPECT_EQ(call.take_own(413, Termination::body_too_large), GrpcStatus::resource_exhausted);
  EXPECT_EQ(call.take_own(429, Termination::rate_limited), GrpcStatus::resource_exhausted);
  EXPECT_EQ(call.take_own(504, Termination::response_timeout), GrpcStatus::deadline_exceeded);
  EXPECT_EQ(call.take_own(504, Termination::connect_timeout), GrpcStatus::unavailable);
  EXPECT_EQ(call.take_own(503, Termination::no_target), GrpcStatus::unavailable);
  EXPECT_EQ(call.status(), GrpcStatus::unavailable);
}

TEST(GrpcCall, ForgetsAnAnswerThatIsNotPassedOn) {
  GrpcCall call = begun();
  call.take_head(test::response_head("HTTP/1.1 200 OK", {"grpc-status: 14"}).head);
  call.forget_answer();
  EXPECT_FALSE(call.status());
}

TEST(GrpcCall, EndsByWhatBecameOfItBeforeWhatItsTargetSaid) {
  GrpcCall call = begun();
  call.take_head(test::response_head("HTTP/1.1 200 OK", {"grpc-status: 0"}).head);
  EXPECT_EQ(end(call), GrpcStatus::ok);
  EXPECT_EQ(end(call, Termination::client_gone), GrpcStatus::cancelled);
  EXPECT_EQ(end(call, Termination::request_timeout), GrpcStatus::deadline_exceeded);
  EXPECT_EQ(end(call, Termination::upstream_truncated, true), GrpcStatus::internal);
}

TEST(GrpcCall, EndsAsInternalWithoutAStatus) {
  EXPECT_EQ(end(begun()), GrpcStatus::internal);
}

TEST(GrpcCall, EndsByWhatTheReleaseDidWhereThatWasShielded) {
  GrpcCall call = begun();
  call.take_head(test::response_head("HTTP/1.1 200 OK", {"grpc-status: 0"}).head);
  Shielded shielded;
  shielded.status = 503;
  EXPECT_EQ(call.end({}, shielded), GrpcStatus::unavailable);
  shielded.grpc = GrpcStatus::data_loss;
  EXPECT_EQ(call.end({}, shielded), GrpcStatus::data_loss);
}

TEST(GrpcCall, BeginsAnewForTheNextRequest) {
  GrpcCall call = begun();
  call.take_deadline(call_head({"grpc-timeout: 5S"}).head, kBegan, Mono::max());
  call.take_own(503, Termination::no_target);
  call.begin(call_head().head);
  EXPECT_FALSE(call.has_deadline());
  EXPECT_FALSE(call.status());
}

}  // namespace
}  // namespace teal::proxy
