// The thread that checks passwords for all workers.
#include "proxy/worker/login_thread.h"

#include <condition_variable>
#include <mutex>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"

namespace teal::proxy {
namespace {

constexpr const char* kQuick = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";

std::shared_ptr<const net::PasswordFile> users(const std::string& hash = kQuick) {
  net::FileFaults faults;
  return net::PasswordFile::parse({"users", "key", 1, 1}, "anna:" + hash, faults);
}

class LoginThreadTest : public testing::Test {
 protected:
  struct Answer {
    std::uint32_t worker;
    std::uint64_t ticket;
    bool is_good;
  };

  bool submit(std::uint64_t ticket, const std::string& password, bool is_abandoned = false) {
    LoginJob job;
    job.worker = 5;
    job.ticket = ticket;
    job.tag[0] = static_cast<std::uint8_t>(password.size());
    job.file = file_;
    job.user = "anna";
    job.password.assign(password.begin(), password.end());
    job.is_abandoned = std::make_shared<const std::atomic<bool>>(is_abandoned);
    return thread_.submit(std::move(job));
  }
  std::vector<Answer> await(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return answers_.size() >= count; });
    return answers_;
  }

  std::shared_ptr<const net::PasswordFile> file_ = users();
  SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Answer> answers_;
  LoginThread thread_{clock_, [this](std::uint32_t worker, std::uint64_t ticket, bool is_good) {
                        const std::scoped_lock lock(mutex_);
                        answers_.push_back({worker, ticket, is_good});
                        changed_.notify_all();
                      }};
};

TEST_F(LoginThreadTest, AnswersInTheOrderInWhichItIsAsked) {
  ASSERT_TRUE(thread_.start());
  ASSERT_TRUE(thread_.start()) << "again is no harm";
  EXPECT_TRUE(submit(1, "open sesame"));
  EXPECT_TRUE(submit(2, "x"));
  const auto answers = await(2);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].worker, 5U);
  EXPECT_EQ(answers[0].ticket, 1U);
  EXPECT_TRUE(answers[0].is_good);
  EXPECT_EQ(answers[1].ticket, 2U);
  EXPECT_FALSE(answers[1].is_good);
}

TEST_F(LoginThreadTest, KnowsWhatItFoundOutForOtherWorkers) {
  ASSERT_TRUE(thread_.start());
  EXPECT_TRUE(submit(1, "open sesame"));
  ASSERT_EQ(await(1).size(), 1U);
  // Nobody is in any more: but the tag, which stands for the file's text too, is the same.
  file_ = users("$2y$04$abcdefghijklmnopqrstuuu/LVz6MZlItEy42I2juLihZ66HnQx/c");
  EXPECT_TRUE(submit(2, "open sesame"));
  const auto answers = await(2);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_TRUE(answers[1].is_good) << "no hash was computed";
}

TEST_F(LoginThreadTest, PassesOverThoseWhoHaveGone) {
  ASSERT_TRUE(thread_.start());
  EXPECT_TRUE(submit(1, "open sesame", true));
  EXPECT_TRUE(submit(2, "x"));
  const auto answers = await(1);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].ticket, 2U);
}

TEST_F(LoginThreadTest, TakesNothingBeforeItsStartAfterItsEndOrOverItsLimit) {
  EXPECT_FALSE(submit(1, "open sesame"));
  // The first one keeps it busy for longer than it takes to put the others behind it.
  file_ = users("$2y$14$abcdefghijklmnopqrstuuZZVux0kxY8OIwJAC7j70pUMvFzeHtu.");
  ASSERT_TRUE(thread_.start());
  std::size_t taken = 0;
  for (std::uint64_t i = 0; i < LoginThread::kMaxWaiting + 2; ++i)
    taken += submit(i, "x") ? 1U : 0U;
  EXPECT_LE(taken, LoginThread::kMaxWaiting + 1);
  EXPECT_GE(taken, LoginThread::kMaxWaiting);
  thread_.stop();
  EXPECT_FALSE(submit(1, "open sesame"));
  EXPECT_FALSE(thread_.start().has_error()) << "and no other one is begun";
  EXPECT_FALSE(submit(1, "open sesame"));
}

}  // namespace
}  // namespace teal::proxy
