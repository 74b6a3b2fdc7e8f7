// How the sections of a service are read that deal with failures: health, outliers, retries,
// the shield.
#include <algorithm>

#include "base/parse_number.h"
#include "config/parse.h"

namespace teal::config {
namespace {

/// A positive number with at most so many digits as a person would write.
void parse_factor(Mapping& keys, std::string_view key, double& out, double least, double most) {
  const auto value = keys.find(key);
  if (!value) return;
  const auto text = value->text();
  if (!text) return;
  const auto given = parse_whole<double>(*text, std::chars_format::fixed);
  if (!given || !(*given >= least) || !(*given <= most)) {
    value->problem("must be a number from " + decimal_text(least) + " to " + decimal_text(most) +
                   ", not " + quoted(*text));
    return;
  }
  out = *given;
}

void parse_success_rate(const Value& value, Outlier& outlier) {
  if (value.is("off")) {
    outlier.success_rate = false;
    return;
  }
  Mapping keys(value);
  parse_factor(keys, "factor", outlier.success_rate_factor, 0.1, 100);
  keys.integer("targets", outlier.success_rate_targets, 2, 1000);
  keys.integer("requests", outlier.success_rate_requests, 1, 1'000'000);
}

void parse_outlier(const Value& value, Outlier& outlier) {
  if (value.is("off")) {
    outlier.consecutive_failures = outlier.consecutive_gateway_failures = 0;
    outlier.success_rate = false;
    return;
  }
  Mapping keys(value);
  keys.integer("consecutive_failures", outlier.consecutive_failures, 0, 1000);
  keys.integer("consecutive_gateway_failures", outlier.consecutive_gateway_failures, 0, 1000);
  if (const auto rate = keys.section("success_rate")) parse_success_rate(*rate, outlier);
  keys.duration("interval", outlier.interval, seconds{1}, hours{1});
  keys.duration("ejection", outlier.ejection, Millis{100}, hours{1});
  outlier.max_ejection = std::max(outlier.max_ejection, outlier.ejection);
  keys.duration("max_ejection", outlier.max_ejection, Millis{100}, hours{24});
  if (const auto share = keys.find("max_ejected"))
    if (const auto percent = share->percent(1, 100)) outlier.max_ejected_percent = *percent;
  if (outlier.max_ejection < outlier.ejection)
    value.report().add_at(
        value.path() + ".max_ejection",
        "must not be shorter than ejection (" + format_duration(outlier.ejection) + ")");
}

void parse_slow_start(const Value& value, SlowStart& slow) {
  if (value.is("off")) {
    slow.window = Millis{0};
    return;
  }
  Mapping keys(value);
  if (value.is_mapping() && !keys.has("window"))
    value.problem("has no window", "write window: 30s");
  keys.duration("window", slow.window, seconds{1}, hours{1});
  parse_factor(keys, "aggression", slow.aggression, 0.1, 10);
  if (const auto least = keys.find("least"))
    if (const auto percent = least->percent(1, 100)) slow.min_percent = *percent;
}

/// A list of conditions, one condition, or none.
void parse_retry_on(const Value& value, RetryOn& on) {
  RetryOn given;
  for (const Value& item : value.items_or_one(10)) {
    const auto flag = item.choice<bool RetryOn::*>({{"connect_failure", &RetryOn::connect_failure},
                                                    {"reset", &RetryOn::reset},
                                                    {"timeout", &RetryOn::timeout},
                                                    {"502", &RetryOn::status_502},
                                                    {"503", &RetryOn::status_503},
                                                    {"504", &RetryOn::status_504},
                                                    {"5xx", &RetryOn::any_5xx}});
    if (!flag) continue;
    if (given.*(*flag)) item.problem("is here a second time", "remove it");
    given.*(*flag) = true;
  }
  on = given;
}

void parse_retry(const Value& value, Retry& retry) {
  if (value.is("off")) {
    retry.attempts = 1;
    return;
  }
  Mapping keys(value);
  if (const auto on = keys.find("on")) parse_retry_on(*on, retry.on);
  keys.integer("attempts", retry.attempts, 1, 10);
  if (const auto budget = keys.find("budget"))
    if (const auto percent = budget->percent(0, 100)) retry.budget_percent = *percent;
  keys.integer("budget_least", retry.budget_least, 0, 1000);
}

void parse_shield(const Value& value, Shield& shield) {
  if (value.is("off")) {
    shield.enabled = false;
    return;
  }
  Mapping keys(value);
  if (const auto on = keys.find("on")) parse_retry_on(*on, shield.on);
  keys.choice<Shield::Header>("header", shield.header,
                              {{"trusted", Shield::Header::trusted},
                               {"everybody", Shield::Header::everybody},
                               {"nobody", Shield::Header::nobody}});
}

void parse_panic(const Value& value, std::uint32_t& percent) {
  if (value.is("off")) {
    percent = 0;
    return;
  }
  Mapping keys(value);
  if (value.is_mapping() && !keys.has("below")) value.problem("has no below", "write below: 50%");
  if (const auto below = keys.find("below"))
    if (const auto given = below->percent(1, 100)) percent = *given;
}

}  // namespace

void parse_resilience(Mapping& keys, Service& service) {
  if (const auto outlier = keys.section("outlier")) parse_outlier(*outlier, service.outlier);
  if (const auto slow = keys.section("slow_start")) parse_slow_start(*slow, service.slow_start);
  if (const auto panic = keys.section("panic")) parse_panic(*panic, service.panic_percent);
  if (const auto retry = keys.section("retry")) parse_retry(*retry, service.retry);
  if (const auto shield = keys.section("shield")) parse_shield(*shield, service.shield);
}

}  // namespace teal::config
