// The end of a request: in which numbers it counts, what a meaning of "error" sees of it, and what
// the access log says.
#include "proxy/group/accounting.h"

#include <gtest/gtest.h>

#include <boost/smart_ptr/make_local_shared.hpp>

#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

constexpr std::uint64_t kMicros = 1'500;

ResponseState answered(std::uint16_t status) {
  ResponseState response;
  response.status = response.outcome = status;
  response.first_byte_micros = 900;
  return response;
}

ResponseState of_own(std::uint16_t status, Termination termination) {
  ResponseState response;
  response.status = response.outcome = status;
  response.is_own = true;
  response.termination = termination;
  return response;
}

Shielded shielded_from(Failure failure, std::uint16_t status, Origin origin) {
  Shielded shielded;
  shielded.is = true;
  shielded.failure = failure;
  shielded.status = status;
  shielded.origin = origin;
  return shielded;
}

std::uint64_t requests(const TrafficShard& shard, Origin origin, std::size_t status_class) {
  return shard.requests[static_cast<std::size_t>(origin)][status_class - 1].read();
}

std::uint64_t all_requests(const TrafficShard& shard) {
  std::uint64_t sum = 0;
  for (const auto& classes : shard.requests)
    for (const Counter& each : classes) sum += each.read();
  return sum;
}

std::uint64_t recorded(const HistogramShard& histogram) {
  std::uint64_t sum = 0;
  for (const Counter& each : histogram.buckets) sum += each.read();
  return sum;
}

// ---- its slot of traffic

TEST(Accounting, CountsAnAnswerOfTheTargetByItsClassWithBothItsTimes) {
  TrafficShard shard;
  count_end(shard, Origin::target, {}, kMicros, answered(204), {});
  EXPECT_EQ(requests(shard, Origin::target, 2), 1U);
  EXPECT_EQ(all_requests(shard), 1U);
  EXPECT_EQ(shard.duration.sum_micros.read(), kMicros);
  EXPECT_EQ(shard.first_byte.sum_micros.read(), 900U);
  EXPECT_EQ(recorded(shard.given_up), 0U);
}

TEST(Accounting, CountsAnAnswerOfTealsOwnWithoutATimeToTheFirstByte) {
  TrafficShard shard;
  count_end(shard, Origin::teal, {}, kMicros, of_own(503, Termination::no_target), {});
  EXPECT_EQ(requests(shard, Origin::teal, 5), 1U);
  EXPECT_EQ(recorded(shard.duration), 1U);
  EXPECT_EQ(recorded(shard.first_byte), 0U);
}

TEST(Accounting, CountsAResponseThatWasCutAsAFailureWhateverItsStatusLineSaid) {
  TrafficShard shard;
  ResponseState response = answered(200);
  response.was_cut = true;
  response.termination = Termination::upstream_truncated;
  count_end(shard, Origin::teal, {}, kMicros, response, {});
  EXPECT_EQ(requests(shard, Origin::teal, 5), 1U);
  EXPECT_EQ(all_requests(shard), 1U);
}

TEST(Accounting, CountsAStatusThatIsNoneAsAClientError) {
  TrafficShard shard;
  count_end(shard, Origin::client, {}, kMicros, {}, {});
  count_end(shard, Origin::target, {}, kMicros, answered(600), {});
  EXPECT_EQ(requests(shard, Origin::client, 4), 1U);
  EXPECT_EQ(requests(shard, Origin::target, 4), 1U);
}

TEST(Accounting, KeepsWhatAClientGaveUpApartFromTheTimesOfThoseThatEnded) {
  TrafficShard shard;
  ResponseState response;
  response.termination = Termination::client_gone;
  count_end(shard, Origin::client, {}, kMicros, response, {});
  EXPECT_EQ(shard.given_up.sum_micros.read(), kMicros);
  EXPECT_EQ(recorded(shard.duration), 0U);
}

