#include "config/syntax_hint.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace teal::config {
namespace {

std::vector<std::string_view> lines_of(std::string_view text, std::size_t most) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < most) {
    const std::size_t end = std::min(text.size(), text.find('\n'));
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return lines;
}

bool is_empty(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \r");
  return first == std::string_view::npos || line[first] == '#';
}

std::size_t indent_of(std::string_view line) {
  return line.find_first_not_of(' ');
}

bool has(std::string_view line, std::string_view what) {
  return line.find(what) != std::string_view::npos;
}

std::string word_hint(std::string_view line) {
  if (has(line, "\t")) return "indent with spaces, not with tabs";
  if (has(line, "*:"))
    return "a '*' begins an alias in YAML: write 0.0.0.0:PORT for every address of this machine";
  const std::size_t variable = line.find("${");
  const bool in_brackets = line.substr(0, variable).find_first_of("{[") != std::string_view::npos;
  if (variable != std::string_view::npos && in_brackets)
    return "between brackets, quote what has a variable in it: '${NAME}'";
  if (has(line, ": >") || has(line, ":>")) return "quote a condition: '> 1%'";
  return {};
}

std::string columns(const std::vector<std::size_t>& indents) {
  std::string text;
  for (std::size_t i = 0; i < indents.size(); ++i) {
    if (i > 0) text += i + 1 == indents.size() ? " or " : ", ";
    text += std::to_string(indents[i] + 1);
  }
  return text;
}

/// "key: value" that opens nothing below it.
bool is_complete(std::string_view line) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) return false;
  const std::size_t value = line.find_first_not_of(' ', colon + 1);
  return value != std::string_view::npos &&
         std::string_view("#|>&*!{[").find(line[value]) == std::string_view::npos;
}

/// Where the line does not begin in a column in which it could.
std::string indent_hint(const std::vector<std::string_view>& lines) {
  std::vector<std::size_t> open;
  std::string_view before;
  for (const std::string_view line : lines) {
    if (is_empty(line)) continue;
    const std::size_t indent = indent_of(line);
    const std::vector<std::size_t> could = open;
    while (!open.empty() && open.back() > indent) open.pop_back();
    const bool is_new = open.empty() || open.back() < indent;
    const bool is_deeper = could.empty() || indent > could.back();
    if (is_new && !is_deeper)
      return "this line begins in column " + std::to_string(indent + 1) +
             ", the lines around it in column " + columns(could) +
             ": keys of one section begin in the same column";
    if (is_new && is_complete(before))
      return "the line before has its value already: begin in column " +
             std::to_string(could.back() + 1) + " as it does, or give it no value";
    if (is_new) open.push_back(indent);
    before = line;
  }
  return {};
}

}  // namespace

std::string syntax_hint(std::string_view text, int number) {
  if (number < 0) return {};
  const std::vector<std::string_view> lines = lines_of(text, static_cast<std::size_t>(number) + 1);
  if (lines.empty()) return {};
  const std::string hint = word_hint(lines.back());
  return hint.empty() ? indent_hint(lines) : hint;
}

}  // namespace teal::config
