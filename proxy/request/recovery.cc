#include "proxy/request/recovery.h"

namespace teal::proxy {

RetryRules retry_rules(const RecoveryFacts& facts) {
  const config::Service& spec = facts.spec;
  return {spec.retry.on, facts.has_sent_interim ? 0 : spec.retry.attempts,
          spec.shield.enabled && facts.is_on_release && !facts.has_sent_interim, spec.shield.on};
}

Recovery plan_recovery(const FailedAttempt& failed, const RecoveryFacts& facts,
                       bool group_is_exhausted) {
  const RetryRules rules = retry_rules(facts);
  const Tries all{rules.attempts, true, kMaxLeftBehind};
  Decision decision =
      after_failure(failed, facts.request, rules, group_is_exhausted ? all : facts.tries);
  // An answer that could be passed on is not thrown away for nobody.
  if (decision.next == Next::another_target && failed.request_sent && !facts.has_other_target)
    decision = after_failure(failed, facts.request, rules, all);
  if (decision.next == Next::another_target && failed.failure == Failure::not_begun &&
      !facts.has_other_target)
    decision.next = Next::fresh_connection;
  switch (decision.hindrance) {
    case Hindrance::none: break;
    case Hindrance::not_repeatable: return {decision.next, ServiceStat::shield_not_repeatable};
    case Hindrance::not_replayable: return {decision.next, ServiceStat::shield_not_replayable};
  }
  if (decision.next == Next::live_group && !facts.live_is_available)
    return {Next::give_up, ServiceStat::shield_without_target};
  return {decision.next};
}

bool may_go_live(const RecoveryFacts& facts, bool request_sent) {
  return facts.spec.shield.enabled && facts.is_on_release && !facts.has_sent_interim &&
         facts.request.is_replayable && (facts.request.is_repeatable || !request_sent) &&
         facts.live_is_available;
}

bool keeps_body(const config::Service& spec, bool is_on_release) {
  const config::RetryOn& on = spec.retry.on;
  const bool lists_more_than_connects =
      on.reset || on.timeout || on.status_502 || on.status_503 || on.status_504 || on.any_5xx;
  return (spec.shield.enabled && is_on_release) || lists_more_than_connects;
}

std::uint16_t blamed_status(const FailedAttempt& failed) {
  if (failed.status != 0) return failed.status;
  const bool late =
      failed.failure == Failure::connect_timeout || failed.failure == Failure::response_timeout;
  if (failed.failure == Failure::not_begun) return 503;
  return late ? 504 : 502;
}

}  // namespace teal::proxy
