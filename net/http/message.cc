#include "net/http/message.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/ascii.h"
#include "net/http/known_headers.h"

namespace teal::net {

HeaderId header_id(std::string_view name) {
  return known_header(name.data(), name.size());
}

bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  return true;
}

void Fields::grow() {
  const std::uint32_t capacity = capacity_ == 0 ? kUsual : capacity_ * 2;
  auto list = std::make_unique<Field[]>(capacity);
  std::copy_n(list_.get(), size_, list.get());
  list_ = std::move(list);
  capacity_ = capacity;
}

const Field* Fields::find(HeaderId id) const {
  if (!has(id)) return nullptr;
  for (const Field& field : *this)
    if (field.id == id) return &field;
  return nullptr;
}

const Field* Fields::find(std::string_view wanted) const {
  for (const Field& field : *this)
    if (iequals(name(field), wanted)) return &field;
  return nullptr;
}

std::string_view Fields::get(HeaderId id) const {
  const Field* field = find(id);
  return field == nullptr ? std::string_view{} : value(*field);
}

}  // namespace teal::net
