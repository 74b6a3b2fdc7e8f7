#include "proxy/headers/via.h"

namespace teal::proxy {
namespace {

/// "1.1 name", "HTTP/1.1 name (comment)": the name. A comma in a comment cuts it, which makes
/// nobody's name of it.
std::string_view received_by(std::string_view element) {
  element.remove_prefix(std::min(element.find_first_of(" \t"), element.size()));
  element.remove_prefix(std::min(element.find_first_not_of(" \t"), element.size()));
  return element.substr(0, element.find_first_of(" \t"));
}

}  // namespace

std::size_t Hop::passes(const net::Fields& fields) const {
  std::size_t passes = 0;
  for (const net::Field& field : fields) {
    if (field.id != net::HeaderId::via) continue;
    any_element(fields.value(field), [&](std::string_view element) {
      if (net::iequals(received_by(element), name())) ++passes;
      return false;
    });
  }
  return passes;
}

}  // namespace teal::proxy
