// Another configuration that cannot be had, that nobody confirms, or that somebody regrets: what
// runs goes on as it was, and the answer says why and what helps.
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/e2e_certificates.h"
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ReloadTrouble : public ReleaseTest {
 protected:
  void begin(const std::string& deploy = "{ plan: AllAtOnce }") {
    text_ = shop({blue_.address()}, "deploy: " + deploy + "\n");
    text_.services[0].green = {green_.address()};
    teal_ = std::make_unique<Teal>(text_);
  }
  /// What Teal tells of its configuration and its sockets, but for the last attempt.
  std::string state() {
    std::string text;
    std::istringstream sockets(run({"ss", "-Hlntxp"}).out);
    for (std::string line; std::getline(sockets, line);)
      if (line.find("pid=" + std::to_string(teal_->id()) + ",") != std::string::npos) text += line;
    std::erase(text, ' ');
    EXPECT_NE(text, "");
    const ApiAnswer config = admin().get("/v1/config");
    text += config.at("/generation") + config.at("/sha256") + config.at("/by");
    return text + admin().get("/v1/config/history").text + admin().service().at("/version");
  }
  double reloads(const std::string& result) {
    return admin().metric("teal_config_reloads_total", "result=\"" + result + '"');
  }
  /// Everything is as it was, the answer has `status` and `remedy`, and the last attempt is told
  /// of.
  void expect_refused(const ApiAnswer& answer, int status, const std::string& type,
                      const std::string& result) {
    EXPECT_EQ(answer.status, status) << answer.text;
    EXPECT_EQ(answer.at("/type"), "urn:teal:problem:" + type) << answer.text;
    EXPECT_EQ(answer.at("/result"), result) << answer.text;
    EXPECT_NE(answer.at("/remedy"), "") << answer.text;
    EXPECT_EQ(admin().get("/v1/config").at("/last_reload/result"), result);
    EXPECT_EQ(admin().metric("teal_config_last_reload_successful"), 0);
    EXPECT_GE(reloads(result), 1);
    EXPECT_EQ(HttpClient{teal_->listener()}.get("/").status, 200);
  }

  ConfigText text_;
};

// ---- what cannot be had -------------------------------------------------------------------------

TEST_F(ReloadTrouble, AFileWithProblemsChangesNothingAndNamesThemAll) {
  begin();
  const std::string before = state();
  text_.services[0].more += "timeouts: { connekt: 1s }\nretry: { attempts: many }\n";
  const ApiAnswer answer = teal_->reload(text_);
  expect_refused(answer, 422, "invalid-configuration", "invalid");
  EXPECT_EQ(answer.body.at("problems").as_array().size(), 2U) << answer.text;
  EXPECT_EQ(answer.at("/problems/0/key"), "services.shop.timeouts.connekt");
  EXPECT_EQ(state(), before);
  const Finished by_hand = teal_->cli({"reload"});
  EXPECT_EQ(by_hand.code, 1);
  EXPECT_THAT(by_hand.out + by_hand.err, HasSubstr("connekt"));
  EXPECT_THAT(by_hand.out + by_hand.err, HasSubstr("attempts"));
}

TEST_F(ReloadTrouble, AFileThatIsNotThereOrNoYamlChangesNothing) {
  begin();
  const std::string before = state();
  teal_->rewrite("services: [");
  expect_refused(teal_->reload(), 422, "invalid-configuration", "invalid");
  std::filesystem::remove(teal_->config_path());
  expect_refused(teal_->reload(), 422, "invalid-configuration", "invalid");
  EXPECT_EQ(state(), before);
}

TEST_F(ReloadTrouble, APortThatIsTakenChangesNothingAndDropsTheSocketsThatCouldBeHad) {
  begin();
  Target other("other");
  const std::string before = state();
  text_.listeners =
      "public: { address: '127.0.0.1:0' }\nfree: { address: '127.0.0.1:0' }\n"
      "taken: { address: '" +
      other.address() + "' }";
  text_.services[0].match = "[ { listener: public }, { listener: free }, { listener: taken } ]";
  const ApiAnswer answer = teal_->reload(text_);
  expect_refused(answer, 422, "cannot-be-had", "failed");
  EXPECT_THAT(answer.text, HasSubstr(other.address()));
  EXPECT_EQ(state(), before);
}

