// Where a worker's requests ask about passwords.
#include "proxy/loop/login_desk.h"

#include <vector>

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

constexpr Mono at(int ms) {
  return Mono(Millis{ms});
}

/// Notes the jobs; takes so many.
struct NotedChecker final : LoginChecker {
  bool submit(LoginJob job) override {
    if (jobs.size() >= most) return false;
    jobs.push_back(std::move(job));
    return true;
  }
  std::vector<LoginJob> jobs;
  std::size_t most = 10;
};

struct NotedWaiter final : LoginWaiter {
  void on_checked(bool is_good) override { answers.push_back(is_good); }
  std::vector<bool> answers;
};

std::shared_ptr<const net::PasswordFile> file_of(const std::string& user) {
  net::FileFaults faults;
  return net::PasswordFile::parse(
      {"users", "key", 1, 1},
      user + ":$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy", faults);
}

class LoginDeskTest : public testing::Test {
 protected:
  LoginDesk::Answer ask(std::string_view user, std::string_view password, Mono now = at(0)) {
    return desk_.ask(waiter_, {file_, user, password}, now);
  }
  void answer(std::size_t nth, bool is_good, Mono now = at(0)) {
    desk_.on_checked(checker_.jobs.at(nth).ticket, is_good, now);
  }

  NotedChecker checker_;
  NotedWaiter waiter_;
  std::shared_ptr<const net::PasswordFile> file_ = file_of("anna");
  net::Mac key_{std::array<std::uint8_t, 32>{7}};
  LoginDesk desk_{3, &checker_, key_};
};

TEST_F(LoginDeskTest, AsksTheThreadOnceAndKnowsItsAnswerForAWhile) {
  EXPECT_EQ(ask("anna", "open sesame"), LoginDesk::Answer::waits);
  ASSERT_EQ(checker_.jobs.size(), 1U);
  EXPECT_EQ(checker_.jobs[0].worker, 3U);
  EXPECT_EQ(checker_.jobs[0].user, "anna");
  answer(0, true);
  EXPECT_EQ(waiter_.answers, std::vector<bool>{true});
  const auto good_for = static_cast<int>(kKnownGood.count());
  EXPECT_EQ(ask("anna", "open sesame", at(good_for - 1)), LoginDesk::Answer::good);
  EXPECT_EQ(ask("anna", "open sesame", at(good_for)), LoginDesk::Answer::waits);
}

TEST_F(LoginDeskTest, KnowsForAShorterWhileWhatIsWrong) {
  EXPECT_EQ(ask("anna", "x"), LoginDesk::Answer::waits);
  answer(0, false);
  const auto bad_for = static_cast<int>(kKnownBad.count());
  EXPECT_EQ(ask("anna", "x", at(bad_for - 1)), LoginDesk::Answer::bad);
  EXPECT_EQ(ask("anna", "x", at(bad_for)), LoginDesk::Answer::waits);
}

TEST_F(LoginDeskTest, TakesNoAnswerForAnotherQuestion) {
  ask("anna", "open sesame");
  answer(0, true);
  EXPECT_EQ(ask("anna", "open sesam"), LoginDesk::Answer::waits);
  EXPECT_EQ(ask("annao", "pen sesame"), LoginDesk::Answer::waits) << "the border is part of it";
  file_ = file_of("bob");
  EXPECT_EQ(ask("anna", "open sesame"), LoginDesk::Answer::waits) << "the file has changed";
}

TEST_F(LoginDeskTest, TellsNobodyWhoHasGone) {
  ask("anna", "open sesame");
  desk_.forget(waiter_);
  EXPECT_TRUE(checker_.jobs[0].is_abandoned->load());
  answer(0, true);
  EXPECT_TRUE(waiter_.answers.empty());
}

TEST_F(LoginDeskTest, SaysWhenTooManyWait) {
  checker_.most = 1;
  EXPECT_EQ(ask("anna", "1"), LoginDesk::Answer::waits);
  EXPECT_EQ(ask("anna", "2"), LoginDesk::Answer::full);
  LoginDesk without(0, nullptr, key_);
  EXPECT_EQ(without.ask(waiter_, {file_, "anna", "3"}, at(0)), LoginDesk::Answer::full);
}

}  // namespace
}  // namespace teal::proxy
