// The process: how it starts, refuses to start, drains and ends; and the command line.
#include <signal.h>

#include "tests/support/e2e_certificates.h"
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

constexpr const char* kBadConfig =
    "admin: { address: 127.0.0.1:0 }\n"
    "listeners:\n"
    "  public: { address: nowhere, grup: idle }\n"
    "services:\n"
    "  shop:\n"
    "    match: { listener: publik }\n"
    "    helth: { http: /healthz }\n"
    "    blue: { revision: v1, targets: [ 127.0.0.1:1 ] }\n";

TEST(Draining, SigtermLetsARunningRequestFinish) {
  Target target;
  Trigger go;
  target.on_request([&](TargetConnection& connection, const SeenRequest& request) {
    if (request.path == "/running") connection.wait(go);
    connection.send(response(200, "finished"));
  });
  Teal teal(shop({target.address()}));
  HttpClient running(teal.listener());
  running.send(request("GET", "/running"));
  ASSERT_TRUE(target.await_requests(1));
  HttpClient idle(teal.listener());
  ASSERT_TRUE(
      eventually([&] { return teal.admin().metric("teal_downstream_connections_active") == 2; }));
  teal.signal(SIGTERM);
  EXPECT_EQ(idle.await_end(), Arrival::closed) << "connections without a request end at once";
  EXPECT_TRUE(eventually([&] {
    try {
      HttpClient late(teal.listener());
      return late.get("/").status == 0;  // The other worker may take one still.
    } catch (const std::runtime_error&) {
      return true;
    }
  })) << "new connections are not taken";
  go.fire();
  const Response response = running.read();
  EXPECT_EQ(response.body, "finished") << describe(response);
  EXPECT_EQ(response.headers.get("connection"), "close");
  EXPECT_EQ(teal.wait(), 0);
}

TEST(Draining, WhatDoesNotEndInTimeIsCut) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) { connection.stall(); });
  ConfigText config = shop({target.address()});
  std::string text = config.render("$DIR");
  text.replace(text.find("shutdown_grace: 5s"), 18, "shutdown_grace: 100ms");
  Teal teal(text);
  HttpClient client(teal.listener());
  client.send(request("GET", "/"));
  ASSERT_TRUE(target.await_requests(1));
  EXPECT_EQ(teal.stop(), 0);
  const Response response = client.read();
  EXPECT_NE(response.status, 200) << describe(response);
}

TEST(Draining, LoadSeesNoFailureWhileTealEnds) {
  Target target;
  Teal teal(shop({target.address()}));
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(std::make_unique<HttpClient>(teal.listener()));
  for (auto& client : clients) ASSERT_EQ(client->get("/").status, 200);
  for (auto& client : clients) client->send(request("GET", "/"));
  ASSERT_TRUE(target.await_requests(16));
  teal.signal(SIGTERM);
  for (auto& client : clients) {
    const Response response = client->read();
    EXPECT_EQ(response.status, 200) << describe(response);
  }
  EXPECT_EQ(teal.wait(), 0);
}

TEST(Starting, ABadConfigurationIsRefusedWithEveryProblem) {
  const TempDir dir;
  const Finished refused = serve_refused(kBadConfig, dir);
  EXPECT_EQ(refused.code, 1) << refused.err;
  for (const char* part : {"teal.yaml:3:", "teal.yaml:6:", "teal.yaml:7:", "grup", "group",
                           "publik", "helth", "health"})
    EXPECT_NE(refused.err.find(part), std::string::npos) << part << " in\n" << refused.err;
}

TEST(Starting, AnAddressInUseIsRefusedByItsName) {
  Target target;
  Teal teal(shop({target.address()}));
  Door taken;
  ConfigText config = shop({target.address()});
  config.listeners = "public: { address: '" + to_string(taken.address()) + "' }";
  const TempDir dir;
  const Finished refused = serve_refused(config.render(dir.path()), dir);
  EXPECT_EQ(refused.code, 1) << refused.err;
  EXPECT_NE(refused.err.find(to_string(taken.address())), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("public"), std::string::npos) << refused.err;
}

