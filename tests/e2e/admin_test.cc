// The control API's edge and the metrics, asked as strangers would ask them.
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "tests/support/e2e_load.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

namespace json = boost::json;

TEST(ControlApi, TellsAboutAServiceWhatAnOperatorWantsToKnow) {
  Target target;
  Teal teal(shop({target.address()}, fast_health()));
  ASSERT_TRUE(teal.admin().await_accepting(1));
  ask(teal.listener(), 50);
  const ApiAnswer service = teal.admin().service();
  EXPECT_EQ(service.status, 200);
  EXPECT_EQ(service.at("/live"), "blue");
  EXPECT_EQ(service.at("/split/blue"), "100%");
  EXPECT_EQ(service.at("/groups/blue/revision"), "v1");
  EXPECT_EQ(service.at("/groups/blue/targets/0/address"), target.address());
  EXPECT_EQ(service.at("/groups/blue/targets/0/health"), "healthy");
  EXPECT_TRUE(eventually([&] {
    return teal.admin().service().at("/groups/blue/requests") == "50";
  })) << teal.admin().service().text;
  EXPECT_TRUE(eventually([&] { return teal.admin().service().at("/groups/blue/measured") == "1"; }))
      << teal.admin().service().text;
  const ApiAnswer list = teal.admin().get("/v1/services");
  EXPECT_EQ(list.at("/services/0/name"), "shop");
}

TEST(ControlApi, AnswersMistakesWithProblemJsonAndARemedy) {
  Target target;
  Teal teal(shop({target.address()}));
  const auto expect_problem = [](const ApiAnswer& answer, int status) {
    EXPECT_EQ(answer.status, status) << answer.text;
    EXPECT_EQ(answer.headers.get("content-type"), "application/problem+json");
    EXPECT_EQ(answer.at("/status"), std::to_string(status));
    EXPECT_FALSE(answer.at("/title").empty());
    EXPECT_FALSE(answer.at("/remedy").empty()) << answer.text;
  };
  const Admin& admin = teal.admin();
  expect_problem(admin.service("shoop"), 404);
  expect_problem(admin.get("/v1/nothing"), 404);
  expect_problem(admin.deployment("d-7"), 404);
  expect_problem(admin.call("DELETE", "/v1/services/shop"), 405);
  expect_problem(admin.post("/v1/services/shop/deployments", "{not json"), 400);
  expect_problem(admin.post("/v1/alarms/unknown", R"({"state": "firing"})"), 404);
  expect_problem(admin.call("PUT", "/v1/services/shop/split", R"({"green": "10%"})"), 422);
  EXPECT_NE(admin.service("shoop").text.find("shop"), std::string::npos) << "it lists the names";
}

TEST(ControlApi, AGetChangesNothing) {
  Target target;
  Teal teal(shop({target.address()}));
  for (const char* path : {"/v1/services/shop/split", "/v1/deployments/d-1/rollback",
                           "/v1/services/shop/groups/blue/targets/127.0.0.1:1", "/v1/alarms/x"}) {
    const int status = teal.admin().get(path).status;
    EXPECT_TRUE(status == 405 || status == 404) << path << ": " << status;
  }
}

TEST(ControlApi, RefusesOtherSitesAndOtherNames) {
  Target target;
  ConfigText config = shop({target.address()});
  std::string text = config.render("$DIR");
  const std::string unix_line = text.substr(0, text.find('\n'));
  text.replace(0, unix_line.size(),
               "admin: { address: '127.0.0.1:0', allowed_hosts: [ teal.internal ] }");
  const TempDir dir;
  // Its admin address is not known beforehand: only the log tells.
  for (std::size_t at; (at = text.find("$DIR")) != std::string::npos;)
    text.replace(at, 4, dir.path());
  write_file(dir / "teal.yaml", text);
  Process process({teal_binary(), "serve", dir / "teal.yaml"}, dir / "out", dir / "err",
                  dir.path());
  std::string address;
  ASSERT_TRUE(eventually([&] {
    const std::string log = read_file(dir / "err");
    const std::size_t at = log.find("listener=admin address=");
    if (at == std::string::npos) return false;
    address = log.substr(at + 23, log.find('\n', at) - at - 23);
    return log.find('\n', at) != std::string::npos;
  })) << read_file(dir / "err");
  const auto status = [&](const std::string& lines) {
    HttpClient client(*parse_address(address));
    return client.exchange("GET /v1/services HTTP/1.1\r\n" + lines + "\r\n").status;
  };
  EXPECT_EQ(status("host: " + address + "\r\n"), 200);
  EXPECT_EQ(status("host: localhost\r\n"), 200);
  EXPECT_EQ(status("host: teal.internal\r\n"), 200);
  EXPECT_EQ(status("host: evil.example.com\r\n"), 421) << "DNS rebinding";
  EXPECT_EQ(status("host: " + address + "\r\norigin: http://evil.example.com\r\n"), 403);
  EXPECT_EQ(status("host: " + address + "\r\norigin: http://" + address + "\r\n"), 200);
  EXPECT_EQ(status(""), 400);
  process.signal(15);
  EXPECT_EQ(process.wait(), 0) << read_file(dir / "err");
}

