// The routes of others' alarms.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/admin_api_fixture.h"

namespace teal::control {
namespace {

namespace json = boost::json;
using testing::AdminApiTest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(AdminApiTest, HandsAnOutsideAlarmToThoseWhoKnowIt) {
  commands_.alarms["outside"] = true;
  const ApiResponse response =
      call("POST", "/v1/alarms/outside", R"({"state":"firing","service":"shop","reason":"why"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(commands_.calls, ElementsAre("alarm outside shop firing why"));
  EXPECT_EQ(call("POST", "/v1/alarms/unknown", R"({"state":"resolved"})").status, 404);
}

TEST_F(AdminApiTest, SaysWhatIsWrongWithAnAlarm) {
  const ApiResponse response = call("POST", "/v1/alarms/outside", "{\"stat\":1,\n\"reason\":2}");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(body_of(response).at("problems").as_array().size(), 3U) << response.body;
  const json::object broken = body_of(call("POST", "/v1/alarms/outside", "{\"state\":\n  nope}"));
  EXPECT_EQ(broken.at("problems").as_array().at(0).at("line"), 2);
}

TEST_F(AdminApiTest, EndsAllEpisodesOfAnAlarmWhereAskedTo) {
  commands_.alarms["HighErrorRate 5%"] = true;
  const ApiResponse done = call("POST", "/v1/alarms/HighErrorRate%205%25",
                                R"({"state":"resolved","all":true,"service":"shop"})");
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_THAT(commands_.calls, ElementsAre("resolve HighErrorRate 5% shop"));
  EXPECT_EQ(call("POST", "/v1/alarms/x", R"({"state":"firing","all":true})").status, 400);
  EXPECT_EQ(call("POST", "/v1/alarms/x", R"({"state":"resolved","all":"yes"})").status, 400);
}

TEST_F(AdminApiTest, TakesAlertmanagersWebhookAsItIs) {
  commands_.alarms["HighErrors"] = true;
  const ApiResponse response = call("POST", "/v1/alertmanager", R"({
    "version": "4", "groupKey": "{}", "truncatedAlerts": 2, "status": "firing", "receiver": "teal",
    "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am",
    "alerts": [
      {"status": "firing", "labels": {"alertname": "HighErrors", "service": "shop", "pod": "a"},
       "annotations": {"summary": "5xx"}, "startsAt": "2026-11-23T01:14:08Z", "fingerprint": "x"},
      {"status": "resolved", "labels": {"alertname": "HighErrors", "service": "shop", "pod": "b"}},
      {"status": "firing", "labels": {"alertname": "Watchdog"}}]})");
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.body,
            "{\"received\":3,\"matched\":2,\"unmatched\":[\"Watchdog\"],\"refused\":[],"
            "\"truncated\":2}\n");
  EXPECT_THAT(commands_.calls, ElementsAre("alert HighErrors firing 5xx",
                                           "alert HighErrors resolved Alertmanager: HighErrors",
                                           "alert Watchdog firing Alertmanager: Watchdog"));
}

TEST_F(AdminApiTest, TakesTheAlertsOfABatchThatCanBeReadAndNamesTheOthers) {
  commands_.alarms["A"] = true;
  const ApiResponse response = call("POST", "/v1/alertmanager",
                                    R"({"alerts":[{"status":"firing","labels":{"alertname":"A"}},
                                                  {"status":"firing","labels":{}}]})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            "{\"received\":2,\"matched\":1,\"unmatched\":[],\"refused\":[{\"index\":1,\"why\":"
            "\"it has no labels\"}],\"truncated\":0}\n");
  EXPECT_THAT(commands_.calls, ElementsAre("alert A firing Alertmanager: A"));
}

TEST_F(AdminApiTest, RefusesABatchOfWhichNothingCanBeRead) {
  EXPECT_EQ(call("POST", "/v1/alertmanager", R"({"alerts":[{"status":"firing"}]})").status, 400);
  EXPECT_EQ(call("POST", "/v1/alertmanager", R"({"alerts":7})").status, 400);
  EXPECT_EQ(call("POST", "/v1/alertmanager", "{").status, 400);
  EXPECT_THAT(commands_.calls, IsEmpty());
}

TEST_F(AdminApiTest, ListsTheExternalAlarmsOfAllServicesOrOfOne) {
  commands_.outside = testing::fired_alarms(clock_.now);
  const json::object all = body_of(call("GET", "/v1/alarms"));
  ASSERT_EQ(all.at("alarms").as_array().size(), 2U);
  const json::object& first = all.at("alarms").as_array()[0].as_object();
  EXPECT_EQ(first.at("name"), "HighErrorRate");
  EXPECT_EQ(first.at("state"), "ignored");
  EXPECT_EQ(first.at("match"), (json::object{{"severity", "page"}}));
  EXPECT_EQ(first.at("episodes").as_array()[0].as_object().at("bearing"), "began_before");
  EXPECT_EQ(body_of(call("GET", "/v1/alarms?service=shop")).at("alarms").as_array().size(), 1U);
  EXPECT_EQ(call("GET", "/v1/alarms?service=nobody").status, 404);
  EXPECT_EQ(call("GET", "/v1/alarms?name=x").status, 400);
}

}  // namespace
}  // namespace teal::control
