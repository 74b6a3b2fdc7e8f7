#include "base/error_meaning.h"

#include <algorithm>
#include <set>

#include "base/assert.h"
#include "base/path_prefix.h"

namespace teal {
namespace {

constexpr std::uint16_t kMinStatus = 300;
constexpr std::uint16_t kEndOfStatuses = 600;

/// 0: it is no number of that many digits at most.
std::uint16_t number_of(std::string_view text, std::size_t digits) {
  if (text.empty() || text.size() > digits) return 0;
  unsigned number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return static_cast<std::uint16_t>(number);
}

bool is_status(std::uint16_t status) {
  return status >= kMinStatus && status < kEndOfStatuses;
}

std::optional<GrpcStatus> parse_grpc(std::string_view text) {
  // No error: OK.
  for (std::size_t i = 1; i < kGrpcStatuses; ++i)
    if (text == to_string(static_cast<GrpcStatus>(i)) || number_of(text, 2) == i)
      return static_cast<GrpcStatus>(i);
  return std::nullopt;
}

std::string joined(const std::vector<StatusWord>& words) {
  std::string text;
  for (const StatusWord& word : words) text += (text.empty() ? "" : ", ") + to_string(word);
  return text;
}

std::uint32_t bit(GrpcStatus status) {
  return std::uint32_t{1} << static_cast<unsigned>(status);
}

std::uint32_t grpc_of(const std::vector<StatusWord>& words) {
  std::uint32_t bits = 0;
  for (const StatusWord& word : words)
    if (word.grpc) bits |= bit(*word.grpc);
  return bits;
}

}  // namespace

// ---- words --------------------------------------------------------------------------------------

std::optional<StatusWord> parse_status_word(std::string_view text) {
  if (text.size() == 3 && text.ends_with("xx")) {
    const auto first = static_cast<std::uint16_t>(number_of(text.substr(0, 1), 1) * 100);
    if (!is_status(first)) return std::nullopt;
    return StatusWord{first, static_cast<std::uint16_t>(first + 99)};
  }
  if (const auto grpc = parse_grpc(text)) return StatusWord{0, 0, grpc};
  const std::size_t dash = text.find('-');
  const std::uint16_t first = number_of(text.substr(0, dash), 3);
  const std::uint16_t last = dash == text.npos ? first : number_of(text.substr(dash + 1), 3);
  if (!is_status(first) || !is_status(last) || last < first) return std::nullopt;
  return StatusWord{first, last};
}

std::string to_string(const StatusWord& word) {
  if (word.grpc) return std::string(to_string(*word.grpc));
  if (word.first % 100 == 0 && word.last == word.first + 99)
    return std::to_string(word.first / 100) + "xx";
  std::string text = std::to_string(word.first);
  if (word.last != word.first) text += '-' + std::to_string(word.last);
  return text;
}

std::string to_string(const ErrorMeaning& meaning) {
  std::string text = joined(meaning.errors);
  if (!meaning.except.empty()) text += " except " + joined(meaning.except);
  return text + under(meaning.paths);
}

std::string under(const std::vector<std::string>& paths) {
  std::string text;
  for (const std::string& path : paths) text += (text.empty() ? " under " : ", ") + path;
  return text;
}

bool counts_client_errors(const ErrorMeaning& meaning) {
  return std::ranges::any_of(meaning.errors, [](const StatusWord& word) {
    const std::uint16_t status = word.grpc ? http_status_of(*word.grpc) : word.first;
    return status < 500 && (word.grpc ? status : word.last) >= 400;
  });
}

bool counts_server_errors(const ErrorMeaning& meaning) {
  return std::ranges::any_of(meaning.errors, [](const StatusWord& word) {
    return (word.grpc ? http_status_of(*word.grpc) : word.last) >= 500;
  });
}

// ---- the table ----------------------------------------------------------------------------------

void ErrorMeanings::StatusSet::set(const StatusWord& word, bool value) {
  if (word.grpc) return;
  for (unsigned status = word.first; status <= word.last && status < kEnd; ++status) {
    const std::uint64_t one = std::uint64_t{1} << (status % 64);
    std::uint64_t& bits = bits_[status / 64];
    bits = value ? bits | one : bits & ~one;
  }
}

bool ErrorMeanings::fits(const std::vector<ErrorMeaning>& meanings) {
  std::set<std::string_view> paths;
  for (const ErrorMeaning& meaning : meanings)
    paths.insert(meaning.paths.begin(), meaning.paths.end());
  return meanings.size() <= kMaxMeanings && paths.size() <= kMaxPaths;
}

ErrorMeanings::ErrorMeanings(const std::vector<ErrorMeaning>& meanings) {
  TEAL_ASSERT(fits(meanings));
  for (const ErrorMeaning& meaning : meanings) {
    meanings_.push_back(compile(meaning));
    const MeaningSet number = meaning_bit(meanings_.size());
    if (meaning.paths.empty()) everywhere_ |= number;
    for (const std::string& prefix : meaning.paths) {
      auto path = std::ranges::find(paths_, prefix, &Path::prefix);
      if (path == paths_.end()) path = paths_.insert(path, Path{prefix});
      path->counted_by |= number;
    }
  }
}

ErrorMeanings::Meaning ErrorMeanings::compile(const ErrorMeaning& meaning) {
  Meaning compiled;
  for (const StatusWord& word : meaning.errors) compiled.failures.set(word, true);
  compiled.answers = compiled.failures;
  for (const StatusWord& word : meaning.except) compiled.answers.set(word, false);
  compiled.grpc_errors = grpc_of(meaning.errors);
  compiled.grpc_except = grpc_of(meaning.except);
  return compiled;
}

MeaningSet ErrorMeanings::counting(std::string_view path) const {
  MeaningSet found = everywhere_;
  for (const Path& each : paths_)
    if (covers(each.prefix, path)) found |= each.counted_by;
  return found;
}

bool ErrorMeanings::is_error(const Meaning& meaning, const Ending& ending) {
  const std::uint32_t grpc = ending.grpc ? bit(*ending.grpc) : 0;
  if (ending.is_failure) return meaning.failures.has(ending.status) || meaning.grpc_errors & grpc;
  if (meaning.grpc_except & grpc) return false;
  return meaning.answers.has(ending.status) || meaning.grpc_errors & grpc;
}

MeaningSet ErrorMeanings::errors(const Ending& ending) const {
  MeaningSet found = 0;
  for (std::size_t i = 0; i < meanings_.size(); ++i)
    if (is_error(meanings_[i], ending)) found |= meaning_bit(i + 1);
  return found;
}

}  // namespace teal
