// `compare: errors`, `compare: client_errors` and `compare: latency`, with their keys.
#include <string>
#include <utility>

#include "config/compare_limits.h"
#include "config/parse.h"

namespace teal::config {
namespace {

using What = CompareAlarm::What;

constexpr std::string_view kClientErrors = "client_errors";

void number(Mapping& keys, std::string_view key, double& out, const Range& range) {
  const auto value = keys.find(key);
  if (!value) return;
  const auto given = parse_number(*value);
  if (given && range.contains(*given))
    out = *given;
  else
    value->problem("must be a number from " + decimal_text(range.least) + " to " +
                   decimal_text(range.most) + ", not " + quoted(value->node().text));
}

void refuse(const Mapping& keys, std::string_view key, std::string message) {
  if (keys.has(key))
    keys.self().report().add_at(keys.self().path() + '.' + std::string(key), std::move(message),
                                "remove it");
}

}  // namespace

bool parse_compare(Mapping& keys, Alarm& alarm) {
  const auto what = keys.find("compare");
  CompareAlarm compare;
  if (what)
    if (const auto given = what->choice<What>(
            {{"errors", What::errors}, {kClientErrors, What::errors}, {"latency", What::latency}}))
      compare.what = *given;
  if (what && what->is(kClientErrors)) compare.meaning = ErrorMeaning::of_clients();
  // Read whether there is a comparison or not: a key that means nothing without is no unknown key.
  number(keys, "tolerance", compare.tolerance, kTolerance);
  number(keys, "confidence", compare.confidence, kConfidence);
  number(keys, "certify", compare.certify, kCertify);
  if (const auto most = keys.find("at_most")) {
    const auto share = parse_share(*most);
    if (share && *share > 0 && *share <= 0.5)
      compare.at_most = share;
    else
      most->problem("must be a percentage above 0% and up to 50%, not " +
                    quoted(most->node().text));
  }
  if (const auto limit = keys.find("limit")) compare.limit = limit->duration(Millis{1}, hours{1});
  if (!keys.has("compare")) {
    for (const std::string_view key : {"tolerance", "confidence", "certify", "at_most", "limit"})
      refuse(keys, key, "means nothing without compare");
    return false;
  }
  for (const std::string_view key : {"over", "minimum_requests"})
    refuse(keys, key, "means nothing for a comparison, which looks at the whole deployment");
  if (what && (what->is("errors") || what->is(kClientErrors)))
    refuse(keys, "limit", "is for compare: latency");
  if (what && what->is("latency"))
    refuse(keys, "at_most", "is for compare: errors and client_errors");
  alarm.condition = compare;
  return true;
}

}  // namespace teal::config
