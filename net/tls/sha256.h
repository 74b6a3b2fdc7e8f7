// SHA-256 (FIPS 180-4) of a whole text, for what has to tell texts apart whoever chose them. A tag
// under a key is net/tls/mac.h's.
//
// Pure, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace teal::net {

using Sha256Digest = std::array<std::uint8_t, 32>;

Sha256Digest sha256(std::string_view bytes);

}  // namespace teal::net
