// Report: collects every problem of one text, and remembers which keys were met and which could
// have been, so that a check made later can still name the line, and a test can see that the
// documented example mentions every key there is.
//
// Cold path; lives for one load.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/quoted.h"
#include "config/document.h"
#include "config/load.h"

namespace teal::config {

class Report {
 public:
  static constexpr std::size_t kMaxProblems = 100;  ///< The rest is only counted.

  enum class Hints { all, none };

  explicit Report(std::string file, Hints hints = Hints::all)
      : file_(std::move(file)), hints_(hints) {}

  void add(SourceLocation location, std::string key, std::string message, std::string hint = "");
  /// At the place of the key of that path, or of the nearest one above it that the text has.
  void add_at(const std::string& path, std::string message, std::string hint = "");

  /// What is said of the value at `path` from now on means nothing: it could not be made.
  void mute(const std::string& path) { muted_.insert(path); }
  /// From now on problems show `written` ("${TOKEN}") where they would show `text`, which came from
  /// a variable. A text of less than kMinConcealed bytes is hidden between quotes only: in the
  /// middle of a message it says nothing, and words are made of such texts.
  void conceal(const std::string& text, std::string written);
  static constexpr std::size_t kMinConcealed = 4;

  bool empty() const { return problems_.empty(); }
  /// Hints cost more than problems: they need not be thought of where nobody reads them.
  bool wants_hints() const { return hints_ == Hints::all && !is_full(); }
  /// Further problems are only counted.
  bool is_full() const { return problems_.size() >= kMaxProblems; }
  /// Whether `path` or something under it has a problem already.
  bool touches(std::string_view path) const;

  /// The key at `path` stands in the text. `pattern` is the path with * for names and no indices.
  void note_present(const std::string& path, const std::string& pattern, SourceLocation location);
  /// The key could stand in the text.
  void note_known(std::string pattern) { known_.insert(std::move(pattern)); }
  bool has(const std::string& path) const { return locations_.contains(path); }
  /// Of the key at `path`; nowhere if it does not stand in the text.
  SourceLocation location(const std::string& path) const;

  const std::set<std::string>& known() const { return known_; }
  /// By pattern: where each stands first.
  const std::map<std::string, SourceLocation>& present() const { return present_; }

  /// All problems in the order of the text.
  Problems take();

 private:
  std::string without_concealed(std::string text) const;

  std::string file_;
  Hints hints_;
  std::vector<Problem> problems_;
  /// What is not to be shown, and what is in its place; longest first.
  std::vector<std::pair<std::string, std::string>> concealed_;
  std::set<std::string> muted_;
  std::size_t not_shown_ = 0;
  std::map<std::string, SourceLocation> locations_;
  std::map<std::string, SourceLocation> present_;
  std::set<std::string> known_;
};

}  // namespace teal::config
