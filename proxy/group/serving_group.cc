#include "proxy/group/serving_group.h"

#include <string>
#include <utility>

#include "base/assert.h"
#include "proxy/request/recovery.h"
#include "proxy/request/replay_buffer.h"
#include "proxy/telemetry/census.h"

namespace teal::proxy {

ServingGroup::ServingGroup(WorkerLoop& loop, Request& request)
    : loop_(loop), request_(request), judge_(loop, request, drawn_, traffic_) {}

bool ServingGroup::follow(const WorkerRoutes& routes) {
  end_exposure(false);
  // What was shielded counts for the group that it was drawn for.
  if (!shielded_.is) traffic_.leave();
  if (!route_.follow(routes)) return false;
  if (shielded_.is) {
    colour_ = route_.service().live;
    return true;
  }
  if (is_for_call_)
    draw_for_call();
  else
    draw();
  judge_.forget_unless_judging();
  return true;
}

void ServingGroup::go_live(const FailedAttempt* failed,
                           boost::local_shared_ptr<TargetRuntime> target) {
  TEAL_ASSERT(is_release());
  shielded_.is = true;
  shielded_.from = colour_;
  shielded_.target = std::move(target);
  if (failed != nullptr) {
    judge_.error();  // What blue answers does not erase it.
    shielded_.failure = failed->failure;
    shielded_.status = blamed_status(*failed);
    shielded_.grpc = failed->grpc;
    shielded_.origin = failed->failure == Failure::status ? Origin::target : Origin::teal;
    traffic_->shielded.add();
  }
  using Header = config::Shield::Header;
  const Header who = route_.service().spec->shield.header;
  if (who == Header::everybody || (who == Header::trusted && request_.info.peer.trusted)) {
    shielded_.header = to_string(colour_);
    shielded_.header += "; ";
    shielded_.header += shielded_.reason();
    if (shielded_.failure == Failure::status)
      shielded_.header += " " + std::to_string(shielded_.status);
  }
  end_exposure(false);
  colour_ = route_.service().live;
}

void ServingGroup::limit_exposure() {
  const ServiceView& service = route_.service();
  Exposure& exposure = *service.exposure;
  const bool live_serves = service.groups[service.live].available;
  const bool is_full = exposure.is_full();
  if (is_full && live_serves) {
    // Chance has no part in that for any request, those that were drawn for the live group
    // included.
    if (drawn_.colour != service.live) count(ServiceStat::exposure_diverted);
    drawn_.give_to(service.live, service.live);
  }
  if (drawn_.colour == service.live) return;
  const bool can_be_taken_back = service.spec->shield.enabled && request_.is_repeatable() &&
                                 request_.has_body_within(ReplayBuffer::kMaxBytes);
  if (exposure_.enter(exposure, can_be_taken_back, live_serves)) return;
  count(ServiceStat::exposure_diverted);
  drawn_.give_to(service.live, service.live);
}

void ServingGroup::end_exposure(bool failed) {
  if (exposure_.end(failed)) loop_.control().exposed();
}

void ServingGroup::count_by_meanings() {
  const ErrorMeanings& meanings = *route_.service().meanings;
  const std::string_view path =
      meanings.asks_for_path()
          ? request_.path_as_it_came(route_.listener(request_.info.listener).paths)
          : std::string_view();
  traffic_.count_by(route_, meanings.counting(path));
}

void ServingGroup::end(Origin origin, std::optional<GrpcStatus> grpc,
                       const ResponseState& response) {
  is_active_ = false;
  loop_.counters()[Stat::requests_active].subtract();
  if (judge_.is_judging()) judge_.end(traffic_.errors(origin, grpc, response, shielded_));
  const auto micros = static_cast<std::uint64_t>(
      std::chrono::duration_cast<Micros>(loop_.now() - request_.began).count());
  traffic_.end(origin, grpc, micros, response, shielded_);
  end_exposure((response.outcome >= 500 || response.was_cut) &&
               response.termination != Termination::refused);
}

void ServingGroup::add_to(CensusTaker& census) const {
  if (!is_active_ || !traffic_.has_entered()) return;
  // The release, or what was one before it got everything: the other group is not judged by it.
  const ServiceView& service = route_.service();
  const bool is_judged =
      service.watches_ages && drawn_.audience == Audience::split &&
      (drawn_.colour != service.live || service.split.of(drawn_.colour) == Weight::all());
  census.see(traffic_.shard(), request_.began, is_judged);
}

}  // namespace teal::proxy
