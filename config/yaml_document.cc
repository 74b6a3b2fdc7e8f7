// YAML as the one tree of documents (config/document.h), by yaml-cpp.
#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "config/document.h"
#include "config/report.h"
#include "config/syntax_hint.h"

namespace teal::config {
namespace {

/// Thrown through yaml-cpp to stop it; never leaves this file.
struct Refused {
  SourceLocation location;
  std::string message;
  std::string hint;
};

SourceLocation location_of(const YAML::Mark& mark) {
  return mark.is_null() ? SourceLocation{} : SourceLocation{mark.line + 1, mark.column + 1};
}

/// What a tree costs.
struct Size {
  std::size_t nodes = 0;
  std::size_t bytes = 0;  ///< Of texts and keys.

  Size& operator+=(const Size& more) {
    nodes += more.nodes;
    bytes += more.bytes;
    return *this;
  }
};

Size size_of(const Node& node) {
  Size size{1, node.text.size()};
  for (const Entry& entry : node.entries) {
    size += {1, entry.key.size()};
    size += size_of(entry.value);
  }
  for (const Node& item : node.items) size += size_of(item);
  return size;
}

std::size_t depth_of(const Node& node) {
  std::size_t below = 0;
  for (const Entry& entry : node.entries) below = std::max(below, depth_of(entry.value));
  for (const Node& item : node.items) below = std::max(below, depth_of(item));
  return 1 + below;
}

/// Carries out the `<<` keys of a mapping: adds the entries whose keys are not there yet
/// (https://yaml.org/type/merge.html).
void resolve_merges(Node& mapping) {
  std::vector<Entry> own;
  std::vector<Entry> merges;
  for (Entry& entry : mapping.entries)
    (entry.key == "<<" ? merges : own).push_back(std::move(entry));
  std::set<std::string> keys;
  for (const Entry& entry : own) keys.insert(entry.key);
  for (const Entry& merge : merges) {
    const auto add = [&](const Node& from) {
      if (from.kind != Node::Kind::mapping)
        throw Refused{merge.location, "'<<' merges mappings only",
                      "write '<<: *name' of a mapping"};
      for (const Entry& entry : from.entries)
        if (keys.insert(entry.key).second) own.push_back(entry);
    };
    if (merge.value.kind == Node::Kind::sequence)
      for (const Node& item : merge.value.items) add(item);
    else
      add(merge.value);
  }
  mapping.entries = std::move(own);
}

/// Builds the tree from yaml-cpp's events. Its own nodes would swallow duplicate keys.
class TreeBuilder : public YAML::EventHandler {
 public:
  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.location = location_of(mark);
    finish(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Refused{location_of(mark), "an alias inside of what it stands for never ends",
                    "write it out"};
    count(location_of(mark), size_of(found->second));
    if (stack_.size() + depth_of(found->second) > kMaxDepth) throw too_deep(location_of(mark));
    add(found->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    Node node;
    node.kind = Node::Kind::scalar;
    node.text = value;
    node.location = location_of(mark);
    finish(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    start(mark, tag, anchor, Node::Kind::sequence);
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    start(mark, tag, anchor, Node::Kind::mapping);
  }
  void OnMapEnd() override { end(); }

 private:
  /// A mapping or list that is still being read.
  struct Open {
    Node node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    bool has_key = false;  ///< A mapping's last entry waits for its value.
  };

  static Refused too_deep(SourceLocation location) {
    return Refused{location, "is nested deeper than " + std::to_string(kMaxDepth) + " levels",
                   "no key needs that"};
  }

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    // "?" is a plain and "!" a quoted scalar without a tag of its own.
    if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:")) return;
    throw Refused{location_of(mark), "tags like " + quoted(tag) + " mean nothing here",
                  "remove it"};
  }

  /// Before it is copied. A text without aliases has no more than its own bytes.
  void count(SourceLocation location, const Size& more) {
    size_ += more;
    if (size_.nodes > kMaxNodes)
      throw Refused{location, "there are more than " + std::to_string(kMaxNodes) + " values",
                    "an alias of an alias multiplies them; write out what is needed"};
    if (size_.bytes > kMaxTextBytes)
      throw Refused{location,
                    "this is more than " + std::to_string(kMaxTextBytes / 1024 / 1024) +
                        " MiB once aliases are replaced by what they stand for",
                    "an alias of a long text multiplies it; write out what is needed"};
  }

  void start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
             Node::Kind kind) {
    check_tag(mark, tag);
    if (stack_.size() >= kMaxDepth) throw too_deep(location_of(mark));
    Open open;
    open.node.kind = kind;
    open.node.location = location_of(mark);
    open.anchor = anchor;
    stack_.push_back(std::move(open));
  }

  void end() {
    Open open = std::move(stack_.back());
    stack_.pop_back();
    if (open.node.kind == Node::Kind::mapping) resolve_merges(open.node);
    finish(std::move(open.node), open.anchor);
  }

  void finish(Node node, YAML::anchor_t anchor) {
    count(node.location, {1, node.text.size()});
    if (anchor != YAML::NullAnchor) {
      count(node.location, size_of(node));
      anchors_[anchor] = node;
    }
    add(std::move(node));
  }

  /// Requires: it is counted.
  void add(Node node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& open = stack_.back();
    if (open.node.kind == Node::Kind::sequence) {
      open.node.items.push_back(std::move(node));
    } else if (open.has_key) {
      open.node.entries.back().value = std::move(node);
      open.has_key = false;
    } else {
      if (node.kind != Node::Kind::scalar)
        throw Refused{node.location, "a key must be a word",
                      "quote it if it has special characters"};
      open.node.entries.push_back(Entry{std::move(node.text), node.location, Node{}});
      open.has_key = true;
    }
  }

  Node root_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Node> anchors_;
  Size size_;
};

std::string hint_for(std::string_view text, const YAML::Exception& exception) {
  std::string hint = syntax_hint(text, exception.mark.line);
  if (hint.empty() && exception.msg.find("flow not found") != std::string::npos)
    hint = "a '{' or '[' before this has no end";
  return hint;
}

}  // namespace

std::optional<Node> read_yaml(std::string_view text, Report& report) {
  if (!is_readable(text, kMaxBytes, report)) return std::nullopt;
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    TreeBuilder builder;
    parser.HandleNextDocument(builder);
    TreeBuilder second;
    if (parser.HandleNextDocument(second)) {
      report.add(second.take().location, "", "there is a second document here",
                 "one file is one configuration: remove the '---'");
      return std::nullopt;
    }
    return builder.take();
  } catch (const Refused& refused) {
    report.add(refused.location, "", refused.message, refused.hint);
  } catch (const YAML::Exception& exception) {
    report.add(location_of(exception.mark), "", "is not YAML: " + exception.msg,
               exception.mark.is_null() ? "" : hint_for(text, exception));
  }
  return std::nullopt;
}

}  // namespace teal::config
