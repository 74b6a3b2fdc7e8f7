// ServingGroup: which group of its service one request is with: the one that was drawn for it and
// the one that serves it now, which is the live group where the release has failed it (the shield,
// docs/adr/0011). What the request counts as goes by the draw, whoever answers in the end: its slot
// of traffic, what the judge is told, what its failure costs of the release's exposure.
//
// Part of one exchange, on its worker's thread; pins the view of the service that the request goes
// by. Does not choose targets, nor decide that the live group is asked (retries.h).
#pragma once

#include <cstdint>
#include <optional>

#include <boost/smart_ptr/local_shared_ptr.hpp>

#include "base/colour.h"
#include "base/counters.h"
#include "base/grpc_status.h"
#include "proxy/group/accounting.h"
#include "proxy/group/assignment.h"
#include "proxy/group/exposure_hold.h"
#include "proxy/group/judge_reporter.h"
#include "proxy/loop/route_pin.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/policy/retry.h"
#include "proxy/request/request.h"
#include "proxy/request/response_state.h"
#include "proxy/telemetry/service_stats.h"

namespace teal::proxy {

class CensusTaker;

class ServingGroup {
 public:
  /// `request`: of the same exchange.
  ServingGroup(WorkerLoop& loop, Request& request);
  ServingGroup(const ServingGroup&) = delete;
  ServingGroup& operator=(const ServingGroup&) = delete;

  /// Of the next request, which goes by the worker's routes as they are now.
  [[gnu::always_inline]] void begin() {
    route_.pin(loop_.routes());
    traffic_.begin();
    judge_.begin();
    shielded_ = {};
    is_active_ = true;
    loop_.counters()[Stat::requests_active].add();
  }

  /// Where the request stands in the routes.
  RoutePin& route() { return route_; }
  const RoutePin& route() const { return route_; }

  // ---- the draw. Requires, of all below: the route has a service.
  /// Draws a group, which serves the request from now on, and for which it counts.
  [[gnu::always_inline]] void draw();
  /// All its requests are Teal's own, which go by the split whatever listener led to them.
  void serve_calls() { is_for_call_ = true; }
  void draw_for_call() { draw_by(config::GroupChoice::split); }
  bool is_for_call() const { return is_for_call_; }
  const Assignment& drawn() const { return drawn_; }
  /// Goes over to the newest view of its service, with a draw of its own unless the live group
  /// serves already in the release's place. False: there is no such service any more.
  bool follow(const WorkerRoutes& routes);

  // ---- the group that serves now
  Colour colour() const { return colour_; }
  const GroupView& view() const { return route_.group(colour_); }
  const WorkerService::Group& group() const { return route_.group_runtime(colour_); }
  /// It is the release, and the traffic is the split's.
  bool is_release() const {
    return drawn_.audience == Audience::split && colour_ != route_.service().live;
  }
  /// The live group serves from now on. `failed`: how the release failed it; null: it did not, and
  /// is only kept from being seen. `target`: the release's that was asked; or null. Requires:
  /// is_release().
  void go_live(const FailedAttempt* failed, boost::local_shared_ptr<TargetRuntime> target);
  const Shielded& shielded() const { return shielded_; }

  // ---- what the request counts as
  ExposureHold& exposure() { return exposure_; }
  /// One more of `what` of the service, if it is known.
  void count(ServiceStat what) {
    if (!route_.has_service()) return;
    loop_.counters().service(route_.service().id)[what].add();
  }
  void count_retry() { traffic_->retries.add(); }
  /// It is an error, whatever comes now.
  void note_error() { judge_.error(); }
  /// What becomes of the request is no fault of the group's: it does not count for it.
  void withdraw() {
    traffic_.leave();
    end_exposure(false);
  }
  /// It has ended, by `origin`, for everybody who counts. `grpc`: with what; nothing: it was no
  /// call of gRPC.
  void end(Origin origin, std::optional<GrpcStatus> grpc, const ResponseState& response);
  /// Between begin() and end().
  bool is_active() const { return is_active_; }
  /// It counts for a group, or has counted for one.
  bool has_counted() const { return traffic_.has_entered(); }
  /// Counts it if it is in flight and counts for a group.
  void add_to(CensusTaker& census) const;

  /// Nothing of the routes is needed any more, nor of targets. Requires: !is_active().
  void release() {
    shielded_.target = nullptr;
    route_.release();
  }

 private:
  [[gnu::always_inline]] void draw_by(config::GroupChoice choice);
  /// Whether the release gets the request that was drawn for it.
  void limit_exposure();
  void end_exposure(bool failed);
  void enter_traffic() {
    const ServiceView& service = route_.service();
    traffic_.enter(loop_.counters().traffic(service.groups[drawn_.colour].slots[drawn_.audience]),
                   *route_.runtime().activity);
    if (service.meanings && drawn_.audience == Audience::split) [[unlikely]]
      count_by_meanings();
  }
  void count_by_meanings();

  WorkerLoop& loop_;
  Request& request_;
  RoutePin route_;
  Assignment drawn_;
  Colour colour_ = Colour::blue;
  TrafficEntry traffic_;  ///< Of the group that was drawn.
  JudgeReporter judge_;
  ExposureHold exposure_;
  Shielded shielded_;
  bool is_active_ = false;
  bool is_for_call_ = false;  ///< Once and for all: of an exchange that serves nothing else.
};

inline void ServingGroup::draw() {
  draw_by(route_.listener(request_.info.listener).group);
}

inline void ServingGroup::draw_by(config::GroupChoice choice) {
  judge_.reassign();  // A second draw, after a wait.
  assign({route_.service(), choice, route_.runtime().runtime->splitter, request_, loop_.rng(),
          loop_.counters()},
         drawn_);
  if (drawn_.audience == Audience::split) {
    // Without a share nothing is being tried on clients; a fallback is not judged any more.
    if (route_.service().exposure != nullptr && route_.service().release_weight() > Weight::none())
      limit_exposure();
    if (route_.service().judging) judge_.start(route_);
  }
  colour_ = drawn_.colour;
  enter_traffic();
}

}  // namespace teal::proxy
