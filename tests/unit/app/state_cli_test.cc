// `teal state` of stores that no Teal runs on, and what is typed wrong.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/cli.h"
#include "app/client/exit_code.h"
#include "control/store/spec_json.h"
#include "tests/support/store_files.h"

namespace teal::app {
namespace {

using ::testing::HasSubstr;

/// What a configuration needs besides.
constexpr const char* kRest =
    "listeners: { public: { address: 127.0.0.1:8080 } }\n"
    "services: { shop: { match: [ { listener: public } ], blue: { revision: v1, targets: [ "
    "127.0.0.1:80 ] } } }\n";

struct Said {
  int code = -1;
  std::string out, err;
};

Said state(std::vector<std::string> words) {
  std::ostringstream out;
  std::ostringstream err;
  // Nobody listens at port 1.
  const Terminal terminal{out, err, false, false, 100, "127.0.0.1:1", [](Millis) { return false; }};
  std::vector<const char*> arguments{"teal", "state"};
  for (const std::string& word : words) arguments.push_back(word.c_str());
  const int code = run_cli(static_cast<int>(arguments.size()), arguments.data(), terminal);
  return {code, out.str(), err.str()};
}

class StateCli : public ::testing::Test {
 protected:
  StateCli() {
    control::Batch batch;
    batch.deployments.push_back(
        {1, "shop", WallTime{Millis{5000}}, to_json(control::DeploymentSpec{})});
    EXPECT_TRUE(files_.open()->commit(batch));
  }
  std::string url() const { return "sqlite:" + files_.path(); }
  std::string backup() const { return files_.path("backup"); }

  control::StoreFiles files_;
};

TEST_F(StateCli, BacksUpChecksAndRestoresAStoppedTealsStore) {
  const Said made = state({"backup", "--to", backup(), "--state", url()});
  ASSERT_EQ(made.code, kSuccess) << made.err;
  EXPECT_THAT(made.out, HasSubstr(backup() + " is sound\n  0 services, 1 deployment, 0 events"));
  const Said checked = state({"check", backup(), "--output", "json"});
  EXPECT_EQ(checked.code, kSuccess) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr(R"("last_change":"1970-01-01T00:00:05.000Z")"));
  const Said restored = state({"restore", backup(), "--state", url()});
  EXPECT_EQ(restored.code, kSuccess) << restored.err;
  EXPECT_THAT(restored.out, HasSubstr("what was there is kept as " + files_.path() + ".replaced-"));
}

TEST_F(StateCli, ReadsTheStoreOfAConfigurationWhereNobodyAnswers) {
  const std::string config = files_.path("teal.yaml");
  std::ofstream(config) << "admin: { address: 127.0.0.1:1 }\nstate: " << url() << "\n" << kRest;
  const Said made = state({"backup", "--to", backup(), "--config", config});
  EXPECT_EQ(made.code, kSuccess) << made.err;
  EXPECT_EQ(state({"check", "--config", config}).code, kSuccess);
}

TEST_F(StateCli, IsNotToldToStartWithAJournalThatCannotBeRead) {
  control::Batch batch;
  batch.events.push_back({1, 1, control::Age{0}, WallTime{Millis{6000}}, "{"});
  ASSERT_TRUE(files_.open()->commit(batch));
  const Said checked = state({"check", "--state", url()});
  EXPECT_EQ(checked.code, kError);
  EXPECT_EQ(checked.out, "");
  EXPECT_THAT(checked.err, HasSubstr("this Teal cannot start with what is in it: d-1: "));
}

TEST_F(StateCli, TakesNoPathOfAConfigurationThatIsRelativeToTheServicesFolder) {
  ASSERT_EQ(state({"backup", "--to", backup(), "--state", url()}).code, kSuccess);
  const auto before = files_.all();
  const std::string config = files_.path("teal.yaml");
  std::ofstream(config) << "admin: { address: 127.0.0.1:1 }\nstate: sqlite:teal.db\n" << kRest;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"check", "--config", config}, {"restore", backup(), "--config", config}}) {
    const Said refused = state(words);
    EXPECT_EQ(refused.code, kUsage) << words.front();
    EXPECT_THAT(refused.err, HasSubstr("'teal.db' is relative to the working folder of the service;"
                                       " name it: --state sqlite:/var/lib/teal/teal.db"));
  }
  std::filesystem::remove(config);
  EXPECT_EQ(files_.all(), before);
}

TEST_F(StateCli, SaysWhereToLookWhereNobodyAnswers) {
  const Said said = state({"backup", "--to", backup()});
  EXPECT_EQ(said.code, kUnreachable);
  EXPECT_THAT(said.err, HasSubstr("--config FILE, or --state sqlite:PATH"));
  EXPECT_FALSE(std::filesystem::exists(backup()));
}

TEST_F(StateCli, ReplacesNoFileUnasked) {
  std::ofstream(backup()) << "mine";
  const Said refused = state({"backup", "--to", backup(), "--state", url()});
  EXPECT_EQ(refused.code, kError);
  EXPECT_THAT(refused.err, HasSubstr("--force"));
  EXPECT_EQ(std::filesystem::file_size(backup()), 4U);
  EXPECT_EQ(state({"backup", "--to", backup(), "--state", url(), "--force"}).code, kSuccess);
}

TEST_F(StateCli, IsToldWhichStoreIsMeant) {
  EXPECT_EQ(state({}).code, kUsage);
  EXPECT_EQ(state({"backup"}).code, kUsage);
  EXPECT_EQ(state({"check"}).code, kUsage);
  EXPECT_EQ(state({"restore", backup()}).code, kUsage);
  EXPECT_EQ(state({"check", backup(), "--state", url()}).code, kUsage);
  EXPECT_EQ(state({"restore", backup(), "--state", "etcd://a"}).code, kUsage);
  EXPECT_EQ(state({"restore", backup(), "--state", ":memory:"}).code, kUsage);
  EXPECT_EQ(state({"check", backup()}).code, kError) << "it is not there";
}

}  // namespace
}  // namespace teal::app
