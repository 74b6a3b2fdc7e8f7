// ExchangeParts: the parts of an exchange without the exchange, for unit tests of one of them: a
// request that has begun, its route, a target that it can go out to. Nothing happens by itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "net/http/request_target.h"
#include "proxy/exchange/attempts.h"
#include "proxy/exchange/continue_relay.h"
#include "proxy/exchange/reply_rules.h"
#include "proxy/exchange/retries.h"
#include "proxy/exchange/route_edits.h"
#include "proxy/group/serving_group.h"
#include "proxy/request/deadlines.h"
#include "proxy/request/find_route.h"
#include "tests/support/loop_room.h"
#include "tests/support/unit_exchange_sides.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {

struct ExchangeParts {
  explicit ExchangeParts(WorkerLoop& worker)
      : loop(worker),
        serving(loop, request),
        attempts(loop),
        deadlines(
            loop, [](void* self) { ++static_cast<ExchangeParts*>(self)->deadlines_passed; }, this),
        continues(loop, attempts, serving, deadlines),
        edits(loop, request, serving.route()),
        retries({request, replay, response, attempts, serving}) {}
  ~ExchangeParts() {
    if (serving.is_active()) serving.end(Origin::client, std::nullopt, response);
  }
  ExchangeParts(const ExchangeParts&) = delete;
  ExchangeParts& operator=(const ExchangeParts&) = delete;

  std::optional<LocalReply> ask(ReplyRule rule) {
    return rule({loop, request, response, serving, edits, grpc});
  }
  /// The next attempt, at the nth target of the group that serves.
  void attempt(TargetSide& side, std::size_t nth = 0) {
    if (attempts.group() == nullptr) attempts.join(serving.group().runtime);
    attempts.start(serving.group().targets[nth], loop.now());
    attempts.go_out_by(side);
  }

  WorkerLoop& loop;
  Request request;
  ResponseState response;
  GrpcCall grpc;
  ReplayBuffer replay;
  ServingGroup serving;
  Attempts attempts;
  Deadlines deadlines;
  ContinueRelay continues;
  RouteEdits edits;
  Retries retries;
  int deadlines_passed = 0;
};

/// One service, with two targets in its live group.
class ExchangePartsTest : public testing::Test {
 protected:
  ExchangePartsTest() { service_ = &room_.add_service("shop", 2); }

  /// Everything goes to a release of one target.
  void add_release() {
    room_.add_targets(0, Colour::green, 1);
    room_.states[0].split = Split::with(Colour::green, Weight::all());
  }
  /// With the service as the test has made it, a request comes.
  ExchangeParts& take(std::string_view start_line = "GET / HTTP/1.1",
                      const std::vector<std::string>& fields = {"Host: shop"}) {
    room_.publish();
    ExchangeParts& parts = parts_.emplace(room_.loop());
    auto owned = test::request_head(start_line, fields);
    owned.head.method = net::method_of(start_line.substr(0, start_line.find(' ')));
    if (start_line.ends_with("HTTP/2")) owned.head.minor_version = net::kHttp2;
    parts.request.take(info_, owned.head, room_.loop().now());
    parts.serving.begin();
    parts.edits.begin();
    parts.attempts.begin(parts.request.began);
    parts.replay.begin();
    parts.grpc.begin(parts.request.head);
    return parts;
  }
  /// And its route is found.
  ExchangeParts& route(std::string_view start_line = "GET / HTTP/1.1",
                       const std::vector<std::string>& fields = {"Host: shop"}) {
    ExchangeParts& parts = take(start_line, fields);
    EXPECT_TRUE(find_route(parts.request, room_.loop().routes(), parts.serving.route(),
                           parts.response.last_rule));
    return parts;
  }
  /// And its group drawn.
  ExchangeParts& draw(std::string_view start_line = "GET / HTTP/1.1",
                      const std::vector<std::string>& fields = {"Host: shop"}) {
    ExchangeParts& parts = route(start_line, fields);
    parts.serving.draw();
    return parts;
  }
  std::uint64_t counted(Stat what) { return room_.loop().counters()[what].read(); }
  std::uint64_t counted(ServiceStat what) {
    return room_.loop().counters().service(0)[what].read();
  }
  TrafficShard& traffic(Colour colour) {
    const ServiceView& view = *room_.loop().routes().service(0)->view;
    return room_.loop().counters().traffic(view.groups[colour].slots[Audience::split]);
  }

  LoopRoom room_;
  config::Service* service_;
  ClientInfo info_;
  FakeClient client_;
  FakeTarget side_;
  std::optional<ExchangeParts> parts_;
};

}  // namespace teal::proxy