TEST(Accounting, CountsNoTimeWhereTheClientsOwnSlownessEndedIt) {
  TrafficShard shard;
  ResponseState response = answered(200);
  response.termination = Termination::stream_timeout;
  count_end(shard, Origin::client, {}, kMicros, response, {});
  EXPECT_EQ(requests(shard, Origin::client, 2), 1U);
  EXPECT_EQ(recorded(shard.duration) + recorded(shard.given_up) + recorded(shard.first_byte), 0U);
}

TEST(Accounting, CountsWhatWasShieldedAsWhatTheClientWouldHaveGot) {
  TrafficShard shard;
  count_end(shard, Origin::target, {}, kMicros, answered(200),
            shielded_from(Failure::reset, 502, Origin::teal));
  EXPECT_EQ(requests(shard, Origin::teal, 5), 1U);
  EXPECT_EQ(all_requests(shard), 1U);
  EXPECT_EQ(shard.duration.sum_micros.read(), kMicros);
}

TEST(Accounting, CountsWhatWasOnlyKeptFromSightAsWhatTheLiveGroupAnswered) {
  TrafficShard shard;
  count_end(shard, Origin::target, {}, kMicros, answered(200),
            shielded_from(Failure::none, 0, Origin::teal));
  EXPECT_EQ(requests(shard, Origin::target, 2), 1U);
}

TEST(Accounting, CountsACallOfGrpcByItsStatusToo) {
  TrafficShard shard;
  count_end(shard, Origin::target, GrpcStatus::unavailable, kMicros, answered(503), {});
  EXPECT_EQ(shard.grpc[static_cast<std::size_t>(GrpcStatus::unavailable)].read(), 1U);
  EXPECT_EQ(requests(shard, Origin::target, 5), 1U);
}

// ---- what a meaning of "error" sees

TEST(EndingOf, AnAnswerIsItsStatusAndNoFailure) {
  const std::optional<Ending> end = ending_of(Origin::target, {}, answered(404), {});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, 404);
  EXPECT_FALSE(end->grpc);
  EXPECT_FALSE(end->is_failure);
}

TEST(EndingOf, ACallOfGrpcIsItsStatusToo) {
  const auto end = ending_of(Origin::target, GrpcStatus::not_found, answered(404), {});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->grpc, GrpcStatus::not_found);
}

TEST(EndingOf, WhatTheClientEndedSaysNothingOfTheGroup) {
  ResponseState response = answered(200);
  response.was_cut = true;
  EXPECT_FALSE(ending_of(Origin::client, {}, response, {}));
}

TEST(EndingOf, ACutResponseIsAFailure) {
  ResponseState response = answered(200);
  response.was_cut = true;
  const std::optional<Ending> end = ending_of(Origin::teal, {}, response, {});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, 502);
  EXPECT_TRUE(end->is_failure);
}

TEST(EndingOf, AnAnswerOfTealsOwnIsAFailureWhereTheGroupCouldNotGiveOne) {
  const auto end = ending_of(Origin::teal, {}, of_own(504, Termination::response_timeout), {});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, 504);
  EXPECT_TRUE(end->is_failure);
  EXPECT_FALSE(ending_of(Origin::teal, {}, of_own(413, Termination::body_too_large), {}));
}

TEST(EndingOf, WhatWasShieldedIsWhatTheReleaseDidEvenIfTheClientIsGone) {
  const auto cut = ending_of(Origin::client, {}, {},
                             shielded_from(Failure::response_timeout, 504, Origin::teal));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->status, 504);
  EXPECT_TRUE(cut->is_failure);
  const auto bad = ending_of(Origin::target, {}, answered(200),
                             shielded_from(Failure::status, 500, Origin::target));
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->status, 500);
  EXPECT_FALSE(bad->is_failure) << "the target answered";
}

