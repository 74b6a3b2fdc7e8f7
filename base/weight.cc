#include "base/weight.h"

#include <charconv>
#include <ostream>

#include "base/ascii.h"
#include "base/quoted.h"

namespace teal {
namespace {

Error bad_weight(std::string_view text) {
  return Error{Source::config, quoted(text) +
                                   " is not a weight: write a percentage from 0% to 100% with at "
                                   "most two decimals, like 12.5%"};
}

}  // namespace

Result<Weight> parse_weight(std::string_view text) {
  std::string_view rest = text;
  if (!rest.empty() && rest.back() == '%') rest.remove_suffix(1);
  std::uint32_t whole = 0;
  const auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), whole);
  if (status != std::errc{} || whole > 100) return bad_weight(text);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  std::uint32_t hundredths = 0;
  if (!rest.empty()) {
    if (rest.front() != '.' || rest.size() < 2 || rest.size() > 3) return bad_weight(text);
    if (!is_digit(rest[1])) return bad_weight(text);
    hundredths = static_cast<std::uint32_t>(rest[1] - '0') * 10;
    if (rest.size() == 3) {
      if (!is_digit(rest[2])) return bad_weight(text);
      hundredths += static_cast<std::uint32_t>(rest[2] - '0');
    }
  }
  const std::uint32_t basis_points = whole * 100 + hundredths;
  if (basis_points > Weight::kWhole) return bad_weight(text);
  return Weight{basis_points};
}

std::string to_string(Weight weight) {
  std::string text = std::to_string(weight.basis_points() / 100);
  const std::uint32_t hundredths = weight.basis_points() % 100;
  if (hundredths != 0) {
    text += '.';
    text += static_cast<char>('0' + hundredths / 10);
    if (hundredths % 10 != 0) text += static_cast<char>('0' + hundredths % 10);
  }
  return text + '%';
}

std::string to_string(Split split) {
  return "blue=" + to_string(split.of(Colour::blue)) +
         " green=" + to_string(split.of(Colour::green));
}

std::ostream& operator<<(std::ostream& out, Weight weight) {
  return out << to_string(weight);
}

std::ostream& operator<<(std::ostream& out, Split split) {
  return out << to_string(split);
}

}  // namespace teal
