#include "config/reader.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/parse_number.h"
#include "base/printable.h"
#include "config/key_hint.h"
#include "config/nearest.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxTextLength = 4096;
constexpr std::size_t kMaxNameLength = 63;
constexpr std::size_t kMaxVisibleNameLength = 255;

std::string a_kind(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null: return "nothing";
    case Node::Kind::scalar: return quoted(node.text);
    case Node::Kind::mapping: return "a mapping";
    case Node::Kind::sequence: return "a list";
  }
  return "nothing";
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

bool is_name(std::string_view text) {
  const auto is_word = [](char c) { return is_lower(c) || is_digit(c); };
  return !text.empty() && text.size() <= kMaxNameLength && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_word(c) || c == '_' || c == '-'; });
}

std::string not_a_name(std::string_view text) {
  return quoted(text) +
         " is not a name: write 1 to 63 lower-case letters, digits, '-' and '_', beginning with a "
         "letter or digit";
}

bool is_visible_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxVisibleNameLength && text.front() != ' ' &&
         text.back() != ' ' && is_printable(text);
}

std::string not_a_visible_name(std::string_view text) {
  return quoted(text) +
         " is not a name: write 1 to 255 bytes that can be shown, without blanks at its ends";
}

}  // namespace

// ---- Value ----------------------------------------------------------------------------------

bool Value::is_number() const {
  return node_->kind == Node::Kind::scalar && !node_->text.empty() &&
         node_->text.find_first_not_of("0123456789") == std::string::npos;
}

void Value::problem(std::string message, std::string hint) const {
  report_->add(node_->location, path_, std::move(message), std::move(hint));
}

std::string Value::key_path(std::string_view key) const {
  return path_.empty() ? shortened(key) : path_ + '.' + shortened(key);
}

std::string Value::key_pattern(std::string_view key) const {
  return pattern_.empty() ? std::string(key) : pattern_ + '.' + std::string(key);
}

void Value::not_one_of(const std::vector<std::string>& words) const {
  problem("must be " + listed(words) + ", not " + a_kind(*node_), did_you_mean(node_->text, words));
}

