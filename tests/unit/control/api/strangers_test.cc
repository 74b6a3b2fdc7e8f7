// What the control API gives to whom it does not know: pages of other sites, and crowds.
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/api/event_stream.h"
#include "tests/support/admin_api_fixture.h"

namespace teal::control {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AdminStrangers : public testing::AdminApiTest {};

TEST_F(AdminStrangers, RefusesWhatABrowserSaysThatAnotherSiteAsks) {
  ApiRequest asked = request("GET", "/v1/services");
  asked.fetch_mode = "no-cors";
  asked.fetch_dest = "image";
  for (const std::string site : {"cross-site", "same-site", "none, same-origin", "", "else"}) {
    asked.fetch_site = site;
    EXPECT_EQ(problem_type(call(asked)), "urn:teal:problem:foreign-site") << site;
  }
  for (const std::string site : {"same-origin", "none"}) {
    asked.fetch_site = site;
    EXPECT_EQ(call(asked).status, 200) << site;
  }
  ApiRequest changing = request("POST", "/v1/deployments/d-3/stop");
  changing.fetch_site = "same-site";
  EXPECT_EQ(call(changing).status, 403);
  ApiRequest unknown = request("GET", "/v1/nothing");
  unknown.fetch_site = "cross-site";
  EXPECT_EQ(call(unknown).status, 403) << "nor does it learn what there is";
  EXPECT_THAT(commands_.calls, IsEmpty());
}

TEST_F(AdminStrangers, LetsAnotherSiteLeadAWindowToWhatIsShownAndToNothingElse) {
  const auto navigate = [this](const std::string& method, const std::string& target) {
    ApiRequest asked = request(method, target);
    asked.fetch_site = "cross-site";
    asked.fetch_mode = "navigate";
    asked.fetch_dest = "document";
    return asked;
  };
  EXPECT_EQ(call(navigate("GET", "/v1/services")).status, 200);
  EXPECT_EQ(call(navigate("GET", "/v1/events")).status, 403) << "it would hold a stream";
  EXPECT_EQ(call(navigate("GET", "/v1/deployments/d-3/replay")).status, 403) << "it costs too much";
  EXPECT_EQ(call(navigate("POST", "/v1/deployments/d-3/stop")).status, 403) << "a form";
  for (const std::string dest : {"iframe", "frame", "embed", "object", "empty", ""}) {
    ApiRequest framed = navigate("GET", "/v1/services");
    framed.fetch_dest = dest;
    EXPECT_EQ(call(framed).status, 403) << dest;
  }
  ApiRequest untold = navigate("GET", "/v1/services");
  untold.fetch_dest = std::nullopt;
  EXPECT_EQ(call(untold).status, 403);
  EXPECT_THAT(commands_.calls, IsEmpty());
}

TEST_F(AdminStrangers, MayNotBeFramedSniffedOrRead) {
  for (const ApiResponse& response :
       {call("GET", "/v1/services"), call("GET", "/v1/nothing"), call("GET", "/v1/events")}) {
    EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff");
    EXPECT_THAT(header(response, "Content-Security-Policy"), HasSubstr("frame-ancestors 'none'"));
    EXPECT_EQ(header(response, "X-Frame-Options"), "DENY");
    EXPECT_EQ(header(response, "Cross-Origin-Resource-Policy"), "same-origin");
  }
}

TEST_F(AdminStrangers, LetsNoClientTakeAllStreamsFromOthers) {
  ApiRequest greedy = request("GET", "/v1/events");
  greedy.client = "greedy";
  std::vector<ApiResponse> open;
  for (std::size_t i = 0; i < AdminApi::kMaxSubscribersOfOneClient; ++i) {
    open.push_back(call(greedy));
    EXPECT_EQ(open.back().status, 200);
  }
  EXPECT_EQ(call(greedy).status, 503);
  ApiRequest other = greedy;
  other.client = "other";
  EXPECT_EQ(call(other).status, 200);
  greedy.reached = {Address::Kind::unix_socket, "/run/teal.sock", 0};
  EXPECT_EQ(call(greedy).status, 200) << "on the Unix socket all are one user";
}

TEST_F(AdminStrangers, KeepsStreamsForVerifiedPeers) {
  ApiRequest asked = request("GET", "/v1/events");
  std::vector<ApiResponse> open;
  for (std::size_t i = 0; i < AdminApi::kMaxSubscribers; ++i) {
    asked.client = std::to_string(i);
    open.push_back(call(asked));
  }
  asked.verified = true;
  for (std::size_t i = 0; i < AdminApi::kVerifiedSubscribers; ++i) {
    open.push_back(call(asked));
    EXPECT_EQ(open.back().status, 200);
  }
  EXPECT_EQ(call(asked).status, 503);
}

TEST_F(AdminStrangers, KnowsWhatAProbeAsks) {
  for (const std::string target : {"/livez", "/readyz", "/metrics", "/metrics?x=1"}) {
    EXPECT_EQ(AdminApi::kind_of("GET", target), AdminApi::Kind::probe) << target;
    EXPECT_EQ(AdminApi::kind_of("HEAD", target), AdminApi::Kind::probe) << target;
    EXPECT_EQ(AdminApi::kind_of("POST", target), AdminApi::Kind::usual) << target;
  }
  for (const std::string target : {"/", "/v1/services", "/v1/events", "/livez/", ""})
    EXPECT_EQ(AdminApi::kind_of("GET", target), AdminApi::Kind::usual) << target;
}

}  // namespace
}  // namespace teal::control
