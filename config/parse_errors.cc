// `errors`, `except` and `paths`: what an alarm or a comparison counts as errors, and of which
// requests.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/grpc_status.h"
#include "config/nearest.h"
#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxWords = 32;

ErrorMeaning* meaning_to_fill(Alarm& alarm) {
  if (auto* rate = std::get_if<ErrorRateAlarm>(&alarm.condition)) return &rate->meaning;
  auto* compare = std::get_if<CompareAlarm>(&alarm.condition);
  const bool is_on_errors = compare != nullptr && compare->what == CompareAlarm::What::errors;
  return is_on_errors ? &compare->meaning : nullptr;
}

std::string hint_on_status(const std::string& text) {
  if (text == "0" || text == "OK" || (text.size() == 3 && (text[0] == '1' || text[0] == '2')))
    return "that is no error: those of HTTP are from 300 to 599, and those of gRPC from 1 to 16";
  std::vector<std::string> names;
  for (std::size_t i = 1; i < kGrpcStatuses; ++i)
    names.emplace_back(to_string(static_cast<GrpcStatus>(i)));
  if (std::string meant = did_you_mean(text, names); !meant.empty()) return meant;
  return "names of gRPC are those of its documentation: UNAVAILABLE, RESOURCE_EXHAUSTED";
}

std::vector<StatusWord> parse_words(const Value& value) {
  std::vector<StatusWord> words;
  for (const Value& item : value.items_or_one(kMaxWords)) {
    const auto text = item.text();
    if (!text) continue;
    const auto word = parse_status_word(*text);
    if (!word)
      item.problem(
          "must be a status like 404, 5xx or 500-504, or one of gRPC like UNAVAILABLE or "
          "14, not " +
              quoted(*text),
          hint_on_status(*text));
    else if (std::ranges::find(words, *word) != words.end())
      item.problem("is here a second time", "remove it");
    else
      words.push_back(*word);
  }
  if (value.is_list() && value.node().items.empty())
    value.problem("must name at least one status", "name some, like 5xx, or remove the key");
  return words;
}

/// Some of what `word` stands for is in `words`.
bool overlaps(const StatusWord& word, const std::vector<StatusWord>& words) {
  return std::ranges::any_of(words, [&](const StatusWord& other) {
    if (other.grpc) return word.grpc == other.grpc;
    if (word.grpc)
      return http_status_of(*word.grpc) >= other.first && http_status_of(*word.grpc) <= other.last;
    return word.first <= other.last && other.first <= word.last;
  });
}

/// All of it.
bool is_within(const StatusWord& word, const std::vector<StatusWord>& words) {
  if (word.grpc) return overlaps(word, words);
  for (std::uint16_t status = word.first; status <= word.last; ++status)
    if (!overlaps({status, status}, words)) return false;
  return true;
}

void parse_except(const Value& value, ErrorMeaning& meaning) {
  meaning.except = parse_words(value);
  if (meaning.errors.empty()) return;  // That was said.
  for (const StatusWord& word : meaning.except)
    if (!overlaps(word, meaning.errors))
      value.problem(to_string(word) + " is none of the errors (" +
                        to_string(ErrorMeaning{.errors = meaning.errors}) + ")",
                    "remove it");
  if (!meaning.except.empty() && std::ranges::all_of(meaning.errors, [&](const StatusWord& word) {
        return is_within(word, meaning.except);
      }))
    value.problem("leaves no error to count", "except less, or name more in errors");
}

void parse_paths(const Value& value, std::vector<std::string>& paths) {
  for (const Value& item : value.items_or_one(ErrorMeanings::kMaxPaths)) {
    const auto path = parse_match_path(item);
    if (!path) continue;
    if (std::ranges::find(paths, *path) != paths.end())
      item.problem("is here a second time", "remove it");
    else
      paths.push_back(*path);
  }
  if (value.is_list() && value.node().items.empty())
    value.problem("must name at least one path", "name some, or remove the key for all requests");
}

}  // namespace

void parse_meaning(Mapping& keys, Alarm& alarm) {
  ErrorMeaning* const meaning = meaning_to_fill(alarm);
  const bool is_of_clients = meaning != nullptr && *meaning == ErrorMeaning::of_clients();
  // Read whether they mean something or not: what means nothing is no unknown key.
  const auto errors = keys.find("errors");
  const auto except = keys.find("except");
  const auto paths = keys.find("paths");
  if (meaning == nullptr) {
    for (const std::string_view key : {"errors", "except", "paths"})
      if (keys.has(key))
        keys.self().report().add_at(
            keys.self().path() + '.' + std::string(key),
            "means nothing where no errors are counted",
            "it goes with error_rate, client_error_rate, compare: errors and client_errors");
    return;
  }
  if (errors && is_of_clients)
    errors->problem("means nothing here: what is counted are all 4xx",
                    "leave some out with except, or give errors to error_rate or compare: errors");
  else if (errors)
    meaning->errors = parse_words(*errors);
  if (except) parse_except(*except, *meaning);
  if (paths) parse_paths(*paths, meaning->paths);
}

void check_paths(const Value& value, const std::vector<Alarm>& alarms) {
  std::vector<std::string> seen;
  for (const Alarm& alarm : alarms) {
    const ErrorMeaning* const meaning = meaning_of(alarm);
    if (meaning == nullptr) continue;
    for (const std::string& path : meaning->paths)
      if (std::ranges::find(seen, path) == seen.end()) seen.push_back(path);
    if (seen.size() <= ErrorMeanings::kMaxPaths) continue;
    value.report().add_at(value.path() + '.' + alarm.name + ".paths",
                          "with these the service's alarms have " + std::to_string(seen.size()) +
                              " different paths; at most " +
                              std::to_string(ErrorMeanings::kMaxPaths) + " are allowed",
                          "use a path that covers several, or one alarm for all requests");
    return;
  }
}

}  // namespace teal::config
