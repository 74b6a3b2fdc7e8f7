#include "control/api/openapi.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "config/compare_limits.h"
#include "control/api/api.h"
#include "tests/support/fake_commands.h"

namespace teal::control {
namespace {

namespace json = boost::json;

const json::object& document() {
  static const json::value parsed = json::parse(openapi_document());
  return parsed.as_object();
}

/// A schema, with its reference ("#/components/schemas/Service") followed.
const json::object& resolve(const json::object& schema) {
  const json::value* reference = schema.if_contains("$ref");
  if (reference == nullptr) return schema;
  std::string rest = std::string(reference->as_string()).substr(1);
  const json::object* object = &document();
  while (!rest.empty()) {
    rest.erase(0, 1);
    const std::string key = rest.substr(0, rest.find('/'));
    rest.erase(0, key.size());
    object = &object->at(key).as_object();
  }
  return *object;
}

bool has_type(const json::object& schema, const std::string& name) {
  const json::value* type = schema.if_contains("type");
  if (type == nullptr) return true;
  if (type->is_string()) return type->as_string() == name;
  return std::any_of(type->as_array().begin(), type->as_array().end(),
                     [&](const json::value& one) { return one.as_string() == name; });
}

std::string type_of(const json::value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return "boolean";
  if (value.is_string()) return "string";
  if (value.is_array()) return "array";
  if (value.is_object()) return "object";
  return value.is_double() ? "number" : "integer";
}

void check(const json::value& value, const json::object& given, const std::string& where) {
  const json::object& schema = resolve(given);
  if (const json::value* choices = schema.if_contains("oneOf")) {
    for (const json::value& choice : choices->as_array()) {
      const json::object& one = resolve(choice.as_object());
      if (has_type(one, type_of(value))) return check(value, one, where);
    }
    ADD_FAILURE() << where << ": fits none of the choices";
    return;
  }
  const std::string type = type_of(value);
  EXPECT_TRUE(has_type(schema, type) || (type == "integer" && has_type(schema, "number")))
      << where << " is a " << type;
  if (const json::value* words = schema.if_contains("enum");
      words != nullptr && value.is_string()) {
    EXPECT_NE(std::find(words->as_array().begin(), words->as_array().end(), value),
              words->as_array().end())
        << where << ": " << value.as_string();
  }
  if (value.is_array() && schema.contains("items"))
    for (const json::value& element : value.as_array())
      check(element, schema.at("items").as_object(), where + "[]");
  if (!value.is_object() || !schema.contains("properties")) return;
  const json::object& properties = schema.at("properties").as_object();
  if (const json::value* required = schema.if_contains("required")) {
    for (const json::value& key : required->as_array())
      EXPECT_TRUE(value.as_object().contains(key.as_string()))
          << where << " lacks " << key.as_string();
  }
  for (const auto& [key, member] : value.as_object()) {
    const json::value* property = properties.if_contains(key);
    EXPECT_NE(property, nullptr) << where << ": " << key << " is not documented";
    if (property != nullptr) check(member, property->as_object(), where + "." + std::string(key));
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

TEST(Openapi, DocumentsEveryRouteAndNoOther) {
  std::set<std::string> served;
  for (const AdminApi::RouteName& route : AdminApi::routes())
    served.insert(lower(route.method) + " " + std::string(route.pattern));
  std::set<std::string> documented;
  for (const auto& [path, item] : document().at("paths").as_object())
    for (const auto& [method, operation] : item.as_object())
      documented.insert(std::string(method) + " " + std::string(path));
  EXPECT_EQ(served, documented);
}

TEST(Openapi, GivesExamplesThatFitTheirSchemas) {
  std::size_t examples = 0;
  const auto check_content = [&](const json::object& holder, const std::string& where) {
    const json::object& content = resolve(holder);
    if (!content.contains("content")) return;
    for (const auto& [type, media] : content.at("content").as_object()) {
      const json::value* example = media.as_object().if_contains("example");
      if (example == nullptr) continue;
      ++examples;
      check(*example, media.at("schema").as_object(), where);
    }
  };
  for (const auto& [path, item] : document().at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      const std::string where = std::string(method) + " " + std::string(path);
      EXPECT_TRUE(operation.as_object().contains("operationId")) << where;
      if (const json::value* body = operation.as_object().if_contains("requestBody"))
        check_content(body->as_object(), where + " request");
      for (const auto& [status, response] : operation.at("responses").as_object())
        check_content(response.as_object(), where + " " + std::string(status));
    }
  }
  EXPECT_GT(examples, 20U);
}

/// Calls the API and checks the answer against what the document says of it.
TEST(Openapi, SaysWhatAReplayTakesAsTheFileDoes) {
  const json::value& replay = document().at("paths").at("/v1/deployments/{deployment}/replay");
  std::map<std::string, config::Range> documented;
  for (const json::value& parameter : replay.at("get").at("parameters").as_array()) {
    const json::object& schema = parameter.at("schema").as_object();
    if (schema.contains("minimum"))
      documented[std::string(parameter.at("name").as_string())] = {
          schema.at("minimum").to_number<double>(), schema.at("maximum").to_number<double>()};
  }
  ASSERT_EQ(documented.size(), 2U);
  EXPECT_EQ(documented.at("tolerance"), config::kTolerance);
  EXPECT_EQ(documented.at("confidence"), config::kConfidence);
}

class OpenapiAnswers : public ::testing::Test {
 protected:
  OpenapiAnswers() {
    testing::add_canary(commands_, clock_.now);
    commands_.alarms["outside"] = true;
    commands_.outside = testing::fired_alarms(clock_.now);
    commands_.services_["shop"].outside = commands_.outside;
    commands_.deployments_["d-3"].alarms.back().outside =
        OutsideReport{health::Standing::State::ignored, clock_.now};
    commands_.deployments_["d-1"] = {};
    commands_.deployments_["d-1"].id = "d-1";
    commands_.deployments_["d-1"].finished = clock_.now;
    commands_.deployments_["d-1"].rolled_back_by = "d-2";
    commands_.deployments_["d-1"].rollback_took = Micros{1500};
    commands_.services_["shop"].last_deployment = "d-1";
  }

  void expect(int status, const std::string& method, const std::string& pattern,
              const std::string& target, const std::string& body = {}) {
    ApiRequest request;
    request.method = method;
    request.target = target;
    request.host = "localhost";
    request.body = body;
    if (!body.empty()) request.content_type = "application/json";
    api_.handle(request, [&](ApiResponse response) {
      if (response.pieces)
        for (const std::string_view piece : *response.pieces) response.body += piece;
      ASSERT_EQ(response.status, status) << target << " " << response.body;
      const json::object& responses =
          document().at("paths").at(pattern).at(lower(method)).at("responses").as_object();
      const std::string code = std::to_string(status);
      const json::object& described = resolve(
          (responses.contains(code) ? responses.at(code) : responses.at("default")).as_object());
      const std::string type = response.content_type.substr(0, response.content_type.find(';'));
      const json::value* media = described.at("content").as_object().if_contains(type);
      ASSERT_NE(media, nullptr) << target << " answers " << type;
      if (type != "text/plain" && type != "text/event-stream")
        check(json::parse(response.body), media->at("schema").as_object(), target);
    });
  }

  testing::FakeCommands commands_;
  testing::FixedClock clock_;
  AdminApi api_{commands_, clock_, {}, {}};
};

TEST_F(OpenapiAnswers, AreAsDocumentedWhereAllIsWell) {
  const std::string group = "/v1/services/{service}/groups/{group}/targets/{target}";
  expect(200, "GET", "/v1/services", "/v1/services");
  expect(200, "GET", "/v1/services/{service}", "/v1/services/shop");
  expect(200, "GET", "/v1/services/{service}/deployments", "/v1/services/shop/deployments");
  expect(201, "POST", "/v1/services/{service}/deployments", "/v1/services/shop/deployments",
         R"({"revision":"v9","targets":["10.0.0.9:80"]})");
  expect(200, "POST", "/v1/services/{service}/rollback", "/v1/services/shop/rollback");
  expect(200, "PUT", "/v1/services/{service}/split", "/v1/services/shop/split",
         R"({"green":"1%"})");
  expect(200, "PUT", group, "/v1/services/shop/groups/blue/targets/10.0.0.1:1");
  expect(202, "DELETE", group, "/v1/services/shop/groups/blue/targets/10.0.0.1:1");
  expect(200, "GET", "/v1/deployments/{deployment}", "/v1/deployments/d-3");
  expect(200, "POST", "/v1/deployments/{deployment}/{command}", "/v1/deployments/d-3/pause");
  expect(200, "GET", "/v1/alarms", "/v1/alarms");
  expect(200, "POST", "/v1/alarms/{alarm}", "/v1/alarms/outside", R"({"state":"firing"})");
  expect(200, "POST", "/v1/alertmanager", "/v1/alertmanager",
         R"({"alerts":[{"status":"firing","labels":{"alertname":"x"}},7]})");
  for (const std::string path : {"/v1/events", "/v1/openapi.json", "/metrics", "/livez", "/readyz"})
    expect(200, "GET", path, path);
}

TEST_F(OpenapiAnswers, AreAsDocumentedWhereSomethingIsWrong) {
  expect(404, "GET", "/v1/services/{service}", "/v1/services/none");
  expect(404, "GET", "/v1/deployments/{deployment}", "/v1/deployments/d-99");
  expect(400, "POST", "/v1/services/{service}/deployments", "/v1/services/shop/deployments", "{");
  expect(400, "PUT", "/v1/services/{service}/split", "/v1/services/shop/split", "{}");
  expect(400, "POST", "/v1/alertmanager", "/v1/alertmanager", "[]");
  commands_.conditions_ = {{"shop", true, {}}};
  expect(503, "GET", "/readyz", "/readyz");
}

}  // namespace
}  // namespace teal::control