TEST(FaultOfGroup, IsWhatItsTargetsDidOrCouldNotDo) {
  using enum Termination;
  for (const Termination each :
       {no_target, queue_full, queue_timeout, request_timeout, connect_failed, connect_timeout,
        upstream_reset, response_timeout, upstream_protocol})
    EXPECT_TRUE(is_fault_of_group(each)) << to_string(each);
  for (const Termination each : {ok,
                                 refused,
                                 no_route,
                                 request_header_timeout,
                                 request_body_timeout,
                                 upstream_truncated,
                                 stream_timeout,
                                 client_gone,
                                 shutdown,
                                 tunnel_idle,
                                 tunnel_drained,
                                 redirected,
                                 responded,
                                 body_too_large,
                                 rate_limited,
                                 compression_failed,
                                 overloaded,
                                 no_descriptor,
                                 misdirected,
                                 loop,
                                 not_begun})
    EXPECT_FALSE(is_fault_of_group(each)) << to_string(each);
}

// ---- the access log

TEST(AccessRecordOf, SaysWhoseTheResponseIsAndHowItEnded) {
  AccessRecord record;
  ResponseState response = answered(200);
  response.bytes_sent = 17;
  put_response(record, response, Origin::target);
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.bytes_sent, 17U);
  EXPECT_EQ(record.origin, "target");
  EXPECT_EQ(record.first_byte, 900);
  EXPECT_EQ(record.termination, Termination::ok);
  EXPECT_EQ(record.detail, "");
}

TEST(AccessRecordOf, SaysTealWhereTheAnswerWasItsOwnWhoeverEndedIt) {
  AccessRecord record;
  put_response(record, of_own(502, Termination::connect_failed), Origin::client);
  EXPECT_EQ(record.origin, "teal");
  EXPECT_EQ(record.first_byte, -1);
}

TEST(AccessRecordOf, NamesTheRuleBeforeTheFailure) {
  AccessRecord record;
  ResponseState response = of_own(502, Termination::upstream_protocol);
  response.last_failure = Failure::protocol;
  put_response(record, response, Origin::teal);
  EXPECT_EQ(record.detail, "protocol");
  response.last_rule = net::Refusal::upgrade_unrequested;
  put_response(record, response, Origin::teal);
  EXPECT_EQ(record.detail, net::to_string(net::Refusal::upgrade_unrequested));
}

TEST(AccessRecordOf, SaysWhoWasAskedFirstAndWhyTheLiveGroupAnswered) {
  const auto target = boost::make_local_shared<TargetRuntime>();
  target->shared = std::make_shared<SharedTarget>(parse_address("10.0.0.1:8080").value());
  Shielded shielded = shielded_from(Failure::status, 503, Origin::target);
  shielded.from = Colour::green;
  shielded.target = target;
  AccessRecord record;
  put_shielded(record, shielded);
  EXPECT_EQ(record.shielded_group, "green");
  EXPECT_EQ(record.shielded_upstream, "10.0.0.1:8080");
  EXPECT_EQ(record.shield_reason, "status");
  EXPECT_EQ(record.shielded_status, 503);
}

TEST(AccessRecordOf, HasNoStatusOfAReleaseThatGaveNone) {
  AccessRecord record;
  put_shielded(record, shielded_from(Failure::connect, 503, Origin::teal));
  EXPECT_EQ(record.shield_reason, "no_room");
  EXPECT_EQ(record.shielded_status, 0);
  put_shielded(record, shielded_from(Failure::connect, 502, Origin::teal));
  EXPECT_EQ(record.shield_reason, "connect");
  put_shielded(record, shielded_from(Failure::none, 0, Origin::teal));
  EXPECT_EQ(record.shield_reason, "exposure");
}

TEST(AccessRecordOf, HasTheTargetAsTheClientSentIt) {
  auto asked = test::request_head("GET /old HTTP/1.1", {"Host: shop.test", "User-Agent: curl/8"});
  const net::Slice came = asked.head.target;
  *asked.bytes += "/new";
  asked.head.fields.rebase(asked.bytes->data());
  asked.head.target = {static_cast<std::uint32_t>(asked.bytes->size() - 4), 4};
  AccessRecord record;
  put_request(record, asked.head, came);
  EXPECT_EQ(record.method, "GET");
  EXPECT_EQ(record.target, "/old");
  EXPECT_EQ(record.host, "shop.test");
  EXPECT_EQ(record.protocol, "HTTP/1.1");
  EXPECT_EQ(record.user_agent, "curl/8");
  EXPECT_EQ(record.referer, "");
}

