#include "control/metrics/scraper.h"

#include <deque>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace teal::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// The control thread's queue, and what a scrape is made of.
class ScraperTest : public testing::Test {
 protected:
  static ScrapePart lines(std::string name, std::size_t count, std::size_t at_once = 10) {
    return [name, count, at_once, at = std::size_t{0}](MetricFamilies& families) mutable {
      for (const std::size_t end = std::min(count, at + at_once); at < end; ++at)
        families.gauge(name, "Things.", {{"n", std::to_string(at)}}, static_cast<double>(at));
      return at < count;
    };
  }

  Scraper scraper(std::size_t limit = 1'000'000) {
    return Scraper({.parts =
                        [this] {
                          ++begun_;
                          return make_();
                        },
                    .later = [this](auto slice) { queue_.push_back(std::move(slice)); },
                    .done = [this](const ScrapeReport& report) { reports_.push_back(report); },
                    .limit = limit});
  }
  /// One turn of the control thread.
  bool turn() {
    if (queue_.empty()) return false;
    const std::function<void()> next = std::move(queue_.front());
    queue_.pop_front();
    next();
    return true;
  }
  static std::string joined(const Scraper::Text& text) {
    std::string all;
    for (const std::string_view piece : *text) all += piece;
    return all;
  }
  std::size_t turns() {
    std::size_t turns = 0;
    while (turn()) ++turns;
    return turns;
  }

  std::function<std::vector<ScrapePart>()> make_ = [] {
    return std::vector<ScrapePart>{lines("teal_things", 3)};
  };
  std::deque<std::function<void()>> queue_;
  std::vector<ScrapeReport> reports_;
  int begun_ = 0;
};

TEST_F(ScraperTest, AnswersLater) {
  Scraper scraper = this->scraper();
  std::string got;
  scraper.ask([&](const Scraper::Text& text) { got = joined(text); });
  EXPECT_EQ(got, "");
  turns();
  EXPECT_THAT(got, HasSubstr("# TYPE teal_things gauge\nteal_things{n=\"0\"} 0\n"));
  EXPECT_THAT(got, HasSubstr("teal_things{n=\"2\"} 2\n"));
  EXPECT_THAT(got, HasSubstr("teal_exporter_samples_dropped{reason=\"limit\"} 0\n"));
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(reports_[0].lines, 3U);
}

TEST_F(ScraperTest, LetsOthersHaveTheirTurnBetweenSlicesHoweverMuchThereIs) {
  std::size_t max_at_once = 0;
  std::size_t in_this_turn = 0;
  make_ = [&] {
    return std::vector<ScrapePart>{
        [&, part = lines("teal_things", 200'000)](MetricFamilies& families) mutable {
          max_at_once = std::max(max_at_once, in_this_turn += 10);
          return part(families);
        }};
  };
  Scraper scraper = this->scraper();
  std::string got;
  scraper.ask([&](const Scraper::Text& text) { got = joined(text); });
  std::size_t turns = 0;
  std::size_t max_bytes = 0;
  while (turn()) {
    ++turns;
    in_this_turn = 0;
    max_bytes = std::max(max_bytes, got.size());
  }
  EXPECT_LE(max_at_once, 200U) << "lines, in a slice";
  EXPECT_GT(turns, 400U);
  EXPECT_THAT(got, HasSubstr("teal_things{n=\"199999\"} 199999\n"));
}

TEST_F(ScraperTest, ReadsEachThingWhenItsTurnComes) {
  double value = 1;
  make_ = [&] {
    return std::vector<ScrapePart>{lines("teal_things", 5'000), [&](MetricFamilies& families) {
                                     families.gauge("teal_value", "A value.", {}, value);
                                     return false;
                                   }};
  };
  Scraper scraper = this->scraper();
  std::string got;
  scraper.ask([&](const Scraper::Text& text) { got = joined(text); });
  turn();
  value = 2;  // A rollback, say, that came in between.
  turns();
  EXPECT_THAT(got, HasSubstr("teal_value 2\n"));
}

TEST_F(ScraperTest, GivesThoseThatComeMeanwhileTheNextOneTogether) {
  Scraper scraper = this->scraper();
  std::vector<std::string> order;
  scraper.ask([&](const Scraper::Text&) { order.emplace_back("first"); });
  turn();
  scraper.ask([&](const Scraper::Text&) { order.emplace_back("second"); });
  scraper.ask([&](const Scraper::Text&) { order.emplace_back("third"); });
  turns();
  EXPECT_THAT(order, ElementsAre("first", "second", "third"));
  EXPECT_EQ(begun_, 2);
  scraper.ask([&](const Scraper::Text&) { order.emplace_back("fourth"); });
  turns();
  EXPECT_EQ(begun_, 3);
}

TEST_F(ScraperTest, SaysWhatIsOverTheLimitAndKeepsWhatCameFirst) {
  make_ = [] {
    return std::vector<ScrapePart>{lines("teal_things", 100), lines("teal_others", 30)};
  };
  Scraper scraper = this->scraper(110);
  std::string got;
  scraper.ask([&](const Scraper::Text& text) { got = joined(text); });
  turns();
  EXPECT_THAT(got, HasSubstr("teal_things{n=\"99\"} 99\n"));
  EXPECT_THAT(got, HasSubstr("teal_others{n=\"9\"} 9\n"));
  EXPECT_THAT(got, Not(HasSubstr("teal_others{n=\"10\"}")));
  EXPECT_THAT(got, HasSubstr("teal_exporter_samples_dropped{reason=\"limit\"} 20\n"));
  EXPECT_THAT(got, HasSubstr("teal_exporter_samples_limit 110\n"));
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(reports_[0].lines, 110U);
  EXPECT_EQ(reports_[0].limit, 110U);
  EXPECT_EQ(reports_[0].dropped, (MetricFamilies::Dropped{20, 0}));
}

}  // namespace
}  // namespace teal::control
