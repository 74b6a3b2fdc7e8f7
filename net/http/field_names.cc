#include "net/http/field_names.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace teal::net {
namespace {

constexpr char as_read(char c) {
  return is_odd_in_name(c) ? '-' : to_lower(c);
}

/// No name that has an id is longer.
constexpr std::size_t kMaxLength = 32;

}  // namespace

bool is_odd_name(std::string_view name) {
  return std::ranges::any_of(name, is_odd_in_name);
}

bool reads_alike(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, as_read, as_read);
}

HeaderId id_as_read(std::string_view name) {
  std::array<char, kMaxLength> read{};
  if (name.size() > read.size()) return HeaderId::other;
  std::ranges::transform(name, read.begin(), as_read);
  return header_id({read.data(), name.size()});
}

}  // namespace teal::net
