// Value and Mapping: how the parsers read the tree. A Value is one node and the path to it, and
// turns into the type that is wanted or into a problem; a Mapping knows the keys that were asked of
// it, and reports the others, with the nearest known one, when it goes.
//
// Cold path; lives for one load, and not longer than the tree and the report.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "config/document.h"
#include "config/report.h"

namespace teal::config {

template <class T>
using Choices = std::initializer_list<std::pair<std::string_view, T>>;

/// What the free names of a mapping may look like.
enum class Names : std::uint8_t {
  words,    ///< [a-z0-9][a-z0-9_-]{0,62}: the grammar of what Teal itself names.
  visible,  ///< What others name: 1 to 255 bytes of UTF-8 that can be shown.
};

class Value {
 public:
  Value(const Node& node, std::string path, std::string pattern, Report& report)
      : node_(&node), path_(std::move(path)), pattern_(std::move(pattern)), report_(&report) {}

  const Node& node() const { return *node_; }
  const std::string& path() const { return path_; }
  Report& report() const { return *report_; }
  bool is_mapping() const { return node_->kind == Node::Kind::mapping; }
  /// There is a key and nothing behind it.
  bool is_empty() const { return node_->kind == Node::Kind::null; }
  bool is_list() const { return node_->kind == Node::Kind::sequence; }
  /// The scalar is exactly this word.
  bool is(std::string_view word) const {
    return node_->kind == Node::Kind::scalar && node_->text == word;
  }

  /// The scalar has nothing but digits.
  bool is_number() const;

  void problem(std::string message, std::string hint = "") const;

  // Each gives the value, or reports why not.
  std::optional<std::string> text() const;
  /// Text without blanks and controls, at most `longest` bytes of visible ASCII.
  std::optional<std::string> word(std::size_t longest) const;
  std::optional<std::uint32_t> integer(std::uint32_t least, std::uint32_t most) const;
  std::optional<bool> boolean() const;
  std::optional<Millis> duration(Millis least, Millis most) const;
  /// "50%": a whole percentage.
  std::optional<std::uint32_t> percent(std::uint32_t least, std::uint32_t most) const;
  std::optional<Address> address() const;
  /// As Names::words.
  std::optional<std::string> name() const;
  template <class T>
  std::optional<T> choice(Choices<T> choices) const;

  /// The items of a list of at most `most`.
  std::vector<Value> items(std::size_t most) const;
  /// The items of a list of at most `most`, where a value that is no list is a list of one.
  std::vector<Value> items_or_one(std::size_t most) const;
  /// The values of a mapping with free names, by name; names are checked.
  std::vector<std::pair<std::string, Value>> named(std::size_t most,
                                                   Names names = Names::words) const;

 private:
  friend class Mapping;

  std::string key_path(std::string_view key) const;
  std::string key_pattern(std::string_view key) const;
  void not_one_of(const std::vector<std::string>& words) const;
  /// The entries of a mapping without the reported duplicates; null counts as empty.
  std::vector<const Entry*> entries() const;

  const Node* node_;
  std::string path_;
  std::string pattern_;
  Report* report_;
};

class Mapping {
 public:
  explicit Mapping(const Value& value);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  /// The value of a key, where it is given. `find` wants it to have one, `section` takes an empty
  /// one for an empty mapping.
  std::optional<Value> find(std::string_view key);
  std::optional<Value> section(std::string_view key);
  bool has(std::string_view key) const;
  const Value& self() const { return self_; }

  // Each overwrites `out` if the key is there and right.
  void integer(std::string_view key, std::uint32_t& out, std::uint32_t least, std::uint32_t most);
  void boolean(std::string_view key, bool& out);
  void duration(std::string_view key, Millis& out, Millis least, Millis most);
  template <class T>
  void choice(std::string_view key, T& out, Choices<T> choices);

 private:
  std::string advice_on(const std::string& key) const;

  Value self_;
  std::vector<const Entry*> entries_;
  std::vector<std::string> known_;
};

template <class T>
std::optional<T> Value::choice(Choices<T> choices) const {
  const std::optional<std::string> given = text();
  if (!given) return std::nullopt;
  std::vector<std::string> words;
  for (const auto& [word, meaning] : choices) {
    if (word == *given) return meaning;
    words.emplace_back(word);
  }
  not_one_of(words);
  return std::nullopt;
}

template <class T>
void Mapping::choice(std::string_view key, T& out, Choices<T> choices) {
  if (const auto value = find(key))
    if (const auto chosen = value->choice(choices)) out = *chosen;
}

}  // namespace teal::config
