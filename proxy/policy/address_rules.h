// Whether a client may ask, by its address: `allow` and `deny` of a listener or route.
//
// Pure.
#pragma once

#include <string_view>

#include "config/access.h"

namespace teal::proxy {

/// `address`: as text; what is no IP address is a client of a Unix socket.
bool permits(const config::AddressRules& rules, std::string_view address);

}  // namespace teal::proxy