// ---- where a request counts

/// Routes with one service whose deployment counts 404 as an error, as number 1.
WorkerRoutes routes_with_meanings() {
  auto view = std::make_shared<ServiceView>();
  const std::vector<ErrorMeaning> meanings{{.errors = {{404, 404}}}};
  view->meanings = std::make_shared<const ErrorMeanings>(meanings);
  auto service = boost::make_local_shared<WorkerService>();
  service->view = std::move(view);
  WorkerRoutes routes;
  routes.set_index(std::make_shared<const RouteIndex>());
  routes.replace(0, std::move(service));
  return routes;
}
RoutePin pin_of(const WorkerRoutes& routes) {
  static const Route route;
  RoutePin pin;
  pin.pin(routes);
  EXPECT_TRUE(pin.take(route, routes));
  return pin;
}

TEST(TrafficEntry, CountsAsActiveUntilItsEnd) {
  TrafficShard shard;
  ActivityCount activity;
  TrafficEntry entry;
  EXPECT_FALSE(entry.has_entered());
  entry.enter(shard, activity);
  EXPECT_EQ(shard.active.read(), 1U);
  entry.end(Origin::target, std::nullopt, kMicros, answered(200), {});
  EXPECT_EQ(shard.active.read(), 0U);
  EXPECT_EQ(requests(shard, Origin::target, 2), 1U);
  EXPECT_EQ(activity.read(), 1U) << "whoever looks for traffic finds it";
  EXPECT_TRUE(entry.has_entered()) << "it has counted";
}

TEST(TrafficEntry, CountsNowhereOnceItHasLeft) {
  TrafficShard shard;
  ActivityCount activity;
  TrafficEntry entry;
  entry.enter(shard, activity);
  entry.leave();
  EXPECT_EQ(shard.active.read(), 0U);
  entry.end(Origin::target, std::nullopt, kMicros, answered(200), {});
  EXPECT_EQ(all_requests(shard), 0U);
}

TEST(TrafficEntry, CountsByTheUsualMeaningWhereThereIsNoOther) {
  TrafficShard shard;
  ActivityCount activity;
  TrafficEntry entry;
  entry.enter(shard, activity);
  EXPECT_EQ(entry.counted_by(), kUsualMeaning);
  EXPECT_EQ(entry.errors(Origin::target, std::nullopt, answered(404), {}), 0U);
}

TEST(TrafficEntry, CountsByTheMeaningsOfItsView) {
  TrafficShard shard;
  ActivityCount activity;
  TrafficEntry entry;
  const WorkerRoutes routes = routes_with_meanings();
  const MeaningSet both = kUsualMeaning | meaning_bit(1);
  entry.enter(shard, activity);
  entry.count_by(pin_of(routes), both);
  EXPECT_EQ(entry.counted_by(), both);
  EXPECT_EQ(entry.errors(Origin::target, std::nullopt, answered(404), {}), meaning_bit(1));
  EXPECT_EQ(entry.errors(Origin::target, std::nullopt, answered(200), {}), 0U);
  entry.end(Origin::target, std::nullopt, kMicros, answered(404), {});
  EXPECT_EQ(routes.service(0).local_use_count(), 1) << "the view is let go of";
}

TEST(TrafficEntry, IsAnErrorToThoseOnlyByWhomItCounts) {
  TrafficShard shard;
  ActivityCount activity;
  TrafficEntry entry;
  const WorkerRoutes routes = routes_with_meanings();
  entry.enter(shard, activity);
  entry.count_by(pin_of(routes), kUsualMeaning);
  EXPECT_EQ(entry.errors(Origin::target, std::nullopt, answered(404), {}), 0U);
  entry.leave();
}

}  // namespace
}  // namespace teal::proxy
