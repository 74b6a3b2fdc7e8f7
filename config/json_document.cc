// JSON as the one tree of documents (config/document.h): RFC 8259, with the place of each
// value.
#include <cstdint>
#include <utility>

#include "base/ascii.h"
#include "config/document.h"
#include "config/report.h"

namespace teal::config {
namespace {

struct Malformed {
  std::size_t offset;
  std::string message;
};

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0U | code >> 6U);
    put(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    put(0xe0U | code >> 12U);
    put(0x80U | (code >> 6U & 0x3fU));
    put(0x80U | (code & 0x3fU));
  } else {
    put(0xf0U | code >> 18U);
    put(0x80U | (code >> 12U & 0x3fU));
    put(0x80U | (code >> 6U & 0x3fU));
    put(0x80U | (code & 0x3fU));
  }
}

/// RFC 8259, recursive descent; the depth is bounded before the stack is.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  Node read() {
    skip_space();
    Node root = value(0);
    skip_space();
    if (at_ != text_.size()) fail("there is something after the end of the value");
    return root;
  }

 private:
  [[noreturn]] void fail(std::string message) const { throw Malformed{at_, std::move(message)}; }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) {
      if (text_[at_] == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      }
      ++at_;
    }
  }

  /// Line breaks stand between tokens only, so counting them in skip_space() is enough.
  SourceLocation here() const {
    return SourceLocation{line_, static_cast<int>(at_ - line_start_) + 1};
  }

  Node value(std::size_t depth) {
    if (depth >= kMaxDepth) fail("is nested deeper than " + std::to_string(kMaxDepth) + " levels");
    if (++nodes_ > kMaxJsonNodes)
      fail("there are more than " + std::to_string(kMaxJsonNodes) + " values");
    Node node;
    node.location = here();
    switch (peek()) {
      case '{': object(node, depth); break;
      case '[': array(node, depth); break;
      case '"':
        node.kind = Node::Kind::scalar;
        node.text = string();
        break;
      default: literal(node);
    }
    return node;
  }

  void object(Node& node, std::size_t depth) {
    node.kind = Node::Kind::mapping;
    ++at_;
    skip_space();
    if (take('}')) return;
    do {
      skip_space();
      Entry entry;
      entry.location = here();
      if (peek() != '"') fail("a key must stand here, in double quotes");
      entry.key = string();
      skip_space();
      if (!take(':')) fail("a ':' must follow a key");
      skip_space();
      entry.value = value(depth + 1);
      node.entries.push_back(std::move(entry));
      skip_space();
    } while (take(','));
    if (!take('}')) fail("a ',' or '}' is missing here");
  }

  void array(Node& node, std::size_t depth) {
    node.kind = Node::Kind::sequence;
    ++at_;
    skip_space();
    if (take(']')) return;
    do {
      skip_space();
      node.items.push_back(value(depth + 1));
      skip_space();
    } while (take(','));
    if (!take(']')) fail("a ',' or ']' is missing here");
  }

  void literal(Node& node) {
    for (const std::string_view word : {"true", "false", "null"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      if (word == "null") return;
      node.kind = Node::Kind::scalar;
      node.text = word;
      return;
    }
    if (peek() != '-' && !is_digit(peek())) fail("a value must stand here");
    node.kind = Node::Kind::scalar;
    node.text = number();
  }

  void digits() {
    if (!is_digit(peek())) fail("a digit must stand here");
    while (is_digit(peek())) ++at_;
  }

  std::string number() {
    const std::size_t start = at_;
    take('-');
    if (!take('0')) digits();
    if (take('.')) digits();
    if (take('e') || take('E')) {
      if (!take('-')) take('+');
      digits();
    }
    return std::string(text_.substr(start, at_ - start));
  }

  std::string string() {
    std::string out;
    ++at_;
    while (!take('"')) {
      if (at_ >= text_.size()) fail("a string does not end");
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20)
        fail("a line break or tab in a string must be written \\n or \\t");
      ++at_;
      if (c == '\\')
        escape(out);
      else
        out += c;
    }
    return out;
  }

  void escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (take('u')) {
      append_utf8(out, code_point());
      return;
    }
    const std::size_t which = at_ < text_.size() ? kNames.find(text_[at_]) : kNames.npos;
    if (which == kNames.npos) fail("there is no such escape");
    out += kMeanings[which];
    ++at_;
  }

  std::uint32_t code_point() {
    const std::uint32_t unit = hex4();
    if (unit < 0xd800 || unit > 0xdfff) return unit;
    if (unit > 0xdbff || !take('\\') || !take('u')) fail("half of a surrogate pair is missing");
    const std::uint32_t low = hex4();
    if (low < 0xdc00 || low > 0xdfff) fail("half of a surrogate pair is missing");
    return 0x10000 + ((unit - 0xd800) << 10U) + (low - 0xdc00);
  }

  std::uint32_t hex4() {
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const int digit = hex_value(peek());
      if (digit < 0) fail("four hexadecimal digits must follow \\u");
      unit = unit << 4U | static_cast<std::uint32_t>(digit);
    }
    return unit;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t nodes_ = 0;
  int line_ = 1;
  std::size_t line_start_ = 0;
};

}  // namespace

std::optional<Node> read_json(std::string_view text, Report& report) {
  if (!is_readable(text, kMaxJsonBytes, report)) return std::nullopt;
  JsonReader reader(text);
  try {
    return reader.read();
  } catch (const Malformed& malformed) {
    report.add(location_of(text, malformed.offset), "", "is not JSON: " + malformed.message);
  }
  return std::nullopt;
}

std::optional<Node> read_json_object(std::string_view text, Report& report) {
  std::optional<Node> root = read_json(text, report);
  if (!root || root->kind == Node::Kind::mapping) return root;
  report.add(root->location, "", "must be a JSON object", "write { ... }");
  return std::nullopt;
}

}  // namespace teal::config