TEST_F(ReloadTrouble, APortIsNotSharedWithAnotherTeal) {
  begin();
  const Address theirs = teal_->listener();
  ConfigText other = text_;
  const std::string port = std::to_string(theirs.port);
  other.listeners = "public: { address: '127.0.0.3:" + port + "' }";
  Teal second(other);
  other.listeners = "public: { address: '0.0.0.0:" + port + "' }";
  const ApiAnswer answer = second.reload(other);
  EXPECT_EQ(answer.status, 422) << answer.text;
  EXPECT_THAT(answer.text, HasSubstr("127.0.0.1:" + port));
  EXPECT_THAT(answer.text, HasSubstr("another process"));
  EXPECT_EQ(HttpClient{second.listener()}.get("/").status, 200);
}

TEST_F(ReloadTrouble, ATargetDoesNotBecomeAListener) {
  begin();
  Target other("other");
  const std::string address = other.address();
  ASSERT_EQ(admin().call("PUT", "/v1/services/shop/groups/blue/targets/" + address).status, 200);
  other.stop();
  text_.listeners += "\nside: { address: '" + address + "' }";
  const ApiAnswer answer = teal_->reload(text_);
  EXPECT_EQ(answer.status, 422) << answer.text;
  EXPECT_THAT(answer.text, HasSubstr("listener 'side'"));
}

TEST_F(ReloadTrouble, ACertificateThatIsNotThereChangesNothing) {
  begin();
  Target other("other");
  const std::string before = state();
  text_.listeners =
      "public: { address: '127.0.0.1:0', tls: { certificates: [ { certificate: $DIR/a.crt, key: "
      "$DIR/a.key } ] } }";
  const ApiAnswer answer = teal_->reload(text_);
  expect_refused(answer, 422, "invalid-configuration", "invalid");
  EXPECT_THAT(answer.text, HasSubstr("a.crt"));
  EXPECT_EQ(state(), before);
}

TEST_F(ReloadTrouble, AnAccessLogThatCannotBeOpenedChangesNothing) {
  begin();
  text_.access_log = "{ path: /nowhere/at/all.log }";
  const std::string before = state();
  const ApiAnswer answer = teal_->reload(text_);
  expect_refused(answer, 422, "cannot-be-had", "failed");
  EXPECT_THAT(answer.text, HasSubstr("/nowhere/at/all.log"));
  EXPECT_EQ(state(), before);
}

TEST_F(ReloadTrouble, AServiceWhoseDeploymentRunsDoesNotGo) {
  begin("{ plan: [ { set_weight: 10% }, { bake: 1h } ] }");
  const std::string id = ship();
  ASSERT_TRUE(await_bake(id));
  const ConfigText before = text_;
  text_.services[0].name = "store";
  ApiAnswer answer = teal_->reload(text_);
  expect_refused(answer, 409, "deployment-running", "refused");
  EXPECT_THAT(answer.text, HasSubstr(id));
  text_ = before;
  text_.listeners = "public: { address: '127.0.0.1:0', group: live }";
  answer = teal_->reload(text_);
  expect_refused(answer, 409, "deployment-running", "refused");
  EXPECT_EQ(admin().deployment(id).at("/status"), "Baking");
  EXPECT_EQ(green_share(), "10%");
}

TEST_F(ReloadTrouble, WhatNeedsARestartIsRefusedWithTheRest) {
  begin();
  text_.workers = 3;
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  const ApiAnswer answer = teal_->reload(text_);
  expect_refused(answer, 422, "needs-restart", "refused");
  EXPECT_THAT(answer.at("/detail"), HasSubstr("workers"));
  EXPECT_EQ(answer.body.at("changes").as_array().size(), 2U);
  EXPECT_EQ(admin().get("/v1/config").at("/generation"), "1");
}

TEST_F(ReloadTrouble, AStoreThatCannotBeWrittenDelaysNothing) {
  begin();
  // The folder is gone: neither the store nor its journal can be written as the next start reads.
  const std::string store = teal_->dir() / "teal.db";
  std::filesystem::rename(store, store + ".away");
  std::filesystem::create_directory(store);
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  const ApiAnswer answer = teal_->reload(text_);
  EXPECT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.at("/generation"), "2");
  std::filesystem::remove(store);
  std::filesystem::rename(store + ".away", store);
}

