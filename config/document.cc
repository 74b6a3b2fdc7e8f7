#include "config/document.h"

#include <algorithm>

#include "base/utf8.h"
#include "config/report.h"

namespace teal::config {
namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

}  // namespace

SourceLocation location_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return SourceLocation{static_cast<int>(lines) + 1, static_cast<int>(offset - line_start) + 1};
}

bool is_readable(std::string_view text, std::size_t max_bytes, Report& report) {
  if (text.size() > max_bytes) {
    report.add({}, "", "is larger than " + std::to_string(max_bytes / 1024 / 1024) + " MiB",
               "split it or remove what is not needed");
    return false;
  }
  for (std::size_t at = 0; at < text.size();) {
    // yaml-cpp takes a 0x04 for the end of the text: what follows would be lost in silence.
    if (is_control(text[at])) {
      report.add(location_of(text, at), "", "there is a control character here", "remove it");
      return false;
    }
    const std::size_t length = utf8_size(text.substr(at));
    if (length == 0) {
      report.add(location_of(text, at), "", "there is a byte here that is not UTF-8",
                 "save the text as UTF-8");
      return false;
    }
    at += length;
  }
  return true;
}

}  // namespace teal::config