std::optional<std::string> Value::text() const {
  if (node_->kind != Node::Kind::scalar) {
    problem("must be a single value, not " + a_kind(*node_));
    return std::nullopt;
  }
  const std::string& given = node_->text;
  if (given.size() > kMaxTextLength) {
    problem("is longer than " + std::to_string(kMaxTextLength) + " bytes");
    return std::nullopt;
  }
  const bool has_control = std::any_of(given.begin(), given.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (has_control) {
    problem("must not have control characters or line breaks in it");
    return std::nullopt;
  }
  return given;
}

std::optional<std::string> Value::word(std::size_t longest) const {
  std::optional<std::string> given = text();
  if (!given) return std::nullopt;
  const bool visible =
      std::all_of(given->begin(), given->end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (given->empty() || given->size() > longest || !visible) {
    problem("must be 1 to " + std::to_string(longest) +
            " visible ASCII characters without blanks, not " + a_kind(*node_));
    return std::nullopt;
  }
  return given;
}

std::optional<std::uint32_t> Value::integer(std::uint32_t least, std::uint32_t most) const {
  const std::optional<std::uint32_t> number =
      node_->kind == Node::Kind::scalar ? parse_whole<std::uint32_t>(node_->text) : std::nullopt;
  if (number && *number >= least && *number <= most) return number;
  problem("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
          ", not " + a_kind(*node_));
  return std::nullopt;
}

std::optional<bool> Value::boolean() const {
  return choice<bool>({{"true", true}, {"false", false}});
}

std::optional<Millis> Value::duration(Millis least, Millis most) const {
  const std::optional<std::string> given = text();
  if (!given) return std::nullopt;
  const Result<Millis> duration = parse_duration(*given);
  if (!duration) {
    problem(duration.error().message());
    return std::nullopt;
  }
  if (*duration < least || *duration > most) {
    problem("must be from " + format_duration(least) + " to " + format_duration(most) + ", not " +
            a_kind(*node_));
    return std::nullopt;
  }
  return *duration;
}

std::optional<std::uint32_t> Value::percent(std::uint32_t least, std::uint32_t most) const {
  if (node_->kind == Node::Kind::scalar && node_->text.ends_with('%')) {
    const std::string_view digits = node_->text;
    const auto number = parse_whole<std::uint32_t>(digits.substr(0, digits.size() - 1));
    if (number && *number >= least && *number <= most) return number;
  }
  problem("must be a whole percentage from " + std::to_string(least) + "% to " +
          std::to_string(most) + "%, not " + a_kind(*node_));
  return std::nullopt;
}

std::optional<Address> Value::address() const {
  const std::optional<std::string> given = text();
  if (!given) return std::nullopt;
  Result<Address> address = parse_address(*given);
  if (address) return *std::move(address);
  problem(address.error().message());
  return std::nullopt;
}

std::optional<std::string> Value::name() const {
  std::optional<std::string> given = text();
  if (!given || is_name(*given)) return given;
  problem(not_a_name(*given));
  return std::nullopt;
}

std::vector<Value> Value::items(std::size_t most) const {
  std::vector<Value> values;
  if (!is_list()) {
    problem("must be a list, not " + a_kind(*node_), "write [ ... ]");
    return values;
  }
  if (node_->items.size() > most) {
    problem("has " + std::to_string(node_->items.size()) + " items; at most " +
            std::to_string(most) + " are allowed");
    return values;
  }
  for (std::size_t i = 0; i < node_->items.size(); ++i) {
    const Node& item = node_->items[i];
    std::string path = path_ + '[' + std::to_string(i) + ']';
    report_->note_present(path, pattern_, item.location);
    values.emplace_back(item, std::move(path), pattern_, *report_);
  }
  return values;
}

std::vector<Value> Value::items_or_one(std::size_t most) const {
  if (is_list()) return items(most);
  return {*this};
}

std::vector<const Entry*> Value::entries() const {
  std::vector<const Entry*> unique;
  if (node_->kind == Node::Kind::null) return unique;
  if (!is_mapping()) {
    problem("must be a mapping (key: value), not " + a_kind(*node_),
            report_->wants_hints() ? whole_form(pattern_, *node_) : "");
    return unique;
  }
  std::set<std::string_view> seen;
  for (const Entry& entry : node_->entries) {
    if (seen.insert(entry.key).second) {
      unique.push_back(&entry);
      continue;
    }
    report_->add(entry.location, key_path(entry.key), "is here a second time",
                 "keep one of the two");
  }
  return unique;
}

std::vector<std::pair<std::string, Value>> Value::named(std::size_t most, Names names) const {
  std::vector<std::pair<std::string, Value>> values;
  const std::vector<const Entry*> given = entries();
  if (given.size() > most) {
    problem("has " + std::to_string(given.size()) + " entries; at most " + std::to_string(most) +
            " are allowed");
    return values;
  }
  for (const Entry* entry : given) {
    std::string path = key_path(entry->key);
    const bool words = names == Names::words;
    if (!(words ? is_name(entry->key) : is_visible_name(entry->key))) {
      report_->add(entry->location, std::move(path),
                   words ? not_a_name(entry->key) : not_a_visible_name(entry->key));
      continue;
    }
    std::string pattern = key_pattern("*");
    report_->note_present(path, pattern, entry->location);
    values.emplace_back(entry->key,
                        Value(entry->value, std::move(path), std::move(pattern), *report_));
  }
  return values;
}

// ---- Mapping --------------------------------------------------------------------------------

Mapping::Mapping(const Value& value) : self_(value), entries_(value.entries()) {}

Mapping::~Mapping() {
  for (const Entry* entry : entries_) {
    if (std::find(known_.begin(), known_.end(), entry->key) != known_.end()) continue;
    std::string hint;
    if (self_.report_->wants_hints()) hint = advice_on(entry->key);
    if (hint.empty()) hint = "known here: " + listed(known_);
    self_.report_->add(entry->location, self_.key_path(entry->key), "unknown key", std::move(hint));
  }
}

/// A slip of the finger, or the right key at the wrong level.
std::string Mapping::advice_on(const std::string& key) const {
  std::string hint = did_you_mean(key, known_);
  return hint.empty() ? where_it_belongs(self_.pattern_, key) : hint;
}

std::optional<Value> Mapping::section(std::string_view key) {
  known_.emplace_back(key);
  const std::string pattern = self_.key_pattern(key);
  self_.report_->note_known(pattern);
  for (const Entry* entry : entries_) {
    if (entry->key != key) continue;
    const std::string path = self_.key_path(key);
    self_.report_->note_present(path, pattern, entry->location);
    return Value(entry->value, path, pattern, *self_.report_);
  }
  return std::nullopt;
}

std::optional<Value> Mapping::find(std::string_view key) {
  std::optional<Value> value = section(key);
  if (!value || value->node().kind != Node::Kind::null) return value;
  self_.report_->add_at(value->path(), "has no value", "give it one or leave the key out");
  return std::nullopt;
}

bool Mapping::has(std::string_view key) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry* entry) { return entry->key == key; });
}

void Mapping::integer(std::string_view key, std::uint32_t& out, std::uint32_t least,
                      std::uint32_t most) {
  if (const auto value = find(key))
    if (const auto number = value->integer(least, most)) out = *number;
}

void Mapping::boolean(std::string_view key, bool& out) {
  if (const auto value = find(key))
    if (const auto answer = value->boolean()) out = *answer;
}

void Mapping::duration(std::string_view key, Millis& out, Millis least, Millis most) {
  if (const auto value = find(key))
    if (const auto given = value->duration(least, most)) out = *given;
}

}  // namespace teal::config
