// `teal state`: backups of a Teal that runs and of one that does not, and their way back.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/e2e_events.h"
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

namespace fs = std::filesystem;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> found;
  for (const auto& each : fs::directory_iterator(directory))
    found.push_back(each.path().filename());
  return found;
}

class StateTest : public ReleaseTest {
 protected:
  std::string backup() const { return backups_ / "teal.backup"; }
  Finished state(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {teal_binary(), "state"});
    return run(arguments);
  }
  Finished back_up(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"state", "backup", "--to", backup()});
    return teal_->cli(more);
  }
  std::string store() const { return teal_->dir() / "teal.db"; }

  TempDir backups_;
};

TEST_F(StateTest, ABackupUnderARunningDeploymentResumesElsewhere) {
  start();
  const std::string first = ship();
  ASSERT_TRUE(admin().await(first, "status", "Succeeded"));
  const std::string second = admin().deploy("v3", blue_.address(), kLongCanary).at("/id");
  ASSERT_TRUE(await_bake(second));
  const Finished made = back_up();
  ASSERT_EQ(made.code, 0) << made.out << made.err;
  EXPECT_TRUE(has(made.out, "1 service, 2 deployments")) << made.out;
  const ApiAnswer history = admin().get("/v1/services/shop/deployments");

  ASSERT_EQ(teal_->stop(), 0);
  const Finished restored = state({"restore", backup(), "--config", teal_->config_path()});
  ASSERT_EQ(restored.code, 0) << restored.err;
  EXPECT_TRUE(has(restored.out, "kept as")) << restored.out;
  teal_->start();
  EXPECT_EQ(green_share(), "90%") << "v3 has its tenth still";
  EXPECT_EQ(admin().deployment(first).at("/status"), "Succeeded");
  ASSERT_TRUE(await_bake(second)) << admin().deployment(second).text;
  const ApiAnswer after = admin().get("/v1/services/shop/deployments");
  EXPECT_EQ(after.at("/deployments/0/id"), history.at("/deployments/0/id"));
  EXPECT_EQ(after.at("/deployments/1/finished"), history.at("/deployments/1/finished"));
  ASSERT_EQ(admin().command(second, "promote").status, 200);
  EXPECT_TRUE(admin().await(second, "status", "Succeeded"));
}

TEST_F(StateTest, ABackupTakesBackWhatWasDoneSince) {
  start();
  ASSERT_EQ(back_up().code, 0);
  ASSERT_TRUE(admin().await(ship(), "status", "Succeeded"));
  ASSERT_EQ(admin().service().at("/live"), "green");
  ASSERT_EQ(teal_->stop(), 0);
  ASSERT_EQ(state({"restore", backup(), "--state", "sqlite:" + store()}).code, 0);
  teal_->start();
  EXPECT_EQ(admin().service().at("/live"), "blue");
  EXPECT_EQ(ask(teal_->listener(), 5).at("blue-1"), 5U);
}

TEST_F(StateTest, ABackupIsItsOwnersAndReplacesNothingUnasked) {
  start();
  ASSERT_EQ(back_up().code, 0);
  struct stat found{};
  ASSERT_EQ(::stat(backup().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  const std::string bytes = read_file(backup());
  const Finished refused = back_up();
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(has(refused.err, "--force")) << refused.err;
  EXPECT_EQ(read_file(backup()), bytes);
  EXPECT_EQ(back_up({"--force"}).code, 0);
  EXPECT_EQ(names_in(backups_.path()), std::vector<std::string>{"teal.backup"});
  for (const std::string& name : names_in(teal_->dir().path()))
    EXPECT_TRUE(name == "teal.db" || name == "teal.db-wal" || !has(name, "teal.db")) << name;
}

TEST_F(StateTest, OfATealThatWasKilledIsReadFromItsFile) {
  start();
  ASSERT_TRUE(admin().await(ship(), "status", "Succeeded"));
  const Finished running = state({"check", store()});
  EXPECT_EQ(running.code, 1);
  EXPECT_TRUE(has(running.err, "in use by process " + std::to_string(teal_->id()))) << running.err;
  teal_->kill9();
  const Finished checked = state({"check", "--config", teal_->config_path()});
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_TRUE(has(checked.out, "1 service, 1 deployment, ")) << checked.out;
  // Nobody answers at the address of the configuration: the store itself is read.
  const Finished made = state({"backup", "--to", backup(), "--config", teal_->config_path()});
  ASSERT_EQ(made.code, 0) << made.err;
  const Finished json = state({"check", backup(), "--output", "json"});
  EXPECT_EQ(json.code, 0) << json.err;
  EXPECT_TRUE(has(json.out, R"("deployments":1)")) << json.out;
  teal_->start();
  EXPECT_EQ(admin().service().at("/live"), "green") << "reading has changed nothing";
}

TEST_F(StateTest, NothingIsRestoredUnderARunningTeal) {
  start();
  ASSERT_EQ(back_up().code, 0);
  const Finished refused = state({"restore", backup(), "--config", teal_->config_path()});
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(has(refused.err, "stop that Teal")) << refused.err;
  ASSERT_TRUE(admin().await(ship(), "status", "Succeeded"));
}

TEST_F(StateTest, ABackupThatIsKilledLeavesNothing) {
  start();
  // The server stands still: the client has begun its file and waits.
  teal_->signal(SIGSTOP);
  {
    Process client(
        {teal_binary(), "--admin", teal_->admin_address(), "state", "backup", "--to", backup()},
        teal_->dir() / "out", teal_->dir() / "err");
    EXPECT_TRUE(eventually([&] {
      std::error_code failed;
      std::size_t open = 0;
      for (const auto& each :
           fs::directory_iterator("/proc/" + std::to_string(client.id()) + "/fd", failed)) {
        const std::string target = fs::read_symlink(each.path(), failed).string();
        if (has(target, backups_.path())) ++open;
      }
      return open > 0;
    }));
    client.signal(SIGKILL);
    client.wait();
  }
  teal_->signal(SIGCONT);
  EXPECT_TRUE(names_in(backups_.path()).empty());
  EXPECT_TRUE(eventually([&] { return !fs::exists(store() + ".snapshot"); }));
  EXPECT_TRUE(eventually([&] { return back_up().code == 0; })) << "once nobody reads the first";
}

TEST_F(StateTest, AFullDiskIsToldAndLeavesNothing) {
  start();
  // The file of a backup is larger than its writer may write.
  const Finished small = run({"/bin/sh", "-c",
                              "trap '' XFSZ; ulimit -f 8; exec " + teal_binary() + " --admin " +
                                  teal_->admin_address() + " state backup --to " + backup()});
  EXPECT_EQ(small.code, 1) << small.err;
  EXPECT_TRUE(has(small.err, "make room")) << small.err;
  EXPECT_TRUE(names_in(backups_.path()).empty());
  // The server cannot write its copy.
  const rlimit limit{8192, RLIM_INFINITY};
  ASSERT_EQ(::prlimit(teal_->id(), RLIMIT_FSIZE, &limit, nullptr), 0);
  Finished refused;
  EXPECT_TRUE(eventually([&] {
    refused = back_up();
    return has(refused.err, "cannot be backed up now");
  })) << refused.err;
  EXPECT_EQ(refused.code, 1);
  EXPECT_FALSE(fs::exists(store() + ".snapshot"));
  EXPECT_TRUE(names_in(backups_.path()).empty());
  const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(::prlimit(teal_->id(), RLIMIT_FSIZE, &none, nullptr), 0);
  EXPECT_TRUE(eventually([&] { return back_up().code == 0; }));
}

}  // namespace
}  // namespace teal::e2e
