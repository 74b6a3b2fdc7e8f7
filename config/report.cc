#include "config/report.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace teal::config {
namespace {

/// "a.b[2].c" -> "a.b[2]" -> "a.b" -> "a" -> "".
std::string_view parent(std::string_view path) {
  const std::size_t end = path.find_last_of(".[");
  return end == std::string_view::npos ? std::string_view() : path.substr(0, end);
}

}  // namespace

void Report::add(SourceLocation location, std::string key, std::string message, std::string hint) {
  if (muted_.contains(key)) return;
  if (is_full()) {
    ++not_shown_;
    return;
  }
  problems_.push_back(Problem{file_, location.line, location.column, std::move(key),
                              without_concealed(std::move(message)),
                              without_concealed(std::move(hint))});
}

void Report::conceal(const std::string& text, std::string written) {
  if (text.empty() || text == written) return;
  // As messages show it: shortened, and quoted.
  std::pair<std::string, std::string> hidden(quoted(text), "'" + written + "'");
  const bool is_long = text.size() >= kMinConcealed;
  if (is_long) hidden = {shortened(text), std::move(written)};
  if (std::ranges::find(concealed_, hidden) != concealed_.end()) return;
  const auto longer = [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); };
  concealed_.insert(std::ranges::upper_bound(concealed_, hidden, longer), std::move(hidden));
}

std::string Report::without_concealed(std::string text) const {
  for (const auto& [hidden, written] : concealed_)
    for (std::size_t at = 0; (at = text.find(hidden, at)) != std::string::npos;
         at += written.size())
      text.replace(at, hidden.size(), written);
  return text;
}

void Report::add_at(const std::string& path, std::string message, std::string hint) {
  SourceLocation location;
  for (std::string_view at = path; !at.empty(); at = parent(at)) {
    const auto found = locations_.find(std::string(at));
    if (found == locations_.end()) continue;
    location = found->second;
    break;
  }
  add(location, path, std::move(message), std::move(hint));
}

SourceLocation Report::location(const std::string& path) const {
  const auto found = locations_.find(path);
  return found == locations_.end() ? SourceLocation{} : found->second;
}

bool Report::touches(std::string_view path) const {
  return std::any_of(problems_.begin(), problems_.end(), [&](const Problem& problem) {
    const std::string_view key = problem.key;
    if (!key.starts_with(path)) return false;
    return key.size() == path.size() || key[path.size()] == '.' || key[path.size()] == '[';
  });
}

void Report::note_present(const std::string& path, const std::string& pattern,
                          SourceLocation location) {
  locations_.emplace(path, location);
  present_.emplace(pattern, location);
}

Problems Report::take() {
  std::stable_sort(problems_.begin(), problems_.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  if (not_shown_ > 0)
    problems_.push_back(Problem{file_, 0, 0, "",
                                "has " + std::to_string(not_shown_) + " more problems",
                                "solve these first"});
  not_shown_ = 0;
  return Problems{std::exchange(problems_, {})};
}

}  // namespace teal::config
