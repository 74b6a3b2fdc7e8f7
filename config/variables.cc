#include "config/variables.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "config/report.h"

namespace teal::config {
namespace {

constexpr std::string_view kOpen = "${";
constexpr std::string_view kDefault = ":-";

bool is_variable_name(std::string_view text) {
  return !text.empty() && !is_digit(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '_'; });
}

class Expansion {
 public:
  Expansion(const Variables& variables, Report& report) : variables_(variables), report_(report) {}

  void walk(Node& node, const std::string& path) {
    if (node.kind == Node::Kind::scalar) expand(node, path);
    for (Entry& entry : node.entries) {
      const std::string below =
          path.empty() ? shortened(entry.key) : path + '.' + shortened(entry.key);
      if (entry.key.find(kOpen) != std::string::npos)
        report_.add(entry.location, below, "a key cannot have a variable in it",
                    "variables stand in values; write the key out");
      walk(entry.value, below);
    }
    for (std::size_t i = 0; i < node.items.size(); ++i)
      walk(node.items[i], path + '[' + std::to_string(i) + ']');
  }

 private:
  void expand(Node& node, const std::string& path) {
    if (node.text.find(kOpen) == std::string::npos) return;
    std::string expanded;
    bool has_secret = false;
    std::string_view rest = node.text;
    while (true) {
      const std::size_t open = rest.find(kOpen);
      expanded += rest.substr(0, open);
      if (open == std::string_view::npos) break;
      const bool is_literal = open > 0 && rest[open - 1] == '$';
      rest.remove_prefix(open + kOpen.size());
      if (is_literal) {
        expanded += '{';
        continue;
      }
      const std::size_t close = rest.find('}');
      const std::optional<std::string> value =
          close == std::string_view::npos ? refused(node, path, "a '${' has no '}'",
                                                    "write ${NAME}, or $${ where a ${ is meant")
                                          : value_of(rest.substr(0, close), node, path, has_secret);
      if (!value || !has_room_for(value->size(), node, path)) return;
      expanded += *value;
      rest.remove_prefix(close + 1);
    }
    std::string written = std::exchange(node.text, std::move(expanded));
    if (has_secret) report_.conceal(node.text, std::move(written));
  }

  /// What stands between the braces; nothing where that is reported.
  std::optional<std::string> value_of(std::string_view inside, const Node& node,
                                      const std::string& path, bool& has_secret) {
    const std::size_t at = inside.find(kDefault);
    const std::string_view name = inside.substr(0, at);
    if (!is_variable_name(name))
      return refused(node, path, quoted(name) + " is not the name of a variable",
                     "write ${NAME} of letters, digits and '_', or $${ where a ${ is meant");
    if (at != std::string_view::npos)
      if (const std::size_t inner = inside.find(kOpen, at); inner != std::string_view::npos)
        return refused(node, path,
                       "the default of " + shortened(name) + " has a variable in it: " +
                           quoted("${" + std::string(inside.substr(inner + kOpen.size())) + "}"),
                       "a default is plain text: write it out, or let whoever starts Teal set " +
                           shortened(name));
    const auto found = variables_.find(name);
    const bool is_set = found != variables_.end();
    if (at != std::string_view::npos && (!is_set || found->second.empty()))
      return std::string(inside.substr(at + kDefault.size()));
    if (!is_set)
      return refused(node, path, "the variable " + shortened(name) + " is not set",
                     "set it, or give it a default: ${" + shortened(name) + ":-...}");
    has_secret = true;
    report_.conceal(found->second, "${" + std::string(name) + "}");
    return found->second;
  }

  std::nullopt_t refused(const Node& node, const std::string& path, std::string message,
                         std::string hint) {
    report_.add(node.location, path, std::move(message), std::move(hint));
    report_.mute(path);
    return std::nullopt;
  }

  /// A long variable in each of many values would multiply it.
  bool has_room_for(std::size_t bytes, const Node& node, const std::string& path) {
    const bool had_room = bytes_ <= kMaxTextBytes;
    bytes_ += bytes;
    if (bytes_ <= kMaxTextBytes) return true;
    if (had_room)
      report_.add(node.location, path,
                  "this is more than " + std::to_string(kMaxTextBytes / 1024 / 1024) +
                      " MiB once variables are replaced by what they say",
                  "use shorter ones");
    return false;
  }

  const Variables& variables_;
  Report& report_;
  std::size_t bytes_ = 0;
};

}  // namespace

void expand_variables(Node& root, const Variables& variables, Report& report) {
  Expansion(variables, report).walk(root, "");
}

}  // namespace teal::config