TEST(ControlApi, ServesItsOwnDescription) {
  Target target;
  Teal teal(shop({target.address()}));
  const ApiAnswer answer = teal.admin().get("/v1/openapi.json");
  ASSERT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.at("/openapi").starts_with("3.")) << answer.at("/openapi");
  const json::object& paths = answer.body.at("paths").as_object();
  for (const char* path : {"/v1/services/{service}/deployments", "/v1/services/{service}/split",
                           "/v1/events", "/metrics", "/readyz"})
    EXPECT_TRUE(paths.contains(path)) << path;
}

TEST(ControlApi, TellsWhetherItLivesAndIsReady) {
  Target target;
  Teal teal(shop({target.address()}));
  EXPECT_EQ(teal.admin().get("/livez").status, 200);
  EXPECT_EQ(teal.admin().get("/readyz").status, 200);
}

TEST(Metrics, AreCleanForPromtool) {
  Target target;
  target.set_status(404);
  Teal teal(shop({target.address()}, fast_health()));
  ASSERT_TRUE(teal.admin().await_accepting(1));
  ask(teal.listener(), 20);
  HttpClient(teal.listener()).exchange("BROKEN\r\n\r\n");
  const ApiAnswer metrics = teal.admin().get("/metrics");
  ASSERT_EQ(metrics.status, 200);
  EXPECT_TRUE(metrics.headers.get("content-type").starts_with("text/plain; version=0.0.4"));
  const Finished checked = run({"promtool", "check", "metrics"}, metrics.text);
  EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
  EXPECT_EQ(checked.out + checked.err, "");
}

TEST(Metrics, CountWhatHappenedByServiceGroupRevisionStatusAndOrigin) {
  Target target;
  Teal teal(shop({target.address()}));
  ask(teal.listener(), 30);
  target.set_status(500);
  ask(teal.listener(), 4);
  target.on_request([](TargetConnection& connection, const SeenRequest&) { connection.close(); });
  ask(teal.listener(), 2);
  const Admin& admin = teal.admin();
  const std::string labels = R"(service="shop",group="blue",revision="v1",audience="split",)";
  EXPECT_EQ(admin.metric("teal_requests_total", labels + R"(code="2xx",origin="target")"), 30);
  EXPECT_EQ(admin.metric("teal_requests_total", labels + R"(code="5xx",origin="target")"), 4);
  EXPECT_EQ(admin.metric("teal_requests_total", labels + R"(code="5xx",origin="teal")"), 2);
  EXPECT_EQ(admin.metric("teal_request_duration_seconds_count"), 36);
  EXPECT_EQ(admin.metric("teal_split_asked_ratio", "blue"), 1);
  EXPECT_EQ(admin.metric("teal_build_info"), 1);
  EXPECT_GT(admin.metric("teal_upstream_requests_on_kept_connections_total"), 0);
  EXPECT_EQ(admin.metric("teal_exporter_samples_dropped"), 0);
}

TEST(Metrics, AreConsistentWithWhatWrkMeasured) {
  Target target;
  Teal teal(shop({target.address()}));
  const Finished load =
      run({"wrk", "-t1", "-c8", "-d1s", "http://" + to_string(teal.listener()) + "/"});
  ASSERT_EQ(load.code, 0) << load.err;
  EXPECT_EQ(load.out.find("Non-2xx"), std::string::npos) << load.out;
  EXPECT_EQ(load.out.find("Socket errors"), std::string::npos) << load.out;
  const std::size_t at = load.out.find(" requests in ");
  ASSERT_NE(at, std::string::npos) << load.out;
  const double measured = std::stod(load.out.substr(load.out.rfind('\n', at) + 1));
  // What was in flight when wrk stopped is not in its count.
  EXPECT_NEAR(teal.admin().metric("teal_requests_total"), measured, 8);
}

}  // namespace
}  // namespace teal::e2e
