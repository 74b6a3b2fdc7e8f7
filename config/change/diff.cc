#include "config/change/diff.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "config/change/key_effects.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxShown = 120;         ///< Bytes of a value.
constexpr std::size_t kMaxFlow = 1024 * 1024;  ///< Looked at for where two values differ.

/// A value in both of its trees; null: it is not there.
struct Place {
  const Node* written = nullptr;
  const Node* meant = nullptr;

  explicit operator bool() const { return meant != nullptr; }
  bool is_mapping() const { return meant != nullptr && meant->kind == Node::Kind::mapping; }
};

/// The values of a mapping by their keys.
std::unordered_map<std::string_view, Place> values_of(const Place& mapping) {
  std::unordered_map<std::string_view, Place> values;
  for (std::size_t i = 0; i < mapping.meant->entries.size(); ++i)
    values.emplace(mapping.meant->entries[i].key,
                   Place{&mapping.written->entries[i].value, &mapping.meant->entries[i].value});
  return values;
}

void append_flow(std::string& out, const Node& node) {
  if (out.size() > kMaxFlow) return;
  switch (node.kind) {
    case Node::Kind::null: out += '~'; break;
    case Node::Kind::scalar: out += node.text.empty() ? "''" : node.text; break;
    case Node::Kind::mapping: {
      const char* separator = "{ ";
      for (const Entry& entry : node.entries) {
        out += std::exchange(separator, ", ") + entry.key + ": ";
        append_flow(out, entry.value);
      }
      out += node.entries.empty() ? "{}" : " }";
      break;
    }
    case Node::Kind::sequence: {
      const char* separator = "[ ";
      for (const Node& item : node.items) {
        out += std::exchange(separator, ", ");
        append_flow(out, item);
      }
      out += node.items.empty() ? "[]" : " ]";
      break;
    }
  }
}

/// On one line.
std::string on_one_line(const Node& node) {
  std::string text;
  append_flow(text, node);
  std::ranges::replace(text, '\n', ' ');
  return text;
}

/// The place, or one before it that is not within a character.
std::size_t between_characters(const std::string& text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U)
    --at;
  return at;
}

/// Without what would be too long before and behind the place that is to be seen.
std::string shortened(const std::string& text, std::size_t place) {
  if (text.size() <= kMaxShown) return text;
  const std::size_t wanted = place < kMaxShown / 2 ? 0 : place - kMaxShown / 4;
  const std::size_t begin = between_characters(text, std::min(wanted, text.size() - kMaxShown));
  const std::size_t end = between_characters(text, begin + kMaxShown);
  return (begin > 0 ? "..." : "") + text.substr(begin, end - begin) +
         (end < text.size() ? "..." : "");
}

/// As they are shown beside each other: where they differ, however long they are.
void show(Change& change, const Place& from, const Place& to) {
  const std::string before = from ? on_one_line(*from.written) : "";
  const std::string after = to ? on_one_line(*to.written) : "";
  const auto differs = std::ranges::mismatch(before, after);
  const auto place = static_cast<std::size_t>(differs.in1 - before.begin());
  if (from) change.from = shortened(before, to ? place : 0);
  if (to) change.to = shortened(after, from ? place : 0);
}

std::string below(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + '.' + key;
}

/// services.NAME and listeners.NAME: a thing of its own, told of as one where it comes or goes.
bool is_named_thing(std::string_view path) {
  const auto is_one_below = [&](std::string_view section) {
    return path.starts_with(section) && path.find('.', section.size()) == std::string_view::npos;
  };
  return is_one_below("services.") || is_one_below("listeners.");
}

class Walk {
 public:
  std::vector<Change> take() { return std::move(changes_); }

  void compare(const std::string& path, Place from, Place to) {
    if (from && to && is_same(*from.meant, *to.meant)) return;
    // An absent section has its defaults: it is told of key by key only where both are there.
    if (from.is_mapping() && to.is_mapping()) return compare_mappings(path, from, to);
    add(path, from, to);
  }

 private:
  void compare_mappings(const std::string& path, Place from, Place to) {
    const auto before = values_of(from);
    const auto after = values_of(to);
    const auto find = [](const auto& values, const std::string& key) {
      const auto found = values.find(key);
      return found == values.end() ? Place{} : found->second;
    };
    for (const Entry& entry : to.meant->entries)
      compare(below(path, entry.key), find(before, entry.key), find(after, entry.key));
    for (const Entry& entry : from.meant->entries)
      if (!after.contains(entry.key)) compare(below(path, entry.key), find(before, entry.key), {});
  }

