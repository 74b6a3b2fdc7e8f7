// What `teal deploy` sends.
#include <string>

#include <gtest/gtest.h>

#include "app/client/client.h"

namespace teal::app {
namespace {

TEST(DeploymentBody, PutsAlarmsInTheGrammarOfTheConfiguration) {
  DeployOptions options;
  options.revision = "v43";
  options.targets = {"10.0.0.9:80"};
  options.alarms = {"errors=error_rate > 1% over 30s minimum 50", "out=external"};
  const auto body = deployment_body(options);
  ASSERT_TRUE(body.has_value()) << body.error();
  EXPECT_EQ(*body,
            R"({"revision":"v43","targets":["10.0.0.9:80"],"alarms":{"errors":{"over":"30s",)"
            R"("minimum_requests":50,"error_rate":"> 1%"},"out":{"external":true}}})");
  options.alarms = {"errors=none"};
  EXPECT_EQ(*deployment_body(options),
            R"({"revision":"v43","targets":["10.0.0.9:80"],"alarms":{"errors":null}})");
  options.alarms = {
      "HighErrorRate=external match alertname=HighErrorRate match severity=page "
      "settle 30s observe"};
  options.alarms_at_start = "block";
  EXPECT_EQ(*deployment_body(options),
            R"({"revision":"v43","targets":["10.0.0.9:80"],"alarms":{"HighErrorRate":{)"
            R"("observe":true,"external":{"settle":"30s","match":{"alertname":"HighErrorRate",)"
            R"("severity":"page"}}}},"alarms_at_start":"block"})");
  options.alarms_at_start.clear();
  options.alarms = {"some=error_rate > 1% errors 5xx,404 except 501 paths /api,/rpc minimum 9",
                    "refused=compare client_errors except 401 tolerance 2"};
  EXPECT_EQ(*deployment_body(options),
            R"({"revision":"v43","targets":["10.0.0.9:80"],"alarms":{"some":{"errors":["5xx",)"
            R"("404"],"except":["501"],"paths":["/api","/rpc"],"minimum_requests":9,"error_rate":)"
            R"("> 1%"},"refused":{"compare":"client_errors","except":["401"],"tolerance":"2"}}})");
  for (const std::string wrong :
       {"a=error_rate > 1% errors", "a=compare errors errors", "a=external match",
        "a=external match x", "a=external x y", "errors", "=error_rate > 1%", "e=", "e=error_rate",
        "e=error_rate > 1% over", "e=error_rate > 1% minimum x"}) {
    options.alarms = {wrong};
    EXPECT_FALSE(deployment_body(options).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace teal::app
