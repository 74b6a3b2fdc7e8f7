// Odd names of fields: tokens with more in them than letters, digits and hyphens. Servers that hand
// fields on as variables (CGI, FastCGI, WSGI, Rack) make an underscore of a hyphen, and some of
// them of every other mark: to their applications "X_Forwarded_For" is "X-Forwarded-For". Whoever
// decides by a name that others are to trust has to ask by what such a reader makes of it.
//
// Pure. The codecs note that a head has odd names (Fields::has_odd_names), which costs nothing
// where it has none; what becomes of them is proxy/headers/odd_names.h's.
#pragma once

#include <string_view>

#include "base/ascii.h"
#include "net/http/message.h"

namespace teal::net {

/// A byte of a token that such a reader takes for an underscore. A hyphen is one too, but nothing
/// is odd about it.
constexpr bool is_odd_in_name(char c) {
  return !is_alnum(c) && c != '-';
}

bool is_odd_name(std::string_view name);

/// Whether both are one name to such a reader.
bool reads_alike(std::string_view a, std::string_view b);

/// The id that the name has to such a reader.
HeaderId id_as_read(std::string_view name);

}  // namespace teal::net
