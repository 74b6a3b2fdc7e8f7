// Backups of a store as the control thread has them made: one at a time, and given up at the end.
#include "app/serve/state_backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/remembered_log.h"
#include "tests/support/store_files.h"

namespace teal::app {
namespace {

using control::BodySource;
using Given = control::ApiResult<std::shared_ptr<BodySource>>;

class ABackup : public ::testing::Test {
 protected:
  ABackup() : store_(files_.open()) { backup_.emplace(io_, *store_, log_); }

  void take(bool is_healthy = true) {
    backup_->take(is_healthy, [this](Given given) { given_.push_back(std::move(given)); });
  }
  /// The control thread turns until that many have an answer.
  bool run_until(std::size_t answers) {
    io_.restart();
    const auto work = boost::asio::make_work_guard(io_);
    while (given_.size() < answers)
      if (io_.run_one_for(std::chrono::seconds{60}) == 0) return false;
    return true;
  }
  /// All of a body, and whether that is as much as it said.
  bool is_whole(BodySource& body) {
    std::uint64_t got = 0;
    bool is_over = false;
    io_.restart();
    const auto work = boost::asio::make_work_guard(io_);
    while (got < body.size() && !is_over) {
      bool has_come = false;
      body.read(1000, [&](const std::string& piece) {
        got += piece.size();
        is_over = piece.empty();
        has_come = true;
      });
      while (!has_come)
        if (io_.run_one_for(std::chrono::seconds{60}) == 0) return false;
    }
    return got == body.size() && got > 0;
  }
  static std::string type_of(const Given& given) { return given ? "" : given.error().type; }

  control::StoreFiles files_;
  std::unique_ptr<control::Store> store_;
  RememberedLog log_;
  boost::asio::io_context io_{1};
  std::optional<StateBackup> backup_;
  std::vector<Given> given_;
};

TEST_F(ABackup, IsReadToItsEnd) {
  take();
  ASSERT_TRUE(run_until(1));
  ASSERT_TRUE(given_[0]);
  EXPECT_TRUE(is_whole(**given_[0]));
}

TEST_F(ABackup, IsMadeAndReadOneAtATime) {
  take();
  take();
  ASSERT_EQ(given_.size(), 1U) << "at once";
  EXPECT_EQ(type_of(given_[0]), "backup-running");
  ASSERT_TRUE(run_until(2));
  ASSERT_TRUE(given_[1]);
  take();
  ASSERT_EQ(given_.size(), 3U) << "the first is still being read";
  EXPECT_EQ(type_of(given_[2]), "backup-running");
  given_.clear();
  take();
  ASSERT_TRUE(run_until(1));
  EXPECT_TRUE(given_[0]);
}

TEST_F(ABackup, IsNotMadeWhileTheStoreCannotBeWritten) {
  take(false);
  ASSERT_EQ(given_.size(), 1U);
  EXPECT_EQ(type_of(given_[0]), "backup-failed");
}

TEST_F(ABackup, ThatFailsSaysWhyAndTheNextMayWork) {
  std::filesystem::rename(files_.path(), files_.path("away"));
  take();
  ASSERT_EQ(given_.size(), 1U);
  EXPECT_EQ(type_of(given_[0]), "backup-failed");
  std::filesystem::rename(files_.path("away"), files_.path());
  take();
  ASSERT_TRUE(run_until(2));
  EXPECT_TRUE(given_[1]);
}

TEST_F(ABackup, IsGivenUpWhereTealEnds) {
  take();
  backup_.reset();
  EXPECT_TRUE(given_.empty());
  EXPECT_FALSE(std::filesystem::exists(files_.path("teal.db.snapshot")));
}

}  // namespace
}  // namespace teal::app
