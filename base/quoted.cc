#include "base/quoted.h"

#include "base/printable.h"

namespace teal {
namespace {

constexpr std::size_t kMaxShownLength = 80;

}  // namespace

std::string shortened(std::string_view text) {
  std::string shown(text.substr(0, kMaxShownLength));
  // A cut must not leave half a UTF-8 sequence.
  if (text.size() > kMaxShownLength) {
    while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xc0U) == 0x80)
      shown.pop_back();
    if (!shown.empty() && static_cast<unsigned char>(shown.back()) >= 0x80) shown.pop_back();
    shown += "...";
  }
  return printable(shown);
}

std::string quoted(std::string_view text) {
  return "'" + shortened(text) + "'";
}

}  // namespace teal