TEST(CommandLine, CheckTellsAGoodFileFromABadOne) {
  const TempDir dir;
  write_file(dir / "good.yaml", shop({"127.0.0.1:1"}).render(dir.path()));
  write_file(dir / "bad.yaml", kBadConfig);
  const Finished good = run({teal_binary(), "check", dir / "good.yaml"});
  EXPECT_EQ(good.code, 0) << good.err;
  const Finished bad = run({teal_binary(), "check", dir / "bad.yaml"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_NE((bad.out + bad.err).find("bad.yaml:7:5"), std::string::npos) << bad.out << bad.err;
  EXPECT_EQ(run({teal_binary(), "check", dir / "missing.yaml"}).code, 1);
}

TEST(CommandLine, CheckAsJsonListsWhatIsWrongAndWhere) {
  const TempDir dir;
  write_file(dir / "good.yaml", shop({"127.0.0.1:1"}).render(dir.path()));
  write_file(dir / "bad.yaml", "listeners:\n  public: { adress: '127.0.0.1:0' }\n");
  const Finished good = run({teal_binary(), "check", "--output", "json", dir / "good.yaml"});
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_TRUE(good.out.starts_with(R"({"good":true,"problems":[],"warnings":[)")) << good.out;
  const Finished bad = run({teal_binary(), "--output", "json", "check", dir / "bad.yaml"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_TRUE(bad.err.empty()) << bad.err;
  EXPECT_TRUE(bad.out.starts_with(R"({"good":false,"problems":[{"file":")")) << bad.out;
  EXPECT_NE(bad.out.find(R"("line":2,"column":13,"key":"listeners.public.adress","message":)"),
            std::string::npos)
      << bad.out;
  EXPECT_NE(bad.out.find(R"("hint":"did you mean 'address'?"})"), std::string::npos) << bad.out;
}

TEST(CommandLine, TheDocumentedExampleIsGoodWithTheFilesThatItNames) {
  const TempDir dir;
  const Certificates files(dir.path());
  files.make("teal", "DNS:shop.example.com");
  write_file(dir / "users.htpasswd",
             "anna:$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy\n");
  std::string text = read_file(TEAL_SOURCE_DIR "/config/teal.yaml");
  for (std::size_t at = 0; (at = text.find(" tls/", at)) != std::string::npos;)
    text.replace(at, 5, ' ' + dir.path() + '/');
  write_file(dir / "teal.yaml", text);
  const Finished good = run({teal_binary(), "check", dir / "teal.yaml"});
  EXPECT_EQ(good.code, 0) << good.err;
}

TEST(CommandLine, WrongUsageIsExitCodeTwoAndHelpIsNot) {
  EXPECT_EQ(run({teal_binary()}).code, 2);
  EXPECT_EQ(run({teal_binary(), "fly"}).code, 2);
  const Finished help = run({teal_binary(), "--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* command : {"serve", "check", "deploy", "status", "rollback", "split"})
    EXPECT_NE(help.out.find(command), std::string::npos) << command;
  EXPECT_EQ(run({teal_binary(), "--version"}).code, 0);
}

class CommandLineTest : public ReleaseTest {
 protected:
  Finished deploy(const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"deploy", "shop",     "--revision",
                                       "v2",     "--target", green_.address()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return teal_->cli(arguments);
  }
};

TEST_F(CommandLineTest, DeployWaitsForSuccess) {
  start();
  const Finished finished = deploy({"--wait"});
  EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
  EXPECT_NE(finished.out.find("v2 is live"), std::string::npos) << finished.out;
  EXPECT_NE(finished.out.find("Succeeded"), std::string::npos) << finished.out;
}

TEST_F(CommandLineTest, DeployTellsARollbackByItsExitCode) {
  start(
      "{ plan: [ { set_weight: 50% }, { bake: 1h } ], "
      "alarms: { errors: { error_rate: '> 5%', over: 5s, minimum_requests: 10 } } }");
  green_.set_status(500);
  Load load(teal_->listener(), 2);
  const Finished finished = deploy({"--wait"});
  EXPECT_EQ(finished.code, 3) << finished.out << finished.err;
  EXPECT_NE(finished.out.find("errors"), std::string::npos) << finished.out;
  EXPECT_EQ(load.stop().failed_by_teal, 0U);
}

TEST_F(CommandLineTest, DeployTellsAFailureByItsExitCode) {
  green_.set_healthy(false);
  start("{ plan: AllAtOnce, healthy_deadline: 1s, rollback_on: [] }");
  const Finished finished = deploy({"--wait"});
  EXPECT_EQ(finished.code, 4) << finished.out << finished.err;
  EXPECT_NE(finished.out.find("HEALTH_CONSTRAINTS"), std::string::npos) << finished.out;
}

TEST_F(CommandLineTest, SteersADeploymentAndShowsIt) {
  start();
  write_file(teal_->dir() / "plan.json", R"([{"set_weight": "25%"}, {"bake": "1h"}])");
  const Finished started = deploy({"--plan-file", teal_->dir() / "plan.json"});
  ASSERT_EQ(started.code, 0) << started.err;
  EXPECT_NE(started.out.find("d-1"), std::string::npos) << started.out;
  ASSERT_TRUE(await_bake("d-1"));
  const Finished status = teal_->cli({"status"});
  EXPECT_EQ(status.code, 0) << status.err;
  for (const char* part : {"shop", "blue", "green", "v1", "v2", "75%", "25%", "d-1", "Baking"})
    EXPECT_NE(status.out.find(part), std::string::npos) << part << " in\n" << status.out;
  EXPECT_EQ(teal_->cli({"pause", "shop"}).code, 0);
  EXPECT_EQ(admin().deployment("d-1").at("/phase"), "Paused");
  EXPECT_EQ(teal_->cli({"continue", "d-1"}).code, 0);
  const Finished rollback = teal_->cli({"rollback"});
  EXPECT_EQ(rollback.code, 0) << rollback.err;
  expect_rolled_back("d-1", "Stopped", "MANUAL_STOP");
  const Finished history = teal_->cli({"history", "shop"});
  for (const char* part : {"d-1", "d-2", "v2", "Stopped", "Succeeded", "rollback"})
    EXPECT_NE(history.out.find(part), std::string::npos) << part << " in\n" << history.out;
  const Finished events = teal_->cli({"events"});
  for (const char* part : {"deployment.started", "split.changed", "deployment.paused", "d-2"})
    EXPECT_NE(events.out.find(part), std::string::npos) << part << " in\n" << events.out;
}

TEST_F(CommandLineTest, ShiftsByHandAndSpeaksJson) {
  start();
  const std::string path = "/v1/services/shop/groups/green/targets/" + green_.address();
  ASSERT_EQ(admin().call("PUT", path).status, 200);
  ASSERT_TRUE(admin().await_accepting(1, "green"));
  EXPECT_EQ(teal_->cli({"split", "shop", "green=12.5%"}).code, 0);
  EXPECT_EQ(green_share(), "12.5%");
  const Finished status = teal_->cli({"status", "shop", "--output", "json"});
  EXPECT_EQ(status.code, 0) << status.err;
  EXPECT_NE(status.out.find("\"green\":\"12.5%\""), std::string::npos) << status.out;
  EXPECT_EQ(teal_->cli({"split", "shop", "green=nonsense"}).code, 2);
  EXPECT_EQ(teal_->cli({"status", "shoop"}).code, 1);
  EXPECT_EQ(green_share(), "12.5%");
}

TEST(CommandLine, SaysWhenNobodyAnswers) {
  const RefusedAddress nobody;
  const Finished status = run({teal_binary(), "status", "--admin", to_string(nobody.address())});
  EXPECT_EQ(status.code, 6);
  EXPECT_NE(status.err.find(to_string(nobody.address())), std::string::npos) << status.err;
}

}  // namespace
}  // namespace teal::e2e
