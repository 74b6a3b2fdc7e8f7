#include "control/evidence/evidence.h"

#include <gtest/gtest.h>

#include <string>

namespace teal::control {
namespace {

JudgedEvent event(int micros, Colour group = Colour::green,
                  JudgedEvent::Kind kind = JudgedEvent::Kind::error) {
  JudgedEvent event;
  event.kind = kind;
  event.group = group;
  event.release_probability = 0.125;
  event.block = 7;
  event.block_length = 10;
  event.block_release = 1;
  event.began = Mono{Micros{micros - 5}};
  event.seen = Mono{Micros{micros}};
  event.request = static_cast<std::uint64_t>(micros) | std::uint64_t{1} << 48U;
  event.client = 42;
  event.place = 43;
  event.table = 3;
  event.set_request_id("id-" + std::to_string(micros));
  return event;
}

EvidenceStep step(int micros, std::vector<Micros> slower_than = {Micros{10}, Micros{20}}) {
  EvidenceStep step;
  step.weight = Weight::percent(10);
  step.table = 3;
  step.since = Micros{micros};
  step.slower_shares.resize(slower_than.size(), 0.5);
  step.slower_than = std::move(slower_than);
  step.overdue = Micros{250};
  return step;
}

TEST(Evidence, CountsEachStepByItsOwnReadings) {
  Evidence evidence;
  evidence.read(Micros{1}, Tally{100, 1}, Tally{900, 9});
  evidence.begin_step(step(2));
  evidence.read(Micros{3}, Tally{150, 3}, Tally{1300, 10});
  evidence.begin_step(step(4));
  evidence.read(Micros{5}, Tally{160, 3}, Tally{1301, 11});
  ASSERT_EQ(evidence.steps().size(), 2U);
  EXPECT_EQ(evidence.steps()[0].release, (Tally{50, 2}));
  EXPECT_EQ(evidence.steps()[0].live, (Tally{400, 1}));
  EXPECT_EQ(evidence.steps()[1].release, (Tally{10, 0}));
  EXPECT_EQ(evidence.steps()[1].live, (Tally{1, 1}));
}

TEST(Evidence, CountsSlowRequestsByThresholdAndGroup) {
  Evidence evidence;
  evidence.begin_step(step(0));
  JudgedEvent slow = event(5, Colour::green, JudgedEvent::Kind::slow);
  slow.threshold = 1;
  evidence.add(slow, Colour::green);
  slow.group = Colour::blue;
  slow.threshold = 0;
  evidence.add(slow, Colour::green);
  EXPECT_EQ(evidence.steps()[0].release_slow, (std::vector<std::uint64_t>{0, 1}));
  EXPECT_EQ(evidence.steps()[0].live_slow, (std::vector<std::uint64_t>{1, 0}));
  EXPECT_EQ(evidence.release_samples().at(0).slower_than, 20);
}

TEST(Evidence, KeepsSomeRequestsOfBothGroupsToLookFor) {
  Evidence evidence;
  evidence.begin_step(step(0));
  for (int i = 1; i <= 100; ++i)
    evidence.add(event(i, i % 2 == 0 ? Colour::green : Colour::blue), Colour::green);
  EXPECT_EQ(evidence.release_samples().size(), Evidence::kSamples);
  EXPECT_EQ(evidence.live_samples().size(), Evidence::kSamples);
  EXPECT_EQ(evidence.release_samples().front().request_id, "id-2");
  EXPECT_EQ(evidence.live_samples().front().request_id, "id-1");
}

// Every other request is slower than the median: nobody needs to look for those.
TEST(Evidence, KeepsOfSlowRequestsThoseOfTheTail) {
  Evidence evidence;
  EvidenceStep one = step(0);
  one.slower_than = {Micros{10}, Micros{20}, Micros{30}};
  evidence.begin_step(one);
  const auto slow = [&](int number, std::uint8_t threshold) {
    JudgedEvent told = event(number, Colour::green, JudgedEvent::Kind::slow);
    told.threshold = threshold;
    evidence.add(told, Colour::green);
  };
  for (int i = 1; i <= 100; ++i) slow(i, 0);
  EXPECT_TRUE(evidence.release_samples().empty());
  for (int i = 1; i <= 100; i += 2) slow(i, 1);
  ASSERT_EQ(evidence.release_samples().size(), Evidence::kSamples / 2);
  slow(1, 2);
  EXPECT_EQ(evidence.release_samples()[0].request_id, "id-1");
  EXPECT_EQ(evidence.release_samples()[0].slower_than, 30) << "once, by the last that it passed";
  for (int i = 51; i <= 99; i += 8) slow(i, 2);
  std::size_t slowest = 0;
  for (const EvidenceSample& sample : evidence.release_samples())
    if (sample.slower_than == 30) ++slowest;
  EXPECT_EQ(slowest, 8U) << "the slowest take the place of others";
  EXPECT_EQ(evidence.release_samples().size(), Evidence::kSamples / 2);
  evidence.add(event(500), Colour::green);
  EXPECT_EQ(evidence.release_samples().back().request_id, "id-500") << "errors have room";
}

TEST(Evidence, LeavesRequestsThatAreOnlyOverdueOutOfTheSamples) {
  Evidence evidence;
  evidence.begin_step(step(0));
  evidence.add(event(1, Colour::green, JudgedEvent::Kind::overdue), Colour::green);
  evidence.add(event(2, Colour::green, JudgedEvent::Kind::settled), Colour::green);
  EXPECT_TRUE(evidence.release_samples().empty());
  EXPECT_EQ(evidence.events().size(), 2U);
}

TEST(Evidence, RecordsSoManyEventsAndCountsTheRest) {
  Evidence evidence;
  evidence.begin_step(step(0));
  for (std::size_t i = 0; i < Evidence::kEvents + 3; ++i) evidence.add(event(9), Colour::green);
  EXPECT_EQ(evidence.events().size(), Evidence::kEvents);
  EXPECT_EQ(evidence.dropped(), 3U);
}

TEST(Evidence, ThinsOutALongCourseAndKeepsItsEnds) {
  Evidence evidence;
  for (int i = 0; i < 100'000; ++i) evidence.follow("worse", {Micros{i}, 1.0 + i, 1, 0, 0});
  const auto& points = evidence.courses().at(0).points;
  EXPECT_LE(points.size(), Evidence::kPoints);
  EXPECT_GE(points.size(), Evidence::kPoints / 4);
  EXPECT_EQ(points.front().at, Micros{0});
  EXPECT_EQ(points.back().at, Micros{99'999});
  for (std::size_t i = 1; i < points.size(); ++i) EXPECT_LT(points[i - 1].at, points[i].at);
}

TEST(Evidence, KeepsTheFirstBreachOnly) {
  Evidence evidence;
  evidence.conclude("worse", "not enough", false, Micros{1});
  evidence.conclude("worse", "breached: one", true, Micros{2});
  evidence.conclude("worse", "breached: two", true, Micros{3});
  EXPECT_EQ(evidence.courses().at(0).breached_at, Micros{2});
  EXPECT_EQ(evidence.courses().at(0).verdict, "breached: two");
}

TEST(Evidence, ReadsBackWhatItWrote) {
  Evidence evidence;
  evidence.begin_step(step(2));
  for (int i = 10; i < 1210; ++i) {
    JudgedEvent one = event(i, i % 3 == 0 ? Colour::blue : Colour::green);
    one.threshold = static_cast<std::uint8_t>(i % 2);
    one.kind = static_cast<JudgedEvent::Kind>(i % 4);
    one.meanings = i % 5 == 0 ? meaning_bit(32) : kUsualMeaning;
    evidence.add(one, Colour::green);
    evidence.settle(Micros{i - 3});
  }
  evidence.read(Micros{77}, Tally{12, 3}, Tally{100, 4});
  evidence.read(Micros{78}, {Tally{13, 3}, {{9, 1}, {8, 2}}}, Tally{100, 4});
  evidence.follow("worse", {Micros{78}, 12.5, 0.25, 3, 4});
  evidence.conclude("worse", "breached: \"so\"", true, Micros{79});
  Evidence again;
  ASSERT_TRUE(again.restore_account(evidence.account()));
  for (std::size_t page = 0; !evidence.page(page).empty(); ++page)
    ASSERT_TRUE(again.restore_page(evidence.page(page)));
  EXPECT_EQ(again.account(), evidence.account());
  ASSERT_EQ(again.events().size(), 1200U);
  for (std::size_t page = 0; page <= 2; ++page) EXPECT_EQ(again.page(page), evidence.page(page));
  const JudgedEvent& one = again.events()[700];
  const JudgedEvent& was = evidence.events()[700];
  EXPECT_EQ(again.settled(700), Micros{707});
  EXPECT_EQ(one.kind, was.kind);
  EXPECT_EQ(one.group, was.group);
  EXPECT_EQ(one.began, was.began);
  EXPECT_EQ(one.seen, was.seen);
  EXPECT_EQ(one.request, was.request);
  EXPECT_EQ(one.client, was.client);
  EXPECT_EQ(one.place, was.place);
  EXPECT_EQ(one.block, was.block);
  EXPECT_EQ(one.block_length, was.block_length);
  EXPECT_EQ(one.block_release, was.block_release);
  EXPECT_EQ(one.threshold, was.threshold);
  EXPECT_EQ(one.meanings, was.meanings);
  EXPECT_EQ(one.meanings, meaning_bit(32));
  EXPECT_EQ(again.readings(), evidence.readings());
  EXPECT_EQ(one.release_probability, was.release_probability);
}

TEST(Evidence, ReadsEventsThatTheTealBeforeWrote) {
  Evidence evidence;
  ASSERT_TRUE(evidence.restore_page("[[0,1,0,0.1,5,10,42,3,9,7,10,1,4]]"));
  ASSERT_EQ(evidence.events().size(), 1U);
  EXPECT_EQ(evidence.events()[0].client, 42U);
  EXPECT_EQ(evidence.events()[0].place, 0U);
  EXPECT_EQ(evidence.settled(0), Micros{4});
  ASSERT_TRUE(evidence.restore_page("[[0,1,0,0.1,5,10,42,3,9,7,10,1,77,4]]"));
  ASSERT_EQ(evidence.events().size(), 2U);
  EXPECT_EQ(evidence.events()[1].place, 77U);
  EXPECT_EQ(evidence.events()[1].meanings, kUsualMeaning);
  EXPECT_EQ(evidence.settled(1), Micros{4});
}

TEST(Evidence, ShowsARequestOnceThatIsAnErrorToSeveralMeanings) {
  Evidence evidence;
  evidence.begin_step(step(2));
  JudgedEvent error = event(10, Colour::green);
  error.set_request_id("both");
  evidence.add(error, Colour::green);
  error.meanings = meaning_bit(1);
  evidence.add(error, Colour::green);
  EXPECT_EQ(evidence.events().size(), 2U);
  EXPECT_EQ(evidence.release_samples().size(), 1U);
}

TEST(Evidence, GoesOnCountingWhereItStoodAfterARestart) {
  Evidence evidence;
  evidence.begin_step(step(2));
  evidence.read(Micros{3}, {Tally{50, 2}, {{12, 4}}}, Tally{400, 1});
  Evidence again;
  ASSERT_TRUE(again.restore_account(evidence.account()));
  again.read(Micros{9}, {Tally{7, 1}, {{8, 1}}}, Tally{60, 0});
  EXPECT_EQ(again.readings().back().release, (Tallies{Tally{57, 3}, {{20, 5}}}));
  EXPECT_EQ(again.steps().back().live, (Tally{460, 1}));
}

TEST(Evidence, RefusesWhatIsNoEvidence) {
  Evidence evidence;
  for (const char* bad : {"", "{", "[]", "{}", R"({"steps": 1})"})
    EXPECT_FALSE(evidence.restore_account(bad)) << bad;
  for (const char* bad : {"", "{}", "[1]", "[[1,2,3]]"})
    EXPECT_FALSE(evidence.restore_page(bad)) << bad;
}

}  // namespace
}  // namespace teal::control
