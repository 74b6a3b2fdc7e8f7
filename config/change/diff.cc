#include "config/change/diff.h"

#include <algorithm>
#include <utility>

#include "config/change/key_effects.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxShown = 120;  ///< Bytes of a value.

/// A value in both of its trees; null: it is not there.
struct Place {
  const Node* written = nullptr;
  const Node* meant = nullptr;

  explicit operator bool() const { return meant != nullptr; }
  bool is_mapping() const { return meant != nullptr && meant->kind == Node::Kind::mapping; }
  /// Of a mapping; the last one of that name, as merges leave it.
  Place at(std::string_view key) const {
    if (!is_mapping()) return {};
    for (std::size_t i = 0; i < meant->entries.size(); ++i)
      if (meant->entries[i].key == key)
        return {&written->entries[i].value, &meant->entries[i].value};
    return {};
  }
};

void append_flow(std::string& out, const Node& node) {
  if (out.size() > kMaxShown) return;
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

/// On one line, without what would be too long.
std::string shown(const Node& node) {
  std::string text;
  append_flow(text, node);
  std::ranges::replace(text, '\n', ' ');
  if (text.size() <= kMaxShown) return text;
  std::size_t end = kMaxShown;
  while ((static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;  // Within a character.
  return text.substr(0, end) + "...";
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
    for (const Entry& entry : to.meant->entries)
      compare(below(path, entry.key), from.at(entry.key), to.at(entry.key));
    for (const Entry& entry : from.meant->entries)
      if (!to.at(entry.key)) compare(below(path, entry.key), from.at(entry.key), {});
  }

  void add(const std::string& path, Place from, Place to) {
    Change change;
    change.path = path;
    if (from) change.from = shown(*from.written);
    if (to) change.to = shown(*to.written);
    const bool comes_or_goes = is_named_thing(path) && !(from && to);
    change.effect = comes_or_goes ? Effect::live : effect_of(path);
    change.is_access = comes_or_goes ? holds_access(path, from ? *from.meant : *to.meant)
                                     : holds_access(path, from ? *from.meant : *to.meant) ||
                                           (to && holds_access(path, *to.meant));
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

const Service* find_service(const Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.services, name, &Service::name);
  return found == config.services.end() ? nullptr : &*found;
}

/// Under another name it is another service: it begins anew, and people should know why.
void note_renames(std::vector<Change>& changes, const Config& from, const Config& to) {
  constexpr std::string_view kServices = "services.";
  for (Change& added : changes) {
    if (!added.path.starts_with(kServices) || added.from || !is_named_thing(added.path)) continue;
    const Service* const mine = find_service(to, added.path.substr(kServices.size()));
    for (const Change& removed : changes) {
      if (mine == nullptr || !removed.path.starts_with(kServices) || removed.to ||
          !is_named_thing(removed.path))
        continue;
      const Service* const other = find_service(from, removed.path.substr(kServices.size()));
      if (other == nullptr || other->match != mine->match || other->groups != mine->groups)
        continue;
      added.note = "looks like a rename of " + other->name +
                   ": it begins anew, and what is known of " + other->name +
                   " waits for its return";
    }
  }
}

}  // namespace

std::vector<Change> diff(const Candidate& from, const Candidate& to) {
  Walk walk;
  walk.compare("", {&from.written, &from.meant}, {&to.written, &to.meant});
  std::vector<Change> changes = walk.take();
  note_renames(changes, from.config, to.config);
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
