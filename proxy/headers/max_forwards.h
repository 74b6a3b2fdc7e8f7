// Max-Forwards of an OPTIONS request (RFC 9110, section 7.6.2): so many proxies may pass it on, and
// the one that may not answers it, so that a client finds out where on its way a request goes
// wrong.
//
// Pure: the number is counted down where it stands.
#pragma once

#include <cstdint>

#include "net/http/message.h"

namespace teal::proxy {

enum class MaxForwards : std::uint8_t {
  goes_on,    ///< The number is one less now.
  ends_here,  ///< It was 0.
  malformed,  ///< It is none, or there are several.
};

/// Requires: a field of that name; `bytes` are those of `fields`.
MaxForwards count_down_max_forwards(const net::Fields& fields, char* bytes);

}  // namespace teal::proxy
