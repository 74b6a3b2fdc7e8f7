#include "proxy/headers/max_forwards.h"

#include <algorithm>
#include <string_view>

#include "base/ascii.h"
#include "base/assert.h"

namespace teal::proxy {

MaxForwards count_down_max_forwards(const net::Fields& fields, char* bytes) {
  const net::Field* field = nullptr;
  for (const net::Field& each : fields) {
    if (each.id != net::HeaderId::max_forwards) continue;
    if (field != nullptr) return MaxForwards::malformed;
    field = &each;
  }
  TEAL_ASSERT(field != nullptr && bytes == fields.bytes());
  const std::string_view value = fields.value(*field);
  const bool is_number =
      !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return is_digit(c); });
  if (!is_number) return MaxForwards::malformed;
  if (value.find_first_not_of('0') == std::string_view::npos) return MaxForwards::ends_here;
  // As on paper, and of any size: 0 becomes 9 and borrows from the digit before. A zero in front
  // stays, which 1*DIGIT allows.
  char* digit = bytes + field->value_at + value.size() - 1;
  for (; *digit == '0'; --digit) *digit = '9';
  --*digit;
  return MaxForwards::goes_on;
}

}  // namespace teal::proxy