// ---- commands -----------------------------------------------------------------------------------

TEST_F(ReloadTrouble, ADryRunSaysWhatWouldChangeAndBindsNothing) {
  begin();
  const std::string before = state();
  text_.listeners = "public: { address: '127.0.0.1:0' }\nside: { address: '127.0.0.1:0' }";
  text_.services[0].match = "[ { listener: public }, { listener: side } ]";
  teal_->rewrite(text_);
  const Finished said = teal_->cli({"reload", "--dry-run"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr("listeners.side"));
  EXPECT_THAT(said.out, HasSubstr("nothing was changed"));
  EXPECT_EQ(state(), before);
  EXPECT_EQ(reloads("applied"), 0);
}

TEST_F(ReloadTrouble, ADryRunDoesNotTryWhetherAPortIsFree) {
  begin();
  Target other("other");
  text_.listeners += "\nside: { address: '" + other.address() + "' }";
  teal_->rewrite(text_);
  EXPECT_EQ(teal_->reload(R"({"dry_run": true})").at("/result"), "checked");
}

TEST_F(ReloadTrouble, OnlyWhatSaysSomethingElseIsANewGeneration) {
  begin();
  teal_->rewrite("# A word for people.\n" + text_.render("$DIR"));
  EXPECT_EQ(teal_->reload().at("/result"), "unchanged");
  EXPECT_EQ(admin().get("/v1/config").at("/generation"), "1");
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  EXPECT_EQ(teal_->reload(text_).at("/generation"), "2");
  EXPECT_EQ(teal_->reload(R"({"if_generation": 1})").status, 412);
  EXPECT_EQ(teal_->reload(R"({"if_generation": 2})").at("/result"), "unchanged");
  EXPECT_THAT(admin().get("/readyz").text, HasSubstr("\"generation\":2"));
  EXPECT_THAT(admin().get("/v1/events?limit=1000").text + teal_->log(),
              HasSubstr("config.changed"));
}

TEST_F(ReloadTrouble, SighupLoadsTheFile) {
  begin();
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  teal_->rewrite(text_);
  teal_->signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return admin().get("/v1/config").at("/generation") == "2"; }));
  EXPECT_EQ(admin().get("/v1/config").at("/by"), "SIGHUP");
  teal_->rewrite("nonsense: true\n");
  teal_->signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return reloads("invalid") == 1; }));
  EXPECT_THAT(teal_->log(), HasSubstr("nonsense"));
  EXPECT_EQ(admin().get("/v1/config").at("/generation"), "2");
}

TEST_F(ReloadTrouble, TheLastTenGenerationsAreKeptAndComeBack) {
  begin();
  for (int i = 2; i <= 13; ++i) {
    text_.services[0].more = "timeouts: { connect: " + std::to_string(700 + i) + "ms }\n";
    ASSERT_EQ(teal_->reload(text_).at("/generation"), std::to_string(i));
  }
  const ApiAnswer history = admin().get("/v1/config/history");
  EXPECT_EQ(history.body.at("generations").as_array().size(), 10U);
  EXPECT_EQ(admin().post("/v1/config/rollback", R"({"to": 3})").status, 404);
  const ApiAnswer back = admin().post("/v1/config/rollback", R"({"to": 5})");
  EXPECT_EQ(back.at("/result"), "rolled_back") << back.text;
  EXPECT_EQ(back.at("/generation"), "14");
  EXPECT_THAT(back.text, HasSubstr("705ms"));
  EXPECT_EQ(admin().metric("teal_config_diverged"), 1);
  EXPECT_THAT(admin().get("/readyz").text, HasSubstr("a restart would go over to the file's"));
  // The file says what runs again.
  text_.services[0].more = "timeouts: { connect: 705ms }\n";
  EXPECT_EQ(teal_->reload(text_).at("/result"), "unchanged");
  EXPECT_EQ(admin().metric("teal_config_diverged"), 0);
}

