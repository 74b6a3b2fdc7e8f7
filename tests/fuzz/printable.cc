// What is printed has nothing in it that a terminal acts on: no controls but its own lines' ends,
// no bidirectional controls, no stray bytes. Plain text stays, doing it twice changes nothing, and
// it never grows beyond its bound; as JSON it still means the same.
#include "base/printable.h"

#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

using namespace teal;

namespace {

/// As the code points are listed where they are defined, and not as base/printable.cc asks.
bool is_dangerous(char32_t code) {
  static constexpr char32_t kOthers[] = {0x7f,   0x061c, 0x200e, 0x200f, 0x2028,
                                         0x2029, 0x202a, 0x202b, 0x202c, 0x202d,
                                         0x202e, 0x2066, 0x2067, 0x2068, 0x2069};
  return code < 0x20 || (code > 0x7f && code < 0xa0) ||
         std::find(std::begin(kOthers), std::end(kOthers), code) != std::end(kOthers);
}

void expect_harmless(std::string_view text, std::string_view allowed) {
  while (!text.empty()) {
    const std::size_t size = utf8_size(text);
    fuzz::expect(size > 0, "it is UTF-8", text);
    const char32_t code = utf8_code_point(text.substr(0, size));
    const bool is_allowed = code < 0x80 && allowed.find(static_cast<char>(code)) != allowed.npos;
    fuzz::expect(is_allowed || !is_dangerous(code), "a terminal only shows it", text);
    text.remove_prefix(size);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of(data, size);
  const std::string shown = printable(input);
  expect_harmless(shown, "");
  fuzz::expect(shown.size() <= 4 * input.size(), "it has a bound", shown);
  fuzz::expect(printable(shown) == shown && is_printable(shown), "twice is once", shown);
  fuzz::expect(is_printable(input) == (shown == input), "both know what stays", input);
  const bool is_plain =
      std::all_of(input.begin(), input.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  fuzz::expect(!is_plain || shown == input, "plain text stays", input);

  const std::string json = printable_json(input);
  expect_harmless(json, "\n\t");
  fuzz::expect(json.size() <= 6 * input.size(), "it has a bound", json);
  fuzz::expect(printable_json(json) == json, "twice is once", json);

  // Piece by piece, which is how the logs do it, comes to the same.
  std::string pieces;
  for (std::string_view left = input; !left.empty();) {
    const PrintableUnit unit = printable_unit(left);
    fuzz::expect(unit.size > 0 && unit.size <= left.size(), "a piece is of the text", left);
    append_printable(pieces, left.substr(0, unit.size));
    left.remove_prefix(unit.size);
  }
  fuzz::expect(pieces == shown, "the pieces are the whole", input);
  return 0;
}
