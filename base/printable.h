// Text from outside made fit to be printed: what a terminal acts on instead of showing it, and what
// ends a line or turns it round, becomes a visible escape. The one place that knows which these
// are: C0, DEL and C1 controls, controls of bidirectional text (UAX #9), line and paragraph
// separators, and bytes that are not UTF-8.
//
// Pure, any thread. Cuts nothing and knows nothing of look-alike letters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace teal {

/// How the first character of a text is printed.
struct PrintableUnit {
  std::size_t size = 0;     ///< Bytes of it in the text.
  bool is_plain = false;    ///< It is shown as it is.
  bool is_utf8 = true;      ///< False: one byte that belongs to no sequence.
  char32_t code_point = 0;  ///< Of a byte: its value.
};
/// Requires: !text.empty().
PrintableUnit printable_unit(std::string_view text);

/// Whether printable() would change nothing.
bool is_printable(std::string_view text);

/// The text on one line: controls and stray bytes as \xHH (line ends and tabs as \n, \r, \t), other
/// code points as \uHHHH. At most four times as long. Plain ASCII comes back as it is, backslashes
/// included, so the escapes are for eyes and cannot be undone; done twice it is the same as once.
std::string printable(std::string_view text);
void append_printable(std::string& out, std::string_view text);

/// A JSON text that means the same (RFC 8259, section 7) with such characters as \uHHHH; line ends
/// and tabs, which stand between values only, stay, but for a carriage return, which becomes a
/// blank. Stray bytes, which no JSON text has, become U+FFFD.
std::string printable_json(std::string_view text);

}  // namespace teal
