#include "control/discovery/source_memory.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace teal::control {
namespace {

using namespace std::chrono_literals;

FoundTargetPlace place(int host, const std::string& revision = "v1") {
  return {revision,
          {Address::Kind::ip4,
           "10.0." + std::to_string(host / 250) + "." + std::to_string(host % 250), 80}};
}

std::vector<FoundTargetPlace> places(std::initializer_list<int> hosts) {
  std::vector<FoundTargetPlace> made;
  for (const int host : hosts) made.push_back(place(host));
  return made;
}

class SourceMemoryTest : public testing::Test {
 protected:
  SourceMemory::News take(const Finding& finding,
                          const std::map<Address, std::string>& refused = {}) {
    return memory.take(finding, refused, now, wall);
  }
  SourceMemory::News find(std::initializer_list<int> hosts) {
    Finding finding;
    finding.entries = places(hosts);
    if (hosts.size() == 0) finding.empty_because = "app does not exist (NXDOMAIN)";
    return take(finding);
  }
  SourceMemory::News fail(LookFault fault = LookFault::timeout) {
    Finding finding;
    finding.problems = {{fault, "no resolver answers"}};
    return take(finding);
  }
  void expect_known(std::initializer_list<int> hosts) {
    std::vector<FoundTargetPlace> expected = places(hosts);
    std::ranges::sort(expected);
    EXPECT_EQ(std::vector(memory.known().begin(), memory.known().end()), expected);
  }
  void advance(Millis by) {
    now += by;
    wall += by;
  }

