// TextTable: rows of cells in aligned columns, and the width of text on a terminal. For the views
// of the command line.
//
// Pure. Counts every code point as one column, which holds for all that Teal itself writes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace teal::app {

enum class Align : unsigned char { left, right };

class TextTable {
 public:
  explicit TextTable(std::vector<Align> columns) : columns_(std::move(columns)) {}

  /// Requires: as many cells as columns.
  void add(std::vector<std::string> cells);
  /// One line per row, each after `indent`, without spaces at the end.
  std::vector<std::string> lines(std::string_view indent) const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

std::size_t width_of(std::string_view text);
/// At most `columns` wide, with an ellipsis where something is missing. Control characters become
/// spaces: nobody's revision moves our cursor.
std::string fit(std::string_view text, std::size_t columns);

}  // namespace teal::app