TEST_F(ReloadTrouble, GenerationsOutliveAKill) {
  begin();
  text_.services[0].more = "timeouts: { connect: 701ms }\n";
  ASSERT_EQ(teal_->reload(text_).status, 200);
  const auto flushed = admin().split("10%");  // Waits for the disk.
  ASSERT_EQ(flushed.status, 200);
  teal_->kill9();
  teal_->start();
  EXPECT_EQ(admin().get("/v1/config").at("/generation"), "2") << "it says what ran before";
  const ApiAnswer back = admin().post("/v1/config/rollback");
  EXPECT_EQ(back.at("/result"), "rolled_back") << back.text;
}

TEST_F(ReloadTrouble, WhatNobodyConfirmsComesBackByItself) {
  begin();
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  teal_->rewrite(text_);
  const Finished waited = teal_->cli({"reload", "--confirm-within", "1s"});
  EXPECT_EQ(waited.code, 3) << waited.out << waited.err;
  EXPECT_THAT(waited.err, HasSubstr("nobody confirmed"));
  EXPECT_EQ(admin().get("/v1/config").at("/generation"), "3");
  EXPECT_EQ(admin().get("/v1/config").at("/by"), "unconfirmed");
  EXPECT_EQ(admin().post("/v1/config/confirm").status, 409);
}

TEST_F(ReloadTrouble, WhatNobodyConfirmsComesBackAfterAKillToo) {
  begin();
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  teal_->rewrite(text_);
  ASSERT_EQ(teal_->reload(R"({"confirm_within": "1s"})").at("/result"), "applied");
  teal_->kill9();
  teal_->start();
  EXPECT_EQ(admin().get("/v1/config").at("/generation"), "2");
  EXPECT_THAT(admin().get("/readyz").text, HasSubstr("unless it is confirmed"));
  EXPECT_TRUE(eventually([&] { return admin().get("/v1/config").at("/generation") == "3"; }));
  EXPECT_EQ(admin().get("/v1/config").at("/by"), "unconfirmed");
}

TEST_F(ReloadTrouble, ATealThatDoesNotAnswerHasConfirmedNothing) {
  begin();
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  teal_->rewrite(text_);
  const std::string path = teal_->dir() / "waits";
  Process waits(
      {teal_binary(), "reload", "--admin", teal_->admin_address(), "--confirm-within", "2s"}, path,
      path);
  ASSERT_TRUE(eventually([&] { return read_file(path).find("applied") != std::string::npos; }));
  teal_->kill9();
  teal_->start();
  EXPECT_EQ(waits.wait(), 3) << read_file(path);
}

TEST_F(ReloadTrouble, WhatCannotBeTakenBackIsNotLoadedForATry) {
  text_ = shop({blue_.address()});
  text_.listeners =
      "public: { address: '127.0.0.1:0', error_pages: { status: 404, file: $DIR/p.html } }";
  TempDir pages;
  std::string text = text_.render("$DIR");
  text.replace(text.find("$DIR/p.html"), 11, pages / "p.html");
  write_file(pages / "p.html", "one");
  teal_ = std::make_unique<Teal>(text);
  write_file(pages / "p.html", "two");
  const ApiAnswer answer = teal_->reload(R"({"confirm_within": "1s"})");
  EXPECT_EQ(answer.status, 422) << answer.text;
  EXPECT_EQ(answer.at("/type"), "urn:teal:problem:cannot-be-taken-back");
  EXPECT_EQ(teal_->reload().at("/result"), "applied");
  EXPECT_EQ(teal_->reload(R"({"confirm_within": "0s"})").status, 400);
}

TEST_F(ReloadTrouble, WhatSomebodyConfirmsStays) {
  begin();
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  teal_->rewrite(text_);
  ASSERT_EQ(teal_->reload(R"({"confirm_within": "30s"})").at("/result"), "applied");
  EXPECT_THAT(admin().get("/readyz").text, HasSubstr("unless it is confirmed"));
  EXPECT_EQ(teal_->reload().status, 409) << "that would leave nothing to come back to";
  const Finished confirmed = teal_->cli({"config", "confirm"});
  EXPECT_EQ(confirmed.code, 0) << confirmed.err;
  EXPECT_THAT(admin().get("/readyz").text, Not(HasSubstr("unless it is confirmed")));
  EXPECT_EQ(admin().get("/v1/config").at("/confirm_within_ms"), "");
}

