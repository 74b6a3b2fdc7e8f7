#include "health/judge/episodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/rng.h"

namespace teal::health {
namespace {

using namespace std::chrono_literals;
using Outcome = EpisodeTable::Outcome;
using Kind = EpisodeTable::Change::Kind;
using State = Standing::State;

constexpr WallTime kMorning{1'795'400'000'000ms};

/// A table of episodes, and a clock that is set by hand.
class Episodes : public ::testing::Test {
 protected:
  EpisodeTable::Now now() const { return {Mono{clock}, kMorning + clock}; }

  static AlertWord alert(bool firing, WallTime starts, const std::string& fingerprint = "f") {
    AlertWord word;
    word.firing = firing;
    word.source = Episode::Source::alertmanager;
    word.fingerprint = fingerprint;
    word.starts = starts;
    word.why = "why";
    return word;
  }
  Outcome fires(WallTime starts, const std::string& fingerprint = "f") {
    return episodes.hear("a", alert(true, starts, fingerprint), patience, deployed, now());
  }
  Outcome resolves(WallTime starts, std::optional<WallTime> ends = std::nullopt,
                   const std::string& fingerprint = "f") {
    AlertWord word = alert(false, starts, fingerprint);
    word.ends = ends;
    return episodes.hear("a", word, patience, deployed, now());
  }
  Outcome says(bool firing) {
    AlertWord word;
    word.firing = firing;
    return episodes.hear("a", word, patience, deployed, now());
  }
  State state() const { return episodes.standing("a", deployed.has_value()).state; }
  std::vector<Kind> pass(Millis time) {
    clock += time;
    std::vector<Kind> kinds;
    for (const EpisodeTable::Change& change : episodes.advance(now().mono))
      kinds.push_back(change.kind);
    return kinds;
  }
  /// The process ends and another reads what it stored.
  void restart() {
    const std::vector<Episode> saved = episodes.saved();
    episodes = {};
    episodes.restore(saved, now());
    episodes.set_patience("a", patience);
  }

