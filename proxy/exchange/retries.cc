#include "proxy/exchange/retries.h"

#include <algorithm>

#include "proxy/request/target_picker.h"

namespace teal::proxy {

RecoveryFacts Retries::facts() const {
  const ServiceView& service = parts_.serving.route().service();
  return {*service.spec,
          RequestTraits{parts_.request.is_repeatable(), parts_.replay.is_complete()},
          parts_.attempts.tries(),
          parts_.serving.is_release(),
          parts_.response.has_sent_interim,
          has_other_target(),
          service.groups[service.live].available};
}

bool Retries::has_other_target() const {
  return has_untried_target(parts_.serving.view(), parts_.attempts.tried(),
                            parts_.attempts.target_id());
}

/// False: the group has as many retries as it may.
bool Retries::take_permit(Colour colour) {
  const RoutePin& route = parts_.serving.route();
  const GroupPointer& group = route.group_runtime(colour).runtime;
  const std::uint32_t active = std::max(group->peak, group->last_peak);
  return permit_.move_to(group, retry_limit(route.service().spec->retry, active));
}

Next Retries::decide(const FailedAttempt& failed, bool group_is_exhausted) {
  ServingGroup& serving = parts_.serving;
  const RecoveryFacts known = facts();
  const Recovery recovery = plan_recovery(failed, known, group_is_exhausted);
  if (recovery.hindrance) serving.count(*recovery.hindrance);
  Next next = recovery.next;
  if (needs_budget(failed, next)) {
    const bool crosses = next == Next::live_group;
    if (!take_permit(crosses ? serving.route().service().live : serving.colour())) {
      serving.count(crosses ? ServiceStat::shield_over_budget : ServiceStat::retries_over_budget);
      next = Next::give_up;
    }
  }
  if (next == Next::give_up && !failed.is_own_lack && !serving.exposure().try_reserve() &&
      may_go_live(known, failed.request_sent)) {
    serving.count(ServiceStat::exposure_replayed);
    next = Next::live_group;
  }
  return next;
}

}  // namespace teal::proxy
