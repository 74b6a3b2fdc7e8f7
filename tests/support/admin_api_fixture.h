// AdminApiTest: the control API as values, with FakeCommands behind it.
//
// One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "control/api/api.h"
#include "tests/support/fake_commands.h"

namespace teal::control::testing {

class AdminApiTest : public ::testing::Test {
 protected:
  AdminApiTest() {
    add_canary(commands_, clock_.now);
    config_.allowed_hosts = {"teal.example.com"};
  }

  ApiRequest request(std::string method, std::string target, std::string body = {}) {
    ApiRequest out;
    out.method = std::move(method);
    out.target = std::move(target);
    out.host = "127.0.0.1:9900";
    if (!body.empty()) out.content_type = "application/json";
    out.body = std::move(body);
    out.reached = {Address::Kind::ip4, "127.0.0.1", 9900};
    return out;
  }

  ApiResponse call(const ApiRequest& request) {
    std::optional<ApiResponse> answer;
    api().handle(request, [&](ApiResponse response) {
      EXPECT_FALSE(answer) << "answered twice";
      answer = std::move(response);
    });
    if (!answer) {
      ApiResponse none;
      none.status = 0;
      return none;
    }
    if (answer->pieces)
      for (const std::string_view piece : *answer->pieces) answer->body += piece;
    return *answer;
  }
  ApiResponse call(std::string method, std::string target, std::string body = {}) {
    return call(request(std::move(method), std::move(target), std::move(body)));
  }

  AdminApi& api() {
    if (!api_) api_ = std::make_unique<AdminApi>(commands_, clock_, config_, dependencies_);
    return *api_;
  }

  static boost::json::object body_of(const ApiResponse& response) {
    return boost::json::parse(response.body).as_object();
  }
  static std::string header(const ApiResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return "";
  }
  /// Every problem says all of this (RFC 9457 and a remedy).
  static std::string problem_type(const ApiResponse& response) {
    EXPECT_EQ(response.content_type, "application/problem+json");
    const boost::json::object body = body_of(response);
    EXPECT_EQ(body.at("status").to_number<int>(), response.status);
    EXPECT_FALSE(body.at("title").as_string().empty());
    EXPECT_FALSE(body.at("detail").as_string().empty());
    EXPECT_FALSE(body.at("remedy").as_string().empty());
    return std::string(body.at("type").as_string());
  }

  FakeCommands commands_;
  FixedClock clock_;
  config::Admin config_;
  ApiDependencies dependencies_;
  std::unique_ptr<AdminApi> api_;
};

}  // namespace teal::control::testing