  void add(const std::string& path, Place from, Place to) {
    Change change;
    change.path = path;
    show(change, from, to);
    const bool comes_or_goes = is_named_thing(path) && !(from && to);
    change.effect = comes_or_goes ? Effect::live : effect_of(path);
    change.is_access =
        (from && holds_access(path, *from.meant)) || (to && holds_access(path, *to.meant));
    if (from && to && is_same(*from.written, *to.written))
      change.note = "what a variable in it says has changed";
    changes_.push_back(std::move(change));
  }

  /// The key or one below it.
  static bool holds_access(const std::string& path, const Node& node) {
    if (is_access(path)) return true;
    const auto holds = [&](const Entry& each) {
      return holds_access(below(path, each.key), each.value);
    };
    return std::ranges::any_of(node.entries, holds) ||
           std::ranges::any_of(node.items,
                               [&](const Node& item) { return holds_access(path, item); });
  }

  std::vector<Change> changes_;
};

/// What makes a service recognisable under another name.
std::string likeness(const Service& service) {
  std::string text;
  for (const Match& match : service.match) {
    text += match.listener + ' ' + match.host + ' ' + match.path + '\n';
  }
  for (const Colour colour : kColours)
    for (const Address& target : service.groups[colour].targets) text += to_string(target) + '\n';
  return text;
}

/// Under another name it is another service: people should know that nothing goes with it.
void note_renames(std::vector<Change>& changes, const Config& from, const Config& to) {
  constexpr std::string_view kServices = "services.";
  std::unordered_map<std::string_view, Change*> added;
  std::unordered_set<std::string_view> removed;
  for (Change& each : changes) {
    if (!each.path.starts_with(kServices) || !is_named_thing(each.path)) continue;
    const std::string_view name = std::string_view(each.path).substr(kServices.size());
    if (!each.from)
      added.emplace(name, &each);
    else if (!each.to)
      removed.insert(name);
  }
  if (added.empty() || removed.empty()) return;
  std::unordered_map<std::string, const Service*> gone;
  for (const Service& service : from.services)
    if (removed.contains(service.name)) gone.emplace(likeness(service), &service);
  for (const Service& service : to.services) {
    const auto change = added.find(service.name);
    if (change == added.end()) continue;
    const auto other = gone.find(likeness(service));
    if (other == gone.end() || other->second->match != service.match ||
        other->second->groups != service.groups)
      continue;
    change->second->note = "looks like a rename of " + other->second->name +
                           ", whose state does not go with it: it waits for its return";
  }
}

/// What a running process cannot change is compared by what it comes to: a default may be written
/// or left out, and a section may come with the rest of its keys.
void settle_fixed(std::vector<Change>& changes, const Config& from, const Config& to) {
  struct Fixed {
    std::string_view key;
    bool differs;
  };
  const std::array<Fixed, 3> fixed{{{"workers", from.workers != to.workers},
                                    {"state", from.state_path != to.state_path},
                                    {"admin.address", from.admin.address != to.admin.address}}};
  for (const Fixed& each : fixed) {
    const auto found = std::ranges::find_if(changes, [&](const Change& change) {
      return change.path == each.key || each.key.starts_with(change.path + '.');
    });
    if (found == changes.end()) continue;
    const bool is_whole = found->path == each.key;
    if (each.differs) {
      found->effect = Effect::needs_restart;
      if (!is_whole) found->note = "it changes " + std::string(each.key);
    } else if (is_whole) {
      found->note = "it comes to the same";
    }
  }
}

}  // namespace

std::vector<Change> diff(const Candidate& from, const Candidate& to) {
  Walk walk;
  walk.compare("", {&from.written, &from.meant}, {&to.written, &to.meant});
  std::vector<Change> changes = walk.take();
  note_renames(changes, from.config, to.config);
  settle_fixed(changes, from.config, to.config);
  return changes;
}

std::string to_string(const Change& change) {
  std::string text;
  if (!change.from && change.to)
    text = "+ " + change.path + ": " + *change.to;
  else if (!change.to)
    text = "- " + change.path + (change.from ? ": " + *change.from : "");
  else
    text = "~ " + change.path + ": " + *change.from + " -> " + *change.to;
  std::string remarks;
  const auto remark = [&](std::string_view what) {
    if (!remarks.empty()) remarks += "; ";
    remarks += what;
  };
  if (change.effect != Effect::live) remark(in_words(change.effect));
  if (change.is_access) remark("access");
  if (!change.note.empty()) remark(change.note);
  return remarks.empty() ? text : text + "  (" + remarks + ")";
}

}  // namespace teal::config
