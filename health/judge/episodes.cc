#include "health/judge/episodes.h"

#include <algorithm>
#include <utility>

namespace teal::health {
namespace {

using Source = Episode::Source;
using State = Episode::State;
using Bearing = Episode::Bearing;

Bearing bearing_of(const AlertWord& word, std::optional<WallTime> deployed) {
  if (!deployed) return Bearing::counts;
  if (word.starts && *word.starts < *deployed) return Bearing::began_before;
  return word.other_release ? Bearing::other_release : Bearing::counts;
}

/// A clock that is a little fast puts its starts in their right order; only what lies beyond this
/// in the future is no start.
constexpr std::chrono::minutes kFast{10};

WallTime opened_at(WallTime starts, WallTime now) {
  return starts <= now + kFast ? std::max(starts, now) : now;
}

}  // namespace

std::string_view to_string(Standing::State state) {
  switch (state) {
    case Standing::State::resolved: return "resolved";
    case Standing::State::held: return "held";
    case Standing::State::stale: return "stale";
    case Standing::State::ignored: return "ignored";
    case Standing::State::firing: break;
  }
  return "firing";
}

std::string_view to_string(EpisodeTable::Outcome outcome) {
  switch (outcome) {
    case EpisodeTable::Outcome::fired: return "fired";
    case EpisodeTable::Outcome::resolved: return "resolved";
    case EpisodeTable::Outcome::repeated: return "repeated";
    case EpisodeTable::Outcome::held: return "held";
    case EpisodeTable::Outcome::late: break;
  }
  return "late";
}

// ---- words --------------------------------------------------------------------------------------

EpisodeTable::Outcome EpisodeTable::hear(const std::string& alarm, const AlertWord& word,
                                         const Patience& patience, std::optional<WallTime> deployed,
                                         Now now) {
  const bool adopted = adopt(alarm, word, patience, deployed, now);
  const Key key{alarm, word.source, word.fingerprint};
  const auto found = records_.find(key);
  if (found == records_.end() && word.source == Source::api && !word.firing)
    return Outcome::repeated;
  Outcome outcome{};
  if (adopted) {
    outcome = word.firing ? Outcome::repeated : Outcome::resolved;
  } else if (found == records_.end()) {
    outcome = open(key, word, patience, deployed, now);
  } else {
    Record& record = found->second;
    record.patience = patience;
    // Who does not say when it started means the episode that is known, unless that is long over.
    const bool is_over = record.episode.state == State::resolved;
    const bool is_same = word.starts == record.episode.starts;
    const bool is_newer = word.starts ? !is_same && *word.starts > record.began()
                                      : is_over && now.mono - record.heard > patience.settle;
    if (word.starts && !is_same && !is_newer) return Outcome::late;
    const bool was_open = !is_over;
    outcome = is_newer ? open(key, word, patience, deployed, now) : repeat(record, word, now);
    // The resolve of the one before was lost.
    if (is_newer && !word.firing && was_open) outcome = Outcome::resolved;
  }
  // A person's own episode has no copies to be told from.
  if (word.source == Source::api && !word.firing) records_.erase(key);
  // What is due later than it was makes no difference: advance() looks again.
  if (const auto heard = records_.find(key); heard != records_.end())
    due_ = std::min(due_, due_of(heard->second));
  return outcome;
}

EpisodeTable::Outcome EpisodeTable::open(const Key& key, const AlertWord& word,
                                         const Patience& patience, std::optional<WallTime> deployed,
                                         Now now) {
  if (!records_.contains(key)) make_room();
  Record& record = records_[key];
  record = {};
  record.patience = patience;
  record.heard = now.mono;
  Episode& episode = record.episode;
  episode.alarm = std::get<0>(key);
  episode.fingerprint = word.fingerprint;
  episode.source = word.source;
  episode.state = word.firing ? State::firing : State::resolved;
  episode.bearing = bearing_of(word, deployed);
  episode.starts = word.starts.value_or(now.wall);
  record.opened = opened_at(episode.starts, now.wall);
  episode.heard = now.wall;
  episode.why = word.why;
  if (!word.firing) episode.ended = word.ends.value_or(now.wall);
  return word.firing ? Outcome::fired : Outcome::repeated;
}

EpisodeTable::Outcome EpisodeTable::repeat(Record& record, const AlertWord& word, Now now) {
  Episode& episode = record.episode;
  if (!word.firing) {
    // The copy of a resolve after which the alert was found to fire after all.
    const bool is_copy = word.ends && episode.ended != WallTime{} && *word.ends <= episode.ended;
    if (episode.state == State::firing && is_copy) return Outcome::late;
    const bool was_firing = episode.state == State::firing;
    episode.state = State::resolved;
    episode.stale = false;
    episode.ended = std::max(episode.ended, word.ends.value_or(now.wall));
    episode.heard = now.wall;
    record.heard = now.mono;
    return was_firing ? Outcome::resolved : Outcome::repeated;
  }
  if (!word.why.empty()) episode.why = word.why;
  if (episode.state == State::held) return Outcome::held;
  const bool was_over = episode.state == State::resolved;
  const bool is_held = was_over && record.patience.settle > Millis{0};
  episode.state = is_held ? State::held : State::firing;
  episode.stale = false;
  episode.heard = now.wall;
  record.heard = now.mono;
  if (is_held) return Outcome::held;
  return was_over ? Outcome::fired : Outcome::repeated;
}

bool EpisodeTable::adopt(const std::string& alarm, const AlertWord& word, const Patience& patience,
                         std::optional<WallTime> deployed, Now now) {
  const auto found = records_.find({alarm, Source::earlier, ""});
  if (found == records_.end()) return false;
  if (word.firing && word.starts && deployed && *word.starts >= *deployed) return false;
  Record record = std::move(found->second);
  records_.erase(found);
  record.episode.source = word.source;
  record.episode.fingerprint = word.fingerprint;
  record.episode.starts = word.starts.value_or(record.episode.starts);
  record.episode.state = word.firing ? State::firing : State::resolved;
  record.episode.stale = false;
  if (!word.firing) record.episode.ended = word.ends.value_or(now.wall);
  record.episode.heard = now.wall;
  record.heard = now.mono;
  record.patience = patience;
  record.opened = opened_at(record.episode.starts, now.wall);
  records_[{alarm, word.source, word.fingerprint}] = std::move(record);
  return true;
}

std::size_t EpisodeTable::resolve_all(const std::string& alarm, Now now) {
  std::size_t resolved = 0;
  for (auto it = records_.lower_bound({alarm, Source::api, ""});
       it != records_.end() && std::get<0>(it->first) == alarm;) {
    Record& record = it->second;
    const bool was_open = record.episode.state != State::resolved;
    if (was_open) ++resolved;
    if (record.episode.source != Source::alertmanager) {
      it = records_.erase(it);
      continue;
    }
    if (was_open) {
      record.episode.state = State::resolved;
      record.episode.stale = false;
      record.episode.heard = now.wall;
      record.heard = now.mono;
    }
    ++it;
  }
  find_due();
  return resolved;
}

void EpisodeTable::begin_deployment() {
  for (auto& [key, record] : records_) record.episode.bearing = Bearing::began_before;
}

// ---- time and room ------------------------------------------------------------------------------

Mono EpisodeTable::due_of(const Record& record) {
  const Episode& episode = record.episode;
  if (episode.state == State::held) return record.heard + record.patience.settle;
  if (episode.state == State::resolved) return record.heard + kRemembered;
  // A person's word holds until it is taken back.
  if (episode.source == Source::api) return Mono::max();
  const Mono stale = record.heard + record.patience.stale_after;
  return episode.stale ? stale + kRemembered : stale;
}

void EpisodeTable::find_due() {
  due_ = Mono::max();
  for (const auto& [key, record] : records_) due_ = std::min(due_, due_of(record));
}

std::vector<EpisodeTable::Change> EpisodeTable::advance(Mono now) {
  std::vector<Change> changes;
  if (now < due_) return changes;
  for (auto it = records_.begin(); it != records_.end();) {
    Record& record = it->second;
    Episode& episode = record.episode;
    const bool is_due = due_of(record) <= now;
    const bool is_forgotten = is_due && (episode.state == State::resolved ||
                                         (episode.stale && episode.state == State::firing));
    if (is_due && episode.state == State::held) {
      // What kept it from being heard before is no news; from now on it is to be repeated.
      episode.state = State::firing;
      record.heard = now;
      changes.push_back({Change::Kind::fired, episode.alarm, episode.why});
    } else if (is_due && !is_forgotten) {
      episode.stale = true;
      changes.push_back({Change::Kind::stale, episode.alarm, episode.why});
    } else if (is_forgotten && episode.state == State::firing) {
      changes.push_back({Change::Kind::forgotten, episode.alarm, episode.why});
    }
    it = is_forgotten ? records_.erase(it) : std::next(it);
  }
  find_due();
  return changes;
}

/// What is over goes first; then the oldest of the alarm that has most of them, so that no alarm is
/// silenced by another.
void EpisodeTable::make_room() {
  if (records_.size() < kMaxEpisodes) return;
  const auto oldest = [](auto first, auto last, auto is_meant) {
    auto found = last;
    for (; first != last; ++first)
      if (is_meant(first->second) && (found == last || first->second.heard < found->second.heard))
        found = first;
    return found;
  };
  auto victim = oldest(records_.begin(), records_.end(), [](const Record& record) {
    return record.episode.state == State::resolved;
  });
  if (victim == records_.end()) {
    // Those of one alarm stand together.
    std::size_t most = 0;
    auto first = records_.begin(), last = first;
    for (auto from = records_.begin(); from != records_.end();) {
      const auto to = std::find_if(from, records_.end(), [&](const auto& each) {
        return std::get<0>(each.first) != std::get<0>(from->first);
      });
      const auto count = static_cast<std::size_t>(std::distance(from, to));
      if (count > most) {
        most = count;
        first = from;
        last = to;
      }
      from = to;
    }
    victim = oldest(first, last, [](const Record&) { return true; });
  }
  records_.erase(victim);
  ++dropped_;
}

// ---- reports ------------------------------------------------------------------------------------

Standing EpisodeTable::standing(const std::string& alarm, bool deployed) const {
  Standing sum;
  bool has_other = false;
  bool began_before = false;
  WallTime newest_counting{};
  WallTime newest{};
  std::string why_firing;
  std::optional<WallTime> since, held_since;
  for (auto it = records_.lower_bound({alarm, Source::api, ""});
       it != records_.end() && std::get<0>(it->first) == alarm; ++it) {
    const Episode& episode = it->second.episode;
    if (episode.state == State::held) {
      ++sum.held;
      held_since = std::min(held_since.value_or(episode.starts), episode.starts);
    }
    if (episode.state != State::firing) continue;
    ++sum.firing;
    sum.stale += std::size_t{episode.stale};
    since = std::min(since.value_or(episode.starts), episode.starts);
    const bool counts = !deployed || episode.bearing == Bearing::counts;
    if (!counts) {
      ++sum.ignored;
      has_other |= episode.bearing == Bearing::other_release;
      began_before |= episode.bearing == Bearing::began_before;
    } else if (sum.why.empty() || episode.starts >= newest_counting) {
      newest_counting = episode.starts;
      sum.why = episode.why;
    }
    if (why_firing.empty() || episode.starts >= newest) {
      newest = episode.starts;
      why_firing = episode.why;
    }
  }
  sum.other_release = has_other && !began_before;
  if (since || held_since) sum.since = since ? *since : *held_since;
  if (sum.firing == 0) {
    sum.state = sum.held > 0 ? Standing::State::held : Standing::State::resolved;
    return sum;
  }
  if (!sum.counts()) sum.why = why_firing;
  sum.state = Standing::State::firing;
  if (!sum.counts()) sum.state = Standing::State::ignored;
  if (sum.stale == sum.firing) sum.state = Standing::State::stale;
  return sum;
}

std::vector<Episode> EpisodeTable::of(const std::string& alarm) const {
  std::vector<Episode> episodes;
  for (auto it = records_.lower_bound({alarm, Source::api, ""});
       it != records_.end() && std::get<0>(it->first) == alarm; ++it)
    episodes.push_back(it->second.episode);
  std::ranges::stable_sort(episodes, [](const Episode& a, const Episode& b) {
    return std::tie(a.state, b.starts) < std::tie(b.state, a.starts);
  });
  return episodes;
}

std::vector<Episode> EpisodeTable::saved() const {
  std::vector<Episode> episodes;
  episodes.reserve(records_.size());
  for (const auto& [key, record] : records_) episodes.push_back(record.episode);
  return episodes;
}

void EpisodeTable::restore(std::vector<Episode> episodes, Now now) {
  records_.clear();
  for (Episode& episode : episodes) {
    if (records_.size() >= kMaxEpisodes) break;
    // Stores of before episodes do not say since when.
    const bool is_undated = episode.source == Source::earlier && episode.starts == WallTime{};
    if (is_undated) episode.starts = episode.heard = now.wall;
    const Millis ago = std::clamp(now.wall - episode.heard, Millis{0}, Millis{kRemembered * 60});
    const bool is_held = episode.state == State::held;
    const Key key{episode.alarm, episode.source, episode.fingerprint};
    const WallTime opened = opened_at(episode.starts, episode.heard);
    records_[key] = {std::move(episode), {}, is_held ? now.mono : now.mono - ago, opened};
  }
  find_due();
}

void EpisodeTable::set_patience(const std::string& alarm, const Patience& patience) {
  for (auto it = records_.lower_bound({alarm, Source::api, ""});
       it != records_.end() && std::get<0>(it->first) == alarm; ++it)
    it->second.patience = patience;
  find_due();
}

// ---- words for people -------------------------------------------------------------------------

namespace {

/// "2026-11-23 02:13:07Z": nobody reads milliseconds of an alert.
std::string moment(WallTime time) {
  std::string text = format_time(time).substr(0, 19) + "Z";
  text[10] = ' ';
  return text;
}

}  // namespace

std::string note_of(const Standing& standing, const EpisodeTable::Patience& patience) {
  switch (standing.state) {
    case Standing::State::ignored:
      if (standing.other_release)
        return "fires since " + moment(standing.since) +
               " for the release that is replaced, not for this one";
      return "fires since " + moment(standing.since) + ", ignored until it resolves";
    case Standing::State::stale:
      return "fires since " + moment(standing.since) + ", and nobody has repeated it for " +
             format_duration(patience.stale_after) + ": stale";
    case Standing::State::held:
      return "said to fire again since " + moment(standing.since) +
             " although it was resolved: fires again unless it resolves within " +
             format_duration(patience.settle);
    case Standing::State::resolved:
    case Standing::State::firing: break;
  }
  return {};
}

}  // namespace teal::health