  Millis clock{0};
  EpisodeTable episodes;
  EpisodeTable::Patience patience;
  std::optional<WallTime> deployed;
};

TEST_F(Episodes, FireUntilTheyAreResolved) {
  EXPECT_EQ(state(), State::resolved);
  EXPECT_EQ(fires(kMorning), Outcome::fired);
  EXPECT_EQ(fires(kMorning), Outcome::repeated);
  EXPECT_EQ(state(), State::firing);
  EXPECT_EQ(episodes.standing("a", false).since, kMorning);
  EXPECT_EQ(resolves(kMorning), Outcome::resolved);
  EXPECT_EQ(resolves(kMorning), Outcome::repeated);
  EXPECT_EQ(state(), State::resolved);
}

TEST_F(Episodes, ThatAreToBeginYetSilenceNoneThatBeginsMeanwhile) {
  EXPECT_EQ(fires(kMorning + 24h), Outcome::fired) << "of a clock that is fast";
  pass(1min);
  EXPECT_EQ(fires(kMorning + 24h), Outcome::repeated);
  EXPECT_EQ(fires(kMorning - 1h), Outcome::late);
  EXPECT_EQ(resolves(kMorning + 24h), Outcome::resolved);
  pass(1min);
  EXPECT_EQ(fires(kMorning + 90s), Outcome::fired);
  EXPECT_EQ(state(), State::firing);
  EXPECT_EQ(fires(kMorning + 90s), Outcome::repeated);
}

TEST_F(Episodes, ThatAreToBeginYetSilenceNoneAfterARestartEither) {
  fires(kMorning + 24h);
  restart();
  pass(1min);
  EXPECT_EQ(fires(kMorning + 30s), Outcome::fired);
}

TEST_F(Episodes, OfOneInstanceAreNotResolvedByAnothers) {
  fires(kMorning, "pod-a");
  fires(kMorning, "pod-b");
  EXPECT_EQ(episodes.standing("a", false).firing, 2U);
  resolves(kMorning, std::nullopt, "pod-a");
  EXPECT_EQ(state(), State::firing);
  resolves(kMorning, std::nullopt, "pod-b");
  EXPECT_EQ(state(), State::resolved);
}

TEST_F(Episodes, ThatBeganLaterCountAtOnceAndOnesThatBeganEarlierMeanNothing) {
  fires(kMorning);
  resolves(kMorning);
  EXPECT_EQ(fires(kMorning + 1s), Outcome::fired) << "no settling: it is another";
  EXPECT_EQ(resolves(kMorning), Outcome::late) << "the copy of an old resolve";
  EXPECT_EQ(fires(kMorning - 1h), Outcome::late);
  EXPECT_EQ(state(), State::firing);
  EXPECT_EQ(episodes.of("a").size(), 1U);
}

TEST_F(Episodes, WhoseResolveWasLostAreOverOnceANewerOneIs) {
  fires(kMorning);
  EXPECT_EQ(resolves(kMorning + 1h), Outcome::resolved);
  EXPECT_EQ(state(), State::resolved);
}

TEST_F(Episodes, ThatFireAgainAfterTheirResolveWaitForAnotherResolve) {
  fires(kMorning);
  resolves(kMorning, kMorning + 1min);
  EXPECT_EQ(fires(kMorning), Outcome::held) << "a copy by the other peer, or the truth";
  EXPECT_EQ(state(), State::held);
  pass(59s);
  EXPECT_EQ(fires(kMorning), Outcome::held) << "a second copy does not make it wait longer";
  EXPECT_EQ(resolves(kMorning, kMorning + 1min), Outcome::repeated);
  EXPECT_THAT(pass(10min), ::testing::IsEmpty());
  EXPECT_EQ(state(), State::resolved);
}

TEST_F(Episodes, ThatFireAgainAreTakenWhereNoResolveComesInTime) {
  fires(kMorning);
  resolves(kMorning, kMorning + 1min);
  fires(kMorning);
  EXPECT_THAT(pass(59'999ms), ::testing::IsEmpty());
  EXPECT_THAT(pass(1ms), ::testing::ElementsAre(Kind::fired));
  EXPECT_EQ(state(), State::firing);
  EXPECT_EQ(resolves(kMorning, kMorning + 1min), Outcome::late) << "the resolve of before, again";
  EXPECT_EQ(state(), State::firing);
  EXPECT_EQ(resolves(kMorning, kMorning + 10min), Outcome::resolved);
}

TEST_F(Episodes, WaitForNothingWhereSettlingIsOff) {
  patience.settle = 0ms;
  fires(kMorning);
  resolves(kMorning);
  EXPECT_EQ(fires(kMorning), Outcome::fired);
}

TEST_F(Episodes, OfTheApiAreAPersonsWordAndNeitherSettleNorGrowStale) {
  EXPECT_EQ(says(false), Outcome::repeated);
  EXPECT_TRUE(episodes.empty()) << "there is nothing to remember";
  EXPECT_EQ(says(true), Outcome::fired);
  EXPECT_EQ(says(true), Outcome::repeated);
  EXPECT_EQ(episodes.due(), Mono::max());
  EXPECT_EQ(says(false), Outcome::resolved);
  EXPECT_EQ(says(true), Outcome::fired);
  fires(kMorning);
  says(false);
  EXPECT_EQ(state(), State::firing) << "the alert is another's word";
}

TEST_F(Episodes, WithoutAStartBeginWhenTheyAreHeardOf) {
  AlertWord word = alert(true, {});
  word.starts.reset();
  EXPECT_EQ(episodes.hear("a", word, patience, deployed, now()), Outcome::fired);
  EXPECT_EQ(episodes.standing("a", false).since, kMorning);
  AlertWord over = word;
  over.firing = false;
  EXPECT_EQ(episodes.hear("a", over, patience, deployed, now()), Outcome::resolved);
  pass(1s);
  EXPECT_EQ(episodes.hear("a", word, patience, deployed, now()), Outcome::held) << "perhaps a copy";
  episodes.hear("a", over, patience, deployed, now());
  pass(61s);
  EXPECT_EQ(episodes.hear("a", word, patience, deployed, now()), Outcome::fired)
      << "no copy is so late";
}

TEST_F(Episodes, ThatNobodyRepeatsAreStaleAndForgottenInTheEnd) {
  fires(kMorning);
  pass(23h);
  fires(kMorning);
  EXPECT_THAT(pass(23h), ::testing::IsEmpty());
  EXPECT_THAT(pass(1h), ::testing::ElementsAre(Kind::stale));
  EXPECT_EQ(state(), State::stale);
  fires(kMorning);
  EXPECT_EQ(state(), State::firing) << "somebody has repeated it";
  EXPECT_THAT(pass(24h), ::testing::ElementsAre(Kind::stale));
  EXPECT_THAT(pass(24h), ::testing::ElementsAre(Kind::forgotten));
  EXPECT_TRUE(episodes.empty());
}

TEST_F(Episodes, ThatAreOverAreRememberedForADay) {
  fires(kMorning);
  resolves(kMorning);
  pass(23h);
  EXPECT_EQ(episodes.of("a").size(), 1U);
  pass(1h);
  EXPECT_TRUE(episodes.empty());
}

TEST_F(Episodes, ThatBeganBeforeADeploymentAreIgnoredByItAndNewOnesCount) {
  fires(kMorning, "old");
  pass(1min);
  episodes.begin_deployment();
  deployed = now().wall;
  EXPECT_EQ(state(), State::ignored);
  EXPECT_FALSE(episodes.standing("a", true).counts());
  pass(1min);
  fires(*deployed - 1s, "heard late");
  EXPECT_EQ(state(), State::ignored) << "Alertmanager waits before it tells";
  fires(*deployed + 1s, "new");
  EXPECT_EQ(state(), State::firing);
  EXPECT_TRUE(episodes.standing("a", true).counts());
  EXPECT_EQ(episodes.standing("a", true).ignored, 2U);
  resolves(*deployed + 1s, std::nullopt, "new");
  EXPECT_EQ(state(), State::ignored);
  EXPECT_EQ(fires(kMorning + 90s, "old"), Outcome::fired) << "the same alert, another start";
  EXPECT_EQ(state(), State::firing);
}

TEST_F(Episodes, ThatBeganBeforeADeploymentStayIgnoredWhereTheyComeBackWithTheSameStart) {
  fires(kMorning);
  episodes.begin_deployment();
  deployed = now().wall + 1s;
  resolves(kMorning);
  fires(kMorning);
  pass(1min);
  EXPECT_EQ(state(), State::ignored);
}

TEST_F(Episodes, AboutTheOtherReleaseDoNotCount) {
  deployed = kMorning;
  AlertWord word = alert(true, kMorning + 1s);
  word.other_release = true;
  episodes.hear("a", word, patience, deployed, now());
  EXPECT_EQ(state(), State::ignored);
  EXPECT_TRUE(episodes.standing("a", true).other_release);
  EXPECT_EQ(episodes.standing("a", false).state, State::firing) << "nothing is deployed";
}

TEST_F(Episodes, SurviveARestartAsTheyWere) {
  fires(kMorning, "open");
  fires(kMorning, "over");
  resolves(kMorning, kMorning + 1s, "over");
  fires(kMorning, "held");
  resolves(kMorning, kMorning + 1s, "held");
  fires(kMorning, "held");
  const std::vector<Episode> before = episodes.of("a");
  pass(30s);
  restart();
  EXPECT_EQ(episodes.of("a"), before);
  EXPECT_THAT(pass(59s), ::testing::IsEmpty()) << "a hold begins anew";
  EXPECT_THAT(pass(1s), ::testing::ElementsAre(Kind::fired));
  clock += 24h;
  restart();
  EXPECT_THAT(pass(0ms), ::testing::Contains(Kind::stale)) << "nobody repeated it meanwhile";
}

TEST_F(Episodes, OfStoresFromBeforeAreEndedByWhateverResolves) {
  Episode old;
  old.alarm = "a";
  old.source = Episode::Source::earlier;
  old.bearing = Episode::Bearing::began_before;
  const auto reset = [&] {
    episodes = {};
    episodes.restore({old}, now());
  };
  reset();
  EXPECT_EQ(state(), State::firing);
  EXPECT_EQ(resolves(kMorning - 1h), Outcome::resolved);
  EXPECT_EQ(state(), State::resolved);
  reset();
  EXPECT_EQ(says(false), Outcome::resolved);
  EXPECT_TRUE(episodes.empty());
  deployed = kMorning;
  reset();
  EXPECT_EQ(fires(kMorning - 1h), Outcome::repeated) << "it is the one that was known";
  EXPECT_EQ(state(), State::ignored);
  reset();
  EXPECT_EQ(fires(kMorning + 1h), Outcome::fired) << "that cannot be the one";
  EXPECT_EQ(state(), State::firing);
}

TEST_F(Episodes, AreAllEndedByAPersonWhoSaysSo) {
  fires(kMorning, "x");
  fires(kMorning, "y");
  says(true);
  EXPECT_EQ(episodes.resolve_all("a", now()), 3U);
  EXPECT_EQ(state(), State::resolved);
  EXPECT_EQ(fires(kMorning, "x"), Outcome::held) << "whoever still says so is right in the end";
  EXPECT_EQ(episodes.resolve_all("b", now()), 0U);
}

TEST_F(Episodes, AreBoundedAndNoAlarmIsSilencedByAnother) {
  says(true);
  episodes.hear("b", alert(true, kMorning), patience, deployed, now());
  for (std::size_t i = 0; i < EpisodeTable::kMaxEpisodes + 100; ++i) {
    pass(1ms);
    fires(kMorning, std::to_string(i));
  }
  EXPECT_EQ(episodes.saved().size(), EpisodeTable::kMaxEpisodes);
  EXPECT_EQ(episodes.dropped(), 102U);
  EXPECT_EQ(episodes.standing("b", false).firing, 1U);
}

TEST_F(Episodes, ThatAreOverMakeRoomFirst) {
  fires(kMorning, "over");
  resolves(kMorning, std::nullopt, "over");
  for (std::size_t i = 0; i < EpisodeTable::kMaxEpisodes; ++i) fires(kMorning, std::to_string(i));
  EXPECT_EQ(episodes.standing("a", false).firing, EpisodeTable::kMaxEpisodes);
  EXPECT_EQ(episodes.dropped(), 1U);
}

TEST_F(Episodes, SayInWordsWhatIsUnusualAboutThem) {
  fires(kMorning);
  EXPECT_EQ(note_of(episodes.standing("a", false), patience), "");
  episodes.begin_deployment();
  EXPECT_EQ(note_of(episodes.standing("a", true), patience),
            "fires since " + format_time(kMorning).substr(0, 10) + " " +
                format_time(kMorning).substr(11, 8) + "Z, ignored until it resolves");
  pass(24h);
  EXPECT_THAT(note_of(episodes.standing("a", true), patience),
              ::testing::HasSubstr("for 1d: stale"));
}

/// Whatever order and however often the same words come in: the last of one alert's story wins.
TEST_F(Episodes, ComeToTheSameEndInWhateverOrderTheirWordsCome) {
  Rng random{7};
  for (int round = 0; round < 200; ++round) {
    episodes = {};
    std::vector<std::function<void()>> words;
    constexpr int kStories = 5;
    for (int story = 0; story < kStories; ++story) {
      const WallTime starts = kMorning + 1min * story;
      words.emplace_back([this, starts] { fires(starts); });
      // The last one goes on.
      if (story + 1 < kStories)
        words.emplace_back([this, starts] { resolves(starts, starts + 30s); });
    }
    const auto any = [&](std::size_t of) { return random.below(static_cast<std::uint32_t>(of)); };
    for (std::size_t i = 0; i < 20; ++i) words.push_back(words[any(words.size())]);
    for (std::size_t i = words.size(); i > 1; --i) std::swap(words[i - 1], words[any(i)]);
    for (const auto& word : words) word();
    pass(1min);
    ASSERT_EQ(state(), State::firing) << round;
    ASSERT_EQ(episodes.standing("a", false).since, kMorning + 4min) << round;
    ASSERT_EQ(episodes.standing("a", false).firing, 1U) << round;
  }
}

}  // namespace
}  // namespace teal::health
