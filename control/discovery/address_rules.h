// Which addresses are believed of whoever answers a question of DNS. A resolver that lies, or a
// zone that somebody else writes, must not lead requests to this machine's own services or to a
// cloud's metadata (DNS rebinding): those are refused unless the configuration names their range.
//
// Pure. Does not know which sockets are Teal's own (control/services/own_targets.h).
#pragma once

#include <string_view>
#include <vector>

#include "base/address.h"

namespace teal::control {

/// "is a loopback address"; empty: it is believed.
std::string_view why_not_believed(const Address& address, const std::vector<Cidr>& allowed);

}  // namespace teal::control