  Mono now{1h};
  WallTime wall{1'700'000'000'000ms};
  SourceMemory memory{config::DiscoverSource{}};
};

TEST_F(SourceMemoryTest, WhatIsFoundIsKnownAtOnce) {
  EXPECT_TRUE(find({1, 2}).is_changed);
  expect_known({1, 2});
  EXPECT_FALSE(find({2, 1}).is_changed);
  EXPECT_EQ(memory.last_success(), wall);
}

TEST_F(SourceMemoryTest, UpToHalfMayGoAtOnce) {
  find({1, 2, 3, 4});
  EXPECT_TRUE(find({1, 2}).is_changed);
  expect_known({1, 2});
}

TEST_F(SourceMemoryTest, AnEmptyAnswerChangesNothingAndIsToldOnce) {
  find({1, 2});
  SourceMemory::News news = find({});
  EXPECT_TRUE(news.is_empty);
  EXPECT_FALSE(news.is_changed);
  EXPECT_TRUE(memory.is_empty());
  EXPECT_EQ(memory.last_problem(), "app does not exist (NXDOMAIN)");
  advance(1min);
  news = find({});
  EXPECT_FALSE(news.is_empty);
  expect_known({1, 2});
  find({2});
  EXPECT_FALSE(memory.is_empty());
  EXPECT_EQ(memory.last_problem(), "");
  EXPECT_TRUE(find({}).is_empty);
}

TEST_F(SourceMemoryTest, AnEmptyAnswerIsBelievedWhereItMayBeEmptyBySecondSight) {
  config::DiscoverSource spec;
  spec.allow_empty = true;
  memory.respecify(spec);
  find({1, 2});
  EXPECT_TRUE(find({}).is_held);
  expect_known({1, 2});
  advance(SourceMemory::kHold);
  EXPECT_TRUE(find({}).is_changed);
  expect_known({});
}

TEST_F(SourceMemoryTest, MoreThanHalfGoesOnlyOnceItHasBeenAwayForTenSeconds) {
  find({1, 2, 3});
  const SourceMemory::News news = find({3, 4});
  EXPECT_TRUE(news.is_held);
  EXPECT_TRUE(news.is_changed) << "what comes comes at once";
  expect_known({1, 2, 3, 4});
  EXPECT_EQ(memory.held(), 2U);
  advance(SourceMemory::kHold - 1ms);
  EXPECT_FALSE(find({3, 4}).is_changed);
  advance(1ms);
  EXPECT_TRUE(find({3, 4}).is_changed);
  expect_known({3, 4});
  EXPECT_EQ(memory.held(), 0U);
}

TEST_F(SourceMemoryTest, WhatComesBackMeanwhileHasNeverGone) {
  find({1, 2, 3});
  find({3});
  advance(5s);
  find({1, 3});
  advance(5s);
  find({3});
  expect_known({1, 3});
  advance(5s);
  find({3});
  advance(5s);
  find({3});
  expect_known({3});
}

TEST_F(SourceMemoryTest, AHoldIsNotCutShortByAnAnswerThatLacksLess) {
  find({1, 2, 3, 4, 5});
  find({1, 2});
  advance(1s);
  find({1, 2, 3});
  expect_known({1, 2, 3, 4, 5});
  advance(9s);
  find({1, 2, 3});
  expect_known({1, 2, 3});
}

TEST_F(SourceMemoryTest, ARotatedAnswerTakesNothing) {
  find({0, 1, 2, 3, 4, 5, 6, 7});
  for (int turn = 0; turn < 60; ++turn) {
    Finding finding;
    finding.entries.emplace();
    for (int i = 0; i < 3; ++i) finding.entries->push_back(place((turn * 3 + i) % 8));
    take(finding);
    advance(1s);
  }
  expect_known({0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_F(SourceMemoryTest, AFailureKeepsWhatIsKnownAndIsToldOnce) {
  find({1, 2});
  EXPECT_TRUE(fail().is_failed);
  EXPECT_FALSE(fail().is_failed);
  expect_known({1, 2});
  EXPECT_TRUE(memory.is_failing());
  EXPECT_EQ(memory.failures(LookFault::timeout), 2U);
  EXPECT_EQ(memory.failures(LookFault::refused), 0U);
  EXPECT_EQ(memory.last_problem(), "no resolver answers");
  const SourceMemory::News news = find({1, 2});
  EXPECT_TRUE(news.is_recovered);
  EXPECT_FALSE(memory.is_failing());
}

TEST_F(SourceMemoryTest, AFailedHalfIsNoSuccess) {
  find({1});
  const WallTime before = wall;
  advance(1s);
  Finding half;
  half.entries = places({1, 2});
  half.problems = {{LookFault::timeout, "AAAA"}};
  take(half);
  expect_known({1, 2});
  EXPECT_EQ(memory.last_success(), before);
}

TEST_F(SourceMemoryTest, APartialAnswerOnlyAdds) {
  find({1, 2});
  Finding part;
  part.entries = places({3});
  part.is_partial = true;
  take(part);
  expect_known({1, 2, 3});
  part.entries->clear();
  EXPECT_FALSE(take(part).is_empty);
}

TEST_F(SourceMemoryTest, AddressesThatAreRefusedAreCountedAndToldOnce) {
  const std::map<Address, std::string> refused{{place(9).address, "is a loopback address"}};
  Finding finding;
  finding.entries = places({1});
  EXPECT_TRUE(take(finding, refused).is_refused);
  EXPECT_FALSE(take(finding, refused).is_refused);
  EXPECT_EQ(memory.refusals(), 2U);
  EXPECT_EQ(memory.refused(), refused);
}

TEST_F(SourceMemoryTest, WhereAllAreRefusedNobodyGoesEvenIfItMayBeEmpty) {
  config::DiscoverSource spec;
  spec.allow_empty = true;
  memory.respecify(spec);
  find({1});
  Finding none;
  none.entries.emplace();
  for (int i = 0; i < 3; ++i) {
    take(none, {{place(9).address, "is a loopback address"}});
    advance(1min);
  }
  expect_known({1});
}

TEST_F(SourceMemoryTest, HoldsAThousandAndThoseThatItKnowsFirst) {
  Finding many;
  many.entries.emplace();
  for (int i = 500; i < 1600; ++i) many.entries->push_back(place(i));
  take(many);
  EXPECT_EQ(memory.known().size(), 1000U);
  EXPECT_EQ(memory.failures(LookFault::too_many), 1U);
  const auto before = memory.known();
  many.entries->insert(many.entries->begin(), place(0));
  EXPECT_FALSE(take(many).is_changed);
  EXPECT_EQ(memory.known(), before);
}

TEST_F(SourceMemoryTest, BeginsWithWhatTheStoreRemembers) {
  find({1, 2});
  const SavedSource saved = memory.saved();
  SourceMemory next{config::DiscoverSource{}};
  next.restore(saved);
  EXPECT_EQ(next.known(), memory.known());
  EXPECT_EQ(next.last_success(), wall);
  EXPECT_FALSE(next.has_answered());
}

}  // namespace
}  // namespace teal::control