TEST_F(ReloadTrouble, GoingBackOverWhoMayComeInHasToBeMeant) {
  begin();
  text_.listeners = "public: { address: '127.0.0.1:0', trusted_proxies: [ 10.0.0.0/8 ] }";
  const ApiAnswer there = teal_->reload(text_);
  ASSERT_EQ(there.at("/result"), "applied") << there.text;
  EXPECT_THAT(there.text, HasSubstr("\"access\":true"));
  const Finished refused = teal_->cli({"config", "rollback"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.out + refused.err, HasSubstr("--confirm-access"));
  EXPECT_EQ(admin().get("/v1/config").at("/generation"), "2");
  const Finished back = teal_->cli({"config", "rollback", "--confirm-access"});
  EXPECT_EQ(back.code, 0) << back.out << back.err;
  EXPECT_EQ(admin().get("/v1/config").at("/generation"), "3");
}

// ---- access -------------------------------------------------------------------------------------

TEST_F(ReloadTrouble, APasswordIsAskedForFromTheReloadOn) {
  begin();
  HttpClient client(teal_->listener());
  ASSERT_EQ(client.get("/").status, 200);
  const std::string users = teal_->dir() / "users";
  // "open sesame".
  write_file(users, "anna:$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy\n");
  ::chmod(users.c_str(), 0600);
  text_.services[0].more += "basic_auth: { realm: shop, file: $DIR/users }\n";
  const ApiAnswer answer = teal_->reload(text_);
  ASSERT_EQ(answer.at("/result"), "applied") << answer.text;
  EXPECT_THAT(answer.text, HasSubstr("\"access\":true"));
  EXPECT_EQ(client.get("/").status, 401);
  const std::string anna = "Authorization: Basic YW5uYTpvcGVuIHNlc2FtZQ==\r\n";
  EXPECT_EQ(client.get("/", anna).status, 200);
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  ASSERT_EQ(teal_->reload(text_).at("/result"), "applied");
  EXPECT_EQ(client.get("/", anna).status, 200);
  EXPECT_EQ(client.get("/").status, 401);
}

TEST_F(ReloadTrouble, AnotherServicesWordIsAskedForFromTheReloadOn) {
  begin();
  Target gate("gate");
  HttpClient client(teal_->listener());
  ASSERT_EQ(client.get("/").status, 200);
  ServiceText auth;
  auth.name = "auth";
  auth.match = "{ listener: public, path: /auth }";
  auth.blue = {gate.address()};
  text_.services.push_back(auth);
  text_.services[0].more += "forward_auth: { service: auth, path: /verify }\n";
  const ApiAnswer answer = teal_->reload(text_);
  ASSERT_EQ(answer.at("/result"), "applied") << answer.text;
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(gate.requests(), 1U);
  gate.set_status(403);
  EXPECT_EQ(client.get("/").status, 403);
  text_.services[0].more = "deploy: { plan: AllAtOnce }\n";
  ASSERT_EQ(teal_->reload(text_).at("/result"), "applied");
  EXPECT_EQ(client.get("/").status, 200);
}

TEST_F(ReloadTrouble, SourcesOfTargetsAreLookedAtFromTheReloadOn) {
  begin();
  Target found("found");
  const std::string file = teal_->dir() / "targets.json";
  write_file(file, R"([{"targets": [")" + found.address() + R"("]}])");
  ::chmod(file.c_str(), 0644);
  text_.services[0].more += "discover: [ { file: $DIR/targets.json, revision: v1 } ]\n";
  const ApiAnswer answer = teal_->reload(text_);
  ASSERT_EQ(answer.at("/result"), "applied") << answer.text;
  EXPECT_TRUE(admin().await_accepting(2));
  text_.services[0].more += "timeouts: { connect: 700ms }\n";
  ASSERT_EQ(teal_->reload(text_).at("/result"), "applied");
  EXPECT_EQ(admin().service().at("/groups/blue/targets_total"), "2") << "what was found stays";
  text_.services[0].more = "deploy: { plan: AllAtOnce }\n";
  ASSERT_EQ(teal_->reload(text_).at("/result"), "applied");
  EXPECT_TRUE(admin().await_accepting(1));
}

}  // namespace
}  // namespace teal::e2e
