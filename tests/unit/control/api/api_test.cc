#include "control/api/api.h"

#include <deque>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/api/event_stream.h"
#include "tests/support/admin_api_fixture.h"

namespace teal::control {
namespace {

namespace json = boost::json;
using testing::AdminApiTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(AdminApiTest, ListsServicesWithTheirRunningDeployment) {
  const ApiResponse response = call("GET", "/v1/services");
  EXPECT_EQ(response.status, 200);
  const json::object body = body_of(response);
  const json::object& shop = body.at("services").as_array().at(0).as_object();
  EXPECT_EQ(shop.at("name"), "shop");
  EXPECT_EQ(shop.at("split").at("green"), "12.5%");
  EXPECT_EQ(shop.at("deployment").at("id"), "d-3");
}

TEST_F(AdminApiTest, ListsServicesAPageAtATimeInTheOrderOfTheirNames) {
  for (const std::string name : {"cart", "news", "zoo"}) {
    commands_.services_[name] = commands_.services_["shop"];
    commands_.services_[name].name = name;
  }
  const auto names = [&](const std::string& target) {
    const json::object body = body_of(call("GET", target));
    std::string text;
    for (const json::value& each : body.at("services").as_array())
      text += std::string(each.at("name").as_string()) + ' ';
    return text + json::serialize(body.at("next"));
  };
  EXPECT_EQ(names("/v1/services"), "cart news shop zoo null");
  EXPECT_EQ(names("/v1/services?limit=2"), "cart news \"news\"");
  EXPECT_EQ(names("/v1/services?limit=2&after=news"), "shop zoo null");
  EXPECT_EQ(names("/v1/services?after=shop"), "zoo null");
  EXPECT_EQ(names("/v1/services?after=zzz"), "null");
  EXPECT_EQ(call("GET", "/v1/services?limit=0").status, 400);
  EXPECT_EQ(call("GET", "/v1/services?limit=1001").status, 400);
  EXPECT_EQ(call("GET", "/v1/services?before=a").status, 400);
}

TEST_F(AdminApiTest, RefusesAPageWhileTooManyOthersWait) {
  std::deque<std::function<void()>> slices;
  dependencies_.later = [&](std::function<void()> slice) { slices.push_back(std::move(slice)); };
  std::map<int, int> answers;
  const auto ask = [&](std::size_t limit) {
    api().handle(request("GET", "/v1/services?limit=" + std::to_string(limit)),
                 [&](const ApiResponse& response) { ++answers[response.status]; });
  };
  for (std::size_t limit = 1; limit <= ServicePages::kMaxWaiting + 1; ++limit) ask(limit);
  EXPECT_TRUE(answers.empty());
  const ApiResponse refused = call("GET", "/v1/services?limit=999");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(problem_type(refused), HasSubstr("too-many-pages"));
  while (!slices.empty()) {
    const auto slice = std::move(slices.front());
    slices.pop_front();
    slice();
  }
  EXPECT_EQ(answers, (std::map<int, int>{{200, ServicePages::kMaxWaiting + 1}}));
}

TEST_F(AdminApiTest, SaysThatAPageIsTheSameToWhoeverHasIt) {
  ApiRequest asked = request("GET", "/v1/services");
  const std::string etag = header(call(asked), "ETag");
  asked.if_none_match = etag;
  const ApiResponse same = call(asked);
  EXPECT_EQ(same.status, 304);
  EXPECT_TRUE(same.body.empty());
  EXPECT_EQ(header(same, "ETag"), etag);
  using Tags = std::vector<std::string>;
  for (const std::string& known : Tags{"W/" + etag, "\"x\", " + etag, etag + " , \"y\"", "*"}) {
    asked.if_none_match = known;
    EXPECT_EQ(call(asked).status, 304) << known;
  }
  for (const std::string& known : Tags{"\"x\"", etag.substr(1), ""}) {
    asked.if_none_match = known;
    EXPECT_EQ(call(asked).status, 200) << known;
  }
  asked.if_none_match = etag;
  ++commands_.services_["shop"].version;
  const ApiResponse other = call(asked);
  EXPECT_EQ(other.status, 200);
  EXPECT_NE(header(other, "ETag"), etag);
}

TEST_F(AdminApiTest, GivesAServiceItsVersionAsEtag) {
  EXPECT_EQ(header(call("GET", "/v1/services/shop"), "ETag"), "\"7\"");
}

TEST_F(AdminApiTest, NamesTheServicesThereAreWhenAskedForAnother) {
  const ApiResponse response = call("GET", "/v1/services/shpo");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(problem_type(response), "urn:teal:problem:no-such-service");
  EXPECT_EQ(body_of(response).at("services"), json::array{"shop"});
}

TEST_F(AdminApiTest, StartsADeploymentAndSaysWhereItIs) {
  ApiRequest asked = request("POST", "/v1/services/shop/deployments",
                             R"({"revision":"v43","targets":["10.0.0.9:80"],"plan":"AllAtOnce"})");
  asked.idempotency_key = "key-1";
  const ApiResponse response = call(asked);
  EXPECT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(header(response, "Location"), "/v1/deployments/d-2");
  EXPECT_THAT(commands_.calls, ElementsAre("deploy shop v43 key=key-1"));
}

TEST_F(AdminApiTest, PassesTheSameTextOnForTheSameBodyOfTheSameServiceOnly) {
  commands_.services_["cart"].name = "cart";
  const std::string body = R"({"revision":"v43","targets":["10.0.0.9:80"]})";
  call("POST", "/v1/services/shop/deployments", body);
  call("POST", "/v1/services/shop/deployments", body);
  call("POST", "/v1/services/cart/deployments", body);
  call("POST", "/v1/services/shop/deployments", R"({"revision":"v44","targets":["10.0.0.9:80"]})");
  ASSERT_EQ(commands_.texts_as_sent.size(), 4U);
  EXPECT_EQ(commands_.texts_as_sent[0], commands_.texts_as_sent[1]);
  EXPECT_NE(commands_.texts_as_sent[0], commands_.texts_as_sent[2]);
  EXPECT_NE(commands_.texts_as_sent[0], commands_.texts_as_sent[3]);
}

TEST_F(AdminApiTest, TellsEveryProblemOfABodyAndWhereItIs) {
  const ApiResponse response = call("POST", "/v1/services/shop/deployments",
                                    "{\"revision\": \"v43\",\n \"plam\": \"AllAtOnce\",\n "
                                    "\"targets\": [\"nonsense\"]}");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(problem_type(response), "urn:teal:problem:invalid-body");
  const json::object body = body_of(response);
  const json::array& problems = body.at("problems").as_array();
  ASSERT_GE(problems.size(), 2U);
  bool found = false;
  for (const json::value& one : problems)
    if (one.at("key") == "plam") found = one.at("line").to_number<int>() == 2;
  EXPECT_TRUE(found) << response.body;
  EXPECT_THAT(commands_.calls, IsEmpty());
}

TEST_F(AdminApiTest, PassesOnWhyACommandWasNotCarriedOut) {
  commands_.refusal = ApiError{409, "deployment-running", "A deployment is running",
                               "d-3 is running", "stop it first"};
  const ApiResponse response = call("POST", "/v1/services/shop/deployments",
                                    R"({"revision":"v43","targets":["10.0.0.9:80"]})");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(problem_type(response), "urn:teal:problem:deployment-running");
}

TEST_F(AdminApiTest, RefusesAnIdempotencyKeyThatNobodyCouldRepeat) {
  ApiRequest asked = request("POST", "/v1/services/shop/deployments", R"({"revision":"v43"})");
  for (const std::string& key : {std::string(), std::string("a b"), std::string(256, 'x')}) {
    asked.idempotency_key = key;
    EXPECT_EQ(problem_type(call(asked)), "urn:teal:problem:invalid-idempotency-key");
  }
  EXPECT_THAT(commands_.calls, IsEmpty());
}

TEST_F(AdminApiTest, SteersADeploymentByEveryCommandOfTheTable) {
  for (const std::string command : {"continue", "pause", "promote", "stop", "rollback"})
    EXPECT_EQ(call("POST", "/v1/deployments/d-3/" + command).status, 200);
  EXPECT_THAT(commands_.calls, ElementsAre("command d-3 0", "command d-3 1", "command d-3 2",
                                           "command d-3 3", "command d-3 4"));
  EXPECT_EQ(call("POST", "/v1/deployments/d-3/explode").status, 404);
  EXPECT_EQ(call("POST", "/v1/deployments/d-9/stop").status, 404);
  EXPECT_EQ(call("POST", "/v1/deployments/d-3/stop", R"({"forced":true})").status, 400);
}

TEST_F(AdminApiTest, AnswersACommandOnlyOnceItIsCarriedOut) {
  commands_.hold = true;
  int answers = 0;
  api().handle(request("POST", "/v1/deployments/d-3/rollback"), [&](const ApiResponse& response) {
    ++answers;
    EXPECT_EQ(response.status, 200);
  });
  EXPECT_EQ(answers, 0);
  commands_.pending.at(0)();
  EXPECT_EQ(answers, 1);
}

TEST_F(AdminApiTest, ShiftsByHandUnlessTheServiceHasChanged) {
  ApiRequest asked = request("PUT", "/v1/services/shop/split", R"({"green":"20%"})");
  asked.if_match = "\"7\"";
  const ApiResponse done = call(asked);
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(header(done, "ETag"), "\"8\"");
  EXPECT_EQ(call(asked).status, 412);
  asked.if_match = "W/\"8\"";
  EXPECT_EQ(call(asked).status, 412) << "a weak tag never matches";
  asked.if_match = "\"3\", \"8\"";
  EXPECT_EQ(call(asked).status, 200);
  asked.if_match = "*";
  EXPECT_EQ(call(asked).status, 200);
  EXPECT_THAT(
      commands_.calls,
      ElementsAre("split shop blue=80% green=20% if=7", "split shop blue=80% green=20% if=7",
                  "split shop blue=80% green=20% if=8", "split shop blue=80% green=20%"));
}

TEST_F(AdminApiTest, RefusesASplitThatIsNone) {
  const ApiResponse response = call("PUT", "/v1/services/shop/split", R"({"green":"120%"})");
  EXPECT_EQ(response.status, 400);
  EXPECT_FALSE(body_of(response).at("problems").as_array().empty());
  EXPECT_THAT(commands_.calls, IsEmpty());
}

TEST_F(AdminApiTest, AddsAndDrainsTargetsByTheirAddress) {
  EXPECT_EQ(call("PUT", "/v1/services/shop/groups/green/targets/10.0.0.7:80").status, 200);
  EXPECT_EQ(call("DELETE", "/v1/services/shop/groups/green/targets/unix:%2Frun%2Fapp.sock").status,
            202);
  EXPECT_THAT(commands_.calls,
              ElementsAre("put shop green 10.0.0.7:80", "delete shop green unix:/run/app.sock"));
  EXPECT_EQ(call("PUT", "/v1/services/shop/groups/red/targets/10.0.0.7:80").status, 404);
  EXPECT_EQ(call("PUT", "/v1/services/shop/groups/green/targets/somewhere").status, 400);
}

TEST_F(AdminApiTest, ListsTheHistoryUpToTheLimit) {
  call("POST", "/v1/services/shop/deployments", R"({"revision":"v5","targets":["10.0.0.9:80"]})");
  const json::object all = body_of(call("GET", "/v1/services/shop/deployments"));
  EXPECT_EQ(all.at("deployments").as_array().size(), 2U);
  const json::object one = body_of(call("GET", "/v1/services/shop/deployments?limit=1"));
  EXPECT_EQ(one.at("deployments").as_array().at(0).at("id"), "d-3");
  for (const std::string limit : {"0", "1001", "x", "", "-1"})
    EXPECT_EQ(call("GET", "/v1/services/shop/deployments?limit=" + limit).status, 400) << limit;
  EXPECT_EQ(call("GET", "/v1/services/shop/deployments?limt=1").status, 400);
}

TEST_F(AdminApiTest, RefusesAHostThatIsNotItsOwn) {
  ApiRequest asked = request("GET", "/v1/services");
  for (const std::string host :
       {"evil.example", "127.0.0.1:9901", "teal.example.com.evil", "a, b"}) {
    asked.host = host;
    const ApiResponse response = call(asked);
    EXPECT_EQ(response.status, 421) << host;
    EXPECT_EQ(problem_type(response), "urn:teal:problem:host-not-allowed");
  }
  for (const std::string host :
       {"localhost", "LOCALHOST:9900", "[::1]:9900", "127.0.0.1", "teal.example.com:443"}) {
    asked.host = host;
    EXPECT_EQ(call(asked).status, 200) << host;
  }
  asked.host = std::nullopt;
  EXPECT_EQ(call(asked).status, 400);
  asked.reached = {Address::Kind::unix_socket, "/run/teal.sock", 0};
  EXPECT_EQ(call(asked).status, 200) << "no browser reaches a Unix socket";
}

TEST_F(AdminApiTest, AllowsOnlyAddressesAsHostWhereItListensEverywhere) {
  ApiRequest asked = request("GET", "/livez");
  asked.reached = {Address::Kind::ip4, "0.0.0.0", 9900};
  asked.host = "10.1.2.3:9900";
  EXPECT_EQ(call(asked).status, 200);
  asked.host = "rebound.example:9900";
  EXPECT_EQ(call(asked).status, 421);
}

TEST_F(AdminApiTest, RefusesACallFromAnotherSite) {
  ApiRequest asked = request("POST", "/v1/deployments/d-3/stop");
  for (const std::string origin : {"http://evil.example", "null", "https://127.0.0.1:9900"}) {
    asked.origin = origin;
    EXPECT_EQ(problem_type(call(asked)), "urn:teal:problem:foreign-origin") << origin;
  }
  EXPECT_THAT(commands_.calls, IsEmpty());
  asked.origin = "http://127.0.0.1:9900";
  EXPECT_EQ(call(asked).status, 200);
}

TEST_F(AdminApiTest, RefusesABodyThatIsNotDeclaredAsJson) {
  ApiRequest asked = request("POST", "/v1/alarms/outside", R"({"state":"firing"})");
  for (const std::string type : {"text/plain", "application/x-www-form-urlencoded", ""}) {
    asked.content_type = type;
    EXPECT_EQ(call(asked).status, 415) << type;
  }
  asked.content_type = std::nullopt;
  EXPECT_EQ(call(asked).status, 415);
  EXPECT_THAT(commands_.calls, IsEmpty());
  asked.content_type = "Application/JSON; charset=utf-8";
  EXPECT_NE(call(asked).status, 415);
}

TEST_F(AdminApiTest, RefusesToAnswerInAMediaTypeThatIsNotAccepted) {
  ApiRequest asked = request("GET", "/v1/services");
  for (const std::string accept :
       {"text/html", "application/json;q=0", "*/*, application/json;q=0.0"}) {
    asked.accept = accept;
    EXPECT_EQ(call(asked).status, 406) << accept;
  }
  for (const std::string accept :
       {"*/*", "application/*", "text/html, application/json;q=0.1", ""}) {
    asked.accept = accept;
    EXPECT_EQ(call(asked).status, 200) << accept;
  }
  ApiRequest scrape = request("GET", "/metrics");
  scrape.accept =
      "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  EXPECT_EQ(call(scrape).status, 200);
}

TEST_F(AdminApiTest, NamesTheMethodsOfAResource) {
  const ApiResponse response = call("POST", "/v1/services");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header(response, "Allow"), "GET, HEAD");
  EXPECT_EQ(header(call("GET", "/v1/deployments/d-3/stop"), "Allow"), "POST");
  EXPECT_EQ(header(call("OPTIONS", "/v1/services/shop/deployments"), "Allow"), "GET, HEAD, POST");
  EXPECT_THAT(commands_.calls, IsEmpty()) << "a GET changes nothing";
}

TEST_F(AdminApiTest, PointsToTheDocumentWhereThereIsNothing) {
  for (const std::string target :
       {"/", "/v2/services", "/v1/services/shop/", "/v1/services//split"})
    EXPECT_EQ(problem_type(call("GET", target)), "urn:teal:problem:no-such-resource") << target;
  EXPECT_EQ(call("GET", "*").status, 400);
  EXPECT_EQ(call("GET", "/%zz").status, 400);
}

TEST_F(AdminApiTest, IsReadyOnceTheLiveTargetsHaveBeenProbed) {
  EXPECT_EQ(call("GET", "/readyz").status, 200);
  commands_.conditions_ = {{"shop", true, {}}};
  const ApiResponse response = call("GET", "/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(body_of(response).at("reasons").as_array().at(0),
            "no target of 'shop' has been probed yet");
}

TEST_F(AdminApiTest, StaysReadyWithAWarningWhileTheStoreFails) {
  commands_.store_healthy = false;
  const ApiResponse response = call("GET", "/readyz");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(body_of(response).at("warnings").as_array().size(), 1U);
}

TEST_F(AdminApiTest, TakesForceWithStopAndRollbackOnly) {
  EXPECT_EQ(call("POST", "/v1/deployments/d-3/stop", R"({"force":true})").status, 200);
  EXPECT_EQ(call("POST", "/v1/deployments/d-3/rollback", R"({"force":false})").status, 200);
  EXPECT_THAT(commands_.calls, ElementsAre("command d-3 3 force", "command d-3 4"));
  EXPECT_EQ(call("POST", "/v1/deployments/d-3/promote", R"({"force":true})").status, 400);
  EXPECT_EQ(call("POST", "/v1/deployments/d-3/stop", R"({"force":1})").status, 400);
}

TEST_F(AdminApiTest, StaysReadyWithAWarningWhileAFallbackStays) {
  commands_.conditions_ = {{"shop", false, "green (v42) serves as fallback"}};
  const ApiResponse response = call("GET", "/readyz");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(body_of(response).at("warnings").as_array().at(0),
            "shop: green (v42) serves as fallback");
}

TEST_F(AdminApiTest, TellsOfServicesWhoseDeploymentStandsStill) {
  commands_.parked_services["cart"] = "the configuration file has no service 'cart' any more";
  const ApiResponse response = call("GET", "/readyz");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(body_of(response).at("warnings").as_array().at(0),
            "cart: the configuration file has no service 'cart' any more");
  const ApiResponse service = call("GET", "/v1/services/cart");
  EXPECT_EQ(service.status, 404);
  EXPECT_EQ(problem_type(service), "urn:teal:problem:service-parked");
  EXPECT_EQ(body_of(service).at("detail"), "the configuration file has no service 'cart' any more");
}

TEST_F(AdminApiTest, StaysReadyWithTheWarningsOfItsSurroundings) {
  dependencies_.warnings = [] { return std::vector<std::string>{"the access log is full"}; };
  const ApiResponse response = call("GET", "/readyz");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(body_of(response).at("warnings").as_array().at(0), "the access log is full");
}

TEST_F(AdminApiTest, IsNotReadyWhileItsSurroundingsSaySo) {
  dependencies_.not_ready = [] { return std::vector<std::string>{"shutting down"}; };
  EXPECT_EQ(call("GET", "/readyz").status, 503);
  EXPECT_EQ(call("GET", "/livez").status, 200);
}

TEST_F(AdminApiTest, RollsAServiceBack) {
  const ApiResponse response = call("POST", "/v1/services/shop/rollback");
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(header(response, "Location"), "/v1/deployments/d-3");
  EXPECT_EQ(call("POST", "/v1/services/shop/rollback", R"({"x":1})").status, 400);
  EXPECT_EQ(problem_type(call("POST", "/v1/services/none/rollback")),
            "urn:teal:problem:no-such-service");
  EXPECT_THAT(commands_.calls, ElementsAre("rollback shop"));
}

TEST_F(AdminApiTest, DrainsByForceOnlyWhereThatIsSaid) {
  const std::string target = "/v1/services/shop/groups/green/targets/10.0.0.1:9080";
  EXPECT_EQ(call("DELETE", target + "?force=true").status, 202);
  EXPECT_EQ(call("DELETE", target + "?force=false").status, 202);
  EXPECT_EQ(problem_type(call("DELETE", target + "?force=")), "urn:teal:problem:invalid-parameter");
  EXPECT_EQ(call("PUT", target + "?force=true").status, 400);
  EXPECT_THAT(commands_.calls, ElementsAre("delete shop green 10.0.0.1:9080 force",
                                           "delete shop green 10.0.0.1:9080"));
}

TEST_F(AdminApiTest, RefusesAParameterThatIsGivenTwiceOrUnknown) {
  for (const std::string query : {"limit=1&limit=2", "after=a&limit=1&after=a"})
    EXPECT_EQ(problem_type(call("GET", "/v1/services?" + query)),
              "urn:teal:problem:repeated-parameter")
        << query;
  EXPECT_EQ(problem_type(call("GET", "/v1/services?limits=1")),
            "urn:teal:problem:unknown-parameter");
  EXPECT_EQ(call("GET", "/v1/services?limit=1&after=a").status, 200);
}

TEST_F(AdminApiTest, StreamsTheRetainedEventsAfterTheLastSeenThenTheLiveOnes) {
  commands_.announce("split.changed", "one");
  commands_.announce("split.changed", "two");
  ApiRequest asked = request("GET", "/v1/events");
  asked.last_event_id = "store-1";
  const ApiResponse response = call(asked);
  ASSERT_TRUE(response.stream);
  EXPECT_EQ(response.content_type, "text/event-stream");
  commands_.announce("deployment.baking", "three\nlines");
  const std::string text = response.stream->take();
  EXPECT_THAT(text, ::testing::Not(HasSubstr("\"one\"")));
  EXPECT_THAT(text, HasSubstr("id: store-2\nevent: split.changed\ndata: {\"id\":\"store-2\","
                              "\"sequence\":2,"));
  EXPECT_LT(text.find("\"two\""), text.find(": live\n\n"));
  EXPECT_LT(text.find(": live\n\n"), text.find("id: store-3\nevent: deployment.baking\n"));
  EXPECT_THAT(text, HasSubstr("\"three\\nlines\"}\n\n"));
  EXPECT_TRUE(response.stream->is_empty());
}

TEST_F(AdminApiTest, TellsASubscriberHowManyEventsItHasMissed) {
  commands_.announce("a", "one");
  commands_.announced.front().id.number = 10;
  ApiRequest asked = request("GET", "/v1/events");
  asked.last_event_id = "store-4";
  EXPECT_THAT(call(asked).stream->take(), HasSubstr("event: gap\ndata: {\"missed\":5}\n\n"));
  asked.last_event_id = "another-10";
  EXPECT_THAT(call(asked).stream->take(),
              HasSubstr("event: gap\ndata: {\"missed\":null}\n\nid: store-10\n"));
  asked.last_event_id = "x";
  EXPECT_EQ(call(asked).status, 400);
}

TEST_F(AdminApiTest, DropsASubscriberThatReadsTooSlowly) {
  const ApiResponse response = call("GET", "/v1/events");
  int calls = 0;
  response.stream->on_ready([&] { ++calls; });
  for (int i = 0; i < 20 && !response.stream->is_overrun(); ++i)
    commands_.announce("a", std::string(EventStream::kMaxBytes / 10, 'x'));
  EXPECT_TRUE(response.stream->is_overrun());
  EXPECT_EQ(calls, 10);
}

TEST_F(AdminApiTest, BoundsTheSubscribersAndForgetsThoseThatHaveLeft) {
  ApiRequest asked = request("GET", "/v1/events");
  std::vector<ApiResponse> open;
  for (std::size_t i = 0; i < AdminApi::kMaxSubscribers; ++i) {
    asked.client = std::to_string(i);
    open.push_back(call(asked));
  }
  EXPECT_EQ(call(asked).status, 503);
  EXPECT_EQ(commands_.listeners.size(), AdminApi::kMaxSubscribers);
  open.pop_back();
  EXPECT_EQ(call(asked).status, 200);
  open.clear();
  EXPECT_THAT(commands_.listeners, IsEmpty());
}

TEST_F(AdminApiTest, AnswersHeadOfEventsWithoutASubscription) {
  const ApiResponse response = call("HEAD", "/v1/events");
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.stream);
  EXPECT_THAT(commands_.listeners, IsEmpty());
}

TEST_F(AdminApiTest, AllowsNoCachingAndNoCors) {
  const ApiResponse response = call("GET", "/v1/services");
  EXPECT_EQ(header(response, "Cache-Control"), "no-store");
  EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), "");
}

}  // namespace
}  // namespace teal::control
