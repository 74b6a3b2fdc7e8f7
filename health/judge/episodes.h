// EpisodeTable: what others say of one service's external alarms. An alarm is a set of episodes,
// one for each alert that was heard of (by its fingerprint) and each of its startsAt, so that one
// instance's resolve does not clear another's; POST /v1/alarms/{name} has an episode of its own. An
// alarm fires while one of its episodes does.
//
// Webhooks come twice, late and in any order (Alertmanager sends at least once, and its peers send
// copies). An episode is known by when its alert says that it started: a newer start is a new
// episode and counts at once, an older one is a late copy and means nothing. The same start once
// more after a resolve is either a copy or the truth: it is held for `settle` and then taken,
// unless another resolve comes. A start that lay in the future when it was heard of, as of a clock
// that is fast, does not make those behind it late.
//
// Pure; control thread. Knows no alarm's definition, tells nobody, and decides nothing about
// releases but whether an episode can be theirs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/time.h"

namespace teal::health {

struct Episode {
  enum class Source : std::uint8_t {
    api,           ///< POST /v1/alarms/{name}.
    alertmanager,  ///< An alert, repeated until it resolves.
    earlier,       ///< As stores of before episodes knew it: whose it is, is not known.
  };
  enum class State : std::uint8_t {
    firing,
    held,      ///< Said to fire again as if it had never been resolved.
    resolved,  ///< Remembered, so that late copies are known for what they are.
  };
  /// Whether it can be the fault of the release that is being deployed.
  enum class Bearing : std::uint8_t {
    counts,
    began_before,   ///< It fired before the deployment began.
    other_release,  ///< Its labels name what the release replaces.
  };

  std::string alarm;
  std::string fingerprint;  ///< Of an alert; empty for the others.
  Source source = Source::api;
  State state = State::firing;
  Bearing bearing = Bearing::counts;
  WallTime starts;   ///< As the alert says, or when it was first heard of.
  WallTime heard;    ///< Last.
  WallTime ended{};  ///< As its last resolve says; 0 before the first.
  std::string why;   ///< For a person; may be empty.
  bool stale = false;
  bool operator==(const Episode&) const = default;
};

/// One word from outside.
struct AlertWord {
  bool firing = false;
  Episode::Source source = Episode::Source::api;
  std::string fingerprint;
  std::optional<WallTime> starts, ends;  ///< Where it says.
  std::string why;
  bool other_release = false;
};

/// An alarm of a service, as its episodes are.
struct Standing {
  /// ignored: all that fire have no bearing on the running deployment. stale: nobody has repeated
  /// any that fires.
  enum class State : std::uint8_t { resolved, held, stale, ignored, firing };

  State state = State::resolved;
  std::size_t firing = 0, ignored = 0, stale = 0, held = 0;  ///< Episodes.
  WallTime since;                                            ///< The oldest that fires, or is held.
  std::string why;                                           ///< The newest that counts, or fires.
  bool other_release = false;  ///< All ignored are about the other one.
  bool is_firing() const { return firing > 0; }
  bool counts() const { return firing > ignored; }
};
std::string_view to_string(Standing::State state);

class EpisodeTable {
 public:
  static constexpr std::size_t kMaxEpisodes = 1000;
  static constexpr std::chrono::hours kRemembered{24};

  struct Patience {
    Millis settle{60'000};
    Millis stale_after{86'400'000};
  };
  struct Now {
    Mono mono;
    WallTime wall;
  };
  enum class Outcome : std::uint8_t { fired, resolved, repeated, held, late };
  /// What time alone has done to an alarm.
  struct Change {
    enum class Kind : std::uint8_t { fired, stale, forgotten } kind;
    std::string alarm;
    std::string why;
  };

  /// `deployed`: when the running deployment began, if one runs.
  Outcome hear(const std::string& alarm, const AlertWord& word, const Patience& patience,
               std::optional<WallTime> deployed, Now now);
  /// A person says that none of it fires. What says later that it does is held as after any
  /// resolve. Answers how many did, or were held.
  std::size_t resolve_all(const std::string& alarm, Now now);
  /// Nothing that is known by now is the release's fault.
  void begin_deployment();
  /// When advance() may have something to do, and not before; max: never.
  Mono due() const { return due_; }
  std::vector<Change> advance(Mono now);

  bool empty() const { return records_.empty(); }
  /// `deployed`: a deployment runs, so bearings matter.
  Standing standing(const std::string& alarm, bool deployed) const;
  /// Newest first, those that fire before those that are held and those that are over.
  std::vector<Episode> of(const std::string& alarm) const;
  /// Those that had to make room for others since the process began.
  std::uint64_t dropped() const { return dropped_; }

  std::vector<Episode> saved() const;
  /// As another process left it. Holds begin anew; that nobody repeated an alert meanwhile counts.
  void restore(std::vector<Episode> episodes, Now now);
  /// The alarm's patience, where it was not told with a word.
  void set_patience(const std::string& alarm, const Patience& patience);

 private:
  using Key = std::tuple<std::string, Episode::Source, std::string>;
  struct Record {
    Episode episode;
    Patience patience;
    Mono heard;  ///< The last word that was no late copy; of a held one, when it was held.
    /// It began no later, however far in the future its start may lie.
    WallTime opened{};
    /// By which later words are told from late ones.
    WallTime began() const { return std::min(episode.starts, opened); }
  };

  static Mono due_of(const Record& record);
  void find_due();
  void make_room();
  Outcome open(const Key& key, const AlertWord& word, const Patience& patience,
               std::optional<WallTime> deployed, Now now);
  Outcome repeat(Record& record, const AlertWord& word, Now now);
  /// An episode of `earlier` meets a word that knows whose it is.
  bool adopt(const std::string& alarm, const AlertWord& word, const Patience& patience,
             std::optional<WallTime> deployed, Now now);

  std::map<Key, Record> records_;
  Mono due_ = Mono::max();
  std::uint64_t dropped_ = 0;
};

std::string_view to_string(EpisodeTable::Outcome outcome);
/// "fires since 2026-11-23 02:13:07Z, ignored until it resolves"; empty where nothing is unusual.
std::string note_of(const Standing& standing, const EpisodeTable::Patience& patience);

}  // namespace teal::health
