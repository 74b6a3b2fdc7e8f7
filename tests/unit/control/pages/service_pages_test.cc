// Pages of services: made in slices, shared, and not made twice where nothing has changed.
#include "control/pages/service_pages.h"

#include <deque>

#include <gtest/gtest.h>

namespace teal::control {
namespace {

class ServicePagesTest : public ::testing::Test {
 protected:
  ServicePagesTest() {
    for (int i = 0; i < 9; ++i) texts_["s" + std::to_string(i)] = std::to_string(i);
  }
  static std::string joined(const ServicePage& page) {
    std::string text;
    for (const std::string_view piece : page.text.pieces()) text += piece;
    return text;
  }
  void ask(const std::string& after, std::size_t limit) {
    EXPECT_TRUE(pages_.ask(after, limit, [this](const std::shared_ptr<const ServicePage>& page) {
      answers_.push_back(joined(*page));
      etags_.push_back(page->etag);
      if (on_answer_) on_answer_();
    }));
  }
  /// All slices there are, one after the other.
  void run() {
    while (!slices_.empty()) {
      const auto slice = std::move(slices_.front());
      slices_.pop_front();
      slice();
      ++run_;
    }
  }

  std::map<std::string, std::string> texts_;
  std::map<std::string, std::uint64_t> versions_;
  std::vector<std::string> made_;
  std::function<void(const std::string&)> on_made_;
  std::function<void()> on_answer_;
  std::deque<std::function<void()>> slices_;
  std::size_t run_ = 0;
  std::vector<std::string> answers_, etags_;
  ServicePages pages_{{
      .names =
          [this](const std::string& after, std::size_t limit) {
            std::vector<std::string> names;
            for (auto each = texts_.upper_bound(after);
                 each != texts_.end() && names.size() < limit; ++each)
              names.push_back(each->first);
            return names;
          },
      .version = [this](const std::string& name) { return versions_[name]; },
      .text =
          [this](const std::string& name) {
            made_.push_back(name);
            if (on_made_) on_made_(name);
            return texts_.contains(name) ? texts_[name] : std::string();
          },
      .later = [this](std::function<void()> slice) { slices_.push_back(std::move(slice)); },
  }};
};

TEST_F(ServicePagesTest, TellsAPageAndBehindWhichServiceTheNextBegins) {
  ask("", 3);
  EXPECT_TRUE(answers_.empty()) << "not before its turn";
  run();
  ask("s5", 5);
  run();
  EXPECT_EQ(answers_, (std::vector<std::string>{"{\"services\":[0,1,2],\"next\":\"s2\"}\n",
                                                "{\"services\":[6,7,8],\"next\":null}\n"}));
}

TEST_F(ServicePagesTest, MakesALargePageInManySlices) {
  for (auto& [name, text] : texts_) text = std::string(10'000, 'x');
  ask("", 9);
  run();
  EXPECT_GE(run_, 4U);
  EXPECT_EQ(answers_.size(), 1U);
}

TEST_F(ServicePagesTest, SharesOnePageAmongThoseWhoAskBeforeItIsBegun) {
  ask("", 9);
  ask("", 9);
  ask("", 9);
  run();
  EXPECT_EQ(answers_.size(), 3U);
  EXPECT_EQ(made_.size(), 18U) << "one for the first, and one for all who came while it was made";
}

TEST_F(ServicePagesTest, MakesOnePageAtATimeInTheOrderTheyWereAskedFor) {
  for (auto& [name, text] : texts_) text = '"' + std::string(10'000, name[1]) + '"';
  ask("s2", 2);
  ask("s6", 2);
  ask("s0", 2);
  while (!slices_.empty()) {
    EXPECT_EQ(slices_.size(), 1U);
    const auto slice = std::move(slices_.front());
    slices_.pop_front();
    slice();
  }
  EXPECT_EQ(made_, (std::vector<std::string>{"s3", "s4", "s7", "s8", "s1", "s2"}));
  EXPECT_EQ(answers_.size(), 3U);
}

TEST_F(ServicePagesTest, LetsSoManyPagesWaitAndNotOneMore) {
  ask("", 9);  // Is being made, and does not wait.
  for (std::size_t limit = 1; limit <= ServicePages::kMaxWaiting; ++limit) ask("s0", limit);
  const auto is_never_called = [](const std::shared_ptr<const ServicePage>&) { FAIL(); };
  EXPECT_FALSE(pages_.ask("s1", 1, is_never_called));
  ask("s0", 1);  // One that waits anyway.
  run();
  EXPECT_EQ(answers_.size(), 1 + ServicePages::kMaxWaiting + 1);
  ask("s1", 1);
  run();
  EXPECT_EQ(answers_.size(), 1 + ServicePages::kMaxWaiting + 2) << "there is room again";
}

TEST_F(ServicePagesTest, IsAskedAgainFromWithinAnAnswer) {
  on_answer_ = [this] {
    if (answers_.size() < 5) ask("s6", 9);
  };
  ask("", 1);
  ask("s0", 1);
  run();
  EXPECT_EQ(answers_.size(), 6U);
  EXPECT_EQ(answers_.back(), "{\"services\":[7,8],\"next\":null}\n");
}

TEST_F(ServicePagesTest, KeepsNoMoreTextThanItMayAndMakesTheRestAnew) {
  for (auto& [name, text] : texts_) {
    text = std::string(ServicePages::kMaxKept / 4, name[1]);
    versions_[name] = 7;
  }
  ask("", 4);
  run();
  ask("", 4);
  run();
  EXPECT_EQ(made_.size(), 4U) << "there is room for four";
  ask("", 9);
  run();
  EXPECT_EQ(made_.size(), 9U) << "and four of the five others take it";
  ask("", 9);
  run();
  ASSERT_EQ(answers_.size(), 4U);
  EXPECT_EQ(answers_[3], answers_[2]);
  EXPECT_GT(made_.size(), 9U);
}

TEST_F(ServicePagesTest, TellsNobodyWhatWasSoBeforeHeAsked) {
  ask("", 9);
  texts_["s0"] = "\"new\"";
  ask("", 9);
  run();
  EXPECT_NE(answers_.at(1).find("new"), std::string::npos);
}

TEST_F(ServicePagesTest, MakesTheTextOfAServiceThatStaysOnlyOnce) {
  for (const auto& [name, text] : texts_) versions_[name] = 7;
  ask("", 9);
  run();
  ask("s3", 9);
  run();
  EXPECT_EQ(made_.size(), 9U);
  versions_["s4"] = 8;
  texts_["s4"] = "44";
  ask("", 9);
  run();
  EXPECT_EQ(made_.back(), "s4");
  EXPECT_EQ(made_.size(), 10U);
  EXPECT_EQ(answers_.back(), "{\"services\":[0,1,2,3,44,5,6,7,8],\"next\":null}\n");
}

TEST_F(ServicePagesTest, KeepsNoTextOfAServiceThatChangedWhileItWasMade) {
  for (const auto& [name, text] : texts_) versions_[name] = 7;
  on_made_ = [this](const std::string& name) {
    if (name == "s2") versions_[name] = 8;
  };
  ask("", 9);
  run();
  versions_["s2"] = 7;  // As it was asked for before.
  ask("", 9);
  run();
  EXPECT_EQ(made_.size(), 10U);
  EXPECT_EQ(made_.back(), "s2");
}

TEST_F(ServicePagesTest, LeavesOutAServiceThatIsGoneBeforeItsTurn) {
  ask("", 9);
  texts_.erase("s1");
  run();
  EXPECT_EQ(answers_.at(0), "{\"services\":[0,2,3,4,5,6,7,8],\"next\":null}\n");
}

TEST_F(ServicePagesTest, HasTheSameEtagForTheSameTextAndAnotherForAnother) {
  ask("", 9);
  run();
  ask("", 9);
  run();
  EXPECT_EQ(etags_.at(0), etags_.at(1));
  texts_["s8"] = "9";
  ask("", 9);
  run();
  EXPECT_NE(etags_.at(2), etags_.at(1));
  ask("", 3);
  run();
  EXPECT_NE(etags_.at(3), etags_.at(2));
}

}  // namespace
}  // namespace teal::control
