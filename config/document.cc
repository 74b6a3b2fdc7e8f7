#include "config/document.h"

#include <algorithm>

#include "config/report.h"

namespace teal::config {
namespace {

/// The length of the UTF-8 sequence at the front (RFC 3629 section 4), or 0 where it is not one.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xed && byte(1) > 0x9f;
  const bool beyond = lead == 0xf4 && byte(1) > 0x8f;
  return overlong || surrogate || beyond ? 0 : length;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

}  // namespace

Place place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return Place{static_cast<int>(lines) + 1, static_cast<int>(offset - line_start) + 1};
}

bool is_readable(std::string_view text, Report& report) {
  if (text.size() > kMostBytes) {
    report.add({}, "", "is larger than 1 MiB", "split it or remove what is not needed");
    return false;
  }
  for (std::size_t at = 0; at < text.size();) {
    // yaml-cpp takes a 0x04 for the end of the text: what follows would be lost in silence.
    if (is_control(text[at])) {
      report.add(place_of(text, at), "", "there is a control character here", "remove it");
      return false;
    }
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) {
      report.add(place_of(text, at), "", "there is a byte here that is not UTF-8",
                 "save the text as UTF-8");
      return false;
    }
    at += length;
  }
  return true;
}

}  // namespace teal::config
