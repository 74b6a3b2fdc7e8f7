// Files of users that change while Teal serves.
#include "app/files/password_reloader.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/support/remembered_log.h"

namespace teal::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kHash = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";

class PasswordReloaderTest : public testing::Test {
 protected:
  PasswordReloaderTest() {
    std::string pattern = testing::TempDir() + "/teal-users-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/users";
    config::Service service;
    service.name = "shop";
    service.actions.basic_auth.emplace();
    service.actions.basic_auth->file.path = path_;
    service.routes.emplace_back();
    service.routes[0].actions.basic_auth = service.actions.basic_auth;
    config_.services.push_back(service);
  }
  ~PasswordReloaderTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& text) {
    std::ofstream(path_, std::ios::trunc) << text;
    std::filesystem::permissions(
        path_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  bool look(PasswordReloader& reloader) {
    clock_.advance(PasswordReloader::kLook);
    return reloader.tick();
  }

  std::string folder_;
  std::string path_;
  config::Config config_;
  ManualClock clock_;
  RememberedLog log_;
};

TEST_F(PasswordReloaderTest, TakesANewFileWhenItHasStoppedChanging) {
  write("anna:" + std::string(kHash) + "\n");
  PasswordReloader reloader(config_, clock_, log_);
  EXPECT_TRUE(reloader.load().empty());
  ASSERT_EQ(reloader.table().size(), 1U) << "one file, though two name it";
  const auto before = reloader.table().at(path_);
  EXPECT_FALSE(look(reloader));
  write("anna:" + std::string(kHash) + "\nbob:" + kHash + "\n");
  EXPECT_FALSE(reloader.tick()) << "not yet";
  EXPECT_FALSE(look(reloader)) << "seen, and perhaps still written";
  EXPECT_TRUE(look(reloader));
  EXPECT_EQ(reloader.table().at(path_)->users(), 2U);
  EXPECT_EQ(before->users(), 1U) << "who has begun with it goes on with it";
  EXPECT_FALSE(look(reloader));
}

TEST_F(PasswordReloaderTest, KeepsTheOldFileWhereTheNewOneIsBrokenAndSaysSoOnce) {
  write("anna:" + std::string(kHash) + "\n");
  PasswordReloader reloader(config_, clock_, log_);
  EXPECT_TRUE(reloader.load().empty());
  write("anna:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=\n");
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(look(reloader));
  EXPECT_EQ(reloader.table().at(path_)->users(), 1U);
  ASSERT_EQ(log_.lines.size(), 1U);
  EXPECT_THAT(log_.lines[0], HasSubstr("the old one stays in use"));
  EXPECT_THAT(log_.lines[0], HasSubstr("SHA-1"));
  std::filesystem::remove(path_);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(look(reloader));
  EXPECT_EQ(reloader.table().size(), 1U) << "also where it is gone";
  const auto samples = reloader.samples();
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].value, 0);
  EXPECT_EQ(samples[1].value, 2);
}

TEST_F(PasswordReloaderTest, ComplainsOfWhatIsMissingAndOfWhatEverybodyMayRead) {
  PasswordReloader reloader(config_, clock_, log_);
  const net::FileFaults missing = reloader.load();
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_TRUE(missing[0].fatal);
  write("anna:" + std::string(kHash) + "\n");
  std::filesystem::permissions(path_, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  const net::FileFaults open = PasswordReloader(config_, clock_, log_).load();
  ASSERT_EQ(open.size(), 1U);
  EXPECT_FALSE(open[0].fatal);
  EXPECT_THAT(open[0].message, HasSubstr("can be read by everybody"));
}

TEST_F(PasswordReloaderTest, HasNothingToSayWithoutFiles) {
  PasswordReloader reloader(config::Config{}, clock_, log_);
  EXPECT_TRUE(reloader.load().empty());
  EXPECT_FALSE(look(reloader));
  EXPECT_TRUE(reloader.samples().empty());
}

}  // namespace
}  // namespace teal::app
