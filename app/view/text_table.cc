#include "app/view/text_table.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace teal::app {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::string_view kEllipsis = "…";

bool starts_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) != 0x80;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_code_point));
}

std::string fit(std::string_view text, std::size_t columns) {
  std::string clean(text);
  for (char& c : clean)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (width_of(clean) <= columns) return clean;
  if (columns == 0) return {};
  std::size_t kept = 0;
  std::size_t end = 0;
  while (end < clean.size()) {
    if (starts_code_point(clean[end]) && kept++ == columns - 1) break;
    ++end;
  }
  return clean.substr(0, end) + std::string(kEllipsis);
}

void TextTable::add(std::vector<std::string> cells) {
  TEAL_ASSERT(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::vector<std::string> TextTable::lines(std::string_view indent) const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  std::vector<std::string> out;
  for (const auto& row : rows_) {
    std::string line(indent);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - width_of(row[i]), ' ');
      if (i > 0) line += kGap;
      line += columns_[i] == Align::left ? row[i] + space : space + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace teal::app
